/* Lines of plain text: where they break and what stays whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "digest/wrap.h"
#include "unit/data.h"

static void add_line(void *user, struct view line)
{
    buffer_printf(user, "%.*s|", VIEW_ARGUMENTS(line));
}

static void test_lines(void **state)
{
    static const struct {
        const char *name;
        const char *text;
        size_t width;
        const char *want;
    } table[] = {
        {"empty", "", 10, ""},
        {"blank", "  \n ", 10, ""},
        {"short", " one ", 10, "one|"},
        {"fits exactly", "one two", 7, "one two|"},
        {"one too many", "one two", 6, "one|two|"},
        {"greedy", "a bb ccc dddd eeeee", 8, "a bb ccc|dddd|eeeee|"},
        {"runs of blanks count once", "aa   bb cc", 5, "aa   bb|cc|"},
        {"a long word stands alone", "a https://example.org/x b", 6, "a|https://example.org/x|b|"},
        {"wide characters", "一二三四五六", 4, "一二|三四|五六|"},
        {"no line begins with a closing mark", "一二，三四。", 4, "一|二，|三|四。|"},
        {"no line ends with an opening one", "一「二」", 4, "一|「二」|"},
        {"wide and narrow", "LLM 推理 is 快", 6, "LLM 推|理 is|快|"},
        {"combining marks have no width", "e\xCC\x81" "e\xCC\x81" "e\xCC\x81 a", 5, "e\xCC\x81" "e\xCC\x81" "e\xCC\x81 a|"},
        {"Hebrew", "שלום עולם טוב", 9, "שלום עולם|טוב|"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct view text = data_exact(table[i].text);
        struct buffer lines;

        buffer_init(&lines, 1000);
        wrap_each_line(text, table[i].width, add_line, &lines);
        if (strcmp(buffer_string(&lines), table[i].want) != 0)
            fail_msg("%s\n  want: %s\n  got:  %s", table[i].name, table[i].want,
                     buffer_string(&lines));
        buffer_free(&lines);
        data_free(text);
    }
}

static void test_cut(void **state)
{
    static const struct {
        const char *text;
        size_t max;
        const char *want;
    } table[] = {
        {"", 3, ""},
        {"one two", 7, "one two"},
        {"one two", 6, "one"},
        {"one two", 3, "one"},
        {"one two", 2, "on"},
        {"one  two three", 9, "one  two"},
        {"ééé ééé", 5, "ééé"},
        {"一二三四", 3, "一二三"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct view text = data_exact(table[i].text);
        struct view got = wrap_cut(text, table[i].max);

        if (!view_equal_string(got, table[i].want))
            fail_msg("%s to %zu: want %s, got %.*s", table[i].text, table[i].max, table[i].want,
                     VIEW_ARGUMENTS(got));
        data_free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
