/* What commands make of a profile, and what is said of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "inbox/change.h"
#include "subscribers/profile_edit.h"
#include "unit/data.h"

static const char BEFORE[] =
    "{\"email\": \"a@example.org\", \"categories\": [\"cs.LG\"], \"keywords\": [\"LLM\", {\"term\": \"kv cache\","
    " \"weight\": 3}], \"exclude_keywords\": [\"survey\"], \"authors\": {\"follow\": [\"Emmy Noether\"]},"
    " \"liked\": [\"2602.13531\"], \"disliked\": [\"2602.13532\"],"
    " \"schedule\": {\"every\": \"monday\", \"at\": \"07:30\", \"zone\": \"Europe/Paris\"}}";

static bool zone_is_known(const char *name)
{
    return strcmp(name, "Europe/Berlin") == 0;
}

/* "+word(value)" of what was done, "=" of what was so, "!" of what is refused. */
static void show_notes(const struct change_notes *notes, struct buffer *text)
{
    for (size_t i = 0; i < notes->count; i++) {
        const struct change_note *note = &notes->items[i];
        const char *word = note->word ? note->word : "";

        if (note->outcome == CHANGE_OTHER)
            continue;
        assert_true(strncmp(word, "change_", 7) == 0);
        buffer_printf(text, "%s%c%s", text->size ? " " : "", "+=!"[note->outcome], word + 7);
        for (size_t j = 0; note->values[j].name; j++)
            buffer_printf(text, "%s%.*s", j ? "," : "(", VIEW_ARGUMENTS(note->values[j].text));
        if (note->values[0].name)
            buffer_add_char(text, ')');
    }
}

/* One profile as a line without its defaults and blanks. */
static void show_profile(const struct profile *profile, struct buffer *text)
{
    struct buffer written;

    buffer_init(&written, PROFILE_FILE_BYTES);
    profile_write(profile, &written);
    for (size_t i = 0; i < written.size; i++)
        if (!strchr(" \n", written.data[i]) || (i && written.data[i] == ' ' && written.data[i - 1] != ' ' &&
                                                 written.data[i - 1] != '\n' && !strchr(":,", written.data[i - 1])))
            buffer_add_char(text, written.data[i]);
    buffer_free(&written);
}

static void apply_on(const char *document, const char *lines, bool is_new, struct buffer *notes_text,
                     struct buffer *profile_text)
{
    const struct change_context context = {.today = {2026, 2, 17}, .is_new = is_new,
                                           .zone_is_known = zone_is_known};
    struct view body = data_exact(lines);
    struct mail_command_sources sources = {.body = body};
    struct arena *arena = arena_new();
    struct mail_commands commands;
    struct change_notes notes;
    struct profile profile, before;
    struct error error;
    struct buffer written;

    buffer_init(&written, PROFILE_FILE_BYTES);
    assert_int_equal(profile_read("p", view_of(document), &profile, &error), 0);
    profile_copy(&profile, &before);
    mail_commands_read(&sources, arena, &commands);
    change_apply(&commands, &context, &profile, arena, &notes);
    show_notes(&notes, notes_text);
    if (change_is_any(&before, &profile))
        show_profile(&profile, profile_text);
    profile_write(&profile, &written);
    profile_free(&before);
    if (profile_read("p", buffer_view(&written), &before, &error) < 0)
        fail_msg("%s: %s", lines, error.text);
    buffer_free(&written);
    profile_free(&before);
    profile_free(&profile);
    arena_free(&arena);
    data_free(body);
}

/* `want`: what the notes say; `part`: what the profile then has; NULL: it is as it was. */
static void check(const char *document, const char *lines, bool is_new, const char *want, const char *part)
{
    struct buffer notes, profile;

    buffer_init(&notes, 1 << 20);
    buffer_init(&profile, 1 << 22);
    apply_on(document, lines, is_new, &notes, &profile);
    if (strcmp(buffer_string(&notes), want) != 0)
        fail_msg("%s\nsays   %s\nwanted %s", lines, buffer_string(&notes), want);
    if (part ? !strstr(buffer_string(&profile), part) : profile.size > 0)
        fail_msg("%s\nmakes  %s\nwanted %s", lines, buffer_string(&profile), part ? part : "no change");
    buffer_free(&notes);
    buffer_free(&profile);
}

struct sample {
    const char *lines, *notes, *part;
};

static void check_all(const struct sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check(BEFORE, samples[i].lines, false, samples[i].notes, samples[i].part);
}
#define CHECK_ALL(samples) check_all(samples, sizeof(samples) / sizeof(*(samples)))

static void keywords_and_categories(void **state)
{
    static const struct sample SAMPLES[] = {
        {"add RL", "+keyword_added(RL)", "\"LLM\",{\"term\":\"kv cache\",\"weight\":3},\"RL\"]"},
        {"add llm", "=keyword_same(llm)", NULL},
        {"add llm^2", "+keyword_added(llm)", "{\"term\":\"LLM\",\"weight\":2}"},
        {"add kv cache^3", "=keyword_same(kv cache)", NULL},
        {"add a^0", "!weight_invalid(a^0)", NULL},
        {"add a^101, b^2.5", "!weight_invalid(a^101) +keyword_added(b)", "{\"term\":\"b\",\"weight\":2.5}"},
        {"add x^n", "+keyword_added(x^n)", "\"x^n\""},
        {"add ...", "!item_invalid(...)", NULL},
        {"add survey", "+keyword_added(survey)", "\"survey\"],\"authors\""},
        {"add -tutorial", "+muted(tutorial)", "\"exclude_keywords\":[\"survey\",\"tutorial\"]"},
        {"mute LLM", "+muted(LLM)",
         "\"keywords\":[{\"term\":\"kv cache\",\"weight\":3}],\"exclude_keywords\":[\"survey\",\"LLM\"]"},
        {"mute survey", "=muted_same(survey)", NULL},
        {"mute -tutorial, \"a b\"", "+muted(tutorial) +muted(a b)", "\"survey\",\"tutorial\",\"a b\"]"},
        {"add cs.AI", "+category_added(cs.AI)", "\"categories\":[\"cs.LG\",\"cs.AI\"]"},
        {"add cs.ai cs.DC", "+category_added(cs.AI) +category_added(cs.DC)", "[\"cs.LG\",\"cs.AI\",\"cs.DC\"]"},
        {"add cs.LG", "=category_same(cs.LG)", NULL},
        {"add hep-th, graphs", "+category_added(hep-th) +keyword_added(graphs)", "[\"cs.LG\",\"hep-th\"]"},
        {"del cs.LG", "+removed(cs.LG)", "{\"email\":\"a@example.org\",\"keywords\""},
        {"remove llm", "+removed(llm)", "\"keywords\":[{\"term\":\"kv cache\""},
        {"remove kv cache^9", "+removed(kv cache)", "\"keywords\":[\"LLM\"]"},
        {"remove survey, Emmy Noether", "+removed(survey) +removed(Emmy Noether)", "\"weight\":3}],\"liked\""},
        {"remove nothing at all", "=not_there(nothing at all)", NULL},
        {"keywords: RL, GAN^2", "+keyword_added(RL) +keyword_added(GAN)", "\"keywords\":[\"RL\",{\"term\":\"GAN\",\"weight\":2}]"},
        {"keywords: none", "+keywords_none", "\"categories\":[\"cs.LG\"],\"exclude"},
        {"keywords:", "!needs_items", NULL},
        {"categories cs.AI, stat.ML", "+category_added(cs.AI) +category_added(stat.ML)", "\"categories\":[\"cs.AI\",\"stat.ML\"]"},
        {"categories nonsense", "!category_unknown(nonsense)", NULL},
        {"categories all", "+categories_all", "{\"email\":\"a@example.org\",\"keywords\""},
        {"categories", "!needs_items", NULL},
    };

    (void)state;
    CHECK_ALL(SAMPLES);
}

static void authors_interests_and_number(void **state)
{
    static const struct sample SAMPLES[] = {
        {"authors Ada Lovelace, -Bob", "+author_added(Ada Lovelace) +author_excluded(Bob)",
         "\"authors\":{\"follow\":[\"Ada Lovelace\"],\"exclude\":[\"Bob\"]}"},
        {"authors none", "+authors_none", "\"exclude_keywords\":[\"survey\"],\"liked\""},
        {"authors", "!needs_items", NULL},
        {"interests: how \"models\" forget, and why", "+interests_set(how \"models\" forget, and why)",
         "\"interests\":\"how \\\"models\\\" forget,and why\""},
        {"interests", "!needs_items", NULL},
        {"interests none", "+interests_none", NULL},
        {"max 20", "+max_set(20)", "\"max_papers\":20"},
        {"max 30", "=max_same(30)", NULL},
        {"max", "!max_invalid(500)", NULL},
        {"max 0", "!max_invalid(500)", NULL},
        {"max 501", "!max_invalid(500)", NULL},
        {"max many", "!max_invalid(500)", NULL},
        {"max 99999999999999999999", "!max_invalid(500)", NULL},
    };

    (void)state;
    CHECK_ALL(SAMPLES);
}

static void times(void **state)
{
    static const struct sample SAMPLES[] = {
        {"daily", "+daily", "\"schedule\":{\"at\":\"07:30\",\"zone\":\"Europe/Paris\"}"},
        {"weekly", "=weekly_same(monday)", NULL},
        {"weekly fri", "+weekly(friday)", "\"every\":\"friday\""},
        {"weekly on Sundays at 9", "+weekly(sunday) +at_set(09:00,Europe/Paris)", "\"every\":\"sunday\",\"at\":\"09:00\""},
        {"weekly someday", "!day_unknown(someday)", NULL},
        {"daily at 6:05 pm", "+daily +at_set(18:05,Europe/Paris)", "\"at\":\"18:05\""},
        {"daily 7h30 Europe/Berlin", "+daily +at_set(07:30,Europe/Berlin)", "\"zone\":\"Europe/Berlin\""},
        {"at 12am", "+at_set(00:00,Europe/Paris)", "\"at\":\"00:00\""},
        {"at 12pm", "+at_set(12:00,Europe/Paris)", "\"at\":\"12:00\""},
        {"at 23:59", "+at_set(23:59,Europe/Paris)", "\"at\":\"23:59\""},
        {"at 24:00", "!at_invalid(24:00)", NULL},
        {"at 7:60", "!at_invalid(7:60)", NULL},
        {"at 13pm", "!at_invalid(13pm)", NULL},
        {"at dawn", "!at_invalid(dawn)", NULL},
        {"at", "!at_invalid()", NULL},
        {"at 8:00 Mars/Phobos", "!zone_unknown(Mars/Phobos)", NULL},
        {"at 8:00 ../../etc/passwd", "!zone_unknown(../../etc/passwd)", NULL},
        {"at none", "+at_none", "\"schedule\":{\"every\":\"monday\",\"zone\""},
        {"pause 2 weeks", "+paused(2026-03-03)", "\"paused_until\":\"2026-03-03\""},
        {"pause for a month", "+paused(2026-03-19)", "\"paused_until\":\"2026-03-19\""},
        {"pause until 2026-12-24", "+paused(2026-12-24)", "\"paused_until\":\"2026-12-24\""},
        {"pause 2026-02-18", "+paused(2026-02-18)", "\"paused_until\":\"2026-02-18\""},
        {"pause until 2026-02-17", "!pause_past(2026-02-17)", NULL},
        {"pause until 2026-02-30", "!pause_invalid", NULL},
        {"pause until 2099-01-01", "!pause_past(2099-01-01)", NULL},
        {"pause", "!pause_invalid", NULL},
        {"pause 0 days", "!pause_invalid", NULL},
        {"pause 99999 years", "!pause_invalid", NULL},
        {"resume", "=resumed_same", NULL},
        {"pause 2 days\nresume", "+paused(2026-02-19) +resumed", NULL},
    };

    (void)state;
    CHECK_ALL(SAMPLES);
}

static void papers(void **state)
{
    static const struct sample SAMPLES[] = {
        {"like 2602.00001", "+liked(2602.00001)", "\"liked\":[\"2602.13531\",\"2602.00001\"]"},
        {"like arXiv:2602.00001v3", "+liked(2602.00001)", "\"2602.00001\"]"},
        {"like https://arxiv.org/abs/2602.00001", "+liked(2602.00001)", "\"2602.00001\"]"},
        {"like http://www.arxiv.org/pdf/2602.00001v1.pdf", "+liked(2602.00001)", "\"2602.00001\"]"},
        {"like hep-th/9901001", "+liked(hep-th/9901001)", "\"hep-th/9901001\"]"},
        {"like 2602.13531", "=liked_same(2602.13531)", NULL},
        {"like 2602.13532", "+liked(2602.13532)", "\"liked\":[\"2602.13531\",\"2602.13532\"],\"schedule\""},
        {"dislike 2602.13531, 2602.13532", "+disliked(2602.13531) =disliked_same(2602.13532)",
         "\"disliked\":[\"2602.13532\",\"2602.13531\"]"},
        {"like 12345", "!no_paper(12345)", NULL},
        {"like ../../2602.1", "!no_paper(../../2602.1)", NULL},
    };

    (void)state;
    CHECK_ALL(SAMPLES);
}

static void several_are_one_change(void **state)
{
    static const struct sample SAMPLES[] = {
        {"add RL\nmax 20\nnonsense\nhelp", "+keyword_added(RL) +max_set(20)", "\"max_papers\":20"},
        /* One that is refused leaves the others alone. */
        {"max 0\nadd RL", "!max_invalid(500) +keyword_added(RL)", "\"RL\""},
        /* What is taken back has changed nothing. */
        {"add RL\nremove RL", "+keyword_added(RL) +removed(RL)", NULL},
        {"show\npreview\nunsubscribe\nundo\nexport", "", NULL},
    };

    (void)state;
    CHECK_ALL(SAMPLES);
}

static void a_sign_up_has_a_name(void **state)
{
    static const char NEW[] = "{\"email\": \"a@example.org\"}";

    (void)state;
    check(NEW, "subscribe Ada Lovelace", true, "", "\"name\":\"Ada Lovelace\"");
    check(NEW, "subscribe \"Ada Lovelace\"", true, "", "\"name\":\"Ada Lovelace\"");
    check(NEW, "subscribe", true, "", NULL);
    check(NEW, "subscribe Somebody Else", false, "", NULL);
    check(NEW, "subscribe\nkeywords: LLM\ncategories: cs.LG", true, "+keyword_added(LLM) +category_added(cs.LG)",
          "\"categories\":[\"cs.LG\"],\"keywords\":[\"LLM\"]");
}

/* ---- limits ---- */

static void a_full_profile_takes_no_more(void **state)
{
    struct buffer document, notes, profile;

    (void)state;
    buffer_init(&document, PROFILE_FILE_BYTES);
    buffer_init(&notes, 1 << 20);
    buffer_init(&profile, 1 << 22);
    buffer_add_string(&document, "{\"email\": \"a@example.org\", \"keywords\": [");
    for (int i = 0; i < PROFILE_KEYWORDS; i++)
        buffer_printf(&document, "%s\"k%d\"", i ? ", " : "", i);
    buffer_add_string(&document, "], \"liked\": [");
    for (int i = 0; i < PROFILE_LIKED; i++)
        buffer_printf(&document, "%s\"2602.%05d\"", i ? ", " : "", i);
    buffer_add_string(&document, "]}");
    check(buffer_string(&document), "add one more", false, "!list_full(one more)", NULL);
    /* Of likes the oldest makes room. */
    apply_on(buffer_string(&document), "like 2601.00001", false, &notes, &profile);
    assert_string_equal(buffer_string(&notes), "+liked(2601.00001)");
    assert_null(strstr(buffer_string(&profile), "\"2602.00000\""));
    assert_non_null(strstr(buffer_string(&profile), "\"2602.04999\",\"2601.00001\"]"));
    buffer_free(&document);
    buffer_free(&notes);
    buffer_free(&profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keywords_and_categories),
        cmocka_unit_test(authors_interests_and_number),
        cmocka_unit_test(times),
        cmocka_unit_test(papers),
        cmocka_unit_test(several_are_one_change),
        cmocka_unit_test(a_sign_up_has_a_name),
        cmocka_unit_test(a_full_profile_takes_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
