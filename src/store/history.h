/* Profiles as they were before the last changes by mail or on a page, for undo. */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/store.h"

enum { HISTORY_KEPT = 20 };

struct history_entry {
    int64_t number;
    struct view document; /* before the change */
    struct view after;    /* hash of the document behind it (subscribers/folder.h) */
    int64_t changed_utc;
};

/* Adds one, and forgets all but the last HISTORY_KEPT. */
int history_add(struct store *store, const char *address, struct view document, struct view after,
                int64_t now_utc, struct error *error);
/* The last one, in the arena. */
int history_last(struct store *store, const char *address, struct arena *arena,
                 struct history_entry *ret_entry, bool *ret_found, struct error *error);
int history_drop(struct store *store, const char *address, int64_t number, struct error *error);

#endif
