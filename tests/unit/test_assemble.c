/* Assembled digests say what plainly evaluated ones say: for made-up mornings and
 * made-up templates, byte for byte after decoding; and they are good
 * quoted-printable wherever their pieces were joined. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "digest/assemble.h"
#include "digest/late.h"
#include "digest/sheet.h"
#include "unit/any_digest.h"
#include "unit/data.h"
#include "unit/digest_sample.h"
#include "unit/quoted.h"

enum { RANDOM_TEMPLATES = 60, MORNINGS = 2 };

/* ---- comparing ---- */

/* One folder's templates, and a digest made of them in both ways. */
struct pair {
    struct templates *templates;
    struct sheets *sheets;
    struct digest_output plain;
    struct digest_output assembled;
    struct buffer decoded;
    size_t refused;
    size_t assembled_count;
};

static void pair_load(struct pair *pair, const char *folder)
{
    struct error error = {0};

    sheets_free(&pair->sheets);
    templates_free(&pair->templates);
    if (templates_load(folder, "templates", &pair->templates, &error) < 0)
        fail_msg("%s", error.text);
    pair->sheets = sheets_new(pair->templates);
}

static int set_up(void **state)
{
    struct pair *pair = memory_new(1, sizeof(*pair));

    digest_output_init(&pair->plain);
    digest_output_init(&pair->assembled);
    buffer_init(&pair->decoded, DIGEST_OUTPUT_BYTES);
    pair_load(pair, "templates");
    *state = pair;
    return 0;
}

static int tear_down(void **state)
{
    struct pair *pair = *state;

    sheets_free(&pair->sheets);
    templates_free(&pair->templates);
    digest_output_free(&pair->plain);
    digest_output_free(&pair->assembled);
    buffer_free(&pair->decoded);
    free(pair);
    return 0;
}

static void compare_texts(const char *name, struct view want, struct view got)
{
    size_t at = 0;

    while (at < want.size && at < got.size && want.data[at] == got.data[at])
        at++;
    if (at < want.size || at < got.size)
        fail_msg("%s differs at byte %zu:\n--- plain\n%.*s\n--- assembled\n%.*s", name, at,
                 VIEW_ARGUMENTS(view_slice(want, at > 60 ? at - 60 : 0, at + 100)),
                 VIEW_ARGUMENTS(view_slice(got, at > 60 ? at - 60 : 0, at + 100)));
}

static void compare_part(struct pair *pair, const char *name, const struct buffer *want,
                         const struct buffer *got)
{
    if (!pair->assembled.is_encoded) {
        compare_texts(name, buffer_view(want), buffer_view(got));
        return;
    }
    quoted_decode(buffer_view(got), &pair->decoded);
    compare_texts(name, buffer_view(want), buffer_view(&pair->decoded));
}

static void compare(struct pair *pair, const struct digest *digest)
{
    struct error plain_error = {0}, error = {0};
    int plain = digest_make(pair->templates, digest, &pair->plain, &plain_error);
    int assembled = digest_assemble(pair->sheets, digest, &pair->assembled, &error);

    assert_int_equal(plain, assembled);
    assert_int_equal(pair->assembled.is_encoded, assembled == 0 && !sheets_refusal(pair->sheets));
    if (plain < 0) {
        assert_string_equal(plain_error.text, error.text);
        return;
    }
    pair->refused += !pair->assembled.is_encoded;
    pair->assembled_count += pair->assembled.is_encoded;
    compare_texts("subject", buffer_view(&pair->plain.subject),
                  buffer_view(&pair->assembled.subject));
    compare_part(pair, "html", &pair->plain.html, &pair->assembled.html);
    compare_part(pair, "text", &pair->plain.text, &pair->assembled.text);
    digest_decode(&pair->assembled);
    compare_texts("decoded html", buffer_view(&pair->plain.html),
                  buffer_view(&pair->assembled.html));
    compare_texts("decoded text", buffer_view(&pair->plain.text),
                  buffer_view(&pair->assembled.text));
}

/* ---- mornings ---- */

struct morning {
    struct digest_sample *sample;
    struct papers papers;
    enum digest_mark marks[SAMPLE_PAPERS];
    const struct digest_summary *others[SAMPLE_PAPERS]; /* summaries in another language */
};

static void (*const fills[])(struct digest_sample *sample) = {
    digest_sample_fill_relevance, digest_sample_fill_plain, digest_sample_fill_one,
    digest_sample_fill_awkward};

static void morning_init(struct morning *morning, void (*fill)(struct digest_sample *sample))
{
    memset(morning, 0, sizeof(*morning));
    morning->sample = digest_sample_new();
    digest_sample_fill_summaries(morning->sample);
    if (fill)
        fill(morning->sample);
    morning->papers.items = morning->sample->papers;
    morning->papers.count = SAMPLE_PAPERS;
    for (size_t i = 1; i < SAMPLE_PAPERS; i++)
        morning->others[i] = morning->sample->summaries[i - 1];
    morning->sample->digest.papers = &morning->papers;
}

static void set_text(char **text, const char *to)
{
    free(*text);
    *text = memory_copy_string(to);
}

/* Another subscriber of the same morning: order, scores, reasons, marks, name, links. */
static void shuffle(struct morning *morning)
{
    static const char *const names[] = {NULL, "Ada", "É. \"N\" <o>", "From .x ", ""};
    static const char *const languages[] = {"en", "de", NULL};
    struct digest_sample *sample = morning->sample;
    const char *name = names[any_pick(5)], *language = languages[any_pick(3)];
    size_t count = sample->ranking.count;

    for (size_t i = 0; i < count; i++) {
        size_t other = any_pick(count);
        struct ranked_paper kept = sample->ranked[i];

        sample->ranked[i] = sample->ranked[other];
        sample->ranked[other] = kept;
        sample->ranked[i].score = (double)any_pick(2000) / 20;
        if (sample->ranked[i].reason_count > 1)
            sample->ranked[i].reason_count -= any_pick(2);
        morning->marks[i] = (enum digest_mark)any_pick(3);
    }
    set_text(&sample->profile.name, name);
    set_text(&sample->profile.language, language);
    sample->digest.marks = any_pick(2) ? morning->marks : NULL;
    sample->digest.links = any_pick(2) ? sample->links : NULL;
    sample->profile.format = (enum profile_format)any_pick(3);
    sample->profile.scoring = (enum profile_scoring)any_pick(2);
    switch (any_pick(3)) {
    case 0:
        sample->digest.summaries = NULL;
        break;
    case 1:
        sample->digest.summaries = sample->summaries;
        break;
    default:
        sample->digest.summaries = morning->others;
        break;
    }
    sample->digest.unsubscribe_url = any_pick(2) ? "https://x.example/u?a=1&b=2" : NULL;
    if (any_pick(4) == 0)
        sample->digest.inbox = sample->digest.inbox ? NULL : "in@example.org";
    if (any_pick(8) == 0)
        sample->digest.owner = sample->digest.owner ? NULL : "owner@example.org";
}

/* ---- the templates that come with it ---- */

static void test_shipped(void **state)
{
    struct pair *pair = *state;

    for (size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
        struct morning morning;

        morning_init(&morning, fills[i]);
        morning.sample->digest.papers_serial = i + 1;
        compare(pair, &morning.sample->digest);
        for (size_t subscriber = 0; subscriber < 25; subscriber++) {
            shuffle(&morning);
            compare(pair, &morning.sample->digest);
        }
        morning.sample->digest.papers = NULL;
        compare(pair, &morning.sample->digest);
        morning.sample->ranking.count = 0;
        compare(pair, &morning.sample->digest);
        digest_sample_free(&morning.sample);
    }
    assert_int_equal(pair->refused, 0);
}

/* Around the size at which Gmail clips, the same papers are titles. */
static void test_division(void **state)
{
    struct pair *pair = *state;

    for (size_t count = 1; count < 60; count += 13)
        for (size_t characters = 500; characters < 6000; characters += 1900)
            for (int format = 0; format < 3; format++) {
                struct morning morning;

                morning_init(&morning, NULL);
                digest_sample_fill_many(morning.sample, count, characters);
                morning.sample->digest.papers_serial =
                    (count * 10000 + characters) * 3 + (size_t)format;
                morning.sample->profile.format = (enum profile_format)format;
                compare(pair, &morning.sample->digest);
                digest_sample_free(&morning.sample);
            }
    assert_int_equal(pair->refused, 0);
}

/* ---- papers with anything in them ---- */

static void test_any_papers(void **state)
{
    struct pair *pair = *state;

    for (size_t i = 0; i < 8; i++) {
        struct morning morning;

        morning_init(&morning, any_fill);
        morning.sample->digest.papers_serial = 1000 + i;
        for (size_t subscriber = 0; subscriber < 6; subscriber++) {
            shuffle(&morning);
            compare(pair, &morning.sample->digest);
        }
        digest_sample_free(&morning.sample);
    }
    assert_int_equal(pair->refused, 0);
}

/* Notes of a holiday, all from one sheet: they have no papers to tell them apart. */
static void test_notes(void **state)
{
    struct pair *pair = *state;
    struct morning morning;

    morning_init(&morning, NULL);
    morning.sample->digest.papers = NULL;
    for (size_t subscriber = 0; subscriber < 20; subscriber++) {
        shuffle(&morning);
        set_text(&morning.sample->profile.language, "en");
        morning.sample->digest.inbox = "in@example.org";
        morning.sample->digest.owner = "owner@example.org";
        compare(pair, &morning.sample->digest);
    }
    assert_int_equal(pair->refused, 0);
    assert_int_equal(pair->sheets->count, 1);
    morning.sample->digest.date.day++;
    compare(pair, &morning.sample->digest);
    assert_int_equal(pair->sheets->count, 2);
    digest_sample_free(&morning.sample);
}

/* ---- templates of others ---- */

static void write_file(const char *folder, const char *name, const char *text)
{
    struct error error = {0};
    char *path = file_join(folder, name);

    if (file_write_atomic(path, view_of(text), 0600, &error) < 0)
        fail_msg("%s", error.text);
    free(path);
}

static char *make_folder(void)
{
    char *folder = data_temporary_folder(), *words = file_join(folder, "words");
    struct view english = data_read("templates/words/en.json");
    struct error error = {0};
    struct buffer copy;

    assert_int_equal(file_make_folder(words, 0700, &error), 0);
    buffer_init(&copy, 1 << 20);
    buffer_add_view(&copy, english);
    write_file(folder, "words/en.json", buffer_string(&copy));
    write_file(folder, "words/de.json", "{\"field_title\": \"Überschrift\", \"why\": \"Wegen\"}");
    buffer_free(&copy);
    data_free(english);
    free(words);
    return folder;
}

/* Whether it was refused. */
static bool compare_folder(const char *folder, struct pair *pair)
{
    size_t refused = pair->refused;

    pair_load(pair, folder);
    for (size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
        struct morning morning;

        morning_init(&morning, fills[i]);
        morning.sample->digest.papers_serial = i + 1;
        for (size_t subscriber = 0; subscriber < MORNINGS; subscriber++) {
            compare(pair, &morning.sample->digest);
            shuffle(&morning);
        }
        digest_sample_free(&morning.sample);
    }
    return pair->refused > refused;
}

/* What `check` says before there is a digest. */
static void check_told(const struct pair *pair, bool is_refused)
{
    struct buffer why;

    buffer_init(&why, 1024);
    assert_int_equal(templates_are_assembled(pair->templates, &why), !is_refused);
    assert_int_equal(why.size > 0, is_refused);
    buffer_free(&why);
}

static void test_custom(void **state)
{
    static const struct {
        const char *html;
        const char *part;
        bool is_refused;
    } table[] = {
        {"", "", false},
        {"{{count}}{{#papers}}{{rank}}{{/papers}}", "", false},
        {"  {{>part}}\n", "{{#papers}}\n{{rank}}\n {{paper.title}}\n{{/papers}}\n", false},
        {"{{#papers}}{{#paper}}{{title}} {{rank}}{{/paper}}{{/papers}}", "", false},
        /* Twice, and the division of the second list. */
        {"{{#papers}}{{rank}}{{^last}}, {{/last}}{{/papers}}\n{{#papers}}{{{paper.abstract}}}"
         "{{/papers}}{{#more_papers}}{{rank}}{{/more_papers}}", "", false},
        /* A reason's score, else the paper's. */
        {"{{#papers}}{{#reasons}}{{term}} {{score}}{{#score}}!{{.}}{{/score}}{{^score}}?{{/score}}; "
         "{{/reasons}}{{/papers}}", "", false},
        {"{{#papers}}{{#reasons}}{{#score}}{{#score}}{{score}}{{/score}}{{/score}}{{/reasons}}"
         "{{/papers}}", "", false},
        /* Names that mean something further out, or nothing. */
        {"{{#papers}}{{subject}}{{date.long}}{{summary.length}}{{nothing}}{{mark.x}}{{/papers}}",
         "", false},
        {"{{papers}}{{subscriber}}{{#papers}}{{.}}{{paper}}{{reasons}}{{/papers}}{{words}}", "", false},
        {"{{#subscriber}}{{name}}{{address}}{{#keywords}}{{term}}={{weight}}{{^last}},{{/last}}"
         "{{/keywords}}{{#categories}}{{name}}{{/categories}}{{is_plain}}{{/subscriber}}", "",
         false},
        {"{{#profile_lines}}{{#summary}}{{.}}{{line}}{{/summary}}{{/profile_lines}}", "", false},
        /* Spaces and dots where pieces meet. */
        {".{{rank}}{{#papers}}\n. {{rank}} \n From{{rank}} \nFrom {{score}}\t\n{{/papers}}.", "",
         false},
        {"{{#papers}}{{#title_parts}}{{{text}}}|{{/title_parts}}{{#abstract_parts}}"
         "{{#is_hit}}<b>{{/is_hit}}{{text}}{{#is_hit}}</b>{{/is_hit}}{{/abstract_parts}}\n{{/papers}}",
         "", false},
        {"{{#papers}}{{#abstract_parts}}{{text}}\n{{/abstract_parts}}{{/papers}}", "", false},
        {"{{#papers}}{{#abstract_parts}}{{#title_parts}}{{/title_parts}}{{/abstract_parts}}"
         "{{/papers}}", "", true},
        /* Other delimiters, inheritance, blocks that begin in mid-line. */
        {"{{=<% %>=}}<%#papers%>{{<%rank%>}}<%={{ }}=%>{{/papers}}{{count}}", "", false},
        {"{{<part}}{{$a}}\n  {{count}} papers\n{{/a}}{{/part}}\n", "  {{$a}}none{{/a}}\n{{$b}}{{#papers}}"
         "{{rank}}{{/papers}}{{/b}}\n", false},
        {"{{<part}}{{$a}}{{#is_note}}\nx\n{{/is_note}}y{{/a}}{{/part}}", "z {{$a}}{{/a}}", true},
        {"{{#papers}}{{<part}}{{$a}}{{rank}}{{/a}}{{/part}}{{/papers}}", "[{{$a}}{{/a}}{{>part2}}]", false},
        /* Dynamic names. */
        {"{{#editions}}{{>*estimated}}{{/editions}}{{>*language}}", "", false},
        {"{{>*count}}", "", true},
        {"{{#papers}}{{>*paper.type}}{{/papers}}", "", false},
        /* What only some papers have. */
        {"{{#papers}}{{#paper.ai_summary}}{{tldr}}{{{html}}}{{#lines}}{{first}}{{line}}\n{{/lines}}"
         "{{note}}{{rank}}{{/paper.ai_summary}}{{^paper.ai_summary}}none{{score}}"
         "{{/paper.ai_summary}}{{paper.has_ai_summary}}{{/papers}}", "", false},
        {"{{#papers}}{{#paper}}{{#ai_summary}}{{#note_lines}}{{line}}{{/note_lines}}{{model}}"
         "{{#html}}{{.}}{{/html}}{{/ai_summary}}{{/paper}}{{/papers}}", "", false},
        {"{{#papers}}{{#papers}}{{rank}}{{/papers}}{{/papers}}", "", true},
        {"{{#notes}}{{category}}{{/notes}}", "", true},
        {"{{notes}}", "", true},
        {"a\r\n{{count}}\r\n", "", true},
        {"{{#has_more_papers}}{{more_line}}{{/has_more_papers}}{{^more_papers}}-{{/more_papers}}"
         "{{#more_papers}}{{first}}{{last}}{{/more_papers}}", "", false},
        {"{{#reply_hint_lines}}{{first}}{{line}}{{last}}{{/reply_hint_lines}}{{^reply_hint_lines}}"
         "none{{/reply_hint_lines}}{{unsubscribe_url}}{{^unsubscribe_url}}{{unsubscribe_mailto}}"
         "{{/unsubscribe_url}}", "", false},
    };
    struct pair *pair = *state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        char *folder = make_folder();
        bool is_refused;

        write_file(folder, "digest.html", table[i].html);
        write_file(folder, "digest.txt", table[i].html);
        write_file(folder, "part.mustache", table[i].part);
        write_file(folder, "part2.mustache", "{{is_late}}{{^is_update}}\n{{/is_update}}");
        write_file(folder, "new.mustache", "new {{rank}}");
        write_file(folder, "en.mustache", "english\n");
        is_refused = compare_folder(folder, pair);
        check_told(pair, is_refused);
        if (is_refused != table[i].is_refused)
            fail_msg("refused: %d: %s", is_refused, table[i].html);
        data_remove_folder(&folder);
    }
}

/* ---- random templates ---- */

static const char *any_name(void)
{
    static const char *const early[] = {".", "date.long", "words.why", "editions", "is_preview",
                                        "paper.title", "paper.abstract", "paper", "title",
                                        "paper.authors", "paper.title_lines", "subscriber",
                                        "subscriber.name", "paper.revised", "owner", "nothing",
                                        "is_estimated", "paper.categories", "paper.ai_summary",
                                        "paper.ai_summary.html", "paper.ai_summary.tldr_lines",
                                        "paper.ai_summary.lines", "paper.has_ai_summary", "html",
                                        "note"};

    if (any_pick(3) == 0)
        return early[any_pick(sizeof(early) / sizeof(early[0]))];
    return late_entries[any_pick(LATE_KEYS)].name;
}

static void add_text(struct buffer *out)
{
    static const char *const texts[] = {" ", "\n", "  ", "x", ".", "From ", "é", "<b>", "\n\n", "\t",
                                        "F", "From", "=", "\n  ", "a b ", "& \"q\" ",
                                        "some words that go on for a while, so that a line is long"};

    buffer_add_string(out, texts[any_pick(sizeof(texts) / sizeof(texts[0]))]);
}

static void add_nodes(struct buffer *out, size_t depth, bool with_partials)
{
    for (size_t i = 0, count = 1 + any_pick(5); i < count; i++) {
        const char *name = any_name();

        switch (any_pick(depth ? 11 : 4)) {
        case 0:
        case 1:
            add_text(out);
            break;
        case 2:
            buffer_printf(out, "{{%s}}", name);
            break;
        case 3:
            buffer_printf(out, "{{{%s}}}", name);
            break;
        case 4:
        case 5:
            buffer_printf(out, "{{#%s}}", name);
            add_nodes(out, depth - 1, with_partials);
            buffer_printf(out, "{{/%s}}", name);
            break;
        case 6:
            buffer_printf(out, "{{^%s}}", name);
            add_nodes(out, depth - 1, with_partials);
            buffer_printf(out, "{{/%s}}", name);
            break;
        case 7:
            name = any_pick(4) ? "papers" : "more_papers";
            buffer_printf(out, "{{#%s}}%s", name, any_pick(2) ? "\n" : "");
            add_nodes(out, depth - 1, with_partials);
            buffer_printf(out, "{{/%s}}%s", name, any_pick(2) ? "\n" : "");
            break;
        case 8:
            buffer_add_string(out, with_partials ? "{{>part}}\n" : "-");
            break;
        case 9:
            buffer_add_string(out, "{{$block}}");
            add_nodes(out, depth - 1, false);
            buffer_add_string(out, "{{/block}}");
            break;
        default:
            if (!with_partials)
                break;
            buffer_add_string(out, "{{<part}}{{$block}}");
            add_nodes(out, depth - 1, false);
            buffer_add_string(out, "{{/block}}{{/part}}\n");
            break;
        }
    }
}

static void write_random(const char *folder, const char *name, bool with_partials)
{
    struct buffer text;

    buffer_init(&text, 1 << 20);
    add_nodes(&text, 4, with_partials);
    write_file(folder, name, buffer_string(&text));
    buffer_free(&text);
}

static void test_random(void **state)
{
    char *folder = make_folder();
    struct pair *pair = *state;

    for (size_t i = 0; i < RANDOM_TEMPLATES; i++) {
        write_random(folder, "part.mustache", false);
        write_random(folder, "digest.html", true);
        write_random(folder, "digest.txt", true);
        compare_folder(folder, pair);
    }
    /* Else it would show little. */
    print_message("%zu assembled, %zu refused\n", pair->assembled_count, pair->refused);
    assert_true(pair->assembled_count > pair->refused);
    data_remove_folder(&folder);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_shipped), TEST(test_division),   TEST(test_notes),
        TEST(test_custom),  TEST(test_random),     TEST(test_any_papers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
