#include "subscribers/schedule.h"

const char *schedule_zone_name(const struct profile *profile)
{
    if (profile->schedule.at_minutes < 0)
        return SCHEDULE_ARXIV_ZONE;
    return profile->schedule.zone ? profile->schedule.zone : "UTC";
}

static bool is_allowed(enum schedule_every every, int weekday)
{
    if (every == EVERY_DAY)
        return true;
    if (every == EVERY_WEEKDAYS)
        return weekday < 5;
    return (int)every == weekday;
}

static struct date first_allowed(enum schedule_every every, struct date from)
{
    int64_t days = date_to_days(from);

    while (!is_allowed(every, date_weekday(date_from_days(days))))
        days++;
    return date_from_days(days);
}

void schedule_slot(const struct profile *profile, const struct zone *zone,
                   struct date edition_date, struct date *ret_slot_date, int64_t *ret_due_utc)
{
    int at = profile->schedule.at_minutes;
    struct date from = edition_date, slot;

    if (date_is_set(profile->paused_until) && date_compare(from, profile->paused_until) < 0)
        from = profile->paused_until;
    slot = first_allowed(profile->schedule.every, from);
    if (at < 0)
        at = 0;
    if (ret_slot_date)
        *ret_slot_date = slot;
    if (ret_due_utc)
        *ret_due_utc = zone_local_to_utc(zone, slot, at / 60, at % 60);
}

bool schedule_is_paused(const struct profile *profile, const struct zone *zone, int64_t now_utc)
{
    return date_is_set(profile->paused_until) &&
           date_compare(zone_date_at(zone, now_utc, NULL), profile->paused_until) < 0;
}
