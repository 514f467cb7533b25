#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "papers/feed_parser.h"

enum { ARXIV_ID_BYTES = 64, CATEGORY_BYTES = 64 };

void feed_parser_init(struct feed_parser *parser, struct papers *papers,
                      struct feed_report *report, struct error *error)
{
    *parser = (struct feed_parser){
        .papers = papers,
        .report = report,
        .error = error,
        .arena = papers->arena,
    };
    buffer_init(&parser->text, FEED_BYTES);
    buffer_init(&parser->error_code, 100);
}

void feed_parser_free(struct feed_parser *parser)
{
    free(parser->authors);
    free(parser->categories);
    buffer_free(&parser->text);
    buffer_free(&parser->error_code);
}

void feed_item_begin(struct feed_parser *parser)
{
    size_t author_room = parser->item.author_room, category_room = parser->item.category_room;

    parser->item = (struct feed_item){.author_room = author_room, .category_room = category_room};
}

/* Takes "v2" off the end; 0 when the id has no version. */
static int take_version(struct view *id)
{
    size_t at = id->size;
    long version;

    while (at > 0 && id->data[at - 1] >= '0' && id->data[at - 1] <= '9')
        at--;
    if (at < 2 || id->data[at - 1] != 'v' || id->data[at - 2] < '0' || id->data[at - 2] > '9' ||
        !view_to_long(view_slice(*id, at, id->size), &version) || version > 9999)
        return 0;
    *id = view_slice(*id, 0, at - 1);
    return (int)version;
}

/* The part of `text` that is an arXiv id, or an empty view. */
static struct view find_arxiv_id(struct view text)
{
    static const char *const marks[] = {"oai:arXiv.org:", "arXiv:", NULL};
    size_t abs;

    for (int i = 0; marks[i]; i++) {
        if (view_starts_with_nocase(text, view_of(marks[i])))
            return view_slice(text, view_of(marks[i]).size, text.size);
    }
    abs = view_find(text, VIEW("/abs/"), 0);
    if (abs < text.size) {
        text = view_slice(text, abs + 5, text.size);
        text = view_slice(text, 0, view_find_char(text, '?', 0));
        return view_slice(text, 0, view_find_char(text, '#', 0));
    }
    return (struct view){NULL, 0};
}

bool feed_item_take_arxiv_id(struct feed_parser *parser, struct view text)
{
    return feed_item_take_id(parser, find_arxiv_id(view_trim(text)));
}

/* What stands in a link is taken for an id only when it looks like one. */
static bool could_be_arxiv_id(struct view id)
{
    if (!id.size || id.size > ARXIV_ID_BYTES)
        return false;
    for (size_t i = 0; i < id.size; i++) {
        if (id.data[i] <= ' ' || id.data[i] > '~')
            return false;
    }
    return true;
}

bool feed_item_take_id(struct feed_parser *parser, struct view id)
{
    struct paper *paper = &parser->item.paper;
    int version = take_version(&id);
    bool is_known = paper->id.size && view_equal(paper->id, id);

    if (!is_known && !could_be_arxiv_id(id))
        return false;
    if (!paper->id.size) {
        paper->id = arena_copy(parser->arena, id);
        is_known = true;
    }
    if (!paper->version && is_known)
        paper->version = version;
    return true;
}

void feed_item_take_title(struct feed_parser *parser, struct view text)
{
    parser->item.paper.source_title = feed_text_line(parser, text);
}

/* What rss.arxiv.org puts before the abstract:
 * "arXiv:2602.13531v2 Announce Type: cross Abstract: ". */
static struct view take_prefix(struct feed_parser *parser, struct view text)
{
    struct view rest = text, id, type;
    size_t end;

    if (!view_starts_with(rest, VIEW("arXiv:")))
        return text;
    end = view_find_char(rest, ' ', 0);
    id = view_slice(rest, 0, end);
    rest = view_trim(view_slice(rest, end, rest.size));
    if (!view_starts_with(rest, VIEW("Announce Type:")))
        return text;
    rest = view_trim(view_slice(rest, 14, rest.size));
    end = view_find_char(rest, ' ', 0);
    type = view_slice(rest, 0, end);
    rest = view_trim(view_slice(rest, end, rest.size));
    if (view_starts_with(rest, VIEW("Abstract:")))
        rest = view_trim(view_slice(rest, 9, rest.size));
    feed_item_take_arxiv_id(parser, id);
    if (!parser->item.has_announce_type)
        feed_item_take_announce_type(parser, type);
    return rest;
}

/* Takes that prefix off a text where it is a line of its own, as rss.arxiv.org
 * writes it: then what is left mostly is one clean line already. */
static bool take_prefix_line(struct feed_parser *parser, struct view *text)
{
    struct view line = view_slice(*text, 0, feed_text_plain_end(*text, 0));
    struct view rest = view_slice(*text, line.size, text->size);

    if (!view_starts_with(rest, VIEW("\nAbstract:")) ||
        view_ends_with(view_trim(line), VIEW("Type:")) || take_prefix(parser, line).size)
        return false;
    *text = view_slice(rest, 10, rest.size);
    return true;
}

/* It is taken off once: an abstract may begin like it. */
void feed_item_take_abstract(struct feed_parser *parser, struct view text)
{
    struct paper *paper = &parser->item.paper;

    if (take_prefix_line(parser, &text))
        paper->source_abstract = feed_text_line(parser, text);
    else
        paper->source_abstract = take_prefix(parser, feed_text_line(parser, text));
}

static bool has_double_blank(struct view name)
{
    for (size_t i = 1; i < name.size; i += 2) {
        if (name.data[i] == ' ' &&
            (name.data[i - 1] == ' ' || (i + 1 < name.size && name.data[i + 1] == ' ')))
            return true;
    }
    return false;
}

/* Names have one blank between words, whatever the source has. */
static struct view squeeze(struct feed_parser *parser, struct view name)
{
    char *out;
    size_t size = 0;

    if (!has_double_blank(name))
        return name;
    out = arena_alloc(parser->arena, name.size, 1);
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] != ' ' || (size > 0 && out[size - 1] != ' '))
            out[size++] = name.data[i];
    }
    return (struct view){out, size};
}

/* `name` is one clean line that lives as long as the item. */
static void take_clean_author(struct feed_parser *parser, struct view name)
{
    struct feed_item *item = &parser->item;

    name = squeeze(parser, name);
    if (!name.size || view_equal(name, VIEW(":")))
        return;
    parser->authors = memory_grow(parser->authors, &item->author_room,
                                  item->paper.author_count + 1, sizeof(*parser->authors));
    parser->authors[item->paper.author_count++] = name;
}

void feed_item_take_author(struct feed_parser *parser, struct view name)
{
    take_clean_author(parser, feed_text_line(parser, name));
}

void feed_item_take_creators(struct feed_parser *parser, struct view text)
{
    feed_authors_split(feed_text_line(parser, text), take_clean_author, parser);
}

/* "cs.LG", "astro-ph"; not the MSC and ACM classes that the API lists beside
 * them ("68T07", "I.2.7"). */
static bool is_arxiv_category(struct view name)
{
    int dots = 0;

    if (!name.size || name.size > CATEGORY_BYTES || name.data[0] < 'a' || name.data[0] > 'z')
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];

        dots += c == '.';
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.'))
            return false;
    }
    return dots <= 1 && name.data[name.size - 1] != '.';
}

void feed_item_take_any_category(struct feed_parser *parser, struct view category)
{
    struct feed_item *item = &parser->item;

    category = feed_text_line(parser, category);
    if (!category.size || item->paper.category_count == PAPER_CATEGORIES)
        return;
    for (size_t i = 0; i < item->paper.category_count; i++) {
        if (view_equal(parser->categories[i], category))
            return;
    }
    parser->categories = memory_grow(parser->categories, &item->category_room,
                                     item->paper.category_count + 1, sizeof(*parser->categories));
    parser->categories[item->paper.category_count++] = category;
}

void feed_item_take_category(struct feed_parser *parser, struct view category)
{
    if (is_arxiv_category(view_trim(category)))
        feed_item_take_any_category(parser, category);
}

void feed_item_take_categories(struct feed_parser *parser, struct view text)
{
    size_t start = 0;

    for (size_t i = 0; i <= text.size; i++) {
        if (i == text.size || text.data[i] <= ' ' || text.data[i] == ',' || text.data[i] == ';') {
            feed_item_take_category(parser, view_slice(text, start, i));
            start = i + 1;
        }
    }
}

void feed_item_take_announce_type(struct feed_parser *parser, struct view text)
{
    if (announce_type_parse(view_trim(text), &parser->item.paper.announce_type))
        parser->item.has_announce_type = true;
}

/* The items of an edition have the same date, which is read once. */
static bool parse_item_date(struct feed_parser *parser, struct view text, struct date *ret_date)
{
    struct feed_date_seen *seen = &parser->date_seen;
    bool has_instant;
    int64_t utc;

    if (seen->size && view_equal(text, (struct view){seen->text, seen->size})) {
        *ret_date = seen->date;
        return true;
    }
    if (!feed_text_date(text, ret_date, &has_instant, &utc))
        return false;
    if (text.size <= sizeof(seen->text)) {
        memcpy(seen->text, text.data, text.size);
        seen->size = text.size;
        seen->date = *ret_date;
    }
    return true;
}

void feed_item_take_date(struct feed_parser *parser, struct view text, bool main)
{
    struct date date;

    if (parser->item.has_main_date && !main)
        return;
    if (parse_item_date(parser, text, &date)) {
        parser->item.paper.date = date;
        parser->item.has_main_date = main;
    }
}

void feed_take_date(struct feed_parser *parser, struct view text, bool main)
{
    struct feed_report *report = parser->report;
    struct date date;
    bool has_instant;
    int64_t utc = 0;

    if ((date_is_set(report->date) && !main) || parser->has_main_feed_date ||
        !feed_text_date(text, &date, &has_instant, &utc))
        return;
    report->date = date;
    report->has_instant = has_instant;
    report->instant_utc = utc;
    parser->has_main_feed_date = main;
}

bool feed_has_papers(const struct feed_parser *parser)
{
    const struct feed_report *report = parser->report;

    return report->items > report->skipped + report->deleted;
}

/* One line, cut between characters. */
static void write_note(char ret_note[FEED_NOTE_BYTES], const char *format, va_list arguments)
{
    char text[2 * FEED_NOTE_BYTES];
    struct view note;

    vsnprintf(text, sizeof(text), format, arguments);
    note = utf8_prefix(view_of(text), FEED_NOTE_BYTES - 1);
    memcpy(ret_note, note.data, note.size);
    ret_note[note.size] = '\0';
}

void feed_item_skip(struct feed_parser *parser, const char *format, ...)
{
    struct feed_report *report = parser->report;
    va_list arguments;

    if (report->skipped++)
        return;
    va_start(arguments, format);
    write_note(report->skip_reason, format, arguments);
    va_end(arguments);
}

void feed_item_repair(struct feed_parser *parser, const char *format, ...)
{
    struct feed_report *report = parser->report;
    va_list arguments;

    if (report->repaired++)
        return;
    va_start(arguments, format);
    write_note(report->repair_reason, format, arguments);
    va_end(arguments);
}

void feed_truncated(struct feed_parser *parser, const char *format, ...)
{
    struct feed_report *report = parser->report;
    va_list arguments;

    if (report->truncated)
        return;
    report->truncated = true;
    va_start(arguments, format);
    write_note(report->truncation, format, arguments);
    va_end(arguments);
}

/* The primary category goes to the front. */
static void order_categories(struct feed_parser *parser)
{
    struct view primary = parser->item.primary_category;
    size_t at = 0;

    if (!primary.size)
        return;
    feed_item_take_category(parser, primary);
    while (at < parser->item.paper.category_count && !view_equal(parser->categories[at], primary))
        at++;
    if (at == parser->item.paper.category_count)
        return;
    for (; at > 0; at--)
        parser->categories[at] = parser->categories[at - 1];
    parser->categories[0] = primary;
}

void feed_item_end(struct feed_parser *parser)
{
    struct feed_item *item = &parser->item;
    struct paper *paper = &item->paper;
    size_t number = ++parser->report->items;

    if (item->deleted) {
        parser->report->deleted++;
        return;
    }
    if (item->unusable) {
        feed_item_skip(parser, "item %zu: %s", number, item->unusable);
        return;
    }
    if (!paper->id.size) {
        feed_item_skip(parser, "item %zu: it has no arXiv id", number);
        return;
    }
    if (!paper->source_title.size && !paper->source_abstract.size) {
        feed_item_skip(parser, "item %zu (%.*s): it has neither title nor abstract", number,
                       VIEW_ARGUMENTS(paper->id));
        return;
    }
    order_categories(parser);
    if (!date_is_set(paper->date) && !parser->report->estimated)
        paper->date = parser->report->date;
    paper->authors = parser->authors;
    paper->categories = parser->categories;
    papers_take(parser->papers, paper);
}
