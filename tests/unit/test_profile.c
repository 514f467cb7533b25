#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "papers/paper.h"
#include "subscribers/profile.h"
#include "unit/data.h"

static const char INVALID[] = "tests/fixtures/profiles/invalid";
static const char VALID[] = "tests/fixtures/profiles/valid";

static int read_text(const char *name, const char *text, struct profile *profile,
                     struct error *error)
{
    struct view exact = data_exact(text);
    int result = profile_read(name, exact, profile, error);

    data_free(exact);
    return result;
}

static struct profile must_read(const char *text)
{
    struct profile profile;
    struct error error = {0};

    if (read_text("f.json", text, &profile, &error) < 0)
        fail_msg("%s: %s", text, error.text);
    return profile;
}

static char *written(const struct profile *profile)
{
    struct buffer text;

    buffer_init(&text, 8 * PROFILE_FILE_BYTES);
    profile_write(profile, &text);
    assert_false(text.failed);
    return buffer_steal(&text);
}

/* Calls `check` for each NAME.json of the folder; returns how many there were. */
static size_t each_fixture(const char *folder, void (*check)(const char *path, const char *name))
{
    DIR *stream = opendir(folder);
    struct dirent *entry;
    size_t count = 0;

    assert_non_null(stream);
    while ((entry = readdir(stream))) {
        char *path;

        if (!view_ends_with(view_of(entry->d_name), VIEW(".json")))
            continue;
        path = file_join(folder, entry->d_name);
        check(path, entry->d_name);
        free(path);
        count++;
    }
    closedir(stream);
    return count;
}

/* PAPERBOY_WRITE_EXPECTED=1 writes what is said now, to be read over by a person. */
static void compare_complaint(const char *path, const struct error *error)
{
    struct buffer error_path, line;
    struct view want;

    buffer_init(&error_path, 4096);
    buffer_init(&line, ERROR_TEXT_BYTES + 1);
    buffer_add_view(&error_path, view_slice(view_of(path), 0, strlen(path) - strlen("json")));
    buffer_add_string(&error_path, "error");
    buffer_printf(&line, "%s\n", error->text);
    if (getenv("PAPERBOY_WRITE_EXPECTED"))
        assert_int_equal(file_write_atomic(error_path.data, buffer_view(&line), 0644, NULL), 0);
    want = data_read(error_path.data);
    if (!view_equal(want, buffer_view(&line)))
        fail_msg("%s:\nwant %.*sgot  %s", path, VIEW_ARGUMENTS(want), buffer_string(&line));
    data_free(want);
    buffer_free(&line);
    buffer_free(&error_path);
}

static void check_refused(const char *path, const char *name)
{
    struct view text = data_read(path);
    struct error error = {0};
    struct profile profile;

    memset(&profile, 0x5A, sizeof(profile));
    if (profile_read(name, text, &profile, &error) == 0)
        fail_msg("%s was taken", path);
    for (size_t i = 0; i < sizeof(profile); i++)
        assert_int_equal(((unsigned char *)&profile)[i], 0x5A);
    assert_int_equal(error.kind, ERROR_INPUT);
    compare_complaint(path, &error);
    data_free(text);
}

static void bad_profiles_say_where_and_what(void **state)
{
    (void)state;
    assert_true(each_fixture(INVALID, check_refused) >= 90);
}

static void check_round_trip(const char *path, const char *name)
{
    struct view text = data_read(path);
    struct profile profile;
    struct error error = {0};
    char *first, *second;

    if (profile_read(name, text, &profile, &error) < 0)
        fail_msg("%s", error.text);
    first = written(&profile);
    profile_free(&profile);
    profile = must_read(first);
    second = written(&profile);
    assert_string_equal(first, second);
    profile_free(&profile);
    free(first);
    free(second);
    data_free(text);
}

static void good_profiles_survive_writing(void **state)
{
    (void)state;
    assert_true(each_fixture(VALID, check_round_trip) >= 15);
}

static void check_example(const char *path, const char *name)
{
    if (strchr(name, '@'))
        check_round_trip(path, name);
}

static void examples_are_good(void **state)
{
    (void)state;
    assert_true(each_fixture("subscribers", check_example) >= 5);
}

static void defaults(void **state)
{
    struct profile profile = must_read("{\"email\": \"Ada@Example.org\"}");

    (void)state;
    assert_string_equal(profile.email, "ada@example.org");
    assert_null(profile.name);
    assert_null(profile.interests);
    assert_int_equal(profile.categories.count + profile.keywords.count + profile.liked.count, 0);
    assert_int_equal(profile.announce_types, 1u << ANNOUNCE_NEW | 1u << ANNOUNCE_CROSS);
    assert_int_equal(profile.max_papers, 30);
    assert_true(profile.min_score == 0);
    assert_int_equal(profile.scoring, SCORING_RELEVANCE);
    assert_int_equal(profile.schedule.every, EVERY_DAY);
    assert_int_equal(profile.schedule.at_minutes, -1);
    assert_null(profile.schedule.zone);
    assert_false(date_is_set(profile.paused_until));
    assert_string_equal(profile.language, "en");
    assert_int_equal(profile.format, FORMAT_BOTH);
    assert_true(profile.summaries);
    assert_false(profile.holiday_note || profile.updates);
    assert_true(profile_is_plain(&profile));
    profile_free(&profile);
    assert_null(profile.email);
    profile_free(&profile);
}

static void every_key_arrives(void **state)
{
    struct view text = data_read("tests/fixtures/profiles/valid/every-key.json");
    struct profile profile;

    (void)state;
    assert_int_equal(profile_read("f", text, &profile, NULL), 0);
    data_free(text);
    assert_string_equal(profile.name, "Grace");
    assert_int_equal(profile.categories.count, 5);
    assert_string_equal(profile.categories.items[4], "stat.ML");
    assert_int_equal(profile.keywords.count, 5);
    assert_string_equal(profile.keywords.items[2].term, "speculative decoding");
    assert_true(profile.keywords.items[2].weight == 3);
    assert_true(profile.keywords.items[0].weight == 1);
    assert_int_equal(profile.keywords.items[4].field, KEYWORD_TITLE);
    assert_int_equal(profile.required_keywords.count, 4);
    assert_int_equal(profile.bonus_keywords.count, 2);
    assert_int_equal(profile.bonus_keywords.items[1].field, KEYWORD_ABSTRACT);
    assert_int_equal(profile.exclude_keywords.count, 2);
    assert_non_null(profile.interests);
    assert_string_equal(profile.follow_authors.items[0], "Emmy Example");
    assert_string_equal(profile.prefer_authors.items[0], "Ada Example");
    assert_string_equal(profile.exclude_authors.items[0], "Nobody Example");
    assert_int_equal(profile.abstract_min_length, 200);
    assert_int_equal(profile.abstract_max_length, 5000);
    assert_int_equal(profile.announce_types,
                     1u << ANNOUNCE_NEW | 1u << ANNOUNCE_CROSS | 1u << ANNOUNCE_REPLACE);
    assert_string_equal(profile.liked.items[0], "2602.13531");
    assert_string_equal(profile.disliked.items[0], "2602.00001");
    assert_int_equal(profile.max_papers, 40);
    assert_true(profile.min_score == 5);
    assert_int_equal(profile.schedule.every, EVERY_WEEKDAYS);
    assert_int_equal(profile.schedule.at_minutes, 7 * 60 + 30);
    assert_string_equal(profile.schedule.zone, "Europe/Paris");
    assert_true(profile.holiday_note && profile.updates);
    assert_false(profile_is_plain(&profile));
    profile_free(&profile);
}

/* What is written of it shows what was read. */
static void texts_are_tidied(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        {"\"name\": \"  Ada \\u3000\"", "\"name\": \"Ada\""},
        {"\"keywords\": [\" LLM \", \"llm\", \"b\"]", "\"keywords\": [\"LLM\", \"b\"]"},
        {"\"keywords\": [\"LLM\", {\"term\": \"llm\", \"field\": \"title\"}]",
         "\"keywords\": [\"LLM\", {\"term\": \"llm\", \"field\": \"title\"}]"},
        {"\"keywords\": [{\"term\": \"a\", \"weight\": 2}, \"A\"]",
         "\"keywords\": [{\"term\": \"a\", \"weight\": 2}]"},
        {"\"keywords\": [\" RL \", \"rl\", \"RL\"], \"scoring\": \"substring\"",
         "\"keywords\": [\" RL \", \"rl\", \"RL\"],\n  \"scoring\": \"substring\""},
        {"\"keywords\": [\"a\", {\"term\": \"A\", \"weight\": 3}, {\"term\": \"a\", \"weight\": 2}]",
         "\"keywords\": [{\"term\": \"a\", \"weight\": 3}]"},
        {"\"keywords\": [\"---\", \"...\"], \"scoring\": \"substring\"",
         "\"keywords\": [\"---\", \"...\"],\n  \"scoring\": \"substring\""},
        {"\"liked\": [\"a 1\", \"A 1\", \"a 1\"]", "\"liked\": [\"a 1\", \"A 1\"]"},
        {"\"interests\": \"\\ta\\nb\\r\"", "\"interests\": \"a b\""},
        {"\"exclude_keywords\": [\"a \", \"A\"]", "\"exclude_keywords\": [\"a\"]"},
        {"\"categories\": [\"cs.lg\", \"CS.LG\", \"Math\", \"COND-MAT.MES-HALL\", \"quant-PH\"]",
         "\"categories\": [\"cs.LG\", \"math\", \"cond-mat.mes-hall\", \"quant-ph\"]"},
        {"\"categories\": [\"My.Cat\"]", "\"categories\": [\"My.Cat\"]"},
        {"\"liked\": [\"2602.13531v12\", \"2602.13531\", \"v2\", \"x-v2\", \"hep-th/9901001v1\"]",
         "\"liked\": [\"2602.13531\", \"v2\", \"x-v2\", \"hep-th/9901001\"]"},
        {"\"paused_until\": \"2026-12-24T23:30:00-08:00\"", "\"paused_until\": \"2026-12-24\""},
        {"\"schedule\": {\"every\": \"day\", \"at\": \"00:00\"}", "\"schedule\": {\"at\": \"00:00\"}"},
        {"\"min_score\": 2.50, \"max_papers\": 31", "\"max_papers\": 31,\n  \"min_score\": 2.5"},
        {"\"keywords\": [{\"term\": \"a\", \"weight\": 0.10}, {\"term\": \"b\", \"weight\": 1e-9}]",
         "\"keywords\": [{\"term\": \"a\", \"weight\": 0.1}, {\"term\": \"b\", \"weight\": 1e-09}]"},
        {"\"keywords\": [{\"term\": \"a\", \"weight\": 33.333333333333336}]",
         "\"keywords\": [{\"term\": \"a\", \"weight\": 33.333333333333336}]"},
        {"\"abstract\": {\"max_length\": 0, \"min_length\": 200}", "\"abstract\": {\"min_length\": 200}"},
        {"\"announce_types\": [\"replace\", \"new\", \"new\"]",
         "\"announce_types\": [\"new\", \"replace\"]"},
        {"\"summaries\": false, \"updates\": true, \"format\": \"text\", \"language\": \"zh-CN\"",
         "\"language\": \"zh-CN\",\n  \"format\": \"text\",\n  \"summaries\": false,\n  "
         "\"updates\": true"},
        {"\"interests\": \"\\u00e9 \\\"quoted\\\" \\\\ back\"",
         "\"interests\": \"\xC3\xA9 \\\"quoted\\\" \\\\ back\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct profile profile;
        char text[512], want[512], *got;

        snprintf(text, sizeof(text), "{\"email\": \"a@b.example\", %s}", cases[i].text);
        snprintf(want, sizeof(want), "{\n  \"email\": \"a@b.example\",\n  %s\n}\n", cases[i].want);
        profile = must_read(text);
        got = written(&profile);
        assert_string_equal(got, want);
        free(got);
        profile_free(&profile);
    }
}

static void long_lists_take_a_line_each(void **state)
{
    struct profile profile = must_read(
        "{\"email\": \"a@b.example\", \"keywords\": [\"a keyword that is rather long, number 1\", "
        "{\"term\": \"a keyword that is rather long, number 2\", \"weight\": 2}, \"short\"], "
        "\"authors\": {\"prefer\": [\"A Name That Is Rather Long Number One\", "
        "\"A Name That Is Rather Long Number Two\"], \"follow\": [\"Short\"]}}");
    char *got = written(&profile);

    (void)state;
    assert_string_equal(got, "{\n"
                             "  \"email\": \"a@b.example\",\n"
                             "  \"keywords\": [\n"
                             "    \"a keyword that is rather long, number 1\",\n"
                             "    {\"term\": \"a keyword that is rather long, number 2\", "
                             "\"weight\": 2},\n"
                             "    \"short\"\n"
                             "  ],\n"
                             "  \"authors\": {\n"
                             "    \"follow\": [\"Short\"],\n"
                             "    \"prefer\": [\"A Name That Is Rather Long Number One\", "
                             "\"A Name That Is Rather Long Number Two\"]\n"
                             "  }\n"
                             "}\n");
    free(got);
    profile_free(&profile);
}

static void plain_means_nothing_to_rank_by(void **state)
{
    static const struct {
        const char *text;
        bool want;
    } cases[] = {
        {"\"categories\": [\"cs.LG\"]", true},
        {"\"exclude_keywords\": [\"survey\"]", true},
        {"\"authors\": {\"prefer\": [\"A\"], \"exclude\": [\"B\"]}", true},
        {"\"disliked\": [\"1\"]", true},
        {"\"keywords\": [\"a\"]", false},
        {"\"required_keywords\": [\"a\"]", false},
        {"\"bonus_keywords\": [\"a\"]", false},
        {"\"interests\": \"a\"", false},
        {"\"liked\": [\"1\"]", false},
        {"\"authors\": {\"follow\": [\"A\"]}", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct profile profile;
        char text[256];

        snprintf(text, sizeof(text), "{\"email\": \"a@b.example\", %s}", cases[i].text);
        profile = must_read(text);
        assert_int_equal(profile_is_plain(&profile), cases[i].want);
        profile_free(&profile);
    }
}

static void unknown_zones_are_found_by_line(void **state)
{
    static const char text[] = "{\n\"email\": \"a@b.example\",\n\"schedule\": {\n"
                               "  \"zone\": \"Europe/Pariss\"}}";
    struct profile profile = must_read(text), utc = must_read("{\"email\": \"a@b.example\"}");
    struct error error = {0};

    (void)state;
    assert_int_equal(profile_check_zone(&utc, "f.json", VIEW(""), &error), 0);
    assert_int_equal(profile_check_zone(&profile, "f.json", VIEW(text), &error), -1);
    assert_string_equal(error.text, "f.json:4: schedule.zone: unknown time zone \"Europe/Pariss\"; "
                                    "did you mean \"Europe/Paris\"?");
    assert_int_equal(error.kind, ERROR_INPUT);
    assert_int_equal(profile_check_zone(&profile, "f.json", VIEW(""), &error), -1);
    assert_string_equal(error.text, "f.json: schedule.zone: unknown time zone \"Europe/Pariss\"; "
                                    "did you mean \"Europe/Paris\"?");
    assert_int_equal(profile_check_zone(&profile, "f.json", VIEW(text), NULL), -1);
    profile_free(&profile);
    profile_free(&utc);
}

/* Limits from above, with one entry more than the invalid corpus can show. */
static void large_lists(void **state)
{
    struct buffer text;
    struct profile profile;
    struct error error = {0};

    (void)state;
    for (size_t count = PROFILE_LIKED; count <= PROFILE_LIKED + 1; count++) {
        buffer_init(&text, PROFILE_FILE_BYTES);
        buffer_add_string(&text, "{\"email\": \"a@b.example\", \"liked\": [");
        for (size_t i = 0; i < count; i++)
            buffer_printf(&text, "%s\"26%02zu.%05zu\"", i ? "," : "", i / 1000, i);
        buffer_add_string(&text, "]}");
        if (count > PROFILE_LIKED) {
            assert_int_equal(profile_read("f", buffer_view(&text), &profile, &error), -1);
            assert_string_equal(error.text,
                                "f:1: liked: has 5001 entries; at most 5000 are allowed");
        } else {
            assert_int_equal(profile_read("f", buffer_view(&text), &profile, &error), 0);
            assert_int_equal(profile.liked.count, PROFILE_LIKED);
            profile_free(&profile);
        }
        buffer_free(&text);
    }
}

static void files_have_a_limit(void **state)
{
    struct buffer text;
    struct profile profile;
    struct error error = {0};

    (void)state;
    buffer_init(&text, 2 * PROFILE_FILE_BYTES);
    buffer_add_string(&text, "{\"email\": \"a@b.example\"}");
    while (text.size <= PROFILE_FILE_BYTES)
        buffer_add_char(&text, ' ');
    assert_int_equal(profile_read("f", buffer_view(&text), &profile, &error), -1);
    assert_string_equal(error.text, "f: larger than 2097152 bytes, the most of a profile");
    buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_profiles_say_where_and_what),
        cmocka_unit_test(good_profiles_survive_writing),
        cmocka_unit_test(examples_are_good),
        cmocka_unit_test(defaults),
        cmocka_unit_test(every_key_arrives),
        cmocka_unit_test(texts_are_tidied),
        cmocka_unit_test(long_lists_take_a_line_each),
        cmocka_unit_test(plain_means_nothing_to_rank_by),
        cmocka_unit_test(unknown_zones_are_found_by_line),
        cmocka_unit_test(large_lists),
        cmocka_unit_test(files_have_a_limit),
    };

    return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
