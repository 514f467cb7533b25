/* Numbers that go up with each change of something, in the transaction of the change.
 * Who has worked a thing out keeps the number that was read before, and knows by
 * it whether to do it again. */
#ifndef STORE_CHANGES_H
#define STORE_CHANGES_H

#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

enum store_change {
    CHANGE_EDITIONS,  /* editions, or which papers they have */
    CHANGE_PROFILES,  /* profiles in the store */
    CHANGE_ALLOWED,   /* addresses that may be mailed again */
    CHANGE_FORGOTTEN, /* addresses that were erased */
    CHANGE_PENDING,   /* requests that wait for a confirmation */
    STORE_CHANGES
};

/* 0: it was never changed. */
int store_change_find(struct store *store, enum store_change change, int64_t *ret_number,
                      struct error *error);
int store_change_note(struct store *store, enum store_change change, struct error *error);

#endif
