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
#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"

struct mustache;

/* What {{x}} writes for the bytes that HTML does not take as they are: X(byte, text). */
#define MUSTACHE_ENTITIES(X)                                                                       \
    X('&', "&amp;") X('<', "&lt;") X('>', "&gt;") X('"', "&quot;") X('\'', "&#39;")

enum {
    MUSTACHE_OPEN = 1000,   /* sections open at once in one template */
    MUSTACHE_PARTIALS = 100, /* partials and parents inside each other */
    MUSTACHE_NUMBER_BYTES = 40
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

/* ---- rendering in steps ----
 *
 * Some values of the context may be marks: strings that stand for what is known
 * later only. mustache_render_early renders what does not depend on them and
 * calls back for what does, in the order of the output. */
struct mustache_mark {
    int number; /* the caller's */
    /* The mark is a list, and so is the value: of objects that are all like this
     * one, which may hold marks. NULL: it is a text, a number or a truth. */
    const json_t *item;
    bool may_be_absent; /* then the name is looked up further out */
};

enum mustache_late_test {
    MUSTACHE_IF_TRUE, MUSTACHE_IF_FALSE, /* as sections understand it; absent is false */
    MUSTACHE_IF_THERE, MUSTACHE_IF_ABSENT,
    MUSTACHE_EACH
};

/* Each returns -1 to give up. `out` holds what was rendered since the callee last
 * emptied it. */
struct mustache_late {
    /* NULL: the value is known. */
    const struct mustache_mark *(*find)(void *user, const json_t *value);
    int (*write)(void *user, const struct mustache_mark *mark, bool is_escaped);
    /* What is rendered until `close` depends on the test; 1: not wanted, and then
     * there is no `close`. */
    int (*open)(void *user, enum mustache_late_test test, const struct mustache_mark *mark);
    int (*close)(void *user);
    void *user;
    /* A value of the context, or NULL: between these two calls `out` gets what an
     * interpolation shows of it, or of what is below it. */
    const json_t *own;
    int (*begin_own)(void *user);
    void (*end_own)(void *user);
};

/* Fails also where a mark would decide what cannot wait: the name of a dynamic
 * partial, or how a line is indented. */
int mustache_render_early(const struct mustache *mustache, const json_t *context,
                          const struct mustache_partials *partials,
                          const struct mustache_late *late, struct buffer *out,
                          struct error *error);

/* Of MUSTACHE_ENTITIES; NULL: the byte stands for itself. */
const char *mustache_entity(char byte);

/* A number as `{{x}}` shows it; the size. */
size_t mustache_format_real(double value, char text[MUSTACHE_NUMBER_BYTES]);

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
