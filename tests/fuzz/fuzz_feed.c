/* Any bytes as a feed: what comes out is clean text with valid ids, and written
 * as JSON Lines it reads back as the same papers. */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "papers/feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct view text)
{
    if (!utf8_is_valid(text) || view_trim(text).size != text.size)
        abort();
    for (size_t i = 0; i < text.size; i++) {
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7F)
            abort();
    }
}

static void check_paper(const struct paper *paper)
{
    if (!paper_id_is_valid(paper->id) || paper->category_count > PAPER_CATEGORIES)
        abort();
    if (!paper->source_title.size && !paper->source_abstract.size)
        abort();
    check_text(paper->source_title);
    check_text(paper->source_abstract);
    for (size_t i = 0; i < paper->category_count; i++)
        check_text(paper->categories[i]);
    if (!utf8_is_valid(paper->title) || !utf8_is_valid(paper->abstract))
        abort();
    for (size_t i = 0; i < paper->author_count; i++) {
        if (!utf8_is_valid(paper->authors[i]))
            abort();
    }
}

static void check_round_trip(const struct papers *papers)
{
    struct feed_report report;
    struct papers again;
    struct buffer lines;

    papers_init(&again);
    buffer_init(&lines, FEED_BYTES);
    for (size_t i = 0; i < papers->count; i++)
        paper_write_jsonl(&papers->items[i], &lines);
    if (feed_parse(buffer_view(&lines), FEED_BYTES, &again, &report, NULL) < 0 ||
        report.skipped || report.format != FEED_JSON_LINES || again.count != papers->count)
        abort();
    for (size_t i = 0; i < papers->count; i++) {
        if (!view_equal(papers->items[i].source_title, again.items[i].source_title) ||
            !view_equal(papers->items[i].source_abstract, again.items[i].source_abstract) ||
            papers->items[i].version != again.items[i].version)
            abort();
    }
    papers_free(&again);
    buffer_free(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feed_report report = {0};
    struct error error = {0};
    struct papers papers;

    papers_init(&papers);
    if (feed_parse((struct view){(const char *)data, size}, 4 * 1024 * 1024, &papers, &report,
                   &error) < 0) {
        if (papers.count || error.kind == ERROR_NONE || !error.text[0])
            abort();
    } else if (papers.count) {
        for (size_t i = 0; i < papers.count; i++)
            check_paper(&papers.items[i]);
        check_round_trip(&papers);
    }
    if (report.items < report.skipped + report.deleted + report.mended)
        abort();
    papers_free(&papers);
    return 0;
}
