#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "papers/announcement.h"
#include "unit/data.h"

static struct zone *load_new_york(void)
{
    struct error error = {0};
    struct zone *zone = NULL;

    if (zone_load("America/New_York", &zone, &error) < 0)
        fail_msg("%s", error.text);
    return zone;
}

static struct date HOLIDAYS[] = {
    {2026, 1, 1}, {2026, 1, 19}, {2026, 6, 19}, {2026, 7, 3}, {2026, 11, 26}, {2026, 12, 25},
    {2026, 12, 29}, {2026, 12, 31},
};
static const struct holiday_table CALENDAR = {HOLIDAYS, sizeof HOLIDAYS / sizeof HOLIDAYS[0]};

/* The first time that stands behind `tag`. */
static int64_t find_time(struct view bytes, struct view tag)
{
    size_t start = view_find(bytes, tag, 0) + tag.size;
    int64_t utc = 0;

    assert_true(time_parse_rfc3339(view_slice(bytes, start, view_find_char(bytes, '<', start)),
                                   &utc, NULL));
    return utc;
}

static void check_text(int64_t utc, const struct zone *zone, const char *want, const char *name)
{
    char got[DATE_TEXT_BYTES];

    date_format(announcement_date(utc, zone, &CALENDAR), got);
    if (strcmp(got, want) != 0)
        fail_msg("%s: %s, not %s", name, got, want);
}

static void test_dates(void **state)
{
    static const struct {
        const char *name, *submitted, *want;
    } cases[] = {
        {"Monday before the cut-off", "2026-02-09T13:00:00-05:00", "2026-02-10"},
        {"one second before it", "2026-02-09T13:59:59-05:00", "2026-02-10"},
        {"on it", "2026-02-09T14:00:00-05:00", "2026-02-11"},
        {"Monday after it", "2026-02-09T15:00:00-05:00", "2026-02-11"},
        {"Monday, already Tuesday in UTC", "2026-02-10T02:00:00Z", "2026-02-11"},
        {"Thursday before it", "2026-02-12T13:00:00-05:00", "2026-02-13"},
        {"Thursday after it: Sunday evening's", "2026-02-12T14:00:00-05:00", "2026-02-16"},
        {"Friday before it", "2026-02-13T13:59:59-05:00", "2026-02-16"},
        {"Friday after it", "2026-02-13T15:00:00-05:00", "2026-02-17"},
        {"Saturday", "2026-02-14T09:00:00-05:00", "2026-02-17"},
        {"Sunday after 14:00", "2026-02-15T22:00:00-05:00", "2026-02-17"},
        {"Monday before it, with the weekend", "2026-02-16T13:59:59-05:00", "2026-02-17"},
        {"in summer time", "2026-07-06T17:59:59Z", "2026-07-07"},
        {"on the cut-off in summer time", "2026-07-06T18:00:00Z", "2026-07-08"},
        {"the day the clock is put forward", "2026-03-09T17:59:59Z", "2026-03-10"},
        {"the Friday before that, an hour later in UTC", "2026-03-06T18:59:59Z", "2026-03-09"},
        {"a Friday without: Monday's, with those after", "2026-06-18T13:00:00-04:00", "2026-06-22"},
        {"the batch behind it", "2026-06-18T15:00:00-04:00", "2026-06-22"},
        {"a Monday without", "2026-01-16T13:00:00-05:00", "2026-01-20"},
        {"Thanksgiving", "2026-11-25T10:00:00-05:00", "2026-11-27"},
        {"two days without, one between", "2026-12-28T10:00:00-05:00", "2026-12-30"},
        {"the last day of the year", "2026-12-30T10:00:00-05:00", "2027-01-01"},
        {"new year", "2025-12-31T10:00:00-05:00", "2026-01-02"},
    };
    struct zone *zone = load_new_york();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t utc;

        assert_true(time_parse_rfc3339(view_of(cases[i].submitted), &utc, NULL));
        check_text(utc, zone, cases[i].want, cases[i].name);
    }
    zone_free(&zone);
}

/* Hour by hour through the year: the date only moves on, is always an
 * announcement's, and opens where announcement_opens says. */
static void test_opens(void **state)
{
    struct zone *zone = load_new_york();
    int64_t from = time_from_date((struct date){2026, 1, 2}, 0, 0, 0);
    struct date before = announcement_date(from, zone, &CALENDAR);

    (void)state;
    for (int64_t utc = from; utc < from + (int64_t)360 * 86400; utc += 1800) {
        struct date date = announcement_date(utc, zone, &CALENDAR);
        int64_t opens = announcement_opens(date, zone, &CALENDAR);

        assert_true(announcement_is_day(date, &CALENDAR));
        assert_true(opens <= utc);
        assert_int_equal(date_compare(announcement_date(opens, zone, &CALENDAR), date), 0);
        assert_true(date_compare(announcement_date(opens - 1, zone, &CALENDAR), date) < 0);
        if (date_compare(date, before) != 0) {
            assert_int_equal(date_compare(announcement_next(before, &CALENDAR), date), 0);
            assert_int_equal(opens, utc);
        }
        before = date;
    }
    zone_free(&zone);
}

static void test_days(void **state)
{
    (void)state;
    assert_true(announcement_is_day((struct date){2026, 2, 16}, &CALENDAR));
    assert_false(announcement_is_day((struct date){2026, 2, 14}, &CALENDAR));
    assert_false(announcement_is_day((struct date){2026, 2, 15}, NULL));
    for (size_t i = 0; i < CALENDAR.count; i++) {
        assert_false(announcement_is_day(HOLIDAYS[i], &CALENDAR));
        assert_true(announcement_is_day(HOLIDAYS[i], NULL));
        assert_true(announcement_is_day(HOLIDAYS[i], &(struct holiday_table){NULL, 0}));
    }
}

/* Real answers of the API, sorted by submission: the newest paper in each was
 * submitted a minute before a cut-off, had been announced by then, and what came
 * in after that cut-off had not. */
static void test_samples(void **state)
{
    static const char *const samples[] = {"arxiv-api/api-2026-04-30-csLG-or-csAI-20.xml",
                                          "arxiv-api/api-2026-05-10-csCV-50.xml"};
    struct zone *zone = load_new_york();
    char path[512];

    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        int64_t answered, newest, announced;
        struct date day;
        struct view bytes;

        if (!data_path(samples[i], path)) {
            zone_free(&zone);
            skip();
        }
        bytes = data_read(path);
        answered = find_time(bytes, VIEW("<updated>"));
        newest = find_time(bytes, VIEW("<published>"));
        /* 20:00 of the evening before the feed's date. */
        day = announcement_date(newest, zone, NULL);
        announced = zone_local_to_utc(zone, date_from_days(date_to_days(day) - 1), 20, 0);
        assert_true(announced <= answered);
        day = announcement_date(newest + 60, zone, NULL);
        announced = zone_local_to_utc(zone, date_from_days(date_to_days(day) - 1), 20, 0);
        assert_true(announced > answered);
        data_free(bytes);
    }
    zone_free(&zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_opens),
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_samples),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
