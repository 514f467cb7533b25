/* What can be asked of a compiled template beside rendering it. */
#include "mail/mustache.h"

#include <stdlib.h>

#include "mail/mustache_node.h"

void mustache_free(struct mustache **mustache)
{
    if (!*mustache)
        return;
    free((*mustache)->name);
    free((*mustache)->text);
    free((*mustache)->nodes);
    free((*mustache)->arguments);
    free(*mustache);
    *mustache = NULL;
}

const char *mustache_name(const struct mustache *mustache)
{
    return mustache->name;
}

int mustache_each_name(const struct mustache *mustache,
                       int (*see)(void *user, enum mustache_name_kind kind, struct view name,
                                  size_t line),
                       void *user)
{
    static const enum mustache_name_kind kinds[] = {
        [NODE_ESCAPED] = MUSTACHE_VARIABLE, [NODE_RAW] = MUSTACHE_VARIABLE,
        [NODE_PARTIAL] = MUSTACHE_PARTIAL,  [NODE_SECTION] = MUSTACHE_SECTION,
        [NODE_INVERTED] = MUSTACHE_SECTION, [NODE_PARENT] = MUSTACHE_PARTIAL,
        [NODE_BLOCK] = MUSTACHE_BLOCK};
    int result = 0;

    for (size_t i = 0; i < mustache->node_count && result == 0; i++) {
        const struct node *node = &mustache->nodes[i];

        if (node->kind >= NODE_ESCAPED)
            result = see(user, node->is_dynamic ? MUSTACHE_DYNAMIC : kinds[node->kind],
                         node->text, node->line);
    }
    return result;
}
