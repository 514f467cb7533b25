/* Papers as JSON Lines: paperboy's own format (one object a line), and the same
 * objects in one JSON document. */
#include <jansson.h>
#include <stdio.h>

#include "papers/feed_parser.h"

enum { VERSION_MAX = 9999, NUMBER_BYTES = 32 };

/* What is wrong with an object: a line of text for the report. */
struct complaint {
    char text[FEED_NOTE_BYTES];
};

static bool complain(struct complaint *complaint, const char *key, const char *what)
{
    snprintf(complaint->text, sizeof(complaint->text), "\"%s\" %s", key, what);
    return false;
}

static struct view string_view(const json_t *value)
{
    return (struct view){json_string_value(value), json_string_length(value)};
}

/* null counts as absent. */
static json_t *get_optional(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);

    return json_is_null(value) ? NULL : value;
}

/* Also 2.0, which some programs write for 2. */
static bool read_whole(const json_t *value, json_int_t *ret_number)
{
    const double most = 9007199254740992.0; /* up to here every whole number is itself */
    double real = json_real_value(value);

    if (json_is_integer(value)) {
        *ret_number = json_integer_value(value);
        return true;
    }
    if (!json_is_real(value) || !(real >= -most && real <= most) ||
        real > (double)(json_int_t)real || real < (double)(json_int_t)real)
        return false;
    *ret_number = (json_int_t)real;
    return true;
}

/* ---- what a paper needs ---- */

static bool take_id(struct feed_parser *parser, const json_t *object, struct complaint *complaint)
{
    json_t *value = json_object_get(object, "id");
    char digits[NUMBER_BYTES];
    json_int_t number;
    struct view id;

    if (!value)
        value = json_object_get(object, "arxiv_id");
    if (!value)
        return complain(complaint, "id", "is missing");
    id = string_view(value);
    if (read_whole(value, &number)) {
        snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT, number);
        id = view_of(digits);
    } else if (!json_is_string(value)) {
        return complain(complaint, "id", "is neither a string nor a whole number");
    }
    if (!paper_id_is_valid(id))
        return complain(complaint, "id", "is not 1 to 255 bytes without control characters");
    parser->item.paper.id = arena_copy(parser->arena, id);
    return true;
}

static bool take_text(struct feed_parser *parser, const json_t *object, const char *key,
                      struct view *ret_text, struct complaint *complaint)
{
    json_t *value = json_object_get(object, key);

    if (!value)
        return complain(complaint, key, "is missing");
    if (!json_is_string(value))
        return complain(complaint, key, "is not a string");
    *ret_text = feed_text_line(parser, string_view(value));
    return true;
}

/* ---- what it may have: a wrong one is left out ---- */

/* Where and what of the first wrong key of a paper. */
static void note(struct complaint *repair, const char *key, const char *what)
{
    if (!repair->text[0])
        complain(repair, key, what);
}

/* An array of strings, or all of them in one. */
static void take_strings(struct feed_parser *parser, const json_t *object, const char *key,
                         void (*take)(struct feed_parser *, struct view),
                         void (*take_all)(struct feed_parser *, struct view),
                         struct complaint *repair)
{
    json_t *array = get_optional(object, key), *value;
    size_t index;

    if (json_is_string(array))
        take_all(parser, string_view(array));
    else if (array && !json_is_array(array))
        note(repair, key, "is not an array");
    json_array_foreach(array, index, value) {
        if (json_is_string(value))
            take(parser, string_view(value));
        else
            note(repair, key, "holds something that is not a string");
    }
}

static void take_version(struct feed_parser *parser, const json_t *object,
                         struct complaint *repair)
{
    json_t *value = get_optional(object, "version");
    struct view text = string_view(value);
    json_int_t number = -1;
    long digits;

    if (!value)
        return;
    if (json_is_string(value) && view_to_long(text, &digits))
        number = digits;
    else
        read_whole(value, &number);
    if (number >= 0 && number <= VERSION_MAX)
        parser->item.paper.version = (int)number;
    else
        note(repair, "version", "is not a whole number from 0 to 9999");
}

static void take_details(struct feed_parser *parser, const json_t *object,
                         struct complaint *repair)
{
    struct paper *paper = &parser->item.paper;
    json_t *type = get_optional(object, "announce_type"), *date = get_optional(object, "date");
    json_t *primary = get_optional(object, "primary_category");
    bool has_instant;
    int64_t utc;

    if (type && !(json_is_string(type) &&
                  announce_type_parse(string_view(type), &paper->announce_type)))
        note(repair, "announce_type", "is not new, cross, replace or replace-cross");
    if (date && !(json_is_string(date) &&
                  feed_text_date(string_view(date), &paper->date, &has_instant, &utc)))
        note(repair, "date", "is neither a day as in 2026-02-17 nor a time of RFC 3339");
    if (json_is_string(primary))
        parser->item.primary_category = arena_copy(parser->arena, string_view(primary));
    else if (primary)
        note(repair, "primary_category", "is not a string");
}

/* The object's parts into the parser's item. */
static bool take_paper(struct feed_parser *parser, const json_t *object,
                       struct complaint *complaint, struct complaint *repair)
{
    struct paper *paper = &parser->item.paper;

    if (!json_is_object(object)) {
        snprintf(complaint->text, sizeof(complaint->text), "not an object");
        return false;
    }
    if (!take_id(parser, object, complaint) ||
        !take_text(parser, object, "title", &paper->source_title, complaint) ||
        !take_text(parser, object, "abstract", &paper->source_abstract, complaint))
        return false;
    if (!paper->source_title.size && !paper->source_abstract.size) {
        snprintf(complaint->text, sizeof(complaint->text), "title and abstract are both empty");
        return false;
    }
    take_strings(parser, object, "authors", feed_item_take_author, feed_item_take_creators,
                 repair);
    take_strings(parser, object, "categories", feed_item_take_any_category,
                 feed_item_take_categories, repair);
    take_version(parser, object, repair);
    take_details(parser, object, repair);
    return true;
}

static void add_paper(struct feed_parser *parser, const json_t *object, const char *where,
                      size_t number)
{
    struct complaint complaint, repair = {""};

    feed_item_begin(parser);
    if (!take_paper(parser, object, &complaint, &repair)) {
        parser->report->items++;
        feed_item_skip(parser, "%s %zu: %s", where, number, complaint.text);
        return;
    }
    if (repair.text[0])
        feed_item_repair(parser, "%s %zu: %s", where, number, repair.text);
    if (date_compare(parser->item.paper.date, parser->latest) > 0)
        parser->latest = parser->item.paper.date;
    feed_item_end(parser);
}

static json_t *load(struct view text, json_error_t *error)
{
    return json_loadb(text.data, text.size, JSON_ALLOW_NUL, error);
}

static void add_line(struct feed_parser *parser, struct view line, size_t number,
                     bool is_unfinished)
{
    json_error_t error;
    json_t *object;

    if (!view_trim(line).size)
        return;
    object = load(line, &error);
    if (object) {
        add_paper(parser, object, "line", number);
    } else if (is_unfinished && feed_has_papers(parser)) {
        feed_truncated(parser, "cut off inside line %zu", number);
    } else {
        parser->report->items++;
        feed_item_skip(parser, "line %zu: %s", number, error.text);
    }
    json_decref(object);
}

static void parse_lines(struct feed_parser *parser, struct view text)
{
    struct view line;
    size_t number = 0;

    parser->report->format = FEED_JSON_LINES;
    while (view_next_line(&text, &line))
        add_line(parser, line, ++number, !text.data);
}

/* Whether this is one document and no line of many: an array of papers, or an
 * object that holds one. */
static json_t *find_list(json_t *document)
{
    if (json_is_object(document) && !json_object_get(document, "id"))
        document = json_object_get(document, "papers");
    return json_is_array(document) ? document : NULL;
}

static void parse_document(struct feed_parser *parser, json_t *document)
{
    json_t *list = find_list(document), *value, *date = NULL;
    size_t index;

    parser->report->format = FEED_JSON;
    if (json_is_object(document))
        date = json_object_get(document, "date");
    if (json_is_string(date))
        feed_take_date(parser, string_view(date), true);
    json_array_foreach(list, index, value)
        add_paper(parser, value, "paper", index + 1);
}

int feed_json_parse(struct feed_parser *parser, struct view bytes)
{
    struct feed_report *report = parser->report;
    struct view rest = view_trim(bytes), line;
    json_error_t error;
    json_t *document = NULL;

    /* A first line that stands alone as an object without "papers" decides for
     * lines; only else is the whole text read as one document. */
    if (view_next_line(&rest, &line))
        document = load(line, &error);
    if (!document)
        document = load(bytes, &error);
    if (find_list(document))
        parse_document(parser, document);
    else
        parse_lines(parser, bytes);
    json_decref(document);
    if (!date_is_set(report->date))
        report->date = parser->latest;
    if (report->items > 0 && report->skipped == report->items)
        return error_set(parser->error, ERROR_INPUT, "JSON without a paper in it: %s",
                         report->skip_reason);
    return 0;
}

static void write_string(struct view text, struct buffer *out)
{
    buffer_add_char(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];

        if (c == '"' || c == '\\')
            buffer_add_char(out, '\\');
        if (c >= 0 && c < ' ')
            buffer_printf(out, "\\u%04x", (unsigned)c);
        else
            buffer_add_char(out, c);
    }
    buffer_add_char(out, '"');
}

static void write_strings(const char *key, const struct view *strings, size_t count,
                          struct buffer *out)
{
    if (!count)
        return;
    buffer_printf(out, ",\"%s\":[", key);
    for (size_t i = 0; i < count; i++) {
        if (i)
            buffer_add_char(out, ',');
        write_string(strings[i], out);
    }
    buffer_add_char(out, ']');
}

void paper_write_jsonl(const struct paper *paper, struct buffer *out)
{
    char day[DATE_TEXT_BYTES];

    buffer_add_string(out, "{\"id\":");
    write_string(paper->id, out);
    if (paper->version)
        buffer_printf(out, ",\"version\":%d", paper->version);
    buffer_add_string(out, ",\"title\":");
    write_string(paper->source_title, out);
    write_strings("authors", paper->authors, paper->author_count, out);
    buffer_add_string(out, ",\"abstract\":");
    write_string(paper->source_abstract, out);
    write_strings("categories", paper->categories, paper->category_count, out);
    buffer_printf(out, ",\"announce_type\":\"%s\"", announce_type_name(paper->announce_type));
    if (date_is_set(paper->date)) {
        date_format(paper->date, day);
        buffer_printf(out, ",\"date\":\"%s\"", day);
    }
    buffer_add_string(out, "}\n");
}
