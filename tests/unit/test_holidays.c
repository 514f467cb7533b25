#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "papers/holidays.h"
#include "unit/data.h"

static void tables_are_read(void **state)
{
    static const struct {
        const char *text;
        const char *want; /* the dates, or the error */
    } cases[] = {
        {"", ""},
        {"\n# a comment\n   \n", ""},
        {"2026-12-25 Christmas", "2026-12-25 "},
        {"2026-12-25\r\n2026-01-01\tNew Year\r\n", "2026-01-01 2026-12-25 "},
        {"  2026-12-25\n2026-12-25 again\n", "2026-12-25 "},
        {"\xEF\xBB\xBF" "2026-07-03\n", "2026-07-03 "},
        {"2026-02-30\n", "days.txt:1: \"2026-02-30\" does not start with a date such as 2026-12-25"},
        {"2026-01-01\n\n25 December\n",
         "days.txt:3: \"25 December\" does not start with a date such as 2026-12-25"},
        {"2026-12-25Christmas",
         "days.txt:1: \"2026-12-25Christmas\" does not start with a date such as 2026-12-25"},
        {"2026-12", "days.txt:1: \"2026-12\" does not start with a date such as 2026-12-25"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view text = data_exact(cases[i].text);
        struct holiday_table holidays = {0};
        struct error error = {0};
        char found[200] = "";

        if (holidays_parse("days.txt", text, &holidays, &error) < 0) {
            assert_int_equal(error.kind, ERROR_CONFIGURATION);
            assert_string_equal(error.text, cases[i].want);
        } else {
            for (size_t j = 0; j < holidays.count; j++) {
                date_format(holidays.items[j], found + strlen(found));
                strncat(found, " ", sizeof(found) - strlen(found) - 1);
            }
            assert_string_equal(found, cases[i].want);
        }
        holidays_free(&holidays);
        data_free(text);
    }
}

static void days_are_found(void **state)
{
    struct holiday_table holidays = {0};
    struct error error;

    (void)state;
    assert_false(holidays_contain(&holidays, (struct date){2026, 1, 1}));
    assert_int_equal(
        holidays_parse("x", VIEW("2026-12-25\n2026-01-01\n"), &holidays, &error), 0);
    assert_true(holidays_contain(&holidays, (struct date){2026, 1, 1}));
    assert_true(holidays_contain(&holidays, (struct date){2026, 12, 25}));
    assert_false(holidays_contain(&holidays, (struct date){2026, 12, 24}));
    holidays_free(&holidays);
}

/* Weekends need no line, so one would be a slip. */
static void the_table_that_comes_with_it_is_good(void **state)
{
    struct view text = data_read("templates/arxiv-holidays.txt");
    struct holiday_table holidays = {0};
    struct error error = {0};

    (void)state;
    assert_int_equal(holidays_parse("templates/arxiv-holidays.txt", text, &holidays, &error), 0);
    assert_int_equal(holidays.count, 9);
    for (size_t i = 0; i < holidays.count; i++)
        assert_true(date_weekday(holidays.items[i]) < 5);
    holidays_free(&holidays);
    data_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_read),
        cmocka_unit_test(days_are_found),
        cmocka_unit_test(the_table_that_comes_with_it_is_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
