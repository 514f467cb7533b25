/* When arXiv announces what was submitted, after its published schedule: what
 * comes in before 14:00 New York time on a working day is announced at 20:00,
 * Sunday to Thursday, and stands in the feed of the day after. An estimate, as
 * moderation may hold a paper for days. Pure. */
#ifndef PAPERS_ANNOUNCEMENT_H
#define PAPERS_ANNOUNCEMENT_H

#include <stdint.h>

#include "base/clock.h"
#include "base/zone.h"
#include "papers/holidays.h"

/* Whether a feed with papers is expected under this date: neither Saturday nor
 * Sunday nor a holiday. `holidays` may be NULL, here and below: none are known. */
bool announcement_is_day(struct date date, const struct holiday_table *holidays);
/* The first such date after `date`. */
struct date announcement_next(struct date date, const struct holiday_table *holidays);

/* The date of the feed (as in struct paper and editions) for a submission.
 * Monday 13:59:59 is Tuesday's, Monday 14:00 Wednesday's; Thursday 14:00 to
 * Friday 14:00 is Monday's, Friday 14:00 to Monday 14:00 Tuesday's. A date that
 * is a holiday gives the next announcement after it. */
struct date announcement_date(int64_t submitted_utc, const struct zone *new_york,
                              const struct holiday_table *holidays);
/* The first instant whose submissions are announced under `date`: what was
 * submitted before it belongs to an earlier one. `date` is an announcement's. */
int64_t announcement_opens(struct date date, const struct zone *new_york,
                           const struct holiday_table *holidays);

#endif
