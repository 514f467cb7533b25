/* The POSIX TZ rule that ends a TZif file and holds for all times after its last
 * transition (RFC 8536 3.3: "CET-1CEST,M3.5.0,M10.5.0/3"). Part of zone.c. */
#ifndef BASE_ZONE_RULE_H
#define BASE_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum rule_day_kind {
    RULE_DAY_JULIAN, /* Jn: 1-365, 29 February is never counted */
    RULE_DAY_OF_YEAR, /* n: 0-365 */
    RULE_DAY_OF_WEEK  /* Mm.w.d: the w-th (5: last) weekday d of month m */
};

struct rule_day {
    enum rule_day_kind kind;
    int day;     /* of the year, or of the week with 0 for Sunday */
    int week;    /* 1-5 */
    int month;   /* 1-12 */
    int seconds; /* after local midnight; from -167 to 167 hours */
};

/* Offsets are seconds east of Greenwich, unlike the text's. */
struct zone_rule {
    int standard_offset;
    bool has_summer;
    int summer_offset;
    struct rule_day summer_begins;
    struct rule_day summer_ends;
};

bool zone_rule_parse(struct view text, struct zone_rule *ret_rule);
int zone_rule_offset_at(const struct zone_rule *rule, int64_t utc);
/* The first change of offset after `utc`; false when there is none ever. */
bool zone_rule_next_change(const struct zone_rule *rule, int64_t utc, int64_t *ret_utc);

#endif
