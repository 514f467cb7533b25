#include "commands/forgetting.h"

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
