#include "commands/forgetting.h"

#include <stdlib.h>

#include "base/memory.h"
#include "store/moving.h"

int forgetting_load(struct site *site, struct forgetting *ret_forgetting, struct error *error)
{
    struct forgetting forgetting = {.key = &site->key};

    if (forgotten_list_all(site->store, &forgetting.list, error) < 0)
        return -1;
    if (forgetting.list.count && site_open_key(site, error) < 0) {
        forgetting_free(&forgetting);
        return -1;
    }
    *ret_forgetting = forgetting;
    return 0;
}

bool forgetting_has(const struct forgetting *forgetting, const char *address)
{
    char hash[FORGOTTEN_TEXT_BYTES];

    if (!forgetting->list.count)
        return false;
    forgotten_hash_make(forgetting->key, view_of(address), hash);
    return forgotten_list_has(&forgetting->list, hash);
}

void forgetting_free(struct forgetting *forgetting)
{
    forgotten_list_free(&forgetting->list);
}

/* ---- erasing ---- */

struct earlier {
    char **addresses;
    size_t count, capacity;
};

static int note_earlier(void *user, const char *address)
{
    struct earlier *earlier = user;

    earlier->addresses = memory_grow(earlier->addresses, &earlier->capacity, earlier->count + 1,
                                     sizeof(*earlier->addresses));
    earlier->addresses[earlier->count++] = memory_copy_string(address);
    return 0;
}

static int erase_one(struct site *site, const char *address, struct erased *erased,
                     struct error *error)
{
    char hash[FORGOTTEN_TEXT_BYTES];
    struct erased one;

    forgotten_hash_make(&site->key, view_of(address), hash);
    if (subscriber_erase(site->store, address, hash, site_now(), &one, error) < 0)
        return -1;
    erased->profiles += one.profiles;
    erased->deliveries += one.deliveries;
    erased->suppressions += one.suppressions;
    erased->sightings += one.sightings;
    erased->refusals += one.refusals;
    return 0;
}

static int erase_earlier(struct site *site, const struct profile_source *source,
                         const char *address, struct erased *erased, struct error *error)
{
    bool has;

    if (profile_source_has(source, address, &has, error) < 0)
        return -1;
    return has ? 0 : erase_one(site, address, erased, error);
}

int forgetting_erase(struct site *site, const struct profile_source *source, const char *address,
                     struct erased *ret_erased, struct error *error)
{
    struct earlier earlier = {0};
    struct erased erased = {0};
    int result = moved_each_from(site->store, address, note_earlier, &earlier, error);

    if (result == 0)
        result = erase_one(site, address, &erased, error);
    for (size_t i = 0; i < earlier.count; i++) {
        if (result == 0)
            result = erase_earlier(site, source, earlier.addresses[i], &erased, error);
        free(earlier.addresses[i]);
    }
    free(earlier.addresses);
    if (result == 0)
        *ret_erased = erased;
    return result;
}
