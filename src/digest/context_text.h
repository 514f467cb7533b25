/* What contexts of templates are made with: setting keys, wrapping, lists, links. Shared by
 * the contexts of digests (context.h) and of answers (inbox/answer_parts.h). Pure. */
#ifndef DIGEST_CONTEXT_TEXT_H
#define DIGEST_CONTEXT_TEXT_H

#include <jansson.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "digest/words.h"

enum {
    TEXT_WIDTH = 72,       /* columns of the plain text */
    TEXT_INDENT = 5,       /* of a paper's lines, behind its rank */
    CONTEXT_BYTES = 1 << 20
};

/* `room` is an empty buffer that the callee leaves empty. */
void context_set_view(json_t *object, const char *key, struct view text);
void context_set_string(json_t *object, const char *key, const char *text); /* NULL: no key */
/* The buffer's text at `key`, and empties the buffer. */
void context_set_buffer(json_t *object, const char *key, struct buffer *text);
/* `key`: the lines of `text`, as [{"line": "…", "first": true, "last": false}]. */
void context_set_lines(json_t *object, const char *key, struct view text, size_t width);
/* `first` and `last` of each object of the array. */
void context_mark_ends(json_t *array);
/* iso, long, medium and short of a date. */
void context_set_date(json_t *object, const struct words *words, struct date date,
                      struct buffer *room);
/* language, direction, start and words: what every template has. */
void context_set_language(json_t *root, const struct words *words, struct buffer *room);
/* A mailto address; no key without `address`. */
void context_set_mailto(json_t *object, const char *key, const char *address, const char *subject,
                        struct buffer *room);
/* Percent-encodes what is not safe in the path of an address; `also` is kept. */
void context_add_encoded(struct buffer *out, struct view text, const char *also);

/* "a, b and c" of `count` items, added one after the other; behind the first
 * `max` it goes on with "and 3 more". */
struct context_list {
    const struct words *words;
    struct buffer *out;
    size_t count;
    size_t max;
    size_t done;
};

void context_add_item(struct context_list *list, struct view item);

#endif
