/* JSON documents that a person writes: paperboy.json and the profiles. Read
 * strictly, and every complaint names file, line and key. jansson does the
 * parsing; it keeps no positions of values, so a small locator finds a key's
 * line again, for messages only.
 *
 * A `struct place` is an object inside a document and the way to it. The
 * place_take_* functions read one key each: absent, they leave the output
 * alone and return 0, so that the caller's default stands. */
#ifndef BASE_DOCUMENT_H
#define BASE_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"

struct document {
    char *name;       /* the file as messages show it */
    struct view text; /* a copy */
    json_t *root;
};

enum { PLACE_DEPTH = 8 };

struct place {
    const struct document *document;
    json_t *value; /* borrowed */
    int depth;
    struct {
        const char *key; /* NULL: an array's element */
        size_t index;
    } steps[PLACE_DEPTH];
};

/* Strict: one object, no double keys, no NUL, no text behind it; a byte order
 * mark in front is passed over. A syntax error names line and column. `name`
 * may be "FILE:LINE" for a document that is one line of a file; messages then
 * have no other line. */
int document_parse(const char *name, struct view text, struct document *ret_document,
                   struct error *error);
int document_read(const char *path, size_t max_bytes, struct document *ret_document,
                  struct error *error);
void document_free(struct document *document); /* zeroed is fine */

struct place document_root(const struct document *document);
/* The object or array below `key`, or the array's element; value NULL when it is absent. */
struct place place_at_key(struct place place, const char *key);
struct place place_at_index(struct place place, size_t index);

/* Sets "FILE:LINE: a.b[2]: MESSAGE" and returns -1; kind input. */
int place_error(struct place place, struct error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Each key of the object must be in `known` (NULL-terminated); the error
 * suggests the nearest one, or lists them. Also refuses a place that is no object. */
int place_check_keys(struct place place, const char *const known[], struct error *error);

/* Outputs are borrowed from the document. `null` counts as absent only in
 * place_take_optional_string, which then gives NULL. */
int place_take_string(struct place place, const char *key, size_t max_bytes,
                      const char **ret_string, struct error *error);
int place_take_optional_string(struct place place, const char *key, size_t max_bytes,
                               const char **ret_string, struct error *error);
int place_take_boolean(struct place place, const char *key, bool *ret_value, struct error *error);
int place_take_integer(struct place place, const char *key, long min, long max, long *ret_value,
                       struct error *error);
int place_take_number(struct place place, const char *key, double min, double max,
                      double *ret_value, struct error *error);
/* One of `names` (NULL-terminated); gives its index. */
int place_take_choice(struct place place, const char *key, const char *const names[],
                      int *ret_index, struct error *error);
/* This place itself as one of `names`. */
int place_as_choice(struct place place, const char *const names[], int *ret_index,
                    struct error *error);
/* The array at `key`, checked to be one of at most `max_count` elements;
 * absent: `ret_place->value` is NULL. */
int place_take_array(struct place place, const char *key, size_t max_count,
                     struct place *ret_place, struct error *error);
int place_take_object(struct place place, const char *key, const char *const known[],
                      struct place *ret_place, struct error *error);
/* This place itself as a string of 1 to max_bytes without control characters. */
int place_as_string(struct place place, size_t max_bytes, const char **ret_string,
                    struct error *error);

/* The name in `known` that is closest to `word` (edit distance of at most a
 * third of it), or NULL. Also used for commands and flags. */
const char *nearest_name(const char *word, const char *const known[]);

#endif
