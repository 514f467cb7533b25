/* A profile's lists changed one entry at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "subscribers/profile_edit.h"
#include "unit/data.h"

enum { FEW = 3, SHORT = 8 };

static void what_may_stand_in_a_profile(void **state)
{
    static const struct {
        struct view text;
        bool is_text, is_term; /* of at most 200 bytes */
    } cases[] = {
        {{"LLM", 3}, true, true},         {{" a b ", 5}, true, true},    {{"C++", 3}, true, true},
        {{"", 0}, false, false},          {{"  ", 2}, false, false},     {{"+++", 3}, true, false},
        {{"a\nb", 3}, false, false},      {{"a\0b", 3}, false, false},   {{"a\x7F", 2}, false, false},
        {{"a\xC2\x85", 3}, false, false}, {{"a\xFF", 2}, false, false},  {{"a\xC3", 2}, false, false},
        {{"\xC3\xA9", 2}, true, true},    {{"\xC2\xA0", 2}, false, false},
    };
    char most[PROFILE_KEYWORD_BYTES + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view text = data_exact_view(cases[i].text);

        if (profile_text_is_valid(text, 200) != cases[i].is_text ||
            profile_term_is_valid(text) != cases[i].is_term)
            fail_msg("case %zu", i);
        data_free(text);
    }
    memset(most, 'a', sizeof(most));
    assert_true(profile_term_is_valid((struct view){most, PROFILE_KEYWORD_BYTES}));
    assert_false(profile_term_is_valid((struct view){most, PROFILE_KEYWORD_BYTES + 1}));
}

static void texts_stand_once(void **state)
{
    struct strings strings = {0};

    (void)state;
    assert_int_equal(strings_add(&strings, VIEW(" One "), FEW, SHORT), EDIT_DONE);
    assert_string_equal(strings.items[0], "One");
    assert_int_equal(strings_add(&strings, VIEW("oNE"), FEW, SHORT), EDIT_SAME);
    assert_int_equal(strings_add(&strings, VIEW("nine char"), FEW, SHORT), EDIT_INVALID);
    assert_int_equal(strings_add(&strings, VIEW("two"), FEW, SHORT), EDIT_DONE);
    assert_int_equal(strings_add(&strings, VIEW("three"), FEW, SHORT), EDIT_DONE);
    assert_int_equal(strings_add(&strings, VIEW("four"), FEW, SHORT), EDIT_FULL);
    assert_int_equal(strings_add(&strings, VIEW("TWO"), FEW, SHORT), EDIT_SAME);
    assert_true(strings_have(&strings, VIEW(" THREE")));
    assert_int_equal(strings_remove(&strings, VIEW("ONE ")), EDIT_DONE);
    assert_int_equal(strings_remove(&strings, VIEW("one")), EDIT_SAME);
    assert_int_equal(strings.count, 2);
    assert_string_equal(strings.items[0], "two");
    assert_string_equal(strings.items[1], "three");
    strings_clear(&strings);
    assert_int_equal(strings.count, 0);
    assert_false(strings_have(&strings, VIEW("two")));
    strings_clear(&strings);
}

static void keywords_have_a_weight(void **state)
{
    struct keywords keywords = {0};
    char term[16];

    (void)state;
    assert_int_equal(keywords_add(&keywords, VIEW("LLM"), 0), EDIT_DONE);
    assert_true(keywords.items[0].weight == 1 && keywords.items[0].field == KEYWORD_ANYWHERE);
    assert_int_equal(keywords_add(&keywords, VIEW("llm"), 0), EDIT_SAME);
    assert_int_equal(keywords_add(&keywords, VIEW("llm"), 1), EDIT_SAME);
    assert_int_equal(keywords_add(&keywords, VIEW("llm"), 2.5), EDIT_DONE);
    assert_true(keywords.items[0].weight == 2.5);
    assert_int_equal(keywords_add(&keywords, VIEW("llm"), 0), EDIT_SAME);
    assert_true(keywords.items[0].weight == 2.5);
    assert_int_equal(keywords_add(&keywords, VIEW("a"), PROFILE_WEIGHT_MAX), EDIT_DONE);
    assert_int_equal(keywords_add(&keywords, VIEW("b"), PROFILE_WEIGHT_MAX + 0.1), EDIT_INVALID);
    assert_int_equal(keywords_add(&keywords, VIEW("b"), -1), EDIT_INVALID);
    assert_int_equal(keywords_add(&keywords, VIEW("b"), strtod("nan", NULL)), EDIT_INVALID);
    assert_int_equal(keywords_add(&keywords, VIEW("..."), 1), EDIT_INVALID);
    assert_int_equal(keywords_remove(&keywords, VIEW("A")), EDIT_DONE);
    assert_int_equal(keywords_remove(&keywords, VIEW("a")), EDIT_SAME);
    for (int i = 1; i < PROFILE_KEYWORDS; i++) {
        snprintf(term, sizeof(term), "t%d", i);
        assert_int_equal(keywords_add(&keywords, view_of(term), 0), EDIT_DONE);
    }
    assert_int_equal(keywords_add(&keywords, VIEW("more"), 0), EDIT_FULL);
    assert_int_equal(keywords_add(&keywords, VIEW("LLM"), 7), EDIT_DONE);
    /* A term may stand for several fields: it goes from all. */
    keywords.items[1].field = KEYWORD_TITLE;
    free(keywords.items[2].term);
    keywords.items[2].term = strdup("T1");
    assert_int_equal(keywords_remove(&keywords, VIEW("t1")), EDIT_DONE);
    assert_int_equal(keywords.count, PROFILE_KEYWORDS - 2);
    keywords_clear(&keywords);
    assert_int_equal(keywords.count, 0);
}

static void a_text_is_replaced(void **state)
{
    char *text = NULL;

    (void)state;
    assert_int_equal(profile_text_set(&text, VIEW(""), SHORT), EDIT_SAME);
    assert_int_equal(profile_text_set(&text, VIEW(" one "), SHORT), EDIT_DONE);
    assert_string_equal(text, "one");
    assert_int_equal(profile_text_set(&text, VIEW("one"), SHORT), EDIT_SAME);
    assert_int_equal(profile_text_set(&text, VIEW("nine char"), SHORT), EDIT_INVALID);
    assert_int_equal(profile_text_set(&text, VIEW("a\nb"), SHORT), EDIT_INVALID);
    assert_string_equal(text, "one");
    assert_int_equal(profile_text_set(&text, VIEW("  "), SHORT), EDIT_DONE);
    assert_null(text);
}

static void a_copy_is_the_same_and_its_own(void **state)
{
    static const char TEXT[] =
        "{\"email\": \"a@example.org\", \"name\": \"Ada\", \"categories\": [\"cs.LG\"], \"keywords\": [\"a\", {\"term\": \"b\","
        " \"weight\": 3, \"field\": \"title\"}], \"required_keywords\": [\"c\"], \"bonus_keywords\": [\"d\"],"
        " \"exclude_keywords\": [\"e\"], \"interests\": \"f\", \"authors\": {\"follow\": [\"g\"], \"prefer\": [\"h\"],"
        " \"exclude\": [\"i\"]}, \"liked\": [\"2602.13531\"], \"disliked\": [\"2602.13532\"], \"max_papers\": 3,"
        " \"schedule\": {\"every\": \"monday\", \"at\": \"07:30\", \"zone\": \"Europe/Paris\"},"
        " \"paused_until\": \"2026-12-24\", \"language\": \"de\"}";
    struct profile profile, copy, empty, empty_copy;
    struct buffer before, after;
    struct error error;

    (void)state;
    buffer_init(&before, PROFILE_FILE_BYTES);
    buffer_init(&after, PROFILE_FILE_BYTES);
    assert_int_equal(profile_read("p", VIEW(TEXT), &profile, &error), 0);
    profile_write(&profile, &before);
    profile_copy(&profile, &copy);
    profile_free(&profile);
    profile_write(&copy, &after);
    assert_string_equal(buffer_string(&after), buffer_string(&before));
    profile_free(&copy);
    profile_init(&empty);
    profile_copy(&empty, &empty_copy);
    profile_free(&empty_copy);
    profile_free(&empty);
    buffer_free(&before);
    buffer_free(&after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_stand_in_a_profile),
        cmocka_unit_test(texts_stand_once),
        cmocka_unit_test(keywords_have_a_weight),
        cmocka_unit_test(a_text_is_replaced),
        cmocka_unit_test(a_copy_is_the_same_and_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
