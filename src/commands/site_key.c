/* The installation's key, and that it is the one which its store was used with. */
#include <sodium.h>
#include <string.h>

#include "commands/site.h"
#include "store/key_seal.h"

#define MOVING "; for a new key on purpose see key_file in paperboy.json(5)"

static int refuse_missing(const char *file, struct error *error)
{
    return error_set(error, ERROR_CONFIGURATION,
                     "key_file: %s: is not there, but the store was used with a key, without which "
                     "nobody who was erased is recognised; copy it from the other machine or a "
                     "backup" MOVING, file);
}

static int refuse_other(const char *file, struct error *error)
{
    return error_set(error, ERROR_CONFIGURATION,
                     "key_file: %s: is not the key that the store was used with, and nobody who "
                     "was erased is recognised by it; copy that one from the other machine or a "
                     "backup" MOVING, file);
}

/* `fresh` NULL: only reads it. */
static int take(const struct site *site, const struct key_seal *seal, const unsigned char *fresh,
                struct token_key *ret_key, struct error *error)
{
    const char *file = site->configuration.key_file;
    struct error problem = {0};
    struct token_key key;
    int result = fresh && !seal->needs_key ? token_key_open(file, fresh, &key, &problem)
                                           : token_key_read(file, &key, &problem);

    if (result < 0) {
        if (problem.kind == ERROR_MISSING && seal->needs_key)
            return refuse_missing(file, error);
        if (error)
            *error = problem;
        return -1;
    }
    if (seal->fingerprint[0] && strcmp(seal->fingerprint, key.fingerprint) != 0)
        result = refuse_other(file, error);
    else
        *ret_key = key;
    sodium_memzero(&key, sizeof(key));
    return result;
}

int site_read_key(const struct site *site, struct token_key *ret_key, struct error *error)
{
    struct key_seal seal = {0};

    if (site->store && key_seal_read(site->store, &seal, error) < 0)
        return -1;
    return take(site, &seal, NULL, ret_key, error);
}

/* Of two that come first at the same time one's fingerprint stays; the other sees that. */
static int seal_store(struct site *site, struct key_seal *seal, const struct token_key *key,
                      struct error *error)
{
    if (key_seal_add(site->store, key->fingerprint, error) < 0 ||
        key_seal_read(site->store, seal, error) < 0)
        return -1;
    return strcmp(seal->fingerprint, key->fingerprint) == 0
               ? 0
               : refuse_other(site->configuration.key_file, error);
}

int site_open_key(struct site *site, struct error *error)
{
    unsigned char fresh[TOKEN_SECRET_BYTES];
    struct key_seal seal;
    int result;

    if (site->has_key)
        return 0;
    if (site_open_store(site, error) < 0 || key_seal_read(site->store, &seal, error) < 0)
        return -1;
    randombytes_buf(fresh, sizeof(fresh));
    result = take(site, &seal, fresh, &site->key, error);
    sodium_memzero(fresh, sizeof(fresh));
    if (result == 0 && !seal.fingerprint[0])
        result = seal_store(site, &seal, &site->key, error);
    site->has_key = result == 0;
    return result;
}

int site_open_key_unkept(struct site *site, struct error *error)
{
    unsigned char fresh[TOKEN_SECRET_BYTES];
    struct error problem = {.kind = ERROR_MISSING};

    if (site->has_key)
        return 0;
    /* Without a configuration there is no key file either. */
    if (!site->has_configuration || site_read_key(site, &site->key, &problem) < 0) {
        if (problem.kind != ERROR_MISSING) {
            if (error)
                *error = problem;
            return -1;
        }
        randombytes_buf(fresh, sizeof(fresh));
        token_key_derive(fresh, &site->key);
        sodium_memzero(fresh, sizeof(fresh));
    }
    site->has_key = true;
    return 0;
}
