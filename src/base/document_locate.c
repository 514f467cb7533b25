#include "base/document_locate.h"

#include <string.h>

#include "base/utf8.h"

/* Walks text that jansson has already found well-formed. */

struct scanner {
    struct view text;
    size_t at;
};

static char peek(const struct scanner *scanner)
{
    return scanner->at < scanner->text.size ? scanner->text.data[scanner->at] : '\0';
}

static void skip_blank(struct scanner *scanner)
{
    while (peek(scanner) && strchr(" \t\r\n", peek(scanner)))
        scanner->at++;
}

/* Over the string at the scanner; gives its bytes with the quotes. */
static struct view skip_string(struct scanner *scanner)
{
    size_t start = scanner->at++;

    while (scanner->at < scanner->text.size && peek(scanner) != '"')
        scanner->at += peek(scanner) == '\\' ? 2 : 1;
    scanner->at++;
    return view_slice(scanner->text, start, scanner->at);
}

static void skip_value(struct scanner *scanner)
{
    int depth = 0;

    do {
        skip_blank(scanner);
        switch (peek(scanner)) {
        case '\0':
            return;
        case '"':
            skip_string(scanner);
            break;
        case '{':
        case '[':
            depth++;
            scanner->at++;
            break;
        case '}':
        case ']':
            depth--;
            scanner->at++;
            break;
        case ',':
        case ':':
            scanner->at++;
            break;
        default:
            while (peek(scanner) && !strchr(" \t\r\n,:]}", peek(scanner)))
                scanner->at++;
        }
    } while (depth > 0);
}

static bool key_matches(struct view quoted, const char *key)
{
    json_t *decoded;
    bool same;

    if (!memchr(quoted.data, '\\', quoted.size))
        return view_equal_string(view_slice(quoted, 1, quoted.size - 1), key);
    decoded = json_loadb(quoted.data, quoted.size, JSON_DECODE_ANY, NULL);
    same = decoded && strcmp(json_string_value(decoded), key) == 0;
    json_decref(decoded);
    return same;
}

/* From the opening brace to the value of `key`; `*ret_line_at` is where the key stands. */
static bool enter_key(struct scanner *scanner, const char *key, size_t *ret_line_at)
{
    if (peek(scanner) != '{')
        return false;
    scanner->at++;
    for (;;) {
        struct view quoted;
        size_t start;

        skip_blank(scanner);
        if (peek(scanner) == ',')
            scanner->at++;
        skip_blank(scanner);
        if (peek(scanner) != '"')
            return false;
        start = scanner->at;
        quoted = skip_string(scanner);
        skip_blank(scanner);
        scanner->at++; /* the colon */
        skip_blank(scanner);
        if (key_matches(quoted, key)) {
            *ret_line_at = start;
            return true;
        }
        skip_value(scanner);
    }
}

static bool enter_index(struct scanner *scanner, size_t index, size_t *ret_line_at)
{
    if (peek(scanner) != '[')
        return false;
    scanner->at++;
    for (; index > 0; index--) {
        skip_value(scanner);
        skip_blank(scanner);
        if (peek(scanner) != ',')
            return false;
        scanner->at++;
    }
    skip_blank(scanner);
    *ret_line_at = scanner->at;
    return true;
}

size_t locate_line(struct place place)
{
    struct scanner scanner = {place.document->text, 0};
    size_t line_at = 0, line = 1;

    skip_blank(&scanner);
    for (int i = 0; i < place.depth; i++) {
        bool found = place.steps[i].key ? enter_key(&scanner, place.steps[i].key, &line_at)
                                        : enter_index(&scanner, place.steps[i].index, &line_at);
        if (!found)
            break;
    }
    for (size_t i = 0; i < line_at; i++)
        line += place.document->text.data[i] == '\n';
    return line;
}

/* ---- the key that stands twice ---- */

/* The way to where a scan has come; what is deeper than PLACE_DEPTH is not kept. */
struct trail {
    int depth;
    bool wants_key;
    struct {
        bool is_array;
        struct view key; /* with its quotes; of an object */
        size_t index;    /* of an array */
    } steps[PLACE_DEPTH + 1];
};

static void trail_open(struct trail *trail, bool is_array)
{
    if (trail->depth++ < PLACE_DEPTH)
        trail->steps[trail->depth].is_array = is_array, trail->steps[trail->depth].index = 0;
    trail->wants_key = !is_array;
}

static void trail_next(struct trail *trail)
{
    if (trail->depth > PLACE_DEPTH)
        return;
    trail->wants_key = !trail->steps[trail->depth].is_array;
    trail->steps[trail->depth].index++;
}

static void trail_string(struct trail *trail, struct view string)
{
    if (trail->wants_key && trail->depth <= PLACE_DEPTH)
        trail->steps[trail->depth].key = string;
    trail->wants_key = false;
}

void locate_last_key(struct view text, size_t end, struct buffer *path)
{
    struct scanner scanner = {view_slice(text, 0, end), 0};
    struct trail trail = {0};

    for (skip_blank(&scanner); peek(&scanner); skip_blank(&scanner)) {
        char c = peek(&scanner);

        if (c == '"') {
            trail_string(&trail, skip_string(&scanner));
            continue;
        }
        if (c == '{' || c == '[')
            trail_open(&trail, c == '[');
        else if (c == '}' || c == ']')
            trail.depth--, trail.wants_key = false;
        else if (c == ',')
            trail_next(&trail);
        scanner.at++;
    }
    for (int i = 1; i <= trail.depth && i <= PLACE_DEPTH; i++) {
        struct view key = trail.steps[i].key;

        if (trail.steps[i].is_array)
            buffer_printf(path, "[%zu]", trail.steps[i].index);
        else
            buffer_printf(path, "%s%.*s", i > 1 ? "." : "",
                          VIEW_ARGUMENTS(utf8_prefix(view_slice(key, 1, key.size - 1), 200)));
    }
}
