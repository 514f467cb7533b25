#include "base/zone_rule.h"

#include <string.h>

#include "base/ascii.h"
#include "base/clock.h"

enum { DAY_SECONDS = 86400, HOUR_SECONDS = 3600, MAX_HOURS = 167 };

/* ---- reading ---- */

struct cursor {
    struct view text;
    size_t at;
};

static char peek(const struct cursor *cursor)
{
    return cursor->at < cursor->text.size ? cursor->text.data[cursor->at] : '\0';
}

static bool take(struct cursor *cursor, char character)
{
    if (peek(cursor) != character || cursor->at >= cursor->text.size)
        return false;
    cursor->at++;
    return true;
}

static bool take_number(struct cursor *cursor, int min, int max, int *ret_value)
{
    size_t start = cursor->at;
    long value;

    while (peek(cursor) >= '0' && peek(cursor) <= '9')
        cursor->at++;
    if (!view_to_long(view_slice(cursor->text, start, cursor->at), &value) || value < min ||
        value > max)
        return false;
    *ret_value = (int)value;
    return true;
}

/* "CET" or "<+0330>"; only its end is of interest. */
static bool take_name(struct cursor *cursor)
{
    size_t start = cursor->at;
    bool quoted = take(cursor, '<');

    for (;; cursor->at++) {
        char c = peek(cursor);

        if (!ascii_is_letter(c) && !(quoted && c && strchr("0123456789+-", c)))
            break;
    }
    if (quoted)
        return take(cursor, '>');
    return cursor->at - start >= 3;
}

/* "[+-]hh[:mm[:ss]]" */
static bool take_time(struct cursor *cursor, int max_hours, int *ret_seconds)
{
    int sign = 1, hours, minutes = 0, seconds = 0;

    if (take(cursor, '-'))
        sign = -1;
    else
        take(cursor, '+');
    if (!take_number(cursor, 0, max_hours, &hours))
        return false;
    if (take(cursor, ':') && !take_number(cursor, 0, 59, &minutes))
        return false;
    if (take(cursor, ':') && !take_number(cursor, 0, 59, &seconds))
        return false;
    *ret_seconds = sign * (hours * HOUR_SECONDS + minutes * 60 + seconds);
    return true;
}

static bool take_day(struct cursor *cursor, struct rule_day *ret_day)
{
    struct rule_day day = {.seconds = 2 * HOUR_SECONDS};

    if (!take(cursor, ','))
        return false;
    if (take(cursor, 'M')) {
        day.kind = RULE_DAY_OF_WEEK;
        if (!take_number(cursor, 1, 12, &day.month) || !take(cursor, '.') ||
            !take_number(cursor, 1, 5, &day.week) || !take(cursor, '.') ||
            !take_number(cursor, 0, 6, &day.day))
            return false;
    } else if (take(cursor, 'J')) {
        day.kind = RULE_DAY_JULIAN;
        if (!take_number(cursor, 1, 365, &day.day))
            return false;
    } else {
        day.kind = RULE_DAY_OF_YEAR;
        if (!take_number(cursor, 0, 365, &day.day))
            return false;
    }
    if (take(cursor, '/') && !take_time(cursor, MAX_HOURS, &day.seconds))
        return false;
    *ret_day = day;
    return true;
}

static bool take_summer(struct cursor *cursor, struct zone_rule *rule)
{
    rule->has_summer = true;
    rule->summer_offset = rule->standard_offset + HOUR_SECONDS;
    if (!take_name(cursor))
        return false;
    if (peek(cursor) != ',') {
        if (!take_time(cursor, 24, &rule->summer_offset))
            return false;
        rule->summer_offset = -rule->summer_offset;
    }
    return take_day(cursor, &rule->summer_begins) && take_day(cursor, &rule->summer_ends);
}

bool zone_rule_parse(struct view text, struct zone_rule *ret_rule)
{
    struct cursor cursor = {text, 0};
    struct zone_rule rule = {0};

    if (!take_name(&cursor) || !take_time(&cursor, 24, &rule.standard_offset))
        return false;
    rule.standard_offset = -rule.standard_offset;
    if (cursor.at < text.size && !take_summer(&cursor, &rule))
        return false;
    if (cursor.at != text.size)
        return false;
    *ret_rule = rule;
    return true;
}

/* ---- applying ---- */

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Seconds on the local clock, as if it were UTC, at which the rule changes. */
static int64_t local_change(const struct rule_day *day, int year)
{
    int64_t first = date_to_days((struct date){year, 1, 1}), days = first + day->day;

    if (day->kind == RULE_DAY_JULIAN) {
        days = first + day->day - 1 + (is_leap(year) && day->day >= 60);
    } else if (day->kind == RULE_DAY_OF_WEEK) {
        struct date month = {year, day->month, 1};
        int64_t start = date_to_days(month);
        int64_t next = day->month == 12 ? date_to_days((struct date){year + 1, 1, 1})
                                        : date_to_days((struct date){year, day->month + 1, 1});
        int sunday_based = (date_weekday(month) + 1) % 7;

        days = start + (day->day - sunday_based + 7) % 7 + 7 * (day->week - 1);
        while (days >= next)
            days -= 7;
    }
    return days * DAY_SECONDS + day->seconds;
}

static void changes_of_year(const struct zone_rule *rule, int year, int64_t *ret_begin,
                            int64_t *ret_end)
{
    *ret_begin = local_change(&rule->summer_begins, year) - rule->standard_offset;
    *ret_end = local_change(&rule->summer_ends, year) - rule->summer_offset;
}

int zone_rule_offset_at(const struct zone_rule *rule, int64_t utc)
{
    int64_t begin, end;
    bool is_summer;

    if (!rule->has_summer)
        return rule->standard_offset;
    changes_of_year(rule, time_to_date(utc + rule->standard_offset, NULL).year, &begin, &end);
    if (begin < end)
        is_summer = utc >= begin && utc < end;
    else
        is_summer = utc < end || utc >= begin;
    return is_summer ? rule->summer_offset : rule->standard_offset;
}

bool zone_rule_next_change(const struct zone_rule *rule, int64_t utc, int64_t *ret_utc)
{
    int year = time_to_date(utc, NULL).year;
    int64_t next = INT64_MAX;

    if (!rule->has_summer)
        return false;
    for (int y = year - 1; y <= year + 1; y++) {
        int64_t changes[2];

        changes_of_year(rule, y, &changes[0], &changes[1]);
        for (int i = 0; i < 2; i++)
            if (changes[i] > utc && changes[i] < next)
                next = changes[i];
    }
    *ret_utc = next;
    return next != INT64_MAX;
}
