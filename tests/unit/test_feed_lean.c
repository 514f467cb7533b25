#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "papers/feed_parser.h"
#include "unit/data.h"

#define LONG_TEXT "A text of words, blanks and full stops. It has no mark, so that it may stay out.\n"
#define STAND_IN "\x7F"

/* All that libxml2 is given, `room` bytes at a time, and what that stands for. */
static void read_all(struct view document, size_t room, struct buffer *given, struct buffer *meant)
{
    struct feed_lean *lean = malloc(sizeof(*lean));
    char *part = malloc(room);
    size_t size;

    feed_lean_init(lean, document);
    while ((size = feed_lean_read(lean, part, room)) > 0) {
        assert_true(size <= room);
        buffer_add(given, part, size);
        for (size_t i = 0; i < size; i++)
            buffer_add_view(meant, feed_lean_text(lean, (struct view){part + i, 1}));
    }
    assert_int_equal(lean->count, 0);
    free(part);
    free(lean);
}

static void check(const char *name, const char *text, const char *want, size_t room)
{
    struct view document = data_exact(text);
    struct buffer given, meant;

    buffer_init(&given, 1 << 20);
    buffer_init(&meant, 1 << 20);
    read_all(document, room, &given, &meant);
    if (!view_equal_string(buffer_view(&given), want))
        fail_msg("%s, %zu bytes a time: got %s", name, room, buffer_string(&given));
    if (!view_equal(buffer_view(&meant), document))
        fail_msg("%s, %zu bytes a time: it means %s", name, room, buffer_string(&meant));
    buffer_free(&given);
    buffer_free(&meant);
    data_free(document);
}

static void test_what_is_left_out(void **state)
{
    static const struct {
        const char *name, *document, *want;
    } cases[] = {
        {"a long text", "<a>" LONG_TEXT "</a>", "<a>" STAND_IN "</a>"},
        {"a short one", "<a>short</a>", "<a>short</a>"},
        {"several", "<a><b c='d'>" LONG_TEXT "</b> <b/>" LONG_TEXT "</a>",
         "<a><b c='d'>" STAND_IN "</b> <b/>" STAND_IN "</a>"},
        {"around references", "<a>" LONG_TEXT "&lt;" LONG_TEXT "&amp;&#233; x</a>",
         "<a>" STAND_IN "&lt;" STAND_IN "&amp;&#233; x</a>"},
        {"a raw ampersand", "<a>" LONG_TEXT "& " LONG_TEXT "</a>", "<a>" STAND_IN "& " LONG_TEXT "</a>"},
        {"past ASCII", "<a>\xC3\xA9 " LONG_TEXT "</a>", "<a>" STAND_IN "</a>"},
        {"U+FFFE, which XML refuses", "<a>" LONG_TEXT "\xEF\xBF\xBE</a>",
         "<a>" LONG_TEXT "\xEF\xBF\xBE</a>"},
        {"CR, which XML changes", "<a>" LONG_TEXT "\r\n</a>", "<a>" LONG_TEXT "\r\n</a>"},
        {"a raw >", "<a>]]>" LONG_TEXT "</a>", "<a>]]>" LONG_TEXT "</a>"},
        {"an attribute with one", "<a b='>" LONG_TEXT "'>x</a>", "<a b='>" LONG_TEXT "'>x</a>"},
        {"a long attribute", "<a b='" LONG_TEXT "'>x</a>", "<a b='" LONG_TEXT "'>x</a>"},
        {"from a comment on", "<a>" LONG_TEXT "<!-- <b>" LONG_TEXT "</b> -->" LONG_TEXT "</a>",
         "<a>" STAND_IN "<!-- <b>" LONG_TEXT "</b> -->" LONG_TEXT "</a>"},
        {"from a CDATA section on", "<a><![CDATA[<b>" LONG_TEXT "</b>]]></a>",
         "<a><![CDATA[<b>" LONG_TEXT "</b>]]></a>"},
        {"from a processing instruction on", "<a><?b <b>" LONG_TEXT "</b>?></a>",
         "<a><?b <b>" LONG_TEXT "</b>?></a>"},
        {"from a reference to the stand-in on",
         "<a>" LONG_TEXT "&#38;" LONG_TEXT "&#x7F;" LONG_TEXT "<b>" LONG_TEXT "</b></a>",
         "<a>" STAND_IN "&#38;" STAND_IN "&#x7F;" LONG_TEXT "<b>" LONG_TEXT "</b></a>"},
        {"from one that is no reference on", "<a>&#000000000000127;" LONG_TEXT "</a>",
         "<a>&#000000000000127;" LONG_TEXT "</a>"},
        {"a text without end", "<a>" LONG_TEXT, "<a>" LONG_TEXT},
        {"a tag without end", "<a>" LONG_TEXT "<", "<a>" STAND_IN "<"},
        {"nothing but a tag", "<a>", "<a>"},
        {"one byte", "<", "<"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t room = 1; room < 300; room += room < 8 ? 1 : 97)
            check(cases[i].name, cases[i].document, cases[i].want, room);
    }
}

/* More texts at once than are kept. */
static void test_many(void **state)
{
    struct buffer document, given, meant;

    (void)state;
    buffer_init(&document, 1 << 20);
    buffer_init(&given, 1 << 20);
    buffer_init(&meant, 1 << 20);
    buffer_add_string(&document, "<a>");
    for (int i = 0; i < 2 * FEED_RUNS; i++)
        buffer_add_string(&document, "<b>" LONG_TEXT "</b>");
    buffer_add_string(&document, "</a>");
    read_all(buffer_view(&document), 1 << 20, &given, &meant);
    assert_true(view_equal(buffer_view(&meant), buffer_view(&document)));
    assert_int_equal(given.size, document.size - FEED_RUNS * (sizeof(LONG_TEXT) - 2));
    buffer_free(&document);
    buffer_free(&given);
    buffer_free(&meant);
}

/* A document of rss.arxiv.org's kind, read whole: texts in pieces and with markup inside. */
static void test_papers(void **state)
{
    static const char feed[] =
        "<rss><channel><item><guid>oai:arXiv.org:2602.13531v1</guid>"
        "<title>" LONG_TEXT "<i>" LONG_TEXT "</i>&amp;" LONG_TEXT "</title>"
        "<description>\n" LONG_TEXT "</description></item></channel></rss>";
    struct view bytes = data_exact(feed);
    struct feed_report report;
    struct error error = {0};
    struct papers papers;
    const char *line = "A text of words, blanks and full stops. It has no mark, so that it may stay out.";
    struct buffer title;

    (void)state;
    papers_init(&papers);
    assert_int_equal(feed_parse(bytes, FEED_BYTES, &papers, &report, &error), 0);
    assert_int_equal(papers.count, 1);
    buffer_init(&title, 1000);
    buffer_printf(&title, "%s %s &%s", line, line, line);
    assert_true(view_equal_string(papers.items[0].source_abstract, line));
    if (!view_equal(papers.items[0].source_title, buffer_view(&title)))
        fail_msg("%.*s", VIEW_ARGUMENTS(papers.items[0].source_title));
    buffer_free(&title);
    papers_free(&papers);
    data_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_left_out),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_papers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
