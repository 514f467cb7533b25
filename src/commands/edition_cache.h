/* The newest editions as the store has them, listed again only when they were
 * changed: one indexed read tells. For those who ask once per delivery. */
#ifndef COMMANDS_EDITION_CACHE_H
#define COMMANDS_EDITION_CACHE_H

#include "store/editions.h"

enum { EDITION_CACHE_EDITIONS = 64 };

struct edition_cache {
    struct edition_list list;
    int64_t change; /* of CHANGE_EDITIONS, that it was listed at */
    bool is_filled;
};

/* Zeroed is empty. The list is borrowed until the next call. */
int edition_cache_get(struct edition_cache *cache, struct store *store,
                      const struct edition_list **ret_list, struct error *error);
void edition_cache_free(struct edition_cache *cache);

#endif
