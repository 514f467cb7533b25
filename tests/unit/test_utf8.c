#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "unit/data.h"

enum { MAX = 1024 };

static void text_is_cleaned(void **state)
{
    static const struct {
        const char *input;
        const char *want;
        size_t changes;
    } cases[] = {
        {"plain", "plain", 0},
        {"tab\tand\nline", "tab\tand\nline", 0},
        {"cr\rcrlf\r\nend", "cr\ncrlf\nend", 0},
        {"bell\a and\x1b[31m", "bell and[31m", 2},
        {"latin1 \xe9t\xe9", "latin1 \xef\xbf\xbdt\xef\xbf\xbd", 2},
        {"cut \xe2\x82", "cut \xef\xbf\xbd", 1},
        {"overlong \xc0\xaf", "overlong \xef\xbf\xbd\xef\xbf\xbd", 2},
        {"surrogate \xed\xa0\x80", "surrogate \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 3},
        {"past \xf4\x90\x80\x80", "past \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 4},
        {"c1 \xc2\x85.", "c1 .", 1},
        {"caf\xc3\xa9 \xf0\x9f\x98\x80", "caf\xc3\xa9 \xf0\x9f\x98\x80", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view input = data_exact(cases[i].input);
        struct buffer out;

        buffer_init(&out, MAX);
        assert_int_equal(utf8_add_clean(&out, input), cases[i].changes);
        assert_string_equal(buffer_string(&out), cases[i].want);
        assert_true(utf8_is_valid(buffer_view(&out)));
        buffer_free(&out);
        data_free(input);
    }
}

static void every_codepoint_survives(void **state)
{
    (void)state;
    for (int32_t codepoint = 1; codepoint <= 0x10FFFF; codepoint += 37) {
        char bytes[4];
        size_t size = utf8_encode(codepoint, bytes);
        int32_t back = 0;

        if (codepoint >= 0xD800 && codepoint <= 0xDFFF) {
            assert_int_equal(size, 0);
            continue;
        }
        assert_int_equal(utf8_decode((struct view){bytes, size}, 0, &back), size);
        assert_int_equal(back, codepoint);
    }
}

static void prefixes_end_between_characters(void **state)
{
    struct view text = data_exact("a\xc3\xa9\xe4\xb8\xad");

    (void)state;
    assert_int_equal(utf8_prefix(text, 2).size, 1);
    assert_int_equal(utf8_prefix(text, 3).size, 3);
    assert_int_equal(utf8_prefix(text, 5).size, 3);
    assert_int_equal(utf8_prefix(text, 99).size, 6);
    assert_int_equal(utf8_width(text), 4);
    assert_int_equal(utf8_length(text), 3);
    data_free(text);
}

static void case_is_folded(void **state)
{
    struct buffer folded, lower;
    struct view text = data_exact("Stra\xc3\x9f" "e \xc3\x89 \xce\xa3");

    (void)state;
    buffer_init(&folded, MAX);
    buffer_init(&lower, MAX);
    utf8_add_folded(&folded, text);
    utf8_add_lower(&lower, text);
    assert_string_equal(buffer_string(&folded), "strasse \xc3\xa9 \xcf\x83");
    assert_string_equal(buffer_string(&lower), "stra\xc3\x9f" "e \xc3\xa9 \xcf\x83");
    buffer_free(&folded);
    buffer_free(&lower);
    data_free(text);
}

/* What Python's str.lower gives. */
static void case_is_lowered(void **state)
{
    static const struct {
        const char *text;
        const char *lower;
    } table[] = {
        {"\u03a3", "\u03c3"},
        {"\u039f\u03a3", "\u03bf\u03c2"},
        {"\u039f\u03a3 A", "\u03bf\u03c2 a"},
        {"\u039f\u03a3A", "\u03bf\u03c3a"},
        {"A'\u03a3'", "a'\u03c2'"},
        {"A'\u03a3'b", "a'\u03c3'b"},
        {"A\u0301\u03a3\u0301", "a\u0301\u03c2\u0301"},
        {"1\u03a3", "1\u03c3"},
        {"\u2163\u03a3", "\u2173\u03c2"},
        {"\u4e2d\u03a3\u03a3", "\u4e2d\u03c3\u03c2"},
        {"\u0130x", "i\u0307x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct view text = data_exact(table[i].text);
        struct buffer lower;

        buffer_init(&lower, MAX);
        utf8_add_lower(&lower, text);
        assert_string_equal(buffer_string(&lower), table[i].lower);
        buffer_free(&lower);
        data_free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_is_lowered),
        cmocka_unit_test(text_is_cleaned),
        cmocka_unit_test(every_codepoint_survives),
        cmocka_unit_test(prefixes_end_between_characters),
        cmocka_unit_test(case_is_folded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
