#include "store/key_seal.h"

#include <stdio.h>

#include "base/bytes.h"
#include "store/query.h"

#define FINGERPRINT_FACT "key fingerprint"

/* Mail has been made or somebody was erased, which takes a key. */
static int find_use(struct store *store, bool *ret_is_used, struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store,
                "SELECT 1 FROM forgotten UNION ALL SELECT 1 FROM deliveries LIMIT 1", error);
    row = query_next(&query);
    query_end(&query);
    if (row < 0)
        return -1;
    *ret_is_used = row > 0;
    return 0;
}

int key_seal_read(struct store *store, struct key_seal *ret_seal, struct error *error)
{
    struct key_seal seal = {.needs_key = true};
    struct buffer text;
    bool found;
    int result;

    buffer_init(&text, KEY_SEAL_BYTES - 1);
    result = fact_get(store, FINGERPRINT_FACT, &text, &found, error);
    if (result == 0 && found)
        snprintf(seal.fingerprint, sizeof(seal.fingerprint), "%s", buffer_string(&text));
    else if (result == 0)
        result = find_use(store, &seal.needs_key, error);
    buffer_free(&text);
    if (result == 0)
        *ret_seal = seal;
    return result;
}

int key_seal_add(struct store *store, const char *fingerprint, struct error *error)
{
    return fact_add(store, FINGERPRINT_FACT, view_of(fingerprint), error);
}
