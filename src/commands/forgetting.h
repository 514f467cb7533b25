/* Whether an address was erased, and is not to be mailed unasked (store/forgotten.h).
 * The key file is needed only when anybody was. */
#ifndef COMMANDS_FORGETTING_H
#define COMMANDS_FORGETTING_H

#include "commands/profile_source.h"
#include "store/forgotten.h"

struct forgetting {
    const struct token_key *key;
    struct forgotten_list list;
};

/* As of now; the site's store is open. */
int forgetting_load(struct site *site, struct forgetting *ret_forgetting, struct error *error);
bool forgetting_has(const struct forgetting *forgetting, const char *address);
void forgetting_free(struct forgetting *forgetting); /* zeroed is fine */

/* Erases all that the store has of somebody, under their old addresses, too, unless those
 * have a profile again; inside the caller's transaction. A profile's file is the caller's. */
int forgetting_erase(struct site *site, const struct profile_source *source, const char *address,
                     struct erased *ret_erased, struct error *error);

/* What is said of such an address. */
#define FORGETTING_WHY "was erased and is not mailed again unasked; paperboy subscriber " \
                       "unsuppress lifts that"

#endif
