#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum { DAY_SECONDS = 86400 };

static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char WEEKDAYS[] = "MonTueWedThuFriSatSun";

/* Howard Hinnant's "chrono-compatible low-level date algorithms": a year that
 * begins in March puts the leap day last. */
int64_t date_to_days(struct date date)
{
    int64_t year = date.year - (date.month <= 2);
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

struct date date_from_days(int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    struct date date;

    date.day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    date.month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    date.year = (int)(year_of_era + era * 400 + (date.month <= 2));
    return date;
}

int date_weekday(struct date date)
{
    int64_t days = date_to_days(date) + 3; /* 1970-01-01 was a Thursday */

    return (int)((days % 7 + 7) % 7);
}

int date_compare(struct date a, struct date b)
{
    int64_t left = date_to_days(a), right = date_to_days(b);

    return (left > right) - (left < right);
}

bool date_is_set(struct date date)
{
    return date.month != 0;
}

static bool date_is_valid(struct date date)
{
    struct date back;

    if (date.year < 1900 || date.year > 9999 || date.month < 1 || date.month > 12 || date.day < 1 ||
        date.day > 31)
        return false;
    back = date_from_days(date_to_days(date));
    return back.day == date.day && back.month == date.month;
}

/* `count` digits at `*at`. */
static bool take_digits(struct view text, size_t *at, size_t count, int *ret_value)
{
    long value;

    if (*at + count > text.size || !view_to_long(view_slice(text, *at, *at + count), &value))
        return false;
    *at += count;
    *ret_value = (int)value;
    return true;
}

static bool take_char(struct view text, size_t *at, const char *allowed)
{
    if (*at >= text.size || !text.data[*at] || !strchr(allowed, text.data[*at]))
        return false;
    (*at)++;
    return true;
}

static bool take_date(struct view text, size_t *at, struct date *ret_date)
{
    struct date date;

    if (!take_digits(text, at, 4, &date.year) || !take_char(text, at, "-") ||
        !take_digits(text, at, 2, &date.month) || !take_char(text, at, "-") ||
        !take_digits(text, at, 2, &date.day) || !date_is_valid(date))
        return false;
    *ret_date = date;
    return true;
}

bool date_parse(struct view text, struct date *ret_date)
{
    struct date date;
    size_t at = 0;

    if (!take_date(text, &at, &date) || at != text.size)
        return false;
    *ret_date = date;
    return true;
}

void date_format(struct date date, char ret_text[DATE_TEXT_BYTES])
{
    /* The moduli only tell the compiler what date_is_valid has made sure of. */
    snprintf(ret_text, DATE_TEXT_BYTES, "%04u-%02u-%02u", (unsigned)date.year % 10000,
             (unsigned)date.month % 100, (unsigned)date.day % 100);
}

int64_t time_from_date(struct date date, int hour, int minute, int second)
{
    return date_to_days(date) * DAY_SECONDS + hour * 3600 + minute * 60 + second;
}

struct date time_to_date(int64_t utc, int *ret_seconds)
{
    int64_t days = utc / DAY_SECONDS, seconds = utc % DAY_SECONDS;

    if (seconds < 0) {
        seconds += DAY_SECONDS;
        days--;
    }
    if (ret_seconds)
        *ret_seconds = (int)seconds;
    return date_from_days(days);
}

/* "07:30:00" or, when seconds may be missing, "07:30". */
static bool take_clock(struct view text, size_t *at, bool need_seconds, int ret_clock[3])
{
    if (!take_digits(text, at, 2, &ret_clock[0]) || !take_char(text, at, ":") ||
        !take_digits(text, at, 2, &ret_clock[1]))
        return false;
    ret_clock[2] = 0;
    if (*at < text.size && text.data[*at] == ':') {
        (*at)++;
        if (!take_digits(text, at, 2, &ret_clock[2]))
            return false;
    } else if (need_seconds) {
        return false;
    }
    return ret_clock[0] <= 23 && ret_clock[1] <= 59 && ret_clock[2] <= 60;
}

/* "+01:00", "-0500". */
static bool take_offset(struct view text, size_t *at, int *ret_offset_seconds)
{
    int sign, hours, minutes;

    if (*at >= text.size || (text.data[*at] != '+' && text.data[*at] != '-'))
        return false;
    sign = text.data[(*at)++] == '-' ? -1 : 1;
    if (!take_digits(text, at, 2, &hours))
        return false;
    take_char(text, at, ":");
    if (!take_digits(text, at, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_offset_seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

static void give_time(struct date date, const int clock[3], int offset_seconds, int64_t *ret_utc,
                      struct date *ret_date)
{
    *ret_utc = time_from_date(date, clock[0], clock[1], clock[2]) - offset_seconds;
    if (ret_date)
        *ret_date = date;
}

bool time_parse_rfc3339(struct view text, int64_t *ret_utc, struct date *ret_date)
{
    int clock[3], offset_seconds = 0;
    struct date date;
    size_t at = 0;

    text = view_trim(text);
    if (!take_date(text, &at, &date) || !take_char(text, &at, "Tt ") ||
        !take_clock(text, &at, true, clock))
        return false;
    if (take_char(text, &at, ".")) {
        int digit;

        if (!take_digits(text, &at, 1, &digit))
            return false;
        while (take_digits(text, &at, 1, &digit))
            ;
    }
    if (!take_char(text, &at, "Zz") && !take_offset(text, &at, &offset_seconds))
        return false;
    if (at != text.size)
        return false;
    give_time(date, clock, offset_seconds, ret_utc, ret_date);
    return true;
}

void time_format_rfc3339(int64_t utc, char ret_text[TIME_TEXT_BYTES])
{
    int seconds;
    char day[DATE_TEXT_BYTES];

    date_format(time_to_date(utc, &seconds), day);
    snprintf(ret_text, TIME_TEXT_BYTES, "%sT%02d:%02d:%02dZ", day, seconds / 3600,
             seconds / 60 % 60, seconds % 60);
}

static bool take_month(struct view text, size_t *at, int *ret_month)
{
    for (int month = 0; month < 12; month++) {
        struct view name = {MONTHS + 3 * month, 3};

        if (view_equal_nocase(view_slice(text, *at, *at + 3), name)) {
            *ret_month = month + 1;
            *at += 3;
            return true;
        }
    }
    return false;
}

static void skip_spaces(struct view text, size_t *at)
{
    while (take_char(text, at, " \t\r\n"))
        ;
}

/* RFC 5322 4.3: obsolete zone names that feeds still carry. */
static bool take_zone_name(struct view text, size_t *at, int *ret_offset_seconds)
{
    static const struct {
        const char *name;
        int hours;
    } zones[] = {{"GMT", 0},  {"UTC", 0},  {"UT", 0},   {"Z", 0},    {"EST", -5}, {"EDT", -4},
                 {"CST", -6}, {"CDT", -5}, {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}};

    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        struct view name = view_of(zones[i].name);

        if (view_equal_nocase(view_slice(text, *at, text.size), name)) {
            *ret_offset_seconds = zones[i].hours * 3600;
            *at += name.size;
            return true;
        }
    }
    return false;
}

bool time_parse_rfc5322(struct view text, int64_t *ret_utc, struct date *ret_date)
{
    int clock[3], offset_seconds;
    struct date date;
    size_t at, comma;

    text = view_trim(text);
    comma = view_find_char(text, ',', 0);
    at = comma < text.size ? comma + 1 : 0;
    skip_spaces(text, &at);
    if (!take_digits(text, &at, 2, &date.day) && !take_digits(text, &at, 1, &date.day))
        return false;
    skip_spaces(text, &at);
    if (!take_month(text, &at, &date.month))
        return false;
    skip_spaces(text, &at);
    if (!take_digits(text, &at, 4, &date.year) || !date_is_valid(date))
        return false;
    skip_spaces(text, &at);
    if (!take_clock(text, &at, false, clock))
        return false;
    skip_spaces(text, &at);
    if (!take_offset(text, &at, &offset_seconds) && !take_zone_name(text, &at, &offset_seconds))
        return false;
    if (at != text.size)
        return false;
    give_time(date, clock, offset_seconds, ret_utc, ret_date);
    return true;
}

void time_format_rfc5322(int64_t utc, char ret_text[TIME_TEXT_BYTES])
{
    int seconds;
    struct date date = time_to_date(utc, &seconds);

    snprintf(ret_text, TIME_TEXT_BYTES, "%.3s, %d %.3s %04d %02d:%02d:%02d +0000",
             WEEKDAYS + 3 * date_weekday(date), date.day, MONTHS + 3 * (date.month - 1), date.year,
             seconds / 3600, seconds / 60 % 60, seconds % 60);
}
