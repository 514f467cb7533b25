/* Civil time anywhere on earth, from the machine's IANA files (TZif, RFC 8536
 * version 1 to 4, with the POSIX rule for times after the last transition).
 * Reads $TZDIR or /usr/share/zoneinfo; never touches TZ or tzset, so zones of
 * several subscribers stand side by side. A loaded zone is read-only and may
 * be shared by threads. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"

struct zone;

enum { ZONE_NAME_BYTES = 64 };

/* "Europe/Paris": letters, digits, '_', '+', '-' in parts between slashes. Says
 * nothing about whether this machine knows it. */
bool zone_name_is_valid(struct view name);

/* Whether this machine has a file of that name; cheap. Kind input when it does
 * not know the name (the nearest known one is suggested) or it cannot be one; kind
 * configuration when there are no zones at all (Debian: package tzdata). "UTC"
 * needs no file. */
int zone_check(const char *name, struct error *error);
/* The same errors, and kind input for a file that is no zone. */
int zone_load(const char *name, struct zone **ret_zone, struct error *error);
void zone_free(struct zone **zone); /* NULL is fine; leaves NULL */
/* The bytes of one TZif file; `name` is for messages. */
int zone_parse(const char *name, struct view bytes, struct zone **ret_zone, struct error *error);

/* Seconds east of Greenwich at that instant. */
int zone_offset_at(const struct zone *zone, int64_t utc);
/* The civil day there and, when `ret_minutes` is not NULL, the minutes since its
 * 00:00 on the clock. */
struct date zone_date_at(const struct zone *zone, int64_t utc, int *ret_minutes);
/* The first instant at which the clock there shows this minute. A minute that is
 * left out (spring) gives the next one that exists, also when a whole day is
 * left out; one that comes twice (autumn) gives the first. */
int64_t zone_local_to_utc(const struct zone *zone, struct date date, int hour, int minute);

/* Zones that were loaded once, for a run over many profiles. Not for several
 * threads at a time: one per worker. Zeroed is empty. */
struct zone_cache {
    struct zone_cache_entry *entries; /* private */
};

/* Borrowed until zone_cache_free. NULL as name means UTC. Failures are not kept. */
int zone_cache_get(struct zone_cache *cache, const char *name, const struct zone **ret_zone,
                   struct error *error);
void zone_cache_free(struct zone_cache *cache);

#endif
