#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/shown.h"
#include "unit/data.h"

static void append(void *user, struct view id, int version)
{
    buffer_printf(user, "%.*sv%d ", VIEW_ARGUMENTS(id), version);
}

static void lists_read_back_in_order(void **state)
{
    static const struct {
        const char *id;
        int version;
    } papers[] = {
        {"2602.13531", 1},       {"2602.00001", 12}, {"0704.0001", 3},  {"1412.9999", 1},
        {"1501.00001", 2},       {"9912.99999", 1},  {"0000.00000", 0}, {"hep-th/9901001", 4},
        {"2602.1353", 1},        {"2602.135311", 1}, {"2602.1353x", 1}, {"26021.3531", 1},
        {"x", 0},                {"math.GT/0309136", 1}, {"2602.13531", 900},
    };
    struct buffer bytes, want, got;
    struct error error = {0};
    struct view exact;
    int64_t previous = 0;

    (void)state;
    buffer_init(&bytes, SHOWN_BYTES_MAX);
    buffer_init(&want, 1 << 16);
    buffer_init(&got, 1 << 16);
    for (size_t i = 0; i < sizeof(papers) / sizeof(papers[0]); i++) {
        shown_add(&bytes, view_of(papers[i].id), papers[i].version, &previous);
        append(&want, view_of(papers[i].id), papers[i].version);
    }
    exact = data_exact_view(buffer_view(&bytes));
    assert_int_equal(shown_read(exact, append, &got, &error), 0);
    assert_string_equal(buffer_string(&got), buffer_string(&want));
    data_free(exact);
    buffer_free(&bytes);
    buffer_free(&want);
    buffer_free(&got);
}

static void a_digest_of_thirty_is_small(void **state)
{
    struct buffer bytes;
    int64_t previous = 0;

    (void)state;
    buffer_init(&bytes, SHOWN_BYTES_MAX);
    for (int i = 0; i < 30; i++) {
        char id[16];

        snprintf(id, sizeof(id), "2602.%05d", i * 7919 % 20000);
        shown_add(&bytes, view_of(id), 1, &previous);
    }
    assert_in_range(bytes.size, 60, 126);
    buffer_free(&bytes);
}

static void damaged_lists_are_refused(void **state)
{
    static const struct {
        const char *name;
        struct view bytes;
    } cases[] = {
        {"cut in a number", {"\x80", 1}},
        {"no version", {"\x04", 1}},
        {"longer than the list", {"\x09" "abc", 4}},
        {"a number that never ends", {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11}},
        {"below the first number", {"\x02\x01", 2}},
        {"a version past all bounds", {"\x03" "a\xff\xff\xff\x7f", 6}},
        {"a month of five digits", {"\x80\xa0\xd9\xe6\x1d\x01", 6}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view exact = data_exact_view(cases[i].bytes);
        struct error error = {0};
        struct buffer got;

        buffer_init(&got, 1 << 16);
        if (shown_read(exact, append, &got, &error) == 0)
            fail_msg("%s: taken as \"%s\"", cases[i].name, buffer_string(&got));
        assert_int_equal(error.kind, ERROR_INPUT);
        buffer_free(&got);
        data_free(exact);
    }
}

static void editions_read_back(void **state)
{
    static const struct {
        const char *text;
        bool good;
        size_t papers;
    } cases[] = {
        {"2026-02-17:134", true, 134},
        {"2026-02-17:0", true, 0},
        {"2026-02-17", true, SIZE_MAX},
        {"2026-02-17:x", true, SIZE_MAX},
        {"2026-02-31:1", false, 0},
        {":134", false, 0},
        {"", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view exact = data_exact(cases[i].text);
        struct edition_shown edition = {.papers = 99};
        char text[EDITION_SHOWN_BYTES];

        assert_int_equal(edition_shown_parse(exact, &edition), cases[i].good);
        assert_int_equal(edition.papers, cases[i].good ? cases[i].papers : 99);
        if (cases[i].good) {
            edition_shown_format(&edition, text);
            assert_string_equal(text, edition.papers == SIZE_MAX ? "2026-02-17" : cases[i].text);
        }
        data_free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_read_back_in_order),
        cmocka_unit_test(a_digest_of_thirty_is_small),
        cmocka_unit_test(damaged_lists_are_refused),
        cmocka_unit_test(editions_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
