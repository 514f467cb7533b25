#include "base/document.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/document_locate.h"
#include "base/file.h"
#include "base/memory.h"

/* "FILE:3", when the document is the third line of a file: it has no lines of its own. */
static bool is_line_of_file(const char *name, struct view text)
{
    size_t digits = strspn(strrchr(name, ':') ? strrchr(name, ':') + 1 : "", "0123456789");

    return digits && strlen(strrchr(name, ':')) == digits + 1 &&
           view_find_char(text, '\n', 0) == text.size;
}

/* "FILE:LINE" */
static void add_where(const char *name, struct view text, size_t line, struct buffer *out)
{
    buffer_add_string(out, name);
    if (!is_line_of_file(name, text))
        buffer_printf(out, ":%zu", line);
}

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

static int syntax_error(const char *name, struct view text, const json_error_t *problem,
                        struct error *error)
{
    struct buffer where;

    buffer_init(&where, 16 * 1024);
    add_where(name, text, problem->line > 0 ? (size_t)problem->line : 1, &where);
    if (json_error_code(problem) == json_error_duplicate_key && problem->position > 0) {
        buffer_add_string(&where, ": ");
        locate_last_key(text, (size_t)problem->position, &where);
        error_set(error, ERROR_INPUT, "%s: stands twice", buffer_string(&where));
    } else {
        error_set(error, ERROR_INPUT, "%s:%d: %s", buffer_string(&where),
                  problem->column > 0 ? problem->column : 1, syntax_problem(problem));
    }
    buffer_free(&where);
    return -1;
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
        return syntax_error(name, text, &problem, error);
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
    struct buffer path, where;
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
    buffer_init(&where, 16 * 1024);
    add_where(place.document->name, place.document->text, locate_line(place), &where);
    error_set(error, ERROR_INPUT, "%s: %s%s%s", buffer_string(&where), buffer_string(&path),
              path.size ? ": " : "", message);
    buffer_free(&where);
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
        return place_error(at, error, "must be a number from %.15g to %.15g, not %s", min, max,
                           type_name(at.value));
    value = json_number_value(at.value);
    if (!(value >= min && value <= max))
        return place_error(at, error, "is %.15g; a number from %.15g to %.15g is allowed", value, min, max);
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
