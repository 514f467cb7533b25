/* Mustache templates, complete to the official specification 1.4 (comments,
 * delimiters, interpolation, inverted, partials, sections, inheritance,
 * dynamic names) but for lambdas, which data in JSON cannot hold. Compiled
 * once, rendered many times; a compiled template is read-only and may be shared
 * by threads. {{x}} escapes & < > " ' for HTML, {{{x}}} and {{&x}} do not.
 * Pure: no file, no clock.
 *
 * What the specification leaves open: false, null, 0, "" and [] are falsy, as
 * in JavaScript; numbers are written as in JSON, the shortest way and without
 * ".0"; an array or object interpolates as nothing; an empty line of an
 * indented partial stays empty; of an argument given twice the last counts. */
#ifndef MAIL_MUSTACHE_H
#define MAIL_MUSTACHE_H

#include <jansson.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"

struct mustache;

enum {
    MUSTACHE_OPEN = 1000,   /* sections open at once in one template */
    MUSTACHE_PARTIALS = 100 /* partials and parents inside each other */
};

/* Finds the compiled partial of this name, or NULL, which renders as nothing. */
struct mustache_partials {
    const struct mustache *(*find)(void *user, struct view name);
    void *user;
};

/* `name` is the file in messages: "NAME:LINE: …"; kind input. Text that is not
 * UTF-8 is refused. */
int mustache_compile(const char *name, struct view text, struct mustache **ret_mustache,
                     struct error *error);
void mustache_free(struct mustache **mustache); /* NULL is fine; leaves NULL */

/* Appends to `out`. Fails (kind input, "NAME:LINE: …") when partials nest
 * deeper than MUSTACHE_PARTIALS (recursion without end), when `out` reaches its
 * maximum, or when it takes more than some fifty million steps.
 * `partials` may be NULL. */
int mustache_render(const struct mustache *mustache, const json_t *context,
                    const struct mustache_partials *partials, struct buffer *out,
                    struct error *error);

enum mustache_name_kind {
    MUSTACHE_VARIABLE, /* {{x}}, {{{x}}}, {{&x}} */
    MUSTACHE_SECTION,  /* {{#x}}, {{^x}} */
    MUSTACHE_PARTIAL,  /* {{>x}}, {{<x}} */
    MUSTACHE_DYNAMIC,  /* {{>*x}}, {{<*x}}: x names a context key */
    MUSTACHE_BLOCK     /* {{$x}} */
};

/* Calls `see` for every name that the template uses, in order, repetitions
 * included; stops at the first that returns not 0 and returns that. */
int mustache_each_name(const struct mustache *mustache,
                       int (*see)(void *user, enum mustache_name_kind kind, struct view name,
                                  size_t line),
                       void *user);
const char *mustache_name(const struct mustache *mustache); /* as given to mustache_compile */

#endif
