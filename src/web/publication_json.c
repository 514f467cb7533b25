/* papers.json: the papers as data, one a line. */
#include "papers/feed.h"
#include "ranking/reason_json.h"
#include "web/publication.h"

/* What paper_write_jsonl closes a paper with. */
#define PAPER_END "}\n"

static void add_paper(struct buffer *out, size_t rank, const struct publication_paper *item)
{
    paper_write_jsonl(item->paper, out);
    buffer_cut(out, out->size - (sizeof(PAPER_END) - 1));
    buffer_add_string(out, ",\"rank\":");
    json_add_whole(out, rank);
    buffer_add_string(out, ",\"score\":");
    json_add_score(out, item->score);
    buffer_add_string(out, ",\"reasons\":");
    reason_write_json(item->reasons, item->reason_count, out);
    buffer_add_char(out, '}');
}

int publication_write_json(const struct publication *publication, struct buffer *out,
                           struct error *error)
{
    buffer_clear(out);
    buffer_add_string(out, "[\n");
    for (size_t i = 0; i < publication->paper_count && !out->failed; i++) {
        if (i)
            buffer_add_string(out, ",\n");
        add_paper(out, i + 1, &publication->papers[i]);
    }
    buffer_add_string(out, publication->paper_count ? "\n]\n" : "]\n");
    return out->failed ? error_set(error, ERROR_INPUT, "papers.json is larger than %zu bytes",
                                   out->max)
                       : 0;
}
