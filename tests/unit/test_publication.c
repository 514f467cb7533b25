/* Feeds, README.md and papers.json of a made-up edition against golden files, and what
 * hostile titles come to in each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libxml/parser.h>

#include "base/utf8.h"
#include "papers/feed.h"
#include "unit/data.h"
#include "unit/golden.h"
#include "web/markdown.h"
#include "web/publication.h"

enum { PAPERS = 4, MIDNIGHT_UTC = 1771304400 }; /* 2026-02-17 in New York */

struct edition {
    struct catalogues *catalogues;
    struct paper papers[PAPERS];
    struct view authors[3], categories[2], keywords[3];
    struct reason reasons[2];
    struct publication_paper items[PAPERS];
    struct publication publication;
};

static const char hostile[] = "]]> <script>alert(1)</script> & ](javascript:alert(1)) `x` | y | *a* _b_ "
                              "$z$ #1 \xF0\x9F\x98\x80 \xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D @ada www.example.org "
                              "https://example.org &amp; \"q\" 'r' <!-- -->";

static void fill_paper(struct edition *edition, size_t number, const char *id, const char *title,
                       const char *abstract)
{
    struct paper *paper = &edition->papers[number];

    paper->id = view_of(id);
    paper->version = 1;
    paper->title = paper->source_title = view_of(title);
    paper->abstract = paper->source_abstract = view_of(abstract);
    paper->authors = edition->authors;
    paper->author_count = 3;
    paper->categories = edition->categories;
    paper->category_count = 2;
    paper->date = (struct date){2026, 2, 17};
    edition->items[number] = (struct publication_paper){
        .paper = paper, .date = paper->date, .announced_utc = MIDNIGHT_UTC};
}

static const char long_abstract[] =
    "Long prompts make the key-value cache the largest tenant of an accelerator\xE2\x80\x99s memory. We store "
    "it in four bits, keep the few channels that matter in sixteen, and move the rest to the host "
    "while the next token is being drafted. On three open models between 7 and 70 billion parameters "
    "this raises throughput by 2.3x at equal quality, and the longest prompt that fits by five.";

static int make_edition(void **state)
{
    struct edition *edition = calloc(1, sizeof(*edition));
    struct error error;

    if (catalogues_load("templates/words", NULL, &edition->catalogues, &error) < 0)
        fail_msg("%s", error.text);
    edition->authors[0] = VIEW("Ada Example");
    edition->authors[1] = VIEW("J\xC3\xB6rg [x](y) <b>Bold</b>");
    edition->authors[2] = VIEW("\xE5\xBC\xA0\xE4\xB8\x89");
    edition->categories[0] = VIEW("cs.LG");
    edition->categories[1] = VIEW("cs.DC");
    edition->keywords[0] = VIEW("# LLM");
    edition->keywords[1] = VIEW("kv_cache_*");
    edition->keywords[2] = VIEW("C++");
    edition->reasons[0] = (struct reason){VIEW("kv cache"), REASON_TITLE, 6.5};
    edition->reasons[1] = (struct reason){VIEW("<i>LLM</i>"), REASON_ABSTRACT, 5.0125};
    fill_paper(edition, 0, "2602.13531", "Keeping the KV cache small", long_abstract);
    fill_paper(edition, 1, "hep-th/9901001", hostile, hostile);
    fill_paper(edition, 2, "2602.13532", "", "1. A list? \x01\x0B no\nline\r\nbreaks \xEF\xBF\xBF");
    fill_paper(edition, 3, "2602.13533", "# Heading", "- item");
    edition->papers[1].version = 0;
    edition->papers[2].author_count = 0;
    edition->papers[2].announce_type = ANNOUNCE_CROSS;
    edition->papers[3].category_count = 0;
    edition->papers[3].version = 3;
    edition->papers[3].announce_type = ANNOUNCE_REPLACE;
    edition->items[0].score = 11.5125;
    edition->items[0].reasons = edition->reasons;
    edition->items[0].reason_count = 2;
    edition->items[0].summary = (struct publication_summary){
        .model = VIEW("qwen-long<"),
        .tldr = VIEW("<b>\xE7\xBC\x93\xE5\xAD\x98</b> in *four* bits"),
        .html = VIEW("<h4>\xE8\xAE\xBA\xE6\x96\x87</h4>\n<p>a &lt; b</p>\n"),
        .markdown = VIEW("# \xE8\xAE\xBA\xE6\x96\x87\n\n| a | b |\n|---|---|\n</details><script>\n"
             "[x](javascript:y) [z](https://example.org)\n\n```\ncode <b>")};
    edition->publication = (struct publication){
        .words = catalogues_find(edition->catalogues, NULL),
        .title = VIEW("Morning <papers>"),
        .about = VIEW("New papers on arXiv in cs.LG & cs.DC"),
        .link = "https://papers.example.org/",
        .self = "https://papers.example.org/feed.xml?a=1&b=2",
        .id = "tag:digest.example.org,2026:papers",
        .date = {2026, 2, 17},
        .updated_utc = MIDNIGHT_UTC,
        .note = VIEW("cs.AI late: its papers will follow"),
        .categories = edition->categories,
        .category_count = 2,
        .keywords = edition->keywords,
        .keyword_count = 3,
        .papers = edition->items,
        .paper_count = PAPERS,
    };
    *state = edition;
    return 0;
}

static int free_edition(void **state)
{
    struct edition *edition = *state;

    catalogues_free(&edition->catalogues);
    free(edition);
    return 0;
}

typedef int writer(const struct publication *publication, struct buffer *out, struct error *error);

static void write_all(writer *write, const struct publication *publication, struct buffer *out)
{
    struct error error;

    buffer_init(out, PUBLICATION_BYTES);
    if (write(publication, out, &error) < 0)
        fail_msg("%s", error.text);
    assert_true(utf8_is_valid(buffer_view(out)));
}

static const struct {
    writer *write;
    const char *name, *ending;
} forms[] = {
    {publication_write_rss, "feed", "xml"},
    {publication_write_atom, "atom", "xml"},
    {publication_write_readme, "README", "md"},
    {publication_write_json, "papers", "json"},
};

static void golden_files(void **state)
{
    const struct edition *edition = *state;

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct buffer first, second;

        write_all(forms[i].write, &edition->publication, &first);
        write_all(forms[i].write, &edition->publication, &second);
        assert_true(view_equal(buffer_view(&first), buffer_view(&second)));
        golden_compare("publication", forms[i].name, forms[i].ending, &first);
        buffer_free(&first);
        buffer_free(&second);
    }
}

static void feeds_are_xml(void **state)
{
    const struct edition *edition = *state;

    for (size_t i = 0; i < 2; i++) {
        struct buffer out;
        xmlDocPtr document;

        write_all(forms[i].write, &edition->publication, &out);
        document = xmlReadMemory(out.data, (int)out.size, forms[i].name, NULL,
                                 XML_PARSE_NONET | XML_PARSE_NOERROR);
        assert_non_null(document);
        xmlFreeDoc(document);
        assert_int_equal(view_find(buffer_view(&out), VIEW("<script"), 0), out.size);
        buffer_free(&out);
    }
}

/* papers.json is read by the program itself. */
static void papers_come_back(void **state)
{
    const struct edition *edition = *state;
    struct feed_report report;
    struct papers papers;
    struct buffer out;
    struct error error;

    write_all(publication_write_json, &edition->publication, &out);
    papers_init(&papers);
    if (feed_parse(buffer_view(&out), FEED_BYTES, &papers, &report, &error) < 0)
        fail_msg("%s", error.text);
    assert_int_equal(papers.count, PAPERS);
    assert_true(view_equal(papers.items[1].source_title, view_of(hostile)));
    papers_free(&papers);
    buffer_free(&out);
}

static void nothing_published(void **state)
{
    struct edition *edition = *state;

    edition->publication.paper_count = 0;
    edition->publication.category_count = 0;
    edition->publication.keyword_count = 0;
    edition->publication.self = NULL;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct buffer out;

        write_all(forms[i].write, &edition->publication, &out);
        assert_true(out.size > 0);
        buffer_free(&out);
    }
}

static size_t occurrences(const struct buffer *text, const char *what)
{
    size_t count = 0;

    for (const char *at = buffer_string(text); (at = strstr(at, what)); at++)
        count++;
    return count;
}

/* The first ones are there at length, of all a sentence and who wrote it. */
static void summaries_fit_into_a_feed(void **state)
{
    struct edition *edition = *state;
    char *html = malloc(PUBLICATION_SUMMARIES_BYTES / 2);

    assert_non_null(html);
    memset(html, 'y', PUBLICATION_SUMMARIES_BYTES / 2);
    memcpy(html, "<p>Z</p>", 8);
    for (size_t i = 0; i < PAPERS; i++)
        edition->items[i].summary =
            (struct publication_summary){.model = VIEW("m"), .tldr = VIEW("One sentence."),
                                         .html = {html, PUBLICATION_SUMMARIES_BYTES / 2}};
    for (size_t i = 0; i < 2; i++) {
        struct buffer out;

        write_all(i ? publication_write_atom : publication_write_rss, &edition->publication,
                  &out);
        assert_int_equal(occurrences(&out, "One sentence."), PAPERS);
        assert_int_equal(occurrences(&out, "Written by a machine (m)"), PAPERS);
        assert_int_equal(occurrences(&out, "&lt;p&gt;Z&lt;/p&gt;"), 2);
        buffer_free(&out);
    }
    free(html);
}

static void a_full_buffer_is_an_error(void **state)
{
    const struct edition *edition = *state;

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct error error = {0};
        struct buffer out;

        buffer_init(&out, 500);
        assert_int_equal(forms[i].write(&edition->publication, &out, &error), -1);
        assert_int_equal(error.kind, ERROR_INPUT);
        buffer_free(&out);
    }
}

static void markdown_texts(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"plain, text: it is (fine) - 3.5!", "plain, text: it is (fine) - 3.5!"},
        {"# no heading", "\\# no heading"},
        {"12. no list", "12\\. no list"},
        {"3) no list", "3\\) no list"},
        {"3 items.", "3 items."},
        {"+1", "\\+1"},
        {"===", "\\==="},
        {"[a](b)", "\\[a\\](b)"},
        {"<b>&amp;", "\\<b\\>\\&amp;"},
        {"a|b ~c~ `d` *e* _f_ $g$", "a\\|b \\~c\\~ \\`d\\` \\*e\\* \\_f\\_ \\$g\\$"},
        {"\\[", "\\\\\\["},
        {"see https://x.org/a_b", "see https\\://x.org/a\\_b"},
        {"WWW.x.org", "WWW\\.x.org"},
        {"ada@x.org", "ada\\@x.org"},
        {" a\nb\r\nc\td ", "a b c d"},
        {"a\x01\x7F\x1B[0m", "a\\[0m"},
        {"\xFF", "\xEF\xBF\xBD"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct view text = data_exact(rows[i].text);
        struct buffer out;

        buffer_init(&out, 1000);
        markdown_add_text(&out, text);
        assert_string_equal(buffer_string(&out), rows[i].want);
        buffer_free(&out);
        data_free(text);
    }
}

static void markdown_of_others(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"# Title\n- *a*\n", "# Title\n- *a*\n"},
        {"a < b <script>", "a &lt; b &lt;script>\n"},
        {"[x](javascript:1)", "[x]\\(javascript:1)\n"},
        {"[x]( JAVASCRIPT:1)", "[x]\\( JAVASCRIPT:1)\n"},
        {"[x](https://a.org)", "[x](https://a.org)\n"},
        {"[x]: data:1", "[x]\\: data:1\n"},
        {"```\ncode", "```\ncode\n```\n"},
        {"~~~~ c\n```\n~~~\nx", "~~~~ c\n```\n~~~\nx\n~~~~\n"},
        {"```\na\n```\nb", "```\na\n```\nb\n"},
        {"    ```\nx", "```\nx\n```\n"},
        /* A fence within a list ends with it; one more behind it would open a block. */
        {"- ```\n  x\n  ```\ny", "```\n  x\n  ```\ny\n"},
        {"- a\n  ```\n  x", "- a\n```\n  x\n```\n"},
        {"1. a\n   ```\nx", "1. a\n```\nx\n```\n"},
        {"> 2) * ~~~ c\n> x\n```", "~~~ c\n> x\n```\n~~~\n"},
        {"- a\n  ```\n```\nx", "- a\n```\n```\nx\n"},
        {"a\n\n\t```\nx", "a\n\n```\nx\n```\n"},
        {"```\n    ```\nx\n", "```\n    ```\nx\n```\n"},
        {"``` `\nx", "``` `\nx\n"},
        {"--- ```", "--- ```\n"},
        {"![i](https://a.org/i.png)", "\\![i](https://a.org/i.png)\n"},
        {"a\x1B", "a\n"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct view text = data_exact(rows[i].text);
        struct buffer out;

        buffer_init(&out, 1000);
        markdown_add_foreign(&out, text);
        assert_string_equal(buffer_string(&out), rows[i].want);
        buffer_free(&out);
        data_free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(golden_files, make_edition, free_edition),
        cmocka_unit_test_setup_teardown(feeds_are_xml, make_edition, free_edition),
        cmocka_unit_test_setup_teardown(papers_come_back, make_edition, free_edition),
        cmocka_unit_test_setup_teardown(nothing_published, make_edition, free_edition),
        cmocka_unit_test_setup_teardown(summaries_fit_into_a_feed, make_edition, free_edition),
        cmocka_unit_test_setup_teardown(a_full_buffer_is_an_error, make_edition, free_edition),
        cmocka_unit_test(markdown_texts),
        cmocka_unit_test(markdown_of_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
