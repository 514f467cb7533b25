#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "unit/data.h"

static void dates_count_days(void **state)
{
    char text[DATE_TEXT_BYTES];
    struct date date;

    (void)state;
    assert_int_equal(date_to_days((struct date){1970, 1, 1}), 0);
    assert_int_equal(date_to_days((struct date){2000, 3, 1}), 11017);
    for (int64_t days = -25000; days < 2900000; days += 61) {
        date = date_from_days(days);
        assert_int_equal(date_to_days(date), days);
    }
    date_format(date_from_days(date_to_days((struct date){2028, 2, 28}) + 1), text);
    assert_string_equal(text, "2028-02-29");
    assert_int_equal(date_weekday((struct date){2026, 2, 17}), 1);
    assert_int_equal(date_weekday((struct date){1969, 12, 31}), 2);
    assert_true(date_compare((struct date){2026, 2, 17}, (struct date){2026, 1, 31}) > 0);
}

static void dates_are_read_strictly(void **state)
{
    static const struct {
        const char *text;
        bool good;
    } cases[] = {{"2026-02-17", true},   {"2026-02-29", false}, {"2024-02-29", true},
                 {"2026-2-17", false},   {"2026-02-17 ", false}, {"2026-13-01", false},
                 {"2026-00-01", false},  {"2026-01-00", false}, {"", false},
                 {"2026-01-0", false},   {"1899-01-01", false}, {"20260101", false},
                 {"2026-04-31", false}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view text = data_exact(cases[i].text);
        struct date date;

        assert_int_equal(date_parse(text, &date), cases[i].good);
        data_free(text);
    }
}

static void times_of_feeds_are_read(void **state)
{
    static const struct {
        bool (*parse)(struct view, int64_t *, struct date *);
        const char *text;
        bool good;
        int64_t utc;
        struct date date;
    } cases[] = {
        {time_parse_rfc5322, "Tue, 26 Mar 2024 00:00:00 -0400", true, 1711425600, {2024, 3, 26}},
        {time_parse_rfc5322, "26 Mar 2024 04:00 GMT", true, 1711425600, {2024, 3, 26}},
        {time_parse_rfc5322, "Mon, 1 Jan 2024 00:00:00 EST", true, 1704085200, {2024, 1, 1}},
        {time_parse_rfc5322, "Tue, 31 Feb 2024 00:00:00 -0400", false, 0, {0, 0, 0}},
        {time_parse_rfc5322, "Tue, 26 Mar 2024 00:00:00", false, 0, {0, 0, 0}},
        {time_parse_rfc5322, "Tue, 26 Mar 2024 25:00:00 +0000", false, 0, {0, 0, 0}},
        {time_parse_rfc5322, "yesterday", false, 0, {0, 0, 0}},
        {time_parse_rfc5322, "", false, 0, {0, 0, 0}},
        {time_parse_rfc3339, "2025-08-20T04:00:19.866337+00:00", true, 1755662419, {2025, 8, 20}},
        {time_parse_rfc3339, "2025-08-20T00:00:00-04:00", true, 1755662400, {2025, 8, 20}},
        {time_parse_rfc3339, "2021-11-01T20:30:00-05:00", true, 1635816600, {2021, 11, 1}},
        {time_parse_rfc3339, "2025-08-20T04:00:19Z", true, 1755662419, {2025, 8, 20}},
        {time_parse_rfc3339, "2025-08-20T04:00:19", false, 0, {0, 0, 0}},
        {time_parse_rfc3339, "2025-08-20T04:00:19.Z", false, 0, {0, 0, 0}},
        {time_parse_rfc3339, "2025-08-20", false, 0, {0, 0, 0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view text = data_exact(cases[i].text);
        struct date date = {0, 0, 0};
        int64_t utc = 0;

        assert_int_equal(cases[i].parse(text, &utc, &date), cases[i].good);
        assert_int_equal(utc, cases[i].utc);
        assert_memory_equal(&date, &cases[i].date, sizeof(date));
        data_free(text);
    }
}

static void times_are_written(void **state)
{
    char text[TIME_TEXT_BYTES];

    (void)state;
    time_format_rfc3339(1711425600, text);
    assert_string_equal(text, "2024-03-26T04:00:00Z");
    time_format_rfc5322(1711425600, text);
    assert_string_equal(text, "Tue, 26 Mar 2024 04:00:00 +0000");
    time_format_rfc3339(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_count_days),
        cmocka_unit_test(dates_are_read_strictly),
        cmocka_unit_test(times_of_feeds_are_read),
        cmocka_unit_test(times_are_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
