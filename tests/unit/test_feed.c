#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/file.h"
#include "base/memory.h"
#include "papers/feed.h"
#include "unit/data.h"

static const char FEEDS[] = "tests/fixtures/feeds";

/* Everything that feed_parse says about `bytes`, as the .want files hold it. */
static void describe(struct view bytes, struct buffer *out)
{
    struct feed_report report;
    struct error error = {0};
    struct papers papers;
    char day[DATE_TEXT_BYTES] = "-", instant[TIME_TEXT_BYTES] = "-";

    papers_init(&papers);
    if (feed_parse(bytes, FEED_BYTES, &papers, &report, &error) < 0) {
        assert_int_equal(papers.count, 0);
        buffer_printf(out, "error %d: %s\n", error.kind, error.text);
        papers_free(&papers);
        return;
    }
    if (date_is_set(report.date))
        date_format(report.date, day);
    if (report.has_instant)
        time_format_rfc3339(report.instant_utc, instant);
    buffer_printf(out, "%s, %s, %s%s\n", feed_format_name(report.format), day, instant,
                  report.complete ? ", complete" : "");
    buffer_printf(out, "items %zu, skipped %zu, deleted %zu, mended %zu, replaced %zu%s\n",
                  report.items, report.skipped, report.deleted, report.mended, report.replaced,
                  report.estimated ? ", estimated" : "");
    if (report.skipped)
        buffer_printf(out, "first skipped: %s\n", report.skip_reason);
    if (report.repaired)
        buffer_printf(out, "repaired %zu, the first: %s\n", report.repaired, report.repair_reason);
    if (report.truncated)
        buffer_printf(out, "truncated: %s\n", report.truncation);
    if (report.resumption_token[0])
        buffer_printf(out, "token: %s\n", report.resumption_token);
    for (size_t i = 0; i < papers.count; i++)
        paper_write_jsonl(&papers.items[i], out);
    papers_free(&papers);
}

static void check_file(const char *folder, const char *name)
{
    char path[512], want_path[520];
    struct view bytes, want;
    struct buffer got;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    snprintf(want_path, sizeof(want_path), "%s.want", path);
    bytes = data_read(path);
    want = data_read(want_path);
    buffer_init(&got, 1 << 20);
    describe(bytes, &got);
    if (!view_equal(buffer_view(&got), want))
        fail_msg("%s: got\n%s\nwant\n%.*s", path, buffer_string(&got), VIEW_ARGUMENTS(want));
    buffer_free(&got);
    data_free(bytes);
    data_free(want);
}

/* Every file of the folder against its .want file; gives how many there were. */
static int check_folder(const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort), checked = 0;

    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        struct view name = view_of(entries[i]->d_name);

        if (entries[i]->d_type != DT_DIR && !view_ends_with(name, VIEW(".want"))) {
            check_file(folder, entries[i]->d_name);
            checked++;
        }
        free(entries[i]);
    }
    free(entries);
    return checked;
}

static void test_feeds(void **state)
{
    (void)state;
    assert_true(check_folder(FEEDS) >= 10);
}

static void test_invalid_feeds(void **state)
{
    char folder[64];

    (void)state;
    snprintf(folder, sizeof(folder), "%s/invalid", FEEDS);
    assert_true(check_folder(folder) >= 30);
}

static struct view read_fixture(const char *name)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", FEEDS, name);
    return data_read(path);
}

/* Cut after any byte, a feed gives a prefix of its papers and says that it was
 * cut; before the end of its first paper it is an error. */
static void check_cuts(const char *name, const char *last_needed)
{
    struct view whole = read_fixture(name);
    struct feed_report report;
    struct papers all;
    size_t most = 0, needed = view_find(whole, view_of(last_needed), 0) + strlen(last_needed);

    papers_init(&all);
    assert_int_equal(feed_parse(whole, FEED_BYTES, &all, &report, NULL), 0);
    assert_true(needed <= whole.size);
    for (size_t size = 0; size < whole.size; size++) {
        struct view cut = data_exact_view(view_slice(whole, 0, size));
        struct papers papers;

        papers_init(&papers);
        if (feed_parse(cut, FEED_BYTES, &papers, &report, NULL) < 0) {
            assert_int_equal(most, 0);
            assert_int_equal(papers.count, 0);
        } else {
            assert_int_equal(report.truncated, size < needed);
            assert_int_equal(report.replaced, 0);
            assert_int_equal(report.skipped, 0);
            assert_true(papers.count >= most);
            most = papers.count;
            for (size_t i = 0; i < papers.count; i++)
                assert_true(view_equal(papers.items[i].id, all.items[i].id));
        }
        papers_free(&papers);
        data_free(cut);
    }
    assert_int_equal(most, all.count);
    papers_free(&all);
    data_free(whole);
}

static void test_cuts(void **state)
{
    (void)state;
    check_cuts("rss.xml", "</rss>");
    check_cuts("rdf.xml", "</rdf:RDF>");
    check_cuts("atom.xml", "</feed>");
    check_cuts("api.xml", "</feed>");
    check_cuts("oai-raw.xml", "</OAI-PMH>");
}

static void pack(struct view text, struct buffer *out)
{
    z_stream stream = {0};
    size_t bound = text.size + 1024;
    unsigned char *packed = malloc(bound);

    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (unsigned char *)text.data;
    stream.avail_in = (unsigned)text.size;
    stream.next_out = packed;
    stream.avail_out = (unsigned)bound;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    buffer_add(out, packed, bound - stream.avail_out);
    deflateEnd(&stream);
    free(packed);
}

static void test_gzip(void **state)
{
    struct view plain = read_fixture("rss.xml");
    struct feed_report report;
    struct error error = {0};
    struct papers papers;
    struct buffer packed, want, got;

    (void)state;
    buffer_init(&packed, 1 << 20);
    buffer_init(&want, 1 << 20);
    buffer_init(&got, 1 << 20);
    pack(plain, &packed);
    describe(plain, &want);
    describe(buffer_view(&packed), &got);
    assert_string_equal(buffer_string(&got), buffer_string(&want));

    papers_init(&papers);
    assert_int_equal(feed_parse(view_slice(buffer_view(&packed), 0, packed.size - 300), FEED_BYTES,
                                &papers, &report, &error),
                     0);
    assert_true(papers.count > 0 && papers.count < 6);
    assert_true(report.truncated && !report.complete);
    assert_int_equal(feed_parse(view_slice(buffer_view(&packed), 0, packed.size - 4), FEED_BYTES,
                                &papers, &report, &error),
                     0);
    assert_int_equal(papers.count, 6);
    assert_string_equal(report.truncation, "the gzip data are cut off");
    assert_int_equal(feed_parse(view_slice(buffer_view(&packed), 0, 20), FEED_BYTES, &papers,
                                &report, &error),
                     -1);
    assert_string_equal(error.text, "its gzip data are cut off: an empty document");
    papers_free(&papers);
    buffer_free(&packed);
    buffer_free(&want);
    buffer_free(&got);
    data_free(plain);
}

static void test_too_large(void **state)
{
    struct view plain = read_fixture("rss.xml");
    struct feed_report report = {.items = 77};
    struct error error = {0};
    struct papers papers;
    struct buffer packed;

    (void)state;
    papers_init(&papers);
    buffer_init(&packed, 1 << 20);
    pack(plain, &packed);
    assert_int_equal(feed_parse(plain, plain.size, &papers, &report, &error), 0);
    assert_int_equal(feed_parse(plain, 1000, &papers, &report, &error), -1);
    assert_int_equal(error.kind, ERROR_INPUT);
    assert_string_equal(error.text, "larger than the 1000 bytes that a document may have");
    assert_int_equal(feed_parse(buffer_view(&packed), 1000, &papers, &report, &error), -1);
    assert_string_equal(error.text, "gzip: larger than 1000 bytes when inflated");
    assert_int_equal(report.items, 7); /* untouched by failures */
    papers_free(&papers);
    buffer_free(&packed);
    data_free(plain);
}

/* Several feeds of one day into one list: one paper once. */
static void test_merge_feeds(void **state)
{
    struct view rss = read_fixture("rss.xml");
    struct feed_report report;
    struct papers papers;

    (void)state;
    papers_init(&papers);
    assert_int_equal(feed_parse(rss, FEED_BYTES, &papers, &report, NULL), 0);
    assert_int_equal(feed_parse(rss, FEED_BYTES, &papers, &report, NULL), 0);
    assert_int_equal(papers.count, 6);
    assert_int_equal(report.items, 7);
    /* A document that is an error leaves the list alone. */
    assert_int_equal(feed_parse(VIEW("<html/>"), FEED_BYTES, &papers, &report, NULL), -1);
    assert_int_equal(papers.count, 6);
    papers_free(&papers);
    data_free(rss);
}

/* Whatever stands behind what rss.arxiv.org puts before the abstract is the abstract. */
static void test_prefix_is_taken_once(void **state)
{
#define PREFIX "arXiv:2602.1v1 Announce Type: cross"
    static const struct {
        const char *description, *want;
    } cases[] = {
        {PREFIX " \nAbstract: We fly.", "We fly."},
        {PREFIX " Abstract: We fly.", "We fly."},
        {PREFIX " \n\nAbstract: We fly.", "We fly."},
        {PREFIX " \nAbstract: arXiv:2301.7v2 Announce Type: new is our text.",
         "arXiv:2301.7v2 Announce Type: new is our text."},
        {PREFIX " Abstract: arXiv:2301.7v2 Announce Type: new is our text.",
         "arXiv:2301.7v2 Announce Type: new is our text."},
        {PREFIX " \nAbstract: Abstract: is a word.", "Abstract: is a word."},
        {"We fly.", "We fly."},
    };
#undef PREFIX

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct feed_report report;
        struct papers papers;
        struct buffer bytes;

        buffer_init(&bytes, 4096);
        buffer_printf(&bytes,
                      "<rss><channel><item><guid>oai:arXiv.org:2602.1</guid><title>Bees</title>"
                      "<description>%s</description></item></channel></rss>",
                      cases[i].description);
        papers_init(&papers);
        assert_int_equal(feed_parse(buffer_view(&bytes), FEED_BYTES, &papers, &report, NULL), 0);
        assert_int_equal(papers.count, 1);
        if (!view_equal_string(papers.items[0].source_abstract, cases[i].want))
            fail_msg("%s: got \"%.*s\"", cases[i].description,
                     VIEW_ARGUMENTS(papers.items[0].source_abstract));
        papers_free(&papers);
        buffer_free(&bytes);
    }
}

/* A feed whose only item has this title. */
static void build_feed(struct buffer *bytes, struct view title)
{
    buffer_clear(bytes);
    buffer_add_string(bytes, "<rss><channel><item><guid>oai:arXiv.org:2602.1</guid><title>");
    buffer_add_view(bytes, title);
    buffer_add_string(bytes, "</title></item></channel></rss>");
}

/* Wherever it stands: clean bytes are stepped over in blocks. */
static void test_one_control_character(void **state)
{
    enum { TITLE_BYTES = 150 };
    struct buffer bytes;

    (void)state;
    buffer_init(&bytes, 1 << 10);
    for (size_t at = 0; at < TITLE_BYTES; at++) {
        char title[TITLE_BYTES];
        struct feed_report report;
        struct papers papers;

        memset(title, 'a', sizeof(title));
        title[at] = '\x01';
        build_feed(&bytes, (struct view){title, sizeof(title)});
        papers_init(&papers);
        assert_int_equal(
            feed_parse(buffer_view(&bytes), FEED_BYTES, &papers, &report, NULL), 0);
        assert_int_equal(report.replaced, 1);
        assert_int_equal(papers.items[0].title.size, TITLE_BYTES - 1);
        papers_free(&papers);
    }
    buffer_free(&bytes);
}

/* A tag may have 16 KB with its '>', however far from the start it stands; the
 * texts around it may be longer. */
static void test_long_tags(void **state)
{
    enum { TAG_BYTES = 16 * 1024, TEXT_BYTES = 20000 };
    static const size_t before[] = {0, 1, TAG_BYTES - 60, TAG_BYTES, 40000};
    char *text = memory_new(40000, 1);

    (void)state;
    memset(text, ' ', 40000);
    for (size_t i = 0; i < 2 * sizeof(before) / sizeof(before[0]); i++) {
        size_t length = TAG_BYTES + i % 2;
        struct error error = {0};
        struct feed_report report;
        struct papers papers;
        struct buffer title;
        struct buffer bytes;

        buffer_init(&title, 1 << 20);
        buffer_init(&bytes, 1 << 20);
        buffer_add(&title, text, before[i / 2]);
        buffer_add_string(&title, "<b");
        buffer_add(&title, text, length - 3);
        buffer_add_string(&title, ">long</b>");
        for (int k = 0; k < 3; k++) {
            buffer_add(&title, text, TEXT_BYTES / 2);
            buffer_add_string(&title, "<i/>");
        }
        build_feed(&bytes, buffer_view(&title));
        papers_init(&papers);
        assert_int_equal(feed_parse(buffer_view(&bytes), FEED_BYTES, &papers, &report, &error),
                         i % 2 ? -1 : 0);
        if (i % 2)
            assert_string_equal(error.text, "a tag of more than 16384 bytes");
        else
            assert_true(view_equal_string(papers.items[0].title, "long"));
        papers_free(&papers);
        buffer_free(&title);
        buffer_free(&bytes);
    }
    free(text);
}

/* Input made to cost more than its length allows. */
static void test_hostile(void **state)
{
    static const struct {
        const char *name, *head, *again, *tail;
    } cases[] = {
        {"tags without end", "<rss><channel><item><title>a<b", "<b ", "</item></channel></rss>"},
        {"leaves without end", "<rss><channel><item>&", "<b>", "</item></channel></rss>"},
        {"depth", "<rss><channel>", "<a>", ""},
        {"comments without end", "<rss><channel>&", "<!--", ""},
        {"CDATA without end", "<rss><channel><item>&", "<![CDATA[", "</item>"},
        {"items without end", "<rss><channel>&", "<item>", ""},
        {"parentheses", "<rss><item><dc:creator>", "(a", "</dc:creator></item></rss>"},
        {"and", "<rss><item><dc:creator>", "a and ", "</dc:creator></item></rss>"},
        {"references", "<rss><item><title>", "&#1;", "</title></item></rss>"},
        {"brackets", "", "[", ""},
        {"attributes", "<rss ", "a=\"\" ", "/>"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct feed_report report;
        struct papers papers;
        struct buffer bytes;

        print_message("%s\n", cases[i].name);
        buffer_init(&bytes, 1 << 20);
        papers_init(&papers);
        buffer_add_string(&bytes, cases[i].head);
        while (bytes.size < 500000)
            buffer_add_string(&bytes, cases[i].again);
        buffer_add_string(&bytes, cases[i].tail);
        feed_parse(buffer_view(&bytes), FEED_BYTES, &papers, &report, NULL);
        assert_int_equal(papers.count, 0);
        papers_free(&papers);
        buffer_free(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_feeds),       cmocka_unit_test(test_invalid_feeds),
        cmocka_unit_test(test_cuts),        cmocka_unit_test(test_gzip),
        cmocka_unit_test(test_too_large),   cmocka_unit_test(test_merge_feeds),
        cmocka_unit_test(test_prefix_is_taken_once),
        cmocka_unit_test(test_one_control_character), cmocka_unit_test(test_long_tags),
        cmocka_unit_test(test_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
