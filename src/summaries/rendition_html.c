/* The tree as HTML. */
#include "summaries/rendition.h"
#include "summaries/rendition_parts.h"

/* What mail programs need beside the elements themselves. */
enum style { STYLE_NONE, STYLE_TABLE, STYLE_CELL, STYLE_CENTER, STYLE_END, STYLE_PRE };

static const char *const styles[] = {
    [STYLE_NONE] = "",
    [STYLE_TABLE] = "border-collapse:collapse;margin:10px 0",
    [STYLE_CELL] = "border:1px solid #a9a294;padding:3px 7px;text-align:left;vertical-align:top",
    [STYLE_CENTER] =
        "border:1px solid #a9a294;padding:3px 7px;text-align:center;vertical-align:top",
    [STYLE_END] = "border:1px solid #a9a294;padding:3px 7px;text-align:right;vertical-align:top",
    [STYLE_PRE] = "white-space:pre-wrap;word-wrap:break-word;font-size:13px",
};

static const struct {
    const char *name, *style;
} headings[] = {{"h4", "margin:18px 0 6px;font-size:17px"},
                {"h5", "margin:14px 0 4px;font-size:15px"},
                {"h6", "margin:10px 0 2px;font-size:14px"}};

struct html {
    struct buffer *out;
    size_t end; /* of out->size, where nothing more is begun */
    bool is_styled;
};

static void add_escaped(struct buffer *out, struct view text)
{
    for (size_t i = 0; i < text.size; i++) {
        switch (text.data[i]) {
        case '&': buffer_add_string(out, "&amp;"); break;
        case '<': buffer_add_string(out, "&lt;"); break;
        case '>': buffer_add_string(out, "&gt;"); break;
        case '"': buffer_add_string(out, "&quot;"); break;
        case '\'': buffer_add_string(out, "&#39;"); break;
        default: buffer_add_char(out, text.data[i]);
        }
    }
}

static void open_tag(const struct html *html, const char *name, const char *style)
{
    if (html->is_styled && style[0])
        buffer_printf(html->out, "<%s style=\"%s\">", name, style);
    else
        buffer_printf(html->out, "<%s>", name);
}

static void close_tag(const struct html *html, const char *name)
{
    buffer_printf(html->out, "</%s>", name);
}

/* ---- within blocks ---- */

static const struct {
    unsigned mark;
    const char *name;
} marks[] = {{RENDITION_STRONG, "strong"},
             {RENDITION_EMPHASIS, "em"},
             {RENDITION_STRUCK, "del"},
             {RENDITION_FIXED, "code"}};

enum { MARKS = sizeof(marks) / sizeof(marks[0]) };

static const struct rendition_link *link_of(const struct rendition_run *run)
{
    return run && run->link && run->link->address.size ? run->link : NULL;
}

static void add_marked(const struct html *html, const struct rendition_run *run)
{
    for (size_t i = 0; i < MARKS; i++)
        if (run->marks & marks[i].mark)
            open_tag(html, marks[i].name, "");
    add_escaped(html->out, run->text);
    for (size_t i = MARKS; i-- > 0;)
        if (run->marks & marks[i].mark)
            close_tag(html, marks[i].name);
}

static void add_runs(const struct html *html, const struct rendition_run *run)
{
    const struct rendition_link *open = NULL;

    for (; run && html->out->size < html->end; run = run->next) {
        if (link_of(run) != open) {
            buffer_add_string(html->out, open ? "</a>" : "");
            open = link_of(run);
            if (open) {
                buffer_add_string(html->out, "<a href=\"");
                add_escaped(html->out, open->address);
                buffer_add_string(html->out, "\">");
            }
        }
        if (run->is_break)
            buffer_add_string(html->out, "<br>");
        else if (run->text.size)
            add_marked(html, run);
    }
    buffer_add_string(html->out, open ? "</a>" : "");
}

/* ---- blocks ---- */

static void add_blocks(const struct html *html, const struct rendition_block *block);

static void add_cell(const struct html *html, const struct rendition_block *cell)
{
    static const enum style aligned[] = {[RENDITION_START] = STYLE_CELL,
                                         [RENDITION_CENTER] = STYLE_CENTER,
                                         [RENDITION_END] = STYLE_END};
    const char *name = cell->is_head ? "th" : "td";

    open_tag(html, name, styles[aligned[cell->align]]);
    add_runs(html, cell->first_run);
    close_tag(html, name);
}

static void add_table(const struct html *html, const struct rendition_block *table)
{
    const char *group = NULL;

    open_tag(html, "table", styles[STYLE_TABLE]);
    for (const struct rendition_block *row = table->first; row && html->out->size < html->end;
         row = row->next) {
        const char *wanted = row->is_head ? "thead" : "tbody";

        if (group != wanted) {
            if (group)
                close_tag(html, group);
            open_tag(html, wanted, "");
            group = wanted;
        }
        buffer_add_string(html->out, "\n<tr>");
        for (const struct rendition_block *cell = row->first; cell; cell = cell->next)
            add_cell(html, cell);
        buffer_add_string(html->out, "</tr>");
    }
    if (group)
        close_tag(html, group);
    close_tag(html, "table");
}

static void add_nested(const struct html *html, const char *name,
                       const struct rendition_block *block)
{
    if (block->kind == RENDITION_NUMBERED && block->number != 1)
        buffer_printf(html->out, "<ol start=\"%u\">", block->number);
    else
        open_tag(html, name, "");
    buffer_add_string(html->out, block->kind == RENDITION_ITEM ? "" : "\n");
    add_blocks(html, block->first);
    close_tag(html, name);
}

static void add_leaf(const struct html *html, const char *name, const char *style,
                     const struct rendition_block *block)
{
    open_tag(html, name, style);
    add_runs(html, block->first_run);
    close_tag(html, name);
}

static void add_block(const struct html *html, const struct rendition_block *block)
{
    size_t heading = block->number < 3 ? block->number - 1 : 2;

    switch (block->kind) {
    case RENDITION_QUOTE: add_nested(html, "blockquote", block); break;
    case RENDITION_LIST: add_nested(html, "ul", block); break;
    case RENDITION_NUMBERED: add_nested(html, "ol", block); break;
    case RENDITION_ITEM: add_nested(html, "li", block); break;
    case RENDITION_TABLE: add_table(html, block); break;
    case RENDITION_PARAGRAPH:
        if (block->is_tight)
            add_runs(html, block->first_run);
        else
            add_leaf(html, "p", "", block);
        break;
    case RENDITION_HEADING:
        add_leaf(html, headings[heading].name, headings[heading].style, block);
        break;
    case RENDITION_CODE:
        open_tag(html, "pre", styles[STYLE_PRE]);
        add_leaf(html, "code", "", block);
        close_tag(html, "pre");
        break;
    case RENDITION_RULE: open_tag(html, "hr", ""); break;
    default: break;
    }
}

static void add_blocks(const struct html *html, const struct rendition_block *block)
{
    for (; block && html->out->size < html->end; block = block->next) {
        add_block(html, block);
        /* Text of a tight item is followed by nothing that it would run into. */
        if (block->kind == RENDITION_PARAGRAPH && block->is_tight && block->next &&
            block->next->kind == RENDITION_PARAGRAPH)
            buffer_add_string(html->out, "<br>");
        buffer_add_string(html->out,
                          block->kind == RENDITION_PARAGRAPH && block->is_tight ? "" : "\n");
    }
}

static void add(struct buffer *out, struct view markdown, bool is_styled)
{
    struct arena *arena = arena_new();
    struct html html = {out, out->size + RENDITION_OUT_BYTES / 2, is_styled};

    add_blocks(&html, rendition_read(markdown, arena)->first);
    arena_free(&arena);
}

void rendition_add_html(struct buffer *out, struct view markdown)
{
    add(out, markdown, true);
}

void rendition_add_page_html(struct buffer *out, struct view markdown)
{
    add(out, markdown, false);
}
