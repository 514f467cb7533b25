#include "commands/edition_cache.h"

#include "store/changes.h"

int edition_cache_get(struct edition_cache *cache, struct store *store,
                      const struct edition_list **ret_list, struct error *error)
{
    struct edition_list list;
    int64_t change;

    /* Before the list: what is changed between is listed, and once more next time. */
    if (store_change_find(store, CHANGE_EDITIONS, &change, error) < 0)
        return -1;
    if (!cache->is_filled || cache->change != change) {
        if (store_list_editions(store, (struct date){0}, EDITION_CACHE_EDITIONS, &list, error) < 0)
            return -1;
        edition_cache_free(cache);
        *cache = (struct edition_cache){list, change, true};
    }
    *ret_list = &cache->list;
    return 0;
}

void edition_cache_free(struct edition_cache *cache)
{
    edition_list_free(&cache->list);
    *cache = (struct edition_cache){0};
}
