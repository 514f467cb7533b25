/* Mustache templates, complete to the official specification 1.4 (comments,
 * delimiters, interpolation, inverted, partials, sections, inheritance,
 * dynamic names) but for lambdas. Compiled once, rendered many times; a
 * compiled template is read-only and may be shared by threads. {{x}} escapes
 * for HTML, {{{x}}} and {{&x}} do not. Pure: no file, no clock. */
#ifndef MAIL_MUSTACHE_H
#define MAIL_MUSTACHE_H

#include <jansson.h>

#include "base/bytes.h"
#include "base/error.h"

struct mustache;

/* Finds the compiled partial of this name, or NULL, which renders as nothing. */
struct mustache_partials {
    const struct mustache *(*find)(void *user, struct view name);
    void *user;
};

/* `name` is the file in messages: "NAME:LINE: …"; kind input. */
int mustache_compile(const char *name, struct view text, struct mustache **ret_mustache,
                     struct error *error);
void mustache_free(struct mustache **mustache);

/* Appends to `out`. Fails when partials nest deeper than 100 (recursion without
 * end) or when `out` reaches its maximum. */
int mustache_render(const struct mustache *mustache, const json_t *context,
                    const struct mustache_partials *partials, struct buffer *out,
                    struct error *error);

#endif
