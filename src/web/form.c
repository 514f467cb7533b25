#include "web/form.h"

#include "base/ascii.h"
#include "base/utf8.h"

enum { BOUNDARY_BYTES = 70 }; /* RFC 2046 5.1.1 */

static void add_decoded(struct view text, bool plus_is_blank, struct buffer *out)
{
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.data[i];
        int high = byte == '%' && i + 2 < text.size ? ascii_hex_value(text.data[i + 1]) : -1;
        int low = high >= 0 ? ascii_hex_value(text.data[i + 2]) : -1;

        if (low >= 0) {
            byte = (char)(high << 4 | low);
            i += 2;
        } else if (plus_is_blank && byte == '+') {
            byte = ' ';
        }
        buffer_add_char(out, byte);
    }
}

static struct view clean(struct view text, struct arena *arena)
{
    struct buffer cleaned;
    struct view result;

    buffer_init(&cleaned, 4 * text.size + 4);
    utf8_add_clean(&cleaned, text);
    for (size_t i = 0; i < cleaned.size; i++)
        if (cleaned.data[i] == '\t')
            cleaned.data[i] = ' ';
    result = arena_copy(arena, buffer_view(&cleaned));
    buffer_free(&cleaned);
    return result;
}

static struct view decode(struct view text, struct arena *arena)
{
    struct buffer decoded;
    struct view result;

    buffer_init(&decoded, text.size + 1);
    add_decoded(text, true, &decoded);
    result = clean(buffer_view(&decoded), arena);
    buffer_free(&decoded);
    return result;
}

struct web_fields web_form_read(struct view text, struct arena *arena)
{
    struct web_field *items = arena_alloc(arena, WEB_FIELDS, sizeof(*items));
    struct web_fields fields = {items, 0};
    struct view pair;

    while (fields.count < WEB_FIELDS && view_next_part(&text, '&', &pair)) {
        size_t equals = view_find_char(pair, '=', 0);

        if (!pair.size)
            continue;
        items[fields.count++] = (struct web_field){
            decode(view_slice(pair, 0, equals), arena),
            decode(view_slice(pair, equals + 1, pair.size), arena),
        };
    }
    return fields;
}

/* ---- multipart ---- */

/* The value of `name` in "form-data; name=\"x\"; filename=\"y\"". */
static struct view parameter(struct view value, const char *name)
{
    size_t at = view_find_char(value, ';', 0);

    while (at < value.size) {
        size_t equals, end;
        struct view key;

        at++;
        equals = view_find_char(value, '=', at);
        key = view_trim(view_slice(value, at, equals));
        at = equals + 1;
        while (at < value.size && view_is_blank(value.data[at]))
            at++;
        if (at < value.size && value.data[at] == '"') {
            at++;
            end = view_find_char(value, '"', at);
        } else {
            end = view_find_char(value, ';', at);
        }
        if (view_equal_nocase(key, view_of(name)))
            return view_trim(view_slice(value, at, end));
        at = view_find_char(value, ';', end);
    }
    return (struct view){0};
}

enum web_form_kind web_form_recognise(struct view type, struct view *ret_boundary)
{
    struct view name = view_trim(view_slice(type, 0, view_find_char(type, ';', 0)));

    *ret_boundary = (struct view){0};
    if (view_equal_nocase(name, VIEW("application/x-www-form-urlencoded")))
        return WEB_FORM_URLENCODED;
    if (!view_equal_nocase(name, VIEW("multipart/form-data")))
        return WEB_FORM_NONE;
    *ret_boundary = parameter(type, "boundary");
    return ret_boundary->size && ret_boundary->size <= BOUNDARY_BYTES ? WEB_FORM_MULTIPART
                                                                      : WEB_FORM_NONE;
}

static void read_part(struct view part, struct arena *arena, struct web_field *items,
                      struct web_fields *fields)
{
    struct view line, name = {0};

    while (view_next_line(&part, &line) && line.size) {
        size_t colon = view_find_char(line, ':', 0);

        if (view_equal_nocase(view_trim(view_slice(line, 0, colon)), VIEW("Content-Disposition")))
            name = parameter(view_slice(line, colon + 1, line.size), "name");
    }
    if (name.size)
        items[fields->count++] = (struct web_field){clean(name, arena), clean(part, arena)};
}

struct web_fields web_form_read_multipart(struct view body, struct view boundary,
                                          struct arena *arena)
{
    struct web_field *items = arena_alloc(arena, WEB_FIELDS, sizeof(*items));
    struct web_fields fields = {items, 0};
    struct buffer mark;
    struct view delimiter;
    size_t at;

    buffer_init(&mark, BOUNDARY_BYTES + 8);
    buffer_add_string(&mark, "\r\n--");
    buffer_add_view(&mark, boundary);
    delimiter = buffer_view(&mark);
    /* The first one begins the body and has no line break before it. */
    at = view_starts_with(body, view_slice(delimiter, 2, delimiter.size))
             ? delimiter.size - 2
             : view_find(body, delimiter, 0) + delimiter.size;
    while (at < body.size && fields.count < WEB_FIELDS) {
        size_t end = view_find(body, delimiter, at);
        struct view part = view_slice(body, at, end);
        struct view rest_of_line;

        if (end == body.size || view_starts_with(part, VIEW("--")))
            break;
        view_next_line(&part, &rest_of_line);
        read_part(part, arena, items, &fields);
        at = end + delimiter.size;
    }
    buffer_free(&mark);
    return fields;
}

/* ---- paths ---- */

static bool is_text(struct view text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7F)
            return false;
    return utf8_is_valid(text);
}

static bool has_dots(struct view path)
{
    struct view segment;

    while (view_next_part(&path, '/', &segment))
        if (view_equal_string(segment, ".") || view_equal_string(segment, ".."))
            return true;
    return false;
}

bool web_path_read(struct view path, struct arena *arena, struct view *ret_path)
{
    struct buffer decoded;
    struct view text;
    bool good;

    buffer_init(&decoded, path.size + 1);
    add_decoded(path, false, &decoded);
    text = buffer_view(&decoded);
    good = text.size && text.data[0] == '/' && is_text(text) && !has_dots(text);
    if (good)
        *ret_path = arena_copy(arena, text);
    buffer_free(&decoded);
    return good;
}

void web_encode(struct view text, struct buffer *out)
{
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.data[i];

        if (ascii_is_alphanumeric(byte) || byte == '-' || byte == '.' || byte == '_' ||
            byte == '~')
            buffer_add_char(out, byte);
        else
            buffer_printf(out, "%%%02X", (unsigned)(unsigned char)byte);
    }
}
