#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "commands/options.h"

static const struct option TABLE[] = {{"--papers", OPTION_LIST},
                                      {"--top", OPTION_VALUE},
                                      {"--json", OPTION_FLAG},
                                      {NULL, 0}};

enum { WORDS_MAX = 8 };

/* What was parsed, as one line. */
static void describe(const struct options *options, char *out, size_t size)
{
    const struct strings *papers = options_list(options, "--papers");
    size_t used = 0;

    used += (size_t)snprintf(out + used, size - used, "json=%d top=%s config=%s papers=",
                             options_given(options, "--json"),
                             options_value(options, "--top") ? options_value(options, "--top") : "-",
                             options->config ? options->config : "-");
    for (size_t i = 0; i < papers->count; i++)
        used += (size_t)snprintf(out + used, size - used, "%s,", papers->items[i]);
    used += (size_t)snprintf(out + used, size - used, " words=");
    for (size_t i = 0; i < options->words.count; i++)
        used += (size_t)snprintf(out + used, size - used, "%s,", options->words.items[i]);
}

static void lines_are_parsed(void **state)
{
    static const struct {
        const char *words[WORDS_MAX];
        size_t min_words, max_words;
        const char *want; /* or the error */
    } cases[] = {
        {{NULL}, 0, 0, "json=0 top=- config=- papers= words="},
        {{"--json", "--top", "3"}, 0, 0, "json=1 top=3 config=- papers= words="},
        {{"--top=3", "--top=4"}, 0, 0, "json=0 top=4 config=- papers= words="},
        {{"--papers", "a", "b", "--json"}, 0, 0, "json=1 top=- config=- papers=a,b, words="},
        {{"--papers", "a", "--papers", "b"}, 0, 0, "json=0 top=- config=- papers=a,b, words="},
        {{"--papers=a", "w"}, 1, 1, "json=0 top=- config=- papers=a, words=w,"},
        {{"--papers", "a", "b"}, 1, 1, "json=0 top=- config=- papers=a, words=b,"},
        {{"w", "--papers", "a", "b"}, 1, 1, "json=0 top=- config=- papers=a,b, words=w,"},
        {{"--papers", "-", "--json"}, 0, 0, "json=1 top=- config=- papers=-, words="},
        {{"--config", "f", "--json"}, 0, 0, "json=1 top=- config=f papers= words="},
        {{"--config=f"}, 0, 0, "json=0 top=- config=f papers= words="},
        {{"--", "--json"}, 1, 1, "json=0 top=- config=- papers= words=--json,"},
        {{"--top"}, 0, 0, "--top needs a value"},
        {{"--top", "--json"}, 0, 0, "--top needs a value"},
        {{"--json=1"}, 0, 0, "--json takes no value"},
        {{"--jsno"}, 0, 0, "unknown option --jsno; did you mean --json?"},
        {{"--entirely-else"}, 0, 0, "unknown option --entirely-else; --help lists what there is"},
        {{"x"}, 0, 0, "unexpected word \"x\""},
        {{"--json"}, 1, 1, "a word is missing"},
        {{"--papers", "a"}, 1, 1, "a word is missing"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct options options;
        struct error error = {0};
        char text[2048];
        int count = 0;

        while (count < WORDS_MAX && cases[i].words[count])
            count++;
        if (options_parse(TABLE, cases[i].min_words, cases[i].max_words, count,
                          (char **)cases[i].words, &options, &error) == 0) {
            describe(&options, text, sizeof(text));
            options_free(&options);
        } else {
            snprintf(text, sizeof(text), "%s", error.text);
        }
        assert_string_equal(text, cases[i].want);
    }
}

static void help_needs_no_words(void **state)
{
    char *words[] = {"-h"};
    struct options options;

    (void)state;
    assert_int_equal(options_parse(TABLE, 1, 1, 1, words, &options, NULL), 0);
    assert_true(options.help);
    options_free(&options);
}

static void values_are_checked(void **state)
{
    char *words[] = {"--top", "0x"};
    struct options options;
    struct error error;
    struct date date = {0};
    long top = 7;

    (void)state;
    assert_int_equal(options_parse(TABLE, 0, 0, 2, words, &options, &error), 0);
    assert_int_equal(options_number(&options, "--top", 1, 9, &top, &error), -1);
    assert_string_equal(error.text, "--top takes a whole number from 1 to 9, not \"0x\"");
    assert_int_equal(options_date(&options, "--top", &date, &error), -1);
    assert_string_equal(error.text, "--top takes a date such as 2026-02-17, not \"0x\"");
    assert_int_equal(top, 7);
    options_free(&options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_parsed),
        cmocka_unit_test(help_needs_no_words),
        cmocka_unit_test(values_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
