#include "papers/announcement.h"

enum { CUT_OFF_HOUR = 14, FRIDAY = 4 };

bool announcement_is_day(struct date date, const struct holiday_table *holidays)
{
    return date_weekday(date) <= FRIDAY && !(holidays && holidays_contain(holidays, date));
}

static struct date move(struct date date, int days)
{
    return date_from_days(date_to_days(date) + days);
}

struct date announcement_next(struct date date, const struct holiday_table *holidays)
{
    do
        date = move(date, 1);
    while (!announcement_is_day(date, holidays));
    return date;
}

static struct date next_weekday(struct date date)
{
    return announcement_next(date, NULL);
}

struct date announcement_date(int64_t submitted_utc, const struct zone *new_york,
                              const struct holiday_table *holidays)
{
    int minutes;
    struct date cut_off = zone_date_at(new_york, submitted_utc, &minutes);

    if (date_weekday(cut_off) > FRIDAY || minutes >= CUT_OFF_HOUR * 60)
        cut_off = next_weekday(cut_off);
    return announcement_next(cut_off, holidays);
}

int64_t announcement_opens(struct date date, const struct zone *new_york,
                           const struct holiday_table *holidays)
{
    /* The announcement before it took what came in up to the cut-off before it. */
    do
        date = move(date, -1);
    while (!announcement_is_day(date, holidays));
    do
        date = move(date, -1);
    while (date_weekday(date) > FRIDAY);
    return zone_local_to_utc(new_york, date, CUT_OFF_HOUR, 0);
}
