/* Which categories are asked for: those that profiles, publish.profile and the
 * configuration name. */
#ifndef COMMANDS_WANTED_H
#define COMMANDS_WANTED_H

#include "commands/roster.h"
#include "commands/site.h"

/* Sorted, each once. Owned. */
struct wanted {
    struct strings categories;
    size_t bad_profiles;
};

/* `roster` is read only when the profiles have changed since they were last asked. */
int wanted_find(struct site *site, struct roster *roster, struct wanted *ret_wanted,
                struct error *error);
void wanted_free(struct wanted *wanted); /* zeroed is fine */

/* -1, kind configuration, when there is nothing to ask for. */
int wanted_need(const struct site *site, const struct wanted *wanted, struct error *error);
/* What is doubtful about a name, and what may be meant; false: nothing. */
enum { WANTED_DOUBT_BYTES = 128 };
bool wanted_doubt(const char *category, char ret_doubt[WANTED_DOUBT_BYTES]);
/* A line for each category that arXiv is not known to have, and the one that may
 * be meant. A warning and no more: it is asked for all the same. */
void wanted_warn(struct log *log, const struct strings *categories);

/* A copy of `name` into a list of owned ones; then sorted, each once. */
void names_add(struct strings *names, size_t *capacity, const char *name);
void names_sort_unique(struct strings *names);

#endif
