/* What pages for people are made with: addresses masked, forms signed, where they come from,
 * and forms turned into the lines of a mail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "inbox/change.h"
#include "subscribers/profile_edit.h"
#include "unit/data.h"
#include "web/form.h"
#include "web/form_token.h"
#include "web/layout.h"
#include "web/mask.h"
#include "web/origin.h"
#include "web/profile_form.h"

enum { NOW = 1771304400 };

static void test_masking(void **state)
{
    static const struct {
        const char *address, *want;
    } tests[] = {
        {"ada@example.org", "a…@e….org"}, {"a@b.de", "a…@b….de"},
        {"émile@mail.example.co.uk", "é…@m….uk"}, {"root@localhost", "r…@l…"},
        {"\"a@b\"@example.org", "\"…@e….org"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
        struct view exact = data_exact(tests[i].address);
        struct buffer text;

        buffer_init(&text, 256);
        web_mask_address(exact, &text);
        assert_string_equal(buffer_string(&text), tests[i].want);
        buffer_free(&text);
        data_free(exact);
    }
}

static void test_form_tokens(void **state)
{
    static const unsigned char SECRET[TOKEN_SECRET_BYTES] = "0123456789abcdef0123456789abcde";
    static const unsigned char OTHER[TOKEN_SECRET_BYTES] = "another key, another key, anoth";
    struct token_key key, other;
    char text[FORM_TOKEN_BYTES];
    static const struct {
        int64_t after;
        enum form_verdict want;
    } tests[] = {
        {0, FORM_TOO_SOON}, {1, FORM_GOOD}, {FORM_MAX_SECONDS, FORM_GOOD},
        {FORM_MAX_SECONDS + 1, FORM_TOO_OLD}, {-60, FORM_TOO_SOON}, {-61, FORM_TOO_OLD},
    };

    (void)state;
    token_key_derive(SECRET, &key);
    token_key_derive(OTHER, &other);
    form_token_make(&key, VIEW("subscribe"), NOW, text);
    for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
        assert_int_equal(form_token_check(&key, VIEW("subscribe"), view_of(text),
                                          NOW + tests[i].after),
                         tests[i].want);
    assert_int_equal(form_token_check(&key, VIEW("profile"), view_of(text), NOW + 5), FORM_FORGED);
    assert_int_equal(form_token_check(&other, VIEW("subscribe"), view_of(text), NOW + 5),
                     FORM_FORGED);
    assert_int_equal(form_token_check(&key, VIEW("subscribe"), (struct view){0}, NOW + 5),
                     FORM_FORGED);
    for (size_t i = 0; i + 1 < sizeof(text); i++) {
        char was = text[i];

        text[i] = was == 'b' ? 'c' : 'b';
        assert_int_equal(form_token_check(&key, VIEW("subscribe"), view_of(text), NOW + 5),
                         FORM_FORGED);
        text[i] = was;
    }
}

static void test_origins(void **state)
{
    static const char *const BASE = "https://papers.example.org/list/";
    static const struct {
        const char *origin, *site, *host;
        bool want;
    } tests[] = {
        {"https://papers.example.org", "same-origin", "127.0.0.1:8025", true},
        {"https://papers.example.org", "", "127.0.0.1:8025", true},
        {"http://127.0.0.1:8025", "", "127.0.0.1:8025", true},
        {"", "same-origin", "x", true},
        {"", "", "x", true},
        {"null", "same-origin", "x", true},
        {"null", "", "x", false},
        {"https://papers.example.org", "cross-site", "x", false},
        {"https://papers.example.org", "same-site", "x", false},
        {"https://papers.example.org", "none", "x", false},
        {"https://evil.test", "", "papers.example.org", false},
        {"https://evil.test", "same-origin", "x", false},
        {"https://papers.example.org.evil.test", "", "x", false},
        {"https://papers.example.org:444", "", "x", false},
        {"https://", "", "", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
        const struct web_request request = {.origin = view_of(tests[i].origin),
                                            .fetch_site = view_of(tests[i].site),
                                            .host = view_of(tests[i].host)};

        if (web_origin_is_ours(&request, BASE) != tests[i].want)
            fail_msg("origin %zu: %s, %s", i, tests[i].origin, tests[i].site);
    }
}

static void test_roots(void **state)
{
    (void)state;
    assert_string_equal(web_layout_root("https://example.org/"), "/");
    assert_string_equal(web_layout_root("https://example.org/papers/"), "/papers/");
    assert_string_equal(web_layout_root(NULL), "/");
}

/* A profile that has a bit of everything, and keywords that a form shows only in part. */
static void make_profile(struct profile *ret_profile)
{
    static const char TEXT[] =
        "{\"email\":\"ada@example.org\",\"categories\":[\"cs.LG\",\"cs.XX\"],"
        "\"keywords\":[\"LLM\",{\"term\":\"kv cache\",\"weight\":3},"
        "{\"term\":\"pruning\",\"field\":\"title\"}],\"exclude_keywords\":[\"survey\"],"
        "\"authors\":{\"follow\":[\"Emmy Noether\"],\"exclude\":[\"Anon\"]},"
        "\"max_papers\":20,\"schedule\":{\"every\":\"weekdays\",\"at\":\"07:30\","
        "\"zone\":\"Europe/Paris\"}}";
    struct error error;

    assert_int_equal(profile_read("ada", view_of(TEXT), ret_profile, &error), 0);
}

static void test_form_to_lines(void **state)
{
    static const struct {
        const char *change; /* of the form as it was shown: a field and its new text */
        const char *text, *want;
    } tests[] = {
        {"max", "20", ""},
        {"max", "5", "max 5\n"},
        {"max", "5\nforget me", "max \"5 forget me\"\n"},
        {"keywords", "LLM\nkv cache^3\npruning\n-survey", ""},
        {"keywords", "LLM^2, kv cache ^3; pruning, -survey", "add \"LLM\"^2\n"},
        {"keywords", "LLM\nkv cache\npruning\n-survey", "add \"kv cache\"^1\n"},
        {"keywords", "kv cache^3\npruning", "remove \"LLM\", \"survey\"\n"},
        {"keywords", "LLM\nkv cache^3\npruning\n-survey\n\"a, b\"\n-\"c\"",
         "add \"a, b\"^1, -\"c\"\n"},
        {"keywords", "", "remove \"LLM\", \"kv cache\", \"pruning\", \"survey\"\n"},
        {"authors", "Emmy Noether", "remove \"Anon\"\nauthors: \"Emmy Noether\"\n"},
        {"authors", "", "remove \"Anon\"\nauthors: none\n"},
        {"interests", "two\nlines", "interests: two lines\n"},
        {"categories", "", "categories: cs.LG\n"},
        {"categories", "cs.XX; \"hep", "categories: cs.LG cs.XX  'hep\n"},
        {"every", "day", "daily\n"},
        {"every", "monday", "weekly monday\n"},
        {"at", "", "at none\n"},
        {"at", "08:00", "at 08:00 Europe/Paris\n"},
        {"at", "7:30 am", "at 7:30am Europe/Paris\n"},
        {"at", "half past \"seven\"", "at \"half past seven\" Europe/Paris\n"},
        {"zone", "UTC\nforget me", "at 07:30 \"UTC forget me\"\n"},
    };
    struct arena *arena = arena_new();
    struct profile profile;

    (void)state;
    make_profile(&profile);
    for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
        struct view exact = data_exact(tests[i].text);
        struct profile_form form;
        struct {
            const char *name;
            struct view *field;
        } fields[] = {
            {"max", &form.max}, {"keywords", &form.keywords}, {"authors", &form.authors},
            {"interests", &form.interests}, {"categories", &form.categories},
            {"every", &form.every}, {"at", &form.at}, {"zone", &form.zone},
        };
        struct view lines;

        profile_form_of(&profile, arena, &form);
        for (size_t j = 0; j < sizeof(fields) / sizeof(*fields); j++)
            if (strcmp(fields[j].name, tests[i].change) == 0)
                *fields[j].field = exact;
        lines = profile_form_lines(&form, &profile, false, arena);
        if (!view_equal_string(lines, tests[i].want))
            fail_msg("%s = \"%s\" gives\n%.*s", tests[i].change, tests[i].text,
                     VIEW_ARGUMENTS(lines));
        data_free(exact);
    }
    profile_free(&profile);
    arena_free(&arena);
}

/* No text in any field brings in a command of its own, or one that the form has not. */
static void test_fields_hold_no_commands(void **state)
{
    static const char BODY[] =
        "name=x%0Aforget+me&keywords=a%0Aforget+me%0Aunsubscribe%2C%22%0Aundo&authors=x%0A%0Aforget"
        "+me&interests=y%0Aforget+me%0A--+%0Aunsubscribe&categories=cs.LG%0Aforget+me&max=3%0A"
        "forget+me&every=%0Aforget+me&at=7%0Aforget+me&zone=%0Aunsubscribe&category=cs.AI%0Aundo";
    struct arena *arena = arena_new();
    struct view exact = data_exact(BODY);
    struct mail_command_sources sources = {0};
    struct mail_commands commands;
    struct profile_form form;
    struct profile profile;

    (void)state;
    profile_init(&profile);
    profile_form_read(web_form_read(exact, arena), arena, &form);
    sources.body = profile_form_lines(&form, &profile, true, arena);
    mail_commands_read(&sources, arena, &commands);
    assert_true(commands.count > 5);
    for (size_t i = 0; i < commands.count; i++) {
        assert_int_not_equal(commands.items[i].name, COMMAND_FORGET);
        assert_int_not_equal(commands.items[i].name, COMMAND_UNSUBSCRIBE);
        assert_int_not_equal(commands.items[i].name, COMMAND_UNDO);
    }
    profile_free(&profile);
    data_free(exact);
    arena_free(&arena);
}

/* What is too long for its field is refused as what is a little too long is: nothing that was
 * typed is passed over. */
static void test_long_fields_are_refused(void **state)
{
    static const char *const FIELDS[] = {"keywords", "authors", "interests", "categories", "max",
                                         "every", "at", "zone"};
    const struct change_context context = {.today = {2026, 2, 17}, .is_new = true};
    struct arena *arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(FIELDS) / sizeof(*FIELDS); i++)
        for (size_t j = 0; j < 2; j++) {
            struct mail_command_sources sources = {0};
            struct mail_commands commands;
            struct change_notes notes;
            struct profile profile;
            struct profile_form form;
            struct buffer body;
            bool is_refused = false;

            buffer_init(&body, 64 * 1024);
            buffer_printf(&body, "%s%s=", strcmp(FIELDS[i], "zone") == 0 ? "at=07:30&" : "",
                          FIELDS[i]);
            while (body.size < 40000)
                buffer_add_string(&body, j ? "word+" : "word");
            profile_init(&profile);
            profile_form_read(web_form_read(buffer_view(&body), arena), arena, &form);
            sources.body = profile_form_lines(&form, &profile, true, arena);
            mail_commands_read(&sources, arena, &commands);
            change_apply(&commands, &context, &profile, arena, &notes);
            for (size_t k = 0; k < notes.count; k++)
                is_refused |= notes.items[k].outcome == CHANGE_REFUSED;
            if (!is_refused)
                fail_msg("%s of %zu bytes is passed over", FIELDS[i], body.size);
            profile_free(&profile);
            buffer_free(&body);
        }
    arena_free(&arena);
}

/* A term with a separator in it is shown so that it is read as one. */
static void test_separators_in_terms(void **state)
{
    struct arena *arena = arena_new();
    struct profile profile;
    struct profile_form form;
    struct error error;

    (void)state;
    assert_int_equal(profile_read("ada", VIEW("{\"email\":\"ada@example.org\",\"keywords\":"
                                              "[\"a, b\",\"c; d\"],\"exclude_keywords\":"
                                              "[\"e, f\"],\"authors\":{\"follow\":[\"Gauss, C.\"],"
                                              "\"exclude\":[\"H; I\"]}}"),
                                  &profile, &error), 0);
    profile_form_of(&profile, arena, &form);
    assert_true(view_equal_string(form.keywords, "\"a, b\"\n\"c; d\"\n-\"e, f\""));
    assert_true(view_equal_string(form.authors, "\"Gauss, C.\"\n-\"H; I\""));
    form.keywords = form.authors = (struct view){0};
    assert_true(view_equal_string(profile_form_lines(&form, &profile, false, arena),
                                  "remove \"a, b\", \"c; d\", \"e, f\"\n"
                                  "remove \"H; I\"\nauthors: none\n"));
    profile_free(&profile);
    arena_free(&arena);
}

/* What a form shows of a profile makes, as a new one, the same again. */
static void test_round_trip(void **state)
{
    const struct change_context context = {.today = {2026, 2, 17}, .is_new = true};
    struct arena *arena = arena_new();
    struct mail_command_sources sources = {0};
    struct mail_commands commands;
    struct change_notes notes;
    struct profile profile, fresh;
    struct profile_form form;

    (void)state;
    make_profile(&profile);
    profile_init(&fresh);
    profile_form_of(&profile, arena, &form);
    form.every = VIEW("friday");
    form.name = VIEW("Ada Lovelace");
    sources.body = profile_form_lines(&form, &fresh, true, arena);
    mail_commands_read(&sources, arena, &commands);
    change_apply(&commands, &context, &fresh, arena, &notes);
    assert_string_equal(fresh.name, "Ada Lovelace");
    assert_int_equal(fresh.keywords.count, 3);
    assert_string_equal(fresh.keywords.items[1].term, "kv cache");
    assert_true(fresh.keywords.items[1].weight == 3.0);
    assert_string_equal(fresh.exclude_keywords.items[0], "survey");
    assert_string_equal(fresh.follow_authors.items[0], "Emmy Noether");
    assert_string_equal(fresh.exclude_authors.items[0], "Anon");
    assert_int_equal(fresh.max_papers, 20);
    assert_int_equal(fresh.schedule.every, EVERY_FRIDAY);
    assert_int_equal(fresh.schedule.at_minutes, 7 * 60 + 30);
    assert_string_equal(fresh.schedule.zone, "Europe/Paris");
    profile_free(&profile);
    profile_free(&fresh);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_masking),       cmocka_unit_test(test_form_tokens),
        cmocka_unit_test(test_origins),       cmocka_unit_test(test_roots),
        cmocka_unit_test(test_form_to_lines), cmocka_unit_test(test_fields_hold_no_commands),
        cmocka_unit_test(test_long_fields_are_refused),
        cmocka_unit_test(test_separators_in_terms), cmocka_unit_test(test_round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
