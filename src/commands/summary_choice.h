/* Which papers of an edition a model is asked about: chosen once, by how many they reach
 * (reach.h), and kept, so that later runs ask about no others. */
#ifndef COMMANDS_SUMMARY_CHOICE_H
#define COMMANDS_SUMMARY_CHOICE_H

#include "base/arena.h"
#include "commands/prompts.h"
#include "commands/site.h"

struct chosen {
    const char *id;
    const struct prompt **prompts; /* the site's */
    size_t prompt_count;
};

/* Most wanted first; none when nobody takes summaries. In `arena`. */
int summary_choice_find(struct site *site, struct date edition, struct arena *arena,
                        struct chosen **ret_chosen, size_t *ret_count, struct error *error);

#endif
