/* Digests of made-up papers against golden files (UPDATE_GOLDEN=1 writes them
 * anew), and what holds for every digest: size, width, tags that close. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "digest/digest.h"
#include "unit/data.h"

enum { AUTHORS_MAX = 3000, CATEGORIES_MAX = 8, PAPERS_MAX = 500 };

static struct templates *templates;

static int load_templates(void **state)
{
    struct error error = {0};

    (void)state;
    if (templates_load("templates", &templates, &error) == 0)
        return 0;
    fprintf(stderr, "%s\n", error.text);
    return -1;
}

static int free_templates(void **state)
{
    (void)state;
    templates_free(&templates);
    return 0;
}

/* A ranking made by hand, and everything that it points into. */
struct sample {
    struct arena *arena;
    struct paper papers[PAPERS_MAX];
    struct ranked_paper ranked[PAPERS_MAX];
    struct digest_links links[PAPERS_MAX];
    struct ranking ranking;
    struct profile profile;
    struct digest digest;
};

static struct sample *sample_new(void)
{
    struct sample *sample = memory_new(1, sizeof(*sample));

    sample->arena = arena_new();
    profile_init(&sample->profile);
    sample->profile.email = memory_copy_string("ada@example.org");
    sample->ranking.items = sample->ranked;
    sample->digest = (struct digest){.profile = &sample->profile,
                                     .ranking = &sample->ranking,
                                     .date = {2026, 2, 17},
                                     .sender_name = "Paperboy",
                                     .sender_address = "digest@example.org",
                                     .owner = "owner@example.org"};
    return sample;
}

static void sample_free(struct sample **sample)
{
    arena_free(&(*sample)->arena);
    profile_free(&(*sample)->profile);
    free(*sample);
    *sample = NULL;
}

static struct view *split(struct arena *arena, const char *text, char separator, size_t *ret_count)
{
    struct view *items = arena_alloc(arena, AUTHORS_MAX, sizeof(*items)), rest = view_of(text);
    size_t count = 0;

    while (*text && view_next_part(&rest, separator, &items[count]))
        count++;
    *ret_count = count;
    return items;
}

/* Texts are borrowed. Authors are parted by "|", categories by blanks. */
static struct ranked_paper *add_paper(struct sample *sample, const char *id, const char *title,
                                      const char *authors, const char *categories,
                                      const char *abstract)
{
    struct paper *paper = &sample->papers[sample->ranking.count];
    struct ranked_paper *ranked = &sample->ranked[sample->ranking.count++];

    paper->id = view_of(id);
    paper->version = 1;
    paper->title = view_of(title);
    paper->abstract = view_of(abstract);
    paper->authors = split(sample->arena, authors, '|', &paper->author_count);
    paper->categories = split(sample->arena, categories, ' ', &paper->category_count);
    ranked->paper = paper;
    return ranked;
}

static void add_reasons(struct sample *sample, struct ranked_paper *ranked, double score,
                        const struct reason *reasons, size_t count)
{
    struct reason *copy = arena_alloc(sample->arena, count, sizeof(*copy));

    memcpy(copy, reasons, count * sizeof(*copy));
    ranked->score = score;
    ranked->reasons = copy;
    ranked->reason_count = count;
}

static void add_keywords(struct profile *profile, size_t count, const char *const terms[])
{
    profile->keywords.items = memory_new(count, sizeof(*profile->keywords.items));
    for (size_t i = 0; i < count; i++)
        profile->keywords.items[i] = (struct keyword){memory_copy_string(terms[i]), 1, 0};
    profile->keywords.count = count;
}

static void add_categories(struct profile *profile, size_t count, const char *const names[])
{
    profile->categories.items = memory_new(count, sizeof(char *));
    for (size_t i = 0; i < count; i++)
        profile->categories.items[i] = memory_copy_string(names[i]);
    profile->categories.count = count;
}

static const char *const lorem =
    "Long prompts make the key-value cache the largest tenant of an accelerator's memory. We "
    "store it in four bits, keep the few channels that matter in sixteen, and move the rest to "
    "the host while the next token is being drafted. On three open models between 7 and 70 "
    "billion parameters this raises throughput by 2.3x at equal quality, and the longest prompt "
    "that fits by a factor of five. An analysis of the error shows why: the channels that lose "
    "most are those that attention has stopped looking at. We also give a schedule for the "
    "transfers that never stalls, prove that it is within 4% of the best possible one, and "
    "release the kernels under a free licence.";

/* The ordinary case, with everything that a digest can show. */
static void fill_relevance(struct sample *sample)
{
    const struct reason first[] = {{VIEW("kv cache"), REASON_TITLE, 6.5},
                                          {VIEW("quantization"), REASON_TITLE, 3},
                                          {VIEW("throughput"), REASON_ABSTRACT, 1.46}};
    const struct reason second[] = {{VIEW("Grace Hopper"), REASON_AUTHOR, 5},
                                           {VIEW("compilers"), REASON_INTERESTS, 0.02}};
    const struct reason third[] = {{VIEW("2602.00001"), REASON_LIKED, 3}};
    static const char *const keywords[] = {"LLM", "kv cache", "quantization", "throughput"};
    static const char *const categories[] = {"cs.LG", "cs.DC"};
    static const struct digest_note notes[] = {{"cs.LG", CATEGORY_COMPLETE},
                                               {"cs.DC", CATEGORY_LATE},
                                               {"cs.OS", CATEGORY_EMPTY}};
    static const struct digest_edition edition = {{2026, 2, 17}, false, 1284, notes, 3};
    struct ranked_paper *ranked;

    sample->profile.name = memory_copy_string("Ada");
    add_keywords(&sample->profile, 4, keywords);
    add_categories(&sample->profile, 2, categories);
    ranked = add_paper(sample, "2602.13531",
                       "Four Bits Are Enough: KV-Cache Quantization for Prompts of a Million Tokens",
                       "Ada Lovelace|Charles Babbage|Mary Somerville", "cs.LG cs.DC", lorem);
    add_reasons(sample, ranked, 87.26, first, 3);
    ranked = add_paper(sample, "2602.13532", "A Compiler & Its <Critics>",
                       "Grace Hopper|B. Two|C. Three|D. Four|E. Five|F. Six|G. Seven|H. Eight", "cs.PL",
                       "Short, but to the point: \"if (a < b && c > d)\" isn't faster.");
    sample->papers[1].announce_type = ANNOUNCE_CROSS;
    add_reasons(sample, ranked, 42, second, 2);
    ranked = add_paper(sample, "hep-th/9901001", "An Old Friend, Revised", "Emmy Noether",
                       "hep-th math-ph", lorem);
    sample->papers[2].version = 3;
    sample->papers[2].announce_type = ANNOUNCE_REPLACE_CROSS;
    add_reasons(sample, ranked, 0.04, third, 1);
    sample->links[0] = (struct digest_links){"mailto:paperboy+like-abc@example.org",
                                             "mailto:paperboy+dislike-def@example.org"};
    sample->digest.links = sample->links;
    sample->digest.editions = &edition;
    sample->digest.edition_count = 1;
    sample->digest.list_name = "The Morning Paper";
    sample->digest.inbox = "paperboy@example.org";
    sample->digest.unsubscribe_mailto =
        "mailto:paperboy+unsubscribe-xyz@example.org?subject=unsubscribe";
}

/* A profile without wishes: feed order, no scores, and two editions. */
static void fill_plain(struct sample *sample)
{
    static const char *const categories[] = {"math.AP"};
    static const struct digest_note notes[] = {{"math.AP", CATEGORY_STALE}};
    static const struct digest_edition editions[] = {{{2026, 2, 16}, true, 0, NULL, 0},
                                                     {{2026, 2, 17}, false, 30, notes, 1}};

    add_categories(&sample->profile, 1, categories);
    add_paper(sample, "2602.10001", "On a Conjecture", "Sofia Kovalevskaya", "math.AP", lorem);
    add_paper(sample, "2602.10002", "On Another", "Sofia Kovalevskaya|Karl Weierstraß", "math.AP",
              "We prove ∂ₜu = Δu + u² on ℝⁿ.");
    sample->digest.editions = editions;
    sample->digest.edition_count = 2;
}

static void fill_one(struct sample *sample)
{
    const struct reason reason = {VIEW("tides"), REASON_PREFERENCE, 1};

    sample->profile.interests = memory_copy_string("How the moon moves the sea.");
    add_reasons(sample,
                add_paper(sample, "2602.20001", "Tides", "M. Mareograph", "physics.ao-ph", lorem), 1,
                &reason, 1);
    sample->digest.is_preview = true;
    sample->digest.unsubscribe_url = "https://papers.example.org/u/abc?x=1&y=2";
    sample->digest.unsubscribe_mailto = "mailto:x@example.org";
    sample->digest.abs_base = "https://mirror.example.org/abs/";
}

/* What real feeds hold and templates must survive. */
static void fill_awkward(struct sample *sample)
{
    struct reason *reasons = arena_alloc(sample->arena, 40, sizeof(*reasons));
    const char **terms = arena_alloc(sample->arena, 40, sizeof(*terms));
    struct buffer authors, text;
    struct ranked_paper *ranked;

    buffer_init(&authors, 1 << 20);
    buffer_init(&text, 1 << 16);
    for (int i = 0; i < AUTHORS_MAX; i++)
        buffer_printf(&authors, "%sA. N. Author-%d", i ? "|" : "", i + 1);
    for (int i = 0; i < 40; i++) {
        buffer_printf(&text, "term \"%d\" & <co>", i);
        terms[i] = arena_string(sample->arena, buffer_view(&text));
        reasons[i] = (struct reason){view_of(terms[i]), i % 2 ? REASON_ABSTRACT : REASON_TITLE, 1};
        buffer_clear(&text);
    }
    add_keywords(&sample->profile, 40, terms);
    ranked = add_paper(sample, "2602.30001", "Observation of Everything",
                       arena_string(sample->arena, buffer_view(&authors)),
                       "hep-ex astro-ph.CO astro-ph.HE cond-mat.mtrl-sci physics.ins-det "
                       "physics.data-an quant-ph nucl-ex",
                       lorem);
    add_reasons(sample, ranked, 100, reasons, 40);
    add_paper(sample, "2602.30002", "大规模语言模型的键值缓存量化：面向百万词元提示的四比特方法，及其在三个开放模型上的评测与误差分析",
              "王 小明|李 雷", "cs.CL",
              "长提示使键值缓存成为加速器内存的最大占用者。我们以四比特存储它，把少数重要通道保留为十六比特，"
              "并在起草下一个词元时把其余部分移到主机。在三个开放模型上，吞吐量在同等质量下提高到2.3倍。");
    add_paper(sample, "2602.30003", "על דחיסת מטמון מפתחות בארבע סיביות", "מחברת ראשונה|مؤلف ثان", "cs.IR",
              "תקציר קצר בעברית עם מילה English באמצע. نص قصير بالعربية.");
    add_paper(sample, "2602.30004", "", "", "", "");
    for (int i = 0; i < 60; i++)
        buffer_printf(&text, "%svery long title", i ? " " : "");
    add_paper(sample, "odd id/with ?<query>&#\"", arena_string(sample->arena, buffer_view(&text)),
              "One Collaboration Whose Name Goes On and On until It Fills More than Two Hundred "
              "Characters of the Line That It Was Given, Which Is Rude but Allowed, and Then It "
              "Goes On a Little More for Good Measure|Another",
              "cs.XX", "An_unbroken_word_of_many_characters_that_is_wider_than_any_line_of_a_mail_and_has_no_blank.");
    sample->papers[4].version = 12;
    buffer_free(&authors);
    buffer_free(&text);
}

static void compare_golden(const char *name, const char *ending, const struct buffer *got)
{
    struct error error = {0};
    struct view want;
    char path[256];

    snprintf(path, sizeof(path), "tests/fixtures/digest/%s.%s", name, ending);
    if (getenv("UPDATE_GOLDEN")) {
        if (file_write_atomic(path, buffer_view(got), 0644, &error) < 0)
            fail_msg("%s", error.text);
        return;
    }
    want = data_read(path);
    for (size_t at = 0, line = 1; at < want.size || at < got->size; at++) {
        if (at >= want.size || at >= got->size || want.data[at] != got->data[at])
            fail_msg("%s:%zu differs (UPDATE_GOLDEN=1 writes it anew)", path, line);
        line += want.data[at] == '\n';
    }
    data_free(want);
}

/* No line is wider than 72 columns but one that holds a single word or an address. */
static void check_text(const char *name, const struct buffer *text)
{
    struct view rest = buffer_view(text), line;

    assert_true(utf8_is_valid(rest));
    while (view_next_line(&rest, &line)) {
        struct view word = view_trim(line);

        if (line.size && (line.data[line.size - 1] == ' ' || line.data[line.size - 1] == '\t'))
            fail_msg("%s: a line ends in a blank: %.*s", name, VIEW_ARGUMENTS(line));
        if (utf8_width(line) <= 72 || view_find(word, VIEW("mailto:"), 0) < word.size ||
            view_find(word, VIEW("https://"), 0) < word.size ||
            view_find_char(word, ' ', 0) == word.size)
            continue;
        fail_msg("%s: too wide: %.*s", name, VIEW_ARGUMENTS(line));
    }
}

/* Every element is closed, in order; nothing was left by the templates. */
static void check_html(const char *name, const struct buffer *html)
{
    static const char *const empty[] = {"!DOCTYPE", "meta", "br", NULL};
    struct view text = buffer_view(html), open[64];
    size_t depth = 0;

    assert_true(utf8_is_valid(text));
    for (size_t at = 0; (at = view_find_char(text, '<', at)) < text.size; at++) {
        struct view tag = view_slice(text, at + 1, view_find_char(text, '>', at));
        bool is_end = tag.data[0] == '/', is_empty = false;
        size_t size = is_end ? 1 : 0;

        while (size < tag.size && !isspace((unsigned char)tag.data[size]))
            size++;
        tag = view_slice(tag, is_end ? 1 : 0, size);
        for (size_t i = 0; empty[i]; i++)
            is_empty = is_empty || view_equal_string(tag, empty[i]);
        if (is_empty)
            continue;
        if (!is_end) {
            assert_true(depth < 64);
            open[depth++] = tag;
        } else if (!depth || !view_equal(open[--depth], tag)) {
            fail_msg("%s: </%.*s> closes nothing", name, VIEW_ARGUMENTS(tag));
        }
    }
    assert_int_equal(depth, 0);
    assert_int_equal(view_find(text, VIEW("{{"), 0), text.size);
}

static const struct {
    const char *name;
    void (*fill)(struct sample *sample);
    const char *subject;
} goldens[] = {
    {"relevance", fill_relevance, "The Morning Paper: 3 papers, Tue 17 Feb"},
    {"plain", fill_plain, "Paperboy: 2 papers, Tue 17 Feb"},
    {"one", fill_one, "Paperboy: 1 paper, Tue 17 Feb"},
    {"awkward", fill_awkward, "Paperboy: 5 papers, Tue 17 Feb"},
};

static void make(struct sample *sample, struct digest_output *output)
{
    struct error error = {0};

    if (digest_make(templates, &sample->digest, output, &error) < 0)
        fail_msg("%s", error.text);
}

static void test_goldens(void **state)
{
    struct digest_output output;

    (void)state;
    digest_output_init(&output);
    for (size_t i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++) {
        struct sample *sample = sample_new();

        goldens[i].fill(sample);
        make(sample, &output);
        assert_string_equal(buffer_string(&output.subject), goldens[i].subject);
        check_html(goldens[i].name, &output.html);
        check_text(goldens[i].name, &output.text);
        compare_golden(goldens[i].name, "html", &output.html);
        compare_golden(goldens[i].name, "txt", &output.text);
        sample_free(&sample);
    }
    digest_output_free(&output);
}

static size_t occurrences(const struct buffer *text, const char *what)
{
    size_t count = 0;

    for (const char *at = buffer_string(text); (at = strstr(at, what)); at++)
        count++;
    return count;
}

/* `count` papers with abstracts of about `characters`. */
static void fill_many(struct sample *sample, size_t count, size_t characters)
{
    struct buffer abstract;

    buffer_init(&abstract, 1 << 20);
    while (abstract.size < characters)
        buffer_printf(&abstract, "%s ", lorem);
    buffer_cut(&abstract, characters);
    fill_relevance(sample);
    sample->ranking.count = 0;
    for (size_t i = 0; i < count; i++) {
        char id[32];
        struct ranked_paper *ranked;

        snprintf(id, sizeof(id), "2602.%05zu", i + 1);
        ranked = add_paper(sample, arena_string(sample->arena, view_of(id)),
                           "Four Bits Are Enough: KV-Cache Quantization for Long Prompts Everywhere",
                           "Ada Lovelace|Charles Babbage|Mary Somerville|Luigi Menabrea",
                           "cs.LG cs.DC cs.CL", arena_string(sample->arena, buffer_view(&abstract)));
        ranked->score = 90;
        ranked->reasons = sample->ranked[0].reasons;
        ranked->reason_count = 3;
        sample->links[i] = (struct digest_links){
            "mailto:paperboy+like-abcdefghijklmnopqrstuvwxyz234567@example.org",
            "mailto:paperboy+dislike-abcdefghijklmnopqrstuvwxyz234567@example.org"};
    }
    buffer_free(&abstract);
}

static void test_sizes(void **state)
{
    static const struct {
        size_t count;
        size_t characters;
        size_t full;
        size_t most_bytes;
    } table[] = {
        {30, 1450, 30, DIGEST_HTML_BYTES}, /* a usual morning, abstracts whole */
        {1, 100000, 1, 102 * 1000 + 10000},
        {100, 1450, 0, DIGEST_HTML_BYTES},
        {500, 1450, DIGEST_FULL_PAPERS, 110 * 1000},
        {5, 30000, 5, 170 * 1000},
        {6, 30000, 5, 170 * 1000},
    };
    struct digest_output output;

    (void)state;
    digest_output_init(&output);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct sample *sample = sample_new();
        size_t full;

        fill_many(sample, table[i].count, table[i].characters);
        make(sample, &output);
        full = occurrences(&output.html, ">Less like this</a>");
        if (table[i].full)
            assert_int_equal(full, table[i].full);
        assert_true(full >= 1 && full <= table[i].count);
        if (output.html.size > table[i].most_bytes)
            fail_msg("%zu papers: %zu bytes", table[i].count, output.html.size);
        if (full > DIGEST_FULL_PAPERS && full < table[i].count) /* not one less than fit */
            assert_true(output.html.size > DIGEST_HTML_BYTES - 4000);
        for (size_t j = 0; j < table[i].count; j++) {
            char url[64];

            snprintf(url, sizeof(url), "https://arxiv.org/abs/2602.%05zu", j + 1);
            assert_true(occurrences(&output.html, url) >= 1);
            assert_int_equal(occurrences(&output.text, url), 1);
        }
        check_html("many", &output.html);
        check_text("many", &output.text);
        sample_free(&sample);
    }
    digest_output_free(&output);
}

static void test_formats(void **state)
{
    struct sample *sample = sample_new();
    struct digest_output output;

    (void)state;
    digest_output_init(&output);
    fill_many(sample, 100, 1450);
    sample->profile.format = FORMAT_TEXT;
    make(sample, &output);
    assert_int_equal(output.html.size, 0);
    assert_int_equal(occurrences(&output.text, "Here for: kv cache"), 100); /* nothing clips it */
    sample->profile.format = FORMAT_HTML;
    make(sample, &output);
    assert_int_equal(output.text.size, 0);
    assert_true(output.html.size > 10000);
    sample_free(&sample);
    digest_output_free(&output);
}

/* What is rendered once per paper must not depend on who reads it. */
static void test_paper_step(void **state)
{
    struct sample *ada = sample_new(), *other = sample_new();
    json_t *first, *second;

    (void)state;
    fill_relevance(ada);
    fill_relevance(other);
    free(other->profile.name);
    other->profile.name = memory_copy_string("Grace");
    other->digest.inbox = NULL;
    other->digest.links = NULL;
    other->ranked[0] = other->ranked[1];
    other->ranked[0].paper = &other->papers[0];
    first = digest_context(templates, &ada->digest);
    second = digest_context(templates, &other->digest);
    for (size_t i = 0; i < 3; i++) {
        const json_t *a = json_array_get(json_object_get(first, "papers"), i);
        const json_t *b = json_array_get(json_object_get(second, "papers"), i);

        assert_true(json_equal(json_object_get(a, "paper"), json_object_get(b, "paper")));
        assert_non_null(json_object_get(a, "paper"));
    }
    json_decref(first);
    json_decref(second);
    sample_free(&ada);
    sample_free(&other);
}

static void check_documented(const json_t *value, const struct buffer *readme, size_t *missing)
{
    const char *key;
    json_t *inner;
    char wanted[64];

    if (json_is_array(value))
        check_documented(json_array_get(value, 0), readme, missing);
    json_object_foreach((json_t *)value, key, inner) {
        snprintf(wanted, sizeof(wanted), "`%s`", key);
        if (!strstr(buffer_string(readme), wanted)) {
            fprintf(stderr, "templates/README.md does not document %s\n", wanted);
            (*missing)++;
        }
        if (strcmp(key, "words") != 0)
            check_documented(inner, readme, missing);
    }
}

static void test_documented(void **state)
{
    struct view bytes = data_read("templates/README.md");
    struct buffer readme;
    size_t missing = 0;

    (void)state;
    buffer_init(&readme, 1 << 20);
    buffer_add_view(&readme, bytes);
    for (size_t i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++) {
        struct sample *sample = sample_new();
        json_t *context;

        goldens[i].fill(sample);
        context = digest_context(templates, &sample->digest);
        check_documented(context, &readme, &missing);
        json_decref(context);
        sample_free(&sample);
    }
    assert_int_equal(missing, 0);
    buffer_free(&readme);
    data_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goldens),    cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_formats),    cmocka_unit_test(test_paper_step),
        cmocka_unit_test(test_documented),
    };

    return cmocka_run_group_tests(tests, load_templates, free_templates);
}
