/* When a subscriber's next digest is due (DESIGN.md, Due). Pure: the caller
 * passes the time and the zone. */
#ifndef SUBSCRIBERS_SCHEDULE_H
#define SUBSCRIBERS_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/zone.h"
#include "subscribers/profile.h"

/* Where the feeds are made: an edition's date and, for a profile without `at`,
 * its slot are days of this zone. */
#define SCHEDULE_ARXIV_ZONE "America/New_York"

/* The zone that the functions below need for this profile: its own ("UTC" by
 * default) when it has an `at`, else SCHEDULE_ARXIV_ZONE. Borrowed. */
const char *schedule_zone_name(const struct profile *profile);

/* The slot that takes an edition of this date: the first day at or after it that
 * `every` allows and that is not before `paused_until`. Due at `at` of that day;
 * without `at` at 00:00, which is when the edition appears or earlier. The
 * outputs may be NULL. */
void schedule_slot(const struct profile *profile, const struct zone *zone,
                   struct date edition_date, struct date *ret_slot_date, int64_t *ret_due_utc);

/* Whether the profile's pause still holds on the day that it is there now. */
bool schedule_is_paused(const struct profile *profile, const struct zone *zone, int64_t now_utc);

#endif
