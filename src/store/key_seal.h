/* Which key a store is used with. The fingerprint of the first one stays in it, so
 * that another, or none, is noticed before a mail is made or somebody who was erased
 * is not recognised. It is a keyed hash: the key does not follow from it. */
#ifndef STORE_KEY_SEAL_H
#define STORE_KEY_SEAL_H

#include <stdbool.h>

#include "base/error.h"
#include "store/store.h"

enum { KEY_SEAL_BYTES = 64 };

struct key_seal {
    bool needs_key;                   /* a key was used: there must be one */
    char fingerprint[KEY_SEAL_BYTES]; /* ""; not written down: a store of an older version */
};

int key_seal_read(struct store *store, struct key_seal *ret_seal, struct error *error);
/* Keeps one that is there: read again to see which. */
int key_seal_add(struct store *store, const char *fingerprint, struct error *error);

#endif
