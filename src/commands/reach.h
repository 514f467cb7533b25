/* How many subscribers will see each paper of an edition, by the prompt that its summary
 * is made with for them: the papers worth asking a model about. Ranks everybody who takes
 * summaries and is mailed, once, before anything is sent; profiles compiled for it are kept
 * for their digests. Whose prompt is bad is not counted, which is logged, or an error of kind
 * configuration when nobody is left. */
#ifndef COMMANDS_REACH_H
#define COMMANDS_REACH_H

#include "base/arena.h"
#include "base/clock.h"
#include "commands/prompts.h"
#include "commands/site.h"

/* A paper that somebody will see. */
struct reach {
    const char *id;
    size_t subscribers;      /* of all prompts; what is published counts as one */
    double score;            /* all theirs together */
    const struct prompt **prompts; /* that somebody reads, most readers first */
    size_t prompt_count;
};

/* The `most` papers of the edition that reach most; ties by score, then feed order. In
 * `arena`; prompts are the site's, which has its templates and its store open. */
int reach_find(struct site *site, struct date edition, size_t most, struct arena *arena,
               struct reach **ret_items, size_t *ret_count, struct error *error);

#endif
