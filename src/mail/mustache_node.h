/* A compiled template as its parser leaves it and its renderer and name lister
 * read it: a flat array of nodes in document order. Private to mustache_*.c. */
#ifndef MAIL_MUSTACHE_NODE_H
#define MAIL_MUSTACHE_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

enum node_kind {
    NODE_NOTHING,
    NODE_LINE, /* where a line starts; `text` is its leading white space */
    NODE_TEXT,
    NODE_ESCAPED,
    NODE_RAW,
    NODE_PARTIAL,
    NODE_SECTION, /* from here on: containers */
    NODE_INVERTED,
    NODE_PARENT,
    NODE_BLOCK
};

struct node {
    enum node_kind kind;
    bool is_dynamic;    /* partials and parents: `text` is a context key */
    bool is_standalone; /* alone on its line, which is not in the output */
    bool is_argument;   /* a block directly inside a parent */
    size_t line;
    struct view text; /* a name, or what the kind says */
    size_t end;       /* containers: index behind the last child */
    /* Partials and parents: the white space before a standalone tag. Blocks: what
     * their lines begin with, which an argument loses and a parameter adds. */
    struct view indent;
    /* Parents: their arguments, a slice of mustache.arguments, sorted by name, then
     * by place. */
    size_t arguments;
    size_t argument_count;
};

struct argument {
    struct view name;
    size_t node;
};

struct mustache {
    char *name;
    char *text; /* what the views point into */
    struct node *nodes;
    size_t node_count;
    size_t node_capacity;
    struct argument *arguments;
    size_t argument_count;
    size_t argument_capacity;
};

static inline bool node_is_container(const struct node *node)
{
    return node->kind >= NODE_SECTION;
}

#endif
