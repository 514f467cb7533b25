/* Erasing a person: everything that the store has about an address goes, and a
 * keyed hash of it stays (forgotten_hash_make of mail/token.h), by which a later
 * profile of the address is recognised and not mailed unasked. */
#ifndef STORE_FORGOTTEN_H
#define STORE_FORGOTTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

/* How many rows there were; `profiles` only with profiles in the store. */
struct erased {
    int64_t profiles;
    int64_t deliveries;
    int64_t suppressions;
    int64_t sightings;
    int64_t refusals;
};

/* One transaction, with the caller's when there is one. What a worker holds goes too: it
 * finds that the delivery is no longer its own. store_scrub removes the bytes. */
int subscriber_erase(struct store *store, const char *address, const char *hash, int64_t now_utc,
                     struct erased *ret_erased, struct error *error);

/* Whether anything is held about this address that erasing would remove. */
int subscriber_is_stored(struct store *store, const char *address, bool *ret_is_stored,
                         struct error *error);

int forgotten_find(struct store *store, const char *hash, bool *ret_found, struct error *error);
/* It may be mailed again: the owner or the person has said so. */
int forgotten_lift(struct store *store, const char *hash, bool *ret_was_there,
                   struct error *error);

/* Many looked up at once. Sorted, owned; zeroed is empty. */
struct forgotten_list {
    char **hashes;
    size_t count;
};
int forgotten_list_all(struct store *store, struct forgotten_list *ret_list, struct error *error);
bool forgotten_list_has(const struct forgotten_list *list, const char *hash);
void forgotten_list_free(struct forgotten_list *list);

#endif
