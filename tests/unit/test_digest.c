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
#include "unit/digest_sample.h"
#include "unit/golden.h"

static struct templates *templates;

static int load_templates(void **state)
{
    struct error error = {0};

    (void)state;
    if (templates_load("templates", NULL, &templates, &error) == 0)
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

static void fill_summaries(struct digest_sample *sample)
{
    digest_sample_fill_relevance(sample);
    digest_sample_fill_summaries(sample);
}

static const struct {
    const char *name;
    void (*fill)(struct digest_sample *sample);
    const char *subject;
} goldens[] = {
    {"relevance", digest_sample_fill_relevance, "The Morning Paper: 3 papers, Tue 17 Feb"},
    {"plain", digest_sample_fill_plain, "Paperboy: 2 papers, Tue 17 Feb"},
    {"one", digest_sample_fill_one, "Paperboy: 1 paper, Tue 17 Feb"},
    {"awkward", digest_sample_fill_awkward, "Paperboy: 5 papers, Tue 17 Feb"},
    {"summaries", fill_summaries, "The Morning Paper: 3 papers, Tue 17 Feb"},
};

static void make(struct digest_sample *sample, struct digest_output *output)
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
        struct digest_sample *sample = digest_sample_new();

        goldens[i].fill(sample);
        make(sample, &output);
        assert_string_equal(buffer_string(&output.subject), goldens[i].subject);
        golden_check_html(goldens[i].name, &output.html);
        golden_check_text(goldens[i].name, &output.text);
        golden_compare("digest", goldens[i].name, "html", &output.html);
        golden_compare("digest", goldens[i].name, "txt", &output.text);
        digest_sample_free(&sample);
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
        struct digest_sample *sample = digest_sample_new();
        size_t full;

        digest_sample_fill_many(sample, table[i].count, table[i].characters);
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
        golden_check_html("many", &output.html);
        golden_check_text("many", &output.text);
        digest_sample_free(&sample);
    }
    digest_output_free(&output);
}

/* Summaries as long as they may be leave the papers that are always whole below what Gmail
 * shows; longer ones are on pages only, and say in the mail who wrote them. */
static void test_summaries(void **state)
{
    static const struct {
        size_t bytes;
        bool is_shown;
    } table[] = {{3000, true}, {DIGEST_SUMMARY_BYTES, true}, {DIGEST_SUMMARY_BYTES + 1, false}};
    struct digest_output output;

    (void)state;
    digest_output_init(&output);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct digest_sample *sample = digest_sample_new();
        char *html = memory_new(table[i].bytes, 1);
        struct digest_summary summary = {.tldr = VIEW("In short."), .html = {html, table[i].bytes},
                                         .page_html = {html, table[i].bytes},
                                         .text = VIEW("Line\n"), .model = VIEW("m")};
        json_t *context, *shown;

        memset(html, 'x', table[i].bytes);
        digest_sample_fill_many(sample, 60, 1450);
        digest_sample_fill_summaries(sample);
        for (size_t j = 0; j < SAMPLE_PAPERS; j++)
            sample->summaries[j] = &summary;
        make(sample, &output);
        assert_true(output.html.size <= DIGEST_HTML_BYTES);
        assert_true(occurrences(&output.html, ">Less like this</a>") >= DIGEST_FULL_PAPERS);
        context = digest_context(templates, &sample->digest);
        shown = json_array_get(json_object_get(context, "papers"), 0);
        shown = json_object_get(json_object_get(shown, "paper"), "ai_summary");
        assert_int_equal(json_object_get(shown, "html") != NULL, table[i].is_shown);
        assert_int_equal(json_string_length(json_object_get(shown, "page_html")), table[i].bytes);
        assert_non_null(strstr(json_string_value(json_object_get(shown, "note")), "(m)"));
        json_decref(context);
        free(html);
        digest_sample_free(&sample);
    }
    digest_output_free(&output);
}

static void test_formats(void **state)
{
    struct digest_sample *sample = digest_sample_new();
    struct digest_output output;

    (void)state;
    digest_output_init(&output);
    digest_sample_fill_many(sample, 100, 1450);
    sample->profile.format = FORMAT_TEXT;
    make(sample, &output);
    assert_int_equal(output.html.size, 0);
    assert_int_equal(occurrences(&output.text, "Here for: kv cache"), 100); /* nothing clips it */
    sample->profile.format = FORMAT_HTML;
    make(sample, &output);
    assert_int_equal(output.text.size, 0);
    assert_true(output.html.size > 10000);
    digest_sample_free(&sample);
    digest_output_free(&output);
}

/* How papers are divided between the two lists, and what marks their ends. */
static void test_fit(void **state)
{
    struct digest_sample *sample = digest_sample_new();
    struct error error = {0};
    json_t *context;
    const json_t *papers, *more;
    size_t full;

    (void)state;
    digest_sample_fill_many(sample, 60, 1450);
    context = digest_context(templates, &sample->digest);
    assert_int_equal(json_array_size(json_object_get(context, "papers")), 60);
    assert_int_equal(digest_fit(templates, context, 50 * 1000, &error), 0);
    papers = json_object_get(context, "papers");
    more = json_object_get(context, "more_papers");
    full = json_array_size(papers);
    assert_true(full > DIGEST_FULL_PAPERS && full < 20);
    assert_int_equal(full + json_array_size(more), 60);
    assert_true(json_is_true(json_object_get(json_array_get(papers, full - 1), "last")));
    assert_true(json_is_true(json_object_get(json_array_get(more, 0), "first")));
    assert_int_equal(json_integer_value(json_object_get(json_array_get(more, 0), "rank")), full + 1);
    assert_true(json_is_true(json_object_get(context, "has_more_papers")));
    json_decref(context);
    sample->ranked[0].score = 0.04; /* would be shown as 0 */
    context = digest_context(templates, &sample->digest);
    papers = json_object_get(context, "papers");
    assert_null(json_object_get(json_array_get(papers, 0), "score"));
    assert_non_null(json_object_get(json_array_get(papers, 1), "score"));
    json_decref(context);
    digest_sample_free(&sample);
}

/* What is rendered once per paper must not depend on who reads it. */
static void test_paper_step(void **state)
{
    struct digest_sample *ada = digest_sample_new(), *other = digest_sample_new();
    json_t *first, *second;

    (void)state;
    digest_sample_fill_relevance(ada);
    digest_sample_fill_relevance(other);
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
    digest_sample_free(&ada);
    digest_sample_free(&other);
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
        struct digest_sample *sample = digest_sample_new();
        json_t *context;

        goldens[i].fill(sample);
        context = digest_context(templates, &sample->digest);
        check_documented(context, &readme, &missing);
        json_decref(context);
        digest_sample_free(&sample);
    }
    assert_int_equal(missing, 0);
    buffer_free(&readme);
    data_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goldens),    cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_formats),    cmocka_unit_test(test_fit),
        cmocka_unit_test(test_paper_step), cmocka_unit_test(test_summaries), cmocka_unit_test(test_documented),
    };

    return cmocka_run_group_tests(tests, load_templates, free_templates);
}
