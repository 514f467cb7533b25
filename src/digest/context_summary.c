/* What the context says of a paper's summary by a language model. Its HTML comes ready
 * (struct digest_summary); the step is "paper". */
#include "digest/context.h"
#include "digest/wrap.h"

static void set_html(json_t *object, const struct digest_summary *summary)
{
    if (summary->html.size && summary->html.size <= DIGEST_SUMMARY_BYTES)
        context_set_view(object, "html", summary->html);
    if (summary->page_html.size)
        context_set_view(object, "page_html", summary->page_html);
}

/* They are made already, and their indentation matters. */
static void set_made_lines(json_t *object, const char *key, struct view text)
{
    json_t *lines = json_array();
    struct view line;

    while (view_next_line(&text, &line)) {
        json_t *item = json_object();

        context_set_view(item, "line", line);
        json_array_append_new(lines, item);
    }
    context_mark_ends(lines);
    json_object_set_new(object, key, lines);
}

static void set_tldr(json_t *object, const struct words *words, struct view tldr,
                     struct buffer *room)
{
    if (!tldr.size)
        return;
    context_set_view(object, "tldr", tldr);
    words_add(words, "summary_short", -1, NULL, room);
    buffer_add_string(room, ": ");
    buffer_add_view(room, tldr);
    context_set_lines(object, "tldr_lines", buffer_view(room), TEXT_WIDTH - TEXT_INDENT);
    buffer_clear(room);
}

static json_t *summary_context(const struct words *words, const struct digest_summary *summary)
{
    const struct word_value values[] = {{"model", summary->model}, {NULL, {NULL, 0}}};
    json_t *object = json_object();
    struct buffer room;

    buffer_init(&room, CONTEXT_BYTES);
    set_tldr(object, words, summary->tldr, &room);
    set_html(object, summary);
    set_made_lines(object, "lines", summary->text);
    words_add(words, "summary_note", -1, values, &room);
    context_set_lines(object, "note_lines", buffer_view(&room), TEXT_WIDTH - TEXT_INDENT);
    context_set_buffer(object, "note", &room);
    context_set_view(object, "model", summary->model);
    buffer_free(&room);
    return object;
}

void context_set_summary_of(json_t *object, const struct digest *digest,
                            const struct words *words, const struct paper *paper)
{
    const struct digest_summary *summary = NULL;

    if (digest->summaries && digest->papers)
        summary = digest->summaries[paper - digest->papers->items];
    json_object_set_new(object, "has_ai_summary", json_boolean(summary != NULL));
    if (summary)
        json_object_set_new(object, "ai_summary", summary_context(words, summary));
}
