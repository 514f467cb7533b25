/* The phrases of reason.c, as data. For reason.c only. */
#ifndef DELIVERY_REASON_TABLE_H
#define DELIVERY_REASON_TABLE_H

#include <stddef.h>

#include "delivery/reason.h"

/* Lower-case, up to NULL; a '*' stands for anything, also nothing. The first that is found
 * in the text decides, in the order of the groups. */
struct reason_phrases {
    enum bounce_reason reason;
    const char *const *words;
};
extern const struct reason_phrases reason_phrases[];
extern const size_t reason_phrases_count;

/* The first that fits; one that ends in a dot fits all that begin so. */
struct reason_status {
    const char *enhanced; /* "1.1" of 5.1.1 and of 4.1.1; "4.7.1" of that class only */
    unsigned char reason;
};
extern const struct reason_status reason_statuses[];
extern const size_t reason_status_count;

extern const char *const reason_greylist_phrases[]; /* up to NULL, and so is the next */
extern const char *const reason_rate_phrases[];

#endif
