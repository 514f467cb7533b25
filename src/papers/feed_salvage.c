#include <string.h>

#include "papers/feed_parser.h"

enum mark { MARK_NONE, MARK_ITEM, MARK_EMPTY_ITEM, MARK_ITEM_END, MARK_ROOT_END };

/* Walks over a document's tags without asking whether they fit together. */
struct scan {
    const struct feed_family *family;
    struct view document;
    size_t at;
    bool no_comment_end;
    bool no_cdata_end;
};

/* Behind the comment or CDATA section at `at`, or `at` when there is none that ends. */
static size_t skip_section(struct view document, size_t at, struct view open, struct view close,
                           bool *without_end)
{
    size_t end;

    if (*without_end || !view_starts_with(view_slice(document, at, document.size), open))
        return at;
    end = view_find(document, close, at + open.size);
    *without_end = end == document.size;
    return *without_end ? at : end + close.size;
}

/* Whether `name`, maybe with a prefix, is the tag's name at `at`. */
static bool is_tag_of(struct view document, size_t at, const char *name)
{
    size_t end = at;
    struct view found;

    while (end < document.size && !strchr(" \t\r\n/><", document.data[end]))
        end++;
    found = view_slice(document, at, end);
    if (end == document.size || !view_ends_with(found, view_of(name)))
        return false;
    return found.size == strlen(name) || found.data[found.size - strlen(name) - 1] == ':';
}

static size_t find_tag_end(struct view document, size_t at)
{
    size_t end = view_find_char(document, '>', at);

    return end < document.size ? end + 1 : end;
}

/* What the tag at `at` is; scan->at is then behind it. */
static enum mark read_mark(struct scan *scan, size_t at)
{
    struct view document = scan->document;
    bool is_end = at + 1 < document.size && document.data[at + 1] == '/';
    size_t name = at + 1 + is_end;
    bool is_item = is_tag_of(document, name, scan->family->item);

    if (!is_item && !(is_end && is_tag_of(document, name, scan->family->root)))
        return MARK_NONE;
    scan->at = find_tag_end(document, at);
    if (is_end)
        return is_item ? MARK_ITEM_END : MARK_ROOT_END;
    return document.data[scan->at - 2] == '/' ? MARK_EMPTY_ITEM : MARK_ITEM;
}

/* The next tag that matters; `*ret_start` is where it begins, scan->at is behind it. */
static enum mark next_mark(struct scan *scan, size_t *ret_start)
{
    struct view document = scan->document;
    size_t at = scan->at;

    while ((at = view_find_char(document, '<', at)) < document.size) {
        enum mark mark;
        size_t behind =
            skip_section(document, at, VIEW("<!--"), VIEW("-->"), &scan->no_comment_end);

        if (behind == at)
            behind = skip_section(document, at, VIEW("<![CDATA["), VIEW("]]>"),
                                  &scan->no_cdata_end);
        if (behind > at) {
            at = behind;
            continue;
        }
        mark = read_mark(scan, at);
        if (mark != MARK_NONE) {
            *ret_start = at;
            return mark;
        }
        at++;
    }
    *ret_start = scan->at = document.size;
    return MARK_NONE;
}

static size_t count_lines(struct view text)
{
    size_t lines = 1;

    for (size_t at = 0; (at = view_find_char(text, '\n', at)) < text.size; at++)
        lines++;
    return lines;
}

/* One document being put together again. */
struct salvage {
    struct feed_parser *parser;
    struct view document;
    struct view declarations; /* the root's attributes: the name spaces */
    struct buffer piece;
};

/* Reads `content` as the content of an element with the root's name spaces. */
static bool read_content(struct salvage *salvage, struct view content, bool mend,
                         size_t *replaced)
{
    struct buffer *piece = &salvage->piece;

    buffer_clear(piece);
    buffer_add_string(piece, "<x");
    buffer_add_view(piece, salvage->declarations);
    buffer_add_string(piece, ">");
    if (mend)
        feed_mend(salvage->parser->family, content, piece, replaced);
    else
        buffer_add_view(piece, content);
    buffer_add_string(piece, "</x>");
    return feed_xml_read(salvage->parser, buffer_view(piece));
}

/* The channel's own elements, before, between or behind the items. */
static void read_gap(struct salvage *salvage, size_t start, size_t end)
{
    struct view gap = view_slice(salvage->document, start, end);
    size_t replaced = 0;

    if (view_trim(gap).size && !read_content(salvage, gap, false, NULL))
        read_content(salvage, gap, true, &replaced);
}

/* How many items became papers. */
static size_t count_kept(const struct feed_report *report)
{
    return report->items - report->skipped - report->deleted;
}

static void read_item(struct salvage *salvage, size_t start, size_t end, bool is_closed)
{
    struct feed_parser *parser = salvage->parser;
    struct feed_report *report = parser->report;
    struct view item = view_slice(salvage->document, start, end);
    size_t replaced = 0, kept = count_kept(report);

    if (is_closed && read_content(salvage, item, false, NULL))
        return;
    if (is_closed && !parser->failed && read_content(salvage, item, true, &replaced)) {
        report->mended += count_kept(report) > kept;
        report->replaced += replaced;
        return;
    }
    if (parser->failed)
        return;
    report->items++;
    feed_item_skip(parser, "item %zu at line %zu: %s", report->items,
                   count_lines(view_slice(salvage->document, 0, start)),
                   is_closed ? "broken XML" : "it has no end tag");
}

/* Item by item; the first `done` are known. */
static void read_items(struct salvage *salvage, size_t done)
{
    struct feed_parser *parser = salvage->parser;
    struct scan scan = {.family = parser->family, .document = salvage->document};
    size_t start, gap = 0, item = 0, number = 0;
    bool open = false, has_root_end = false;
    enum mark mark;

    do {
        mark = next_mark(&scan, &start);
        has_root_end = has_root_end || mark == MARK_ROOT_END;
        if (open && mark != MARK_NONE) {
            bool is_closed = mark == MARK_ITEM_END;

            gap = is_closed ? scan.at : start;
            if (number > done)
                read_item(salvage, item, gap, is_closed);
            open = false;
        }
        if (mark == MARK_ITEM || mark == MARK_EMPTY_ITEM) {
            if (number >= done)
                read_gap(salvage, gap, start);
            number++;
            item = start;
            open = mark == MARK_ITEM;
            if (!open && number > done)
                read_item(salvage, start, scan.at, true);
            gap = open ? gap : scan.at;
        }
    } while (mark != MARK_NONE && !parser->failed);
    if (!open && !parser->failed)
        read_gap(salvage, gap, salvage->document.size);
    if (open)
        feed_truncated(parser, "cut off at line %zu, inside item %zu",
                       count_lines(salvage->document), number);
    else if (!has_root_end)
        feed_truncated(parser, "cut off at line %zu, behind %zu items",
                       count_lines(salvage->document), number);
}

void feed_salvage(struct feed_parser *parser, struct view document)
{
    struct salvage salvage = {.parser = parser, .document = document};
    size_t end = find_tag_end(document, 0);
    size_t name = 0;

    buffer_init(&salvage.piece, (size_t)FEED_BYTES * 6);
    while (name < end && !strchr(" \t\r\n/>", document.data[name]))
        name++;
    if (name < end)
        salvage.declarations = view_slice(document, name, end - 1);
    if (view_ends_with(salvage.declarations, VIEW("/")))
        salvage.declarations.size--;
    read_items(&salvage, parser->items_done);
    buffer_free(&salvage.piece);
}
