#include "base/document.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

/* ---- the locator: walks text that jansson has already found well-formed ---- */

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

static size_t line_of(struct place place)
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

/* ---- documents ---- */

/* jansson's words, but where they are for programmers. */
static const char *syntax_problem(const json_error_t *problem)
{
    switch (json_error_code(problem)) {
    case json_error_invalid_utf8:
        return "is not valid UTF-8 text";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "has a NUL character (\\u0000) in it";
    default:
        return problem->text;
    }
}

int document_parse(const char *name, struct view text, struct document *ret_document,
                   struct error *error)
{
    json_error_t problem;
    json_t *root;

    /* RFC 8259 8.1: some editors put a byte order mark in front. */
    if (view_starts_with(text, VIEW("\xEF\xBB\xBF")))
        text = view_slice(text, 3, text.size);
    root = json_loadb(text.data ? text.data : "", text.size, JSON_REJECT_DUPLICATES, &problem);
    if (!root)
        return error_set(error, ERROR_INPUT, "%s:%d:%d: %s", name,
                         problem.line > 0 ? problem.line : 1,
                         problem.column > 0 ? problem.column : 1, syntax_problem(&problem));
    if (!json_is_object(root)) {
        json_decref(root);
        return error_set(error, ERROR_INPUT, "%s:1: must be a JSON object in braces", name);
    }
    ret_document->name = memory_copy_string(name);
    ret_document->text = (struct view){view_copy_string(text), text.size};
    ret_document->root = root;
    return 0;
}

int document_read(const char *path, size_t max_bytes, struct document *ret_document,
                  struct error *error)
{
    struct buffer bytes;
    int result;

    buffer_init(&bytes, max_bytes);
    result = file_read(path, &bytes, error);
    if (result == 0)
        result = document_parse(path, buffer_view(&bytes), ret_document, error);
    buffer_free(&bytes);
    return result;
}

void document_free(struct document *document)
{
    free(document->name);
    free((char *)document->text.data);
    json_decref(document->root);
    *document = (struct document){NULL, {NULL, 0}, NULL};
}

struct place document_root(const struct document *document)
{
    return (struct place){.document = document, .value = document->root};
}

static struct place step_into(struct place place, const char *key, size_t index, json_t *value)
{
    if (place.depth < PLACE_DEPTH) {
        place.steps[place.depth].key = key;
        place.steps[place.depth].index = index;
        place.depth++;
    }
    place.value = value;
    return place;
}

struct place place_at_key(struct place place, const char *key)
{
    return step_into(place, key, 0, json_object_get(place.value, key));
}

struct place place_at_index(struct place place, size_t index)
{
    return step_into(place, NULL, index, json_array_get(place.value, index));
}

int place_error(struct place place, struct error *error, const char *format, ...)
{
    struct buffer path;
    char message[ERROR_TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    buffer_init(&path, 4096);
    for (int i = 0; i < place.depth; i++) {
        if (place.steps[i].key)
            buffer_printf(&path, "%s%.200s", i ? "." : "", place.steps[i].key);
        else
            buffer_printf(&path, "[%zu]", place.steps[i].index);
    }
    error_set(error, ERROR_INPUT, "%s:%zu: %s%s%s", place.document->name, line_of(place),
              buffer_string(&path), path.size ? ": " : "", message);
    buffer_free(&path);
    return -1;
}

/* ---- nearest names ---- */

static size_t edit_distance(const char *a, const char *b)
{
    size_t row[65], a_size = strlen(a), b_size = strlen(b);

    if (a_size > 64 || b_size > 64)
        return 64;
    for (size_t j = 0; j <= b_size; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t above = row[j], best = diagonal + (a[i - 1] != b[j - 1]);

            if (above + 1 < best)
                best = above + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = above;
            row[j] = best;
        }
    }
    return row[b_size];
}

const char *nearest_name(const char *word, const char *const known[])
{
    const char *nearest = NULL;
    size_t limit = (strlen(word) + 2) / 3, best = limit + 1;

    for (; *known; known++) {
        size_t distance = edit_distance(word, *known);

        if (distance < best) {
            best = distance;
            nearest = *known;
        }
    }
    return nearest;
}

/* ---- reading keys ---- */

static const char *type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
        break;
    }
    return "null";
}

static bool is_known(const char *key, const char *const known[])
{
    for (; *known; known++)
        if (strcmp(*known, key) == 0)
            return true;
    return false;
}

/* Adds `"a", "b", "c"`. */
static void add_names(struct buffer *list, const char *const names[])
{
    for (int i = 0; names[i]; i++)
        buffer_printf(list, "%s\"%s\"", i ? ", " : "", names[i]);
}

static int unknown_key(struct place at, const char *key, const char *const known[],
                       struct error *error)
{
    const char *nearest = nearest_name(key, known);
    struct buffer list;

    if (nearest)
        return place_error(at, error, "unknown key; did you mean \"%s\"?", nearest);
    buffer_init(&list, 1024);
    add_names(&list, known);
    place_error(at, error, "unknown key; allowed are %s", buffer_string(&list));
    buffer_free(&list);
    return -1;
}

int place_check_keys(struct place place, const char *const known[], struct error *error)
{
    const char *key;
    json_t *value;

    if (!json_is_object(place.value))
        return place_error(place, error, "must be an object, not %s", type_name(place.value));
    json_object_foreach(place.value, key, value)
        if (!is_known(key, known))
            return unknown_key(place_at_key(place, key), key, known, error);
    return 0;
}

int place_as_string(struct place place, size_t max_bytes, const char **ret_string,
                    struct error *error)
{
    const char *string;
    size_t size;

    if (!json_is_string(place.value))
        return place_error(place, error, "must be a string, not %s", type_name(place.value));
    string = json_string_value(place.value);
    size = json_string_length(place.value);
    if (size == 0)
        return place_error(place, error, "must not be empty");
    if (size > max_bytes)
        return place_error(place, error, "is %zu bytes long; at most %zu are allowed", size,
                           max_bytes);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)string[i] < 0x20 || string[i] == 0x7F)
            return place_error(place, error, "has a control character in it");
    *ret_string = string;
    return 0;
}

int place_take_string(struct place place, const char *key, size_t max_bytes,
                      const char **ret_string, struct error *error)
{
    struct place at = place_at_key(place, key);

    return at.value ? place_as_string(at, max_bytes, ret_string, error) : 0;
}

int place_take_optional_string(struct place place, const char *key, size_t max_bytes,
                               const char **ret_string, struct error *error)
{
    struct place at = place_at_key(place, key);

    if (at.value && json_is_null(at.value)) {
        *ret_string = NULL;
        return 0;
    }
    return at.value ? place_as_string(at, max_bytes, ret_string, error) : 0;
}

int place_take_boolean(struct place place, const char *key, bool *ret_value, struct error *error)
{
    struct place at = place_at_key(place, key);

    if (!at.value)
        return 0;
    if (!json_is_boolean(at.value))
        return place_error(at, error, "must be true or false, not %s", type_name(at.value));
    *ret_value = json_is_true(at.value);
    return 0;
}

int place_take_integer(struct place place, const char *key, long min, long max, long *ret_value,
                       struct error *error)
{
    struct place at = place_at_key(place, key);

    if (!at.value)
        return 0;
    if (!json_is_integer(at.value))
        return place_error(at, error, "must be a whole number from %ld to %ld", min, max);
    if (json_integer_value(at.value) < min || json_integer_value(at.value) > max)
        return place_error(at, error, "is %lld; a whole number from %ld to %ld is allowed",
                           (long long)json_integer_value(at.value), min, max);
    *ret_value = (long)json_integer_value(at.value);
    return 0;
}

int place_take_number(struct place place, const char *key, double min, double max,
                      double *ret_value, struct error *error)
{
    struct place at = place_at_key(place, key);
    double value;

    if (!at.value)
        return 0;
    if (!json_is_number(at.value))
        return place_error(at, error, "must be a number from %g to %g, not %s", min, max,
                           type_name(at.value));
    value = json_number_value(at.value);
    if (!(value >= min && value <= max))
        return place_error(at, error, "is %g; a number from %g to %g is allowed", value, min, max);
    *ret_value = value;
    return 0;
}

int place_as_choice(struct place place, const char *const names[], int *ret_index,
                    struct error *error)
{
    struct buffer list;

    if (json_is_string(place.value))
        for (int i = 0; names[i]; i++)
            if (strcmp(names[i], json_string_value(place.value)) == 0) {
                *ret_index = i;
                return 0;
            }
    buffer_init(&list, 1024);
    add_names(&list, names);
    place_error(place, error, "must be one of %s", buffer_string(&list));
    buffer_free(&list);
    return -1;
}

int place_take_choice(struct place place, const char *key, const char *const names[],
                      int *ret_index, struct error *error)
{
    struct place at = place_at_key(place, key);

    return at.value ? place_as_choice(at, names, ret_index, error) : 0;
}

int place_take_array(struct place place, const char *key, size_t max_count,
                     struct place *ret_place, struct error *error)
{
    struct place at = place_at_key(place, key);

    if (at.value && !json_is_array(at.value))
        return place_error(at, error, "must be an array, not %s", type_name(at.value));
    if (at.value && json_array_size(at.value) > max_count)
        return place_error(at, error, "has %zu entries; at most %zu are allowed",
                           json_array_size(at.value), max_count);
    *ret_place = at;
    return 0;
}

int place_take_object(struct place place, const char *key, const char *const known[],
                      struct place *ret_place, struct error *error)
{
    struct place at = place_at_key(place, key);

    if (at.value && place_check_keys(at, known, error) < 0)
        return -1;
    *ret_place = at;
    return 0;
}
