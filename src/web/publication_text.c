#include "web/publication_text.h"

#include "base/utf8.h"
#include "digest/context.h"

enum { TEXT_BYTES = 16 * 1024 * 1024, NOT_CHARACTER = 0xFFFE };

/* ---- XML ---- */

void xml_out_begin(struct xml_out *out)
{
    *out = (struct xml_out){.summary_room = PUBLICATION_SUMMARIES_BYTES};
    buffer_init(&out->text, TEXT_BYTES);
    out->bytes = xmlBufferCreate();
    out->writer = out->bytes ? xmlNewTextWriterMemory(out->bytes, 0) : NULL;
    out->failed = !out->writer || xmlTextWriterSetIndent(out->writer, 1) < 0 ||
                  xmlTextWriterSetIndentString(out->writer, BAD_CAST "  ") < 0 ||
                  xmlTextWriterStartDocument(out->writer, "1.0", "UTF-8", NULL) < 0;
}

int xml_out_end(struct xml_out *out, struct buffer *ret_bytes, struct error *error)
{
    int result = 0;

    out->failed = out->failed || xmlTextWriterEndDocument(out->writer) < 0 || out->text.failed;
    if (out->writer)
        xmlFreeTextWriter(out->writer); /* writes what is left */
    buffer_clear(ret_bytes);
    if (out->failed)
        result = error_set(error, ERROR_INPUT, "a feed cannot be written: a text is too long");
    else
        buffer_add(ret_bytes, xmlBufferContent(out->bytes), (size_t)xmlBufferLength(out->bytes));
    if (out->bytes)
        xmlBufferFree(out->bytes);
    buffer_free(&out->text);
    if (result == 0 && ret_bytes->failed)
        result = error_set(error, ERROR_INPUT, "a feed is larger than %zu bytes", ret_bytes->max);
    return result;
}

void xml_out_open(struct xml_out *out, const char *name)
{
    out->failed = out->failed || xmlTextWriterStartElement(out->writer, BAD_CAST name) < 0;
}

void xml_out_close(struct xml_out *out)
{
    out->failed = out->failed || xmlTextWriterEndElement(out->writer) < 0;
}

static const xmlChar *make_text(struct xml_out *out, struct view text)
{
    buffer_clear(&out->text);
    xml_add_text(&out->text, text);
    out->failed = out->failed || out->text.failed;
    return BAD_CAST buffer_string(&out->text);
}

void xml_out_attribute(struct xml_out *out, const char *name, struct view value)
{
    const xmlChar *text = make_text(out, value);

    out->failed =
        out->failed || xmlTextWriterWriteAttribute(out->writer, BAD_CAST name, text) < 0;
}

void xml_out_text(struct xml_out *out, struct view text)
{
    const xmlChar *clean = make_text(out, text);

    out->failed = out->failed || xmlTextWriterWriteString(out->writer, clean) < 0;
}

void xml_out_element(struct xml_out *out, const char *name, struct view text)
{
    const xmlChar *clean = make_text(out, text);

    out->failed = out->failed || xmlTextWriterWriteElement(out->writer, BAD_CAST name, clean) < 0;
}

void xml_add_text(struct buffer *out, struct view text)
{
    size_t start = out->size, kept = start;

    utf8_add_clean(out, text);
    if (out->failed)
        return;
    /* U+FFFE and U+FFFF are EF BF BE and EF BF BF. */
    for (size_t i = start; i < out->size;) {
        int32_t codepoint;
        size_t bytes = utf8_decode(buffer_view(out), i, &codepoint);

        if ((codepoint | 1) != (NOT_CHARACTER | 1)) {
            memmove(out->data + kept, out->data + i, bytes);
            kept += bytes;
        }
        i += bytes;
    }
    if (kept < out->size)
        buffer_cut(out, kept);
}

/* ---- HTML ---- */

void html_add_text(struct buffer *out, struct view text)
{
    static const struct byte_set marks = {
        .has = {['&'] = 1, ['<'] = 1, ['>'] = 1, ['"'] = 1, ['\''] = 1}};
    size_t from = 0, at;

    for (; (at = view_find_any(text, &marks, from)) < text.size; from = at + 1) {
        buffer_add_view(out, view_slice(text, from, at));
        switch (text.data[at]) {
        case '&': buffer_add_string(out, "&amp;"); break;
        case '<': buffer_add_string(out, "&lt;"); break;
        case '>': buffer_add_string(out, "&gt;"); break;
        case '"': buffer_add_string(out, "&quot;"); break;
        default: buffer_add_string(out, "&#39;"); break;
        }
    }
    buffer_add_view(out, view_slice(text, from, text.size));
}

static void add_word(const struct publication *publication, const char *key, struct buffer *out)
{
    struct buffer word;

    buffer_init(&word, TEXT_BYTES);
    words_add(publication->words, key, -1, NULL, &word);
    html_add_text(out, buffer_view(&word));
    buffer_free(&word);
}

static void add_reasons(const struct publication *publication,
                        const struct publication_paper *paper, struct buffer *out)
{
    struct ranked_paper ranked = {paper->paper, paper->score, paper->reasons, paper->reason_count};
    size_t shown = context_reasons_shown(&ranked);

    if (!shown)
        return;
    buffer_add_string(out, " · ");
    add_word(publication, "why", out);
    buffer_add_char(out, ':');
    for (size_t i = 0; i < shown; i++) {
        const struct reason *reason = &paper->reasons[i];

        buffer_add_string(out, i ? ", " : " ");
        if (reason->term.size) {
            buffer_add_string(out, "<b>");
            html_add_text(out, reason->term);
            buffer_add_string(out, "</b> ");
        }
        add_word(publication, context_field_word(reason->field), out);
    }
}

static void add_address(const char *base, const struct paper *paper, struct buffer *out)
{
    buffer_add_string(out, base);
    context_add_encoded(out, paper->id, "/:");
}

static void add_anchor(const struct publication *publication, const char *base,
                       const struct paper *paper, const char *word, struct buffer *out)
{
    buffer_add_string(out, "<a href=\"");
    add_address(base, paper, out);
    buffer_add_string(out, "\">");
    add_word(publication, word, out);
    buffer_add_string(out, "</a>");
}

static void add_tldr(const struct publication *publication, struct view tldr,
                     struct buffer *out)
{
    if (!tldr.size)
        return;
    buffer_add_string(out, "<p dir=\"auto\"><b>");
    add_word(publication, "summary_short", out);
    buffer_add_string(out, ":</b> ");
    html_add_text(out, tldr);
    buffer_add_string(out, "</p>\n");
}

/* Whatever is shown of it, readers are told who wrote it. */
static void add_summary(const struct publication *publication,
                        const struct publication_summary *summary, size_t *room,
                        struct buffer *out)
{
    const struct word_value values[] = {{"model", summary->model}, {NULL, {NULL, 0}}};
    struct buffer note;

    if (!summary->model.size)
        return;
    if (summary->html.size && summary->html.size <= *room) {
        *room -= summary->html.size;
        buffer_add_string(out, "\n<p><b>");
        add_word(publication, "summary_long", out);
        buffer_add_string(out, "</b></p>\n");
        buffer_add_view(out, summary->html);
    } else if (!summary->tldr.size) {
        return;
    }
    buffer_init(&note, TEXT_BYTES);
    words_add(publication->words, "summary_note", -1, values, &note);
    buffer_add_string(out, "\n<p><i>");
    html_add_text(out, buffer_view(&note));
    buffer_add_string(out, "</i></p>");
    buffer_free(&note);
}

void publication_add_html(const struct publication *publication,
                          const struct publication_paper *paper, size_t *summary_room,
                          struct buffer *out)
{
    static const char *const types[] = {[ANNOUNCE_NEW] = "type_new",
                                        [ANNOUNCE_CROSS] = "type_cross",
                                        [ANNOUNCE_REPLACE] = "type_replace",
                                        [ANNOUNCE_REPLACE_CROSS] = "type_replace_cross"};

    if (paper->summary.model.size)
        add_tldr(publication, paper->summary.tldr, out);
    if (paper->paper->abstract.size) {
        buffer_add_string(out, "<p dir=\"auto\">");
        html_add_text(out, paper->paper->abstract);
        buffer_add_string(out, "</p>\n");
    }
    buffer_add_string(out, "<p>");
    add_word(publication, types[paper->paper->announce_type], out);
    if (context_score(paper->score) > 0) {
        buffer_add_string(out, " · ");
        add_word(publication, "score", out);
        buffer_printf(out, " %.1f", paper->score);
    }
    add_reasons(publication, paper, out);
    buffer_add_string(out, " · ");
    add_anchor(publication, "https://arxiv.org/pdf/", paper->paper, "pdf", out);
    buffer_add_string(out, " · ");
    add_anchor(publication, "https://arxiv.org/html/", paper->paper, "html", out);
    buffer_add_string(out, "</p>");
    add_summary(publication, &paper->summary, summary_room, out);
}

void publication_add_title(const struct publication *publication, const struct paper *paper,
                           struct buffer *out)
{
    if (paper->title.size)
        buffer_add_view(out, paper->title);
    else
        words_add(publication->words, "no_title", -1, NULL, out);
}

void publication_add_link(const struct paper *paper, bool with_version, struct buffer *out)
{
    add_address("https://arxiv.org/abs/", paper, out);
    if (with_version && paper->version > 0)
        buffer_printf(out, "v%d", paper->version);
}

void publication_add_pdf(const struct paper *paper, struct buffer *out)
{
    add_address("https://arxiv.org/pdf/", paper, out);
}
