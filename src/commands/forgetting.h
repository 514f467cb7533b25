/* Whether an address was erased, and is not to be mailed unasked (store/forgotten.h).
 * The key file is needed only when anybody was. */
#ifndef COMMANDS_FORGETTING_H
#define COMMANDS_FORGETTING_H

#include "commands/site.h"
#include "store/forgotten.h"

struct forgetting {
    const struct token_key *key;
    struct forgotten_list list;
};

/* As of now; the site's store is open. */
int forgetting_load(struct site *site, struct forgetting *ret_forgetting, struct error *error);
bool forgetting_has(const struct forgetting *forgetting, const char *address);
void forgetting_free(struct forgetting *forgetting); /* zeroed is fine */

/* What is said of such an address. */
#define FORGETTING_WHY "was erased and is not mailed again unasked; paperboy subscriber " \
                       "unsuppress lifts that"

#endif
