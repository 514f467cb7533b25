/* Every real feed and archive of ../shared/data, against the counts of its
 * README. Left out where the samples are not on the machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "papers/feed.h"
#include "unit/data.h"

struct sample {
    const char *file;
    enum feed_format format;
    size_t papers;
    size_t types[4]; /* new, cross, replace, replace-cross */
    const char *date;
    const char *token;
    bool truncated;
};

static const struct sample SAMPLES[] = {
    {"arxiv-rss/rss-stat-2024-03-26.xml", FEED_RSS, 123, {35, 27, 41, 20}, "2024-03-26", "", false},
    {"arxiv-rss/rss-2026-06-30-rebuilt.xml", FEED_RSS, 1605, {1012, 0, 593, 0}, "2026-06-30", "", false},
    {"arxiv-rss/rss-cs.CL-2026-08-01-saturday-empty.xml", FEED_RSS, 0, {0}, "2026-08-01", "", false},
    {"arxiv-rss/rss-cs.AI-2026-04-27-excerpt-reserialised.xml", FEED_RSS, 3, {3, 0, 0, 0}, "2026-04-27", "", false},
    {"arxiv-rss/rss-cs.CL-2026-04-27-excerpt-reserialised.xml", FEED_RSS, 3, {3, 0, 0, 0}, "2026-04-27", "", false},
    {"arxiv-rss/rss-cs.LG-2026-04-27-excerpt-reserialised.xml", FEED_RSS, 3, {3, 0, 0, 0}, "2026-04-27", "", false},
    {"arxiv-rss/rss-multi-cs.LG+cs.AI+cs.CL+stat.ML-2026-09-24-excerpt.xml", FEED_RSS, 2, {0, 1, 1, 0}, "2026-09-24", "", false},
    {"arxiv-rss/atom-cs.AI-2025-08-20-excerpt.xml", FEED_ATOM, 7, {2, 5, 0, 0}, "2025-08-20", "", false},
    {"arxiv-rss/atom-cs.AI-2025-08-20-truncated.xml", FEED_ATOM, 86, {41, 45, 0, 0}, "2025-08-20", "", true},
    {"arxiv-rss/atom-cs.LG-2026-09-25-excerpt-shortened.xml", FEED_ATOM, 3, {1, 1, 1, 0}, "2026-09-25", "", false},
    {"arxiv-rss-old/rdf-cs-2021-11-02.xml", FEED_RDF, 444, {251, 1, 192, 0}, "2021-11-02", "", false},
    {"arxiv-api/api-2026-04-30-csLG-or-csAI-20.xml", FEED_API, 20, {20, 0, 0, 0}, "2026-04-30", "", false},
    {"arxiv-api/api-2026-05-10-csCV-50.xml", FEED_API, 50, {50, 0, 0, 0}, "2026-05-10", "", false},
    {"arxiv-api/api-2026-08-11-abs-phrase-4.xml", FEED_API, 4, {4, 0, 0, 0}, "2026-08-11", "", false},
    {"arxiv-api/api-old-2016-10-09-au-del_maestro-10.xml", FEED_API, 10, {10, 0, 0, 0}, "2016-10-09", "", false},
    {"arxiv-api/api-old-2016-10-18-skyrmion-10.xml", FEED_API, 10, {10, 0, 0, 0}, "2016-10-18", "", false},
    {"arxiv-api/api-old-2020-09-04-idlist-1.xml", FEED_API, 1, {1, 0, 0, 0}, "2020-09-04", "", false},
    {"arxiv-oai/oai-arXiv-cs-page102-with-token-2016.xml.gz", FEED_OAI, 1000, {796, 0, 204, 0}, "2016-03-09", "1122234|102001", false},
    {"arxiv-oai/oai-arXiv-cs-lastpage-empty-token-2016.xml", FEED_OAI, 538, {283, 0, 255, 0}, "2016-03-09", "", false},
    {"arxiv-oai/oai-arXivRaw-page95000-2014.xml.gz", FEED_OAI_RAW, 1000, {607, 0, 393, 0}, "2014-01-16", "496549|96001", false},
    {"arxiv-oai/oai-arXivRaw-2026-09-27-excerpt.xml", FEED_OAI_RAW, 1, {1, 0, 0, 0}, "2026-09-27", "tok123", false},
    {"arxiv-oai/handmade-oai-no-records.xml", FEED_OAI, 0, {0}, "2026-07-14", "", false},
    {"arxiv-oai/hepcrawl-arxiv-physics-hep-th.xml", FEED_OAI, 3, {0, 0, 3, 0}, "2017-12-14", "", false},
    {"arxiv-oai/hepcrawl-sample_arxiv_record.xml", FEED_OAI, 12, {12, 0, 0, 0}, "2016-01-14", "", false},
    {"arxiv-oai/hepcrawl-sample_arxiv_record10.xml", FEED_OAI, 1, {1, 0, 0, 0}, "2016-07-14", "", false},
    {"arxiv-oai/hepcrawl-sample_arxiv_record4.xml", FEED_OAI, 1, {1, 0, 0, 0}, "2016-06-30", "", false},
    {"arxiv-oai/hepcrawl-sample_arxiv_record6.xml", FEED_OAI, 1, {1, 0, 0, 0}, "2016-06-29", "", false},
    {"arxiv-oai/hepcrawl-sample_arxiv_record7.xml", FEED_OAI, 1, {1, 0, 0, 0}, "2016-06-29", "", false},
    {"arxiv-oai/hepcrawl-sample_arxiv_record8.xml", FEED_OAI, 1, {1, 0, 0, 0}, "2016-06-30", "", false},
    {"papers/day-2026-06-30.jsonl", FEED_JSON_LINES, 1605, {1012, 0, 593, 0}, "2026-06-30", "", false},
    {"papers/papers-2026-06-15_2026-07-02.jsonl.gz", FEED_JSON_LINES, 12908, {8491, 0, 4417, 0}, "2026-07-02", "", false},
    {"papers/papers-mathAP-2025_2026.jsonl.gz", FEED_JSON_LINES, 2893, {2893, 0, 0, 0}, "2026-04-20", "", false},
    {"papers/rss-mirror/2026-04-18.json.gz", FEED_JSON, 0, {0}, "2026-04-18", "", false},
    {"papers/rss-mirror/2026-04-20.json.gz", FEED_JSON, 171, {84, 21, 59, 7}, "2026-04-20", "", false},
    {"papers/rss-mirror/2026-04-21.json.gz", FEED_JSON, 501, {276, 48, 138, 39}, "2026-04-21", "", false},
    {"papers/rss-mirror/2026-04-22.json.gz", FEED_JSON, 199, {106, 13, 64, 16}, "2026-04-22", "", false},
};

static void check_counts(const struct sample *sample, const struct papers *papers,
                         const struct feed_report *report)
{
    size_t types[4] = {0};
    char day[DATE_TEXT_BYTES];

    for (size_t i = 0; i < papers->count; i++)
        types[papers->items[i].announce_type]++;
    assert_int_equal(report->format, sample->format);
    assert_int_equal(papers->count, sample->papers);
    assert_int_equal(report->items, sample->papers);
    assert_memory_equal(types, sample->types, sizeof(types));
    date_format(report->date, day);
    assert_string_equal(day, sample->date);
    assert_string_equal(report->resumption_token, sample->token);
    assert_int_equal(report->truncated, sample->truncated);
    assert_int_equal(report->complete, !sample->truncated && !sample->token[0]);
    assert_int_equal(report->skipped + report->mended + report->replaced + report->deleted, 0);
}

/* Written as JSON Lines and read again, every paper is the same. */
static void check_round_trip(const struct papers *papers)
{
    struct feed_report report;
    struct papers again;
    struct buffer lines;

    if (!papers->count)
        return;
    buffer_init(&lines, FEED_BYTES);
    papers_init(&again);
    for (size_t i = 0; i < papers->count; i++)
        paper_write_jsonl(&papers->items[i], &lines);
    assert_int_equal(feed_parse(buffer_view(&lines), FEED_BYTES, &again, &report, NULL), 0);
    assert_int_equal(again.count, papers->count);
    for (size_t i = 0; i < papers->count; i++) {
        const struct paper *a = &papers->items[i], *b = &again.items[i];

        assert_true(view_equal(a->id, b->id) && a->version == b->version);
        assert_true(view_equal(a->source_title, b->source_title));
        assert_true(view_equal(a->source_abstract, b->source_abstract));
        assert_true(view_equal(a->title, b->title) && view_equal(a->abstract, b->abstract));
        assert_int_equal(a->author_count, b->author_count);
        assert_int_equal(a->category_count, b->category_count);
        assert_int_equal(date_compare(a->date, b->date), 0);
        assert_int_equal(a->announce_type, b->announce_type);
    }
    papers_free(&again);
    buffer_free(&lines);
}

static void test_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(SAMPLES) / sizeof(SAMPLES[0]); i++) {
        char path[512];
        struct feed_report report;
        struct error error = {0};
        struct papers papers;
        struct view bytes;

        if (!data_path(SAMPLES[i].file, path))
            continue;
        print_message("%s\n", SAMPLES[i].file);
        bytes = data_read(path);
        papers_init(&papers);
        if (feed_parse(bytes, FEED_BYTES, &papers, &report, &error) < 0)
            fail_msg("%s", error.text);
        check_counts(&SAMPLES[i], &papers, &report);
        check_round_trip(&papers);
        papers_free(&papers);
        data_free(bytes);
    }
}

static void test_error_documents(void **state)
{
    static const struct {
        const char *file;
        enum error_kind kind;
        const char *text;
    } cases[] = {
        {"arxiv-api/api-error-incorrect-id-from-manual-2007.xml", ERROR_PERMANENT,
         "arXiv's API answered with an error: incorrect id format for 1234.12345"},
        {"arxiv-oai/handmade-oai-error.xml", ERROR_TEMPORARY,
         "OAI-PMH answered with an error: badResumptionToken: expired"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char path[512];
        struct feed_report report;
        struct error error = {0};
        struct papers papers;
        struct view bytes;

        if (!data_path(cases[i].file, path))
            continue;
        bytes = data_read(path);
        papers_init(&papers);
        assert_int_equal(feed_parse(bytes, FEED_BYTES, &papers, &report, &error), -1);
        assert_int_equal(error.kind, cases[i].kind);
        assert_string_equal(error.text, cases[i].text);
        papers_free(&papers);
        data_free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_error_documents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
