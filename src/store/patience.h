/* Domains that said they were sent too much: left alone for a while, then sent to over
 * one connection, then over one more at a time, as Gmail asks for after 4.7.28.
 * By the relay that was told so, as it is that relay's address which is known to them. */
#ifndef STORE_PATIENCE_H
#define STORE_PATIENCE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "store/store.h"

enum {
    PATIENCE_FIRST_MS = 10 * 60 * 1000, /* doubled each time it asks again, */
    PATIENCE_MAX_MS = 2 * 60 * 60 * 1000, /* up to this */
    PATIENCE_GROW_MS = 60 * 1000, /* at the most one more connection in that time */
    PATIENCE_REPLY_BYTES = 256
};

struct patience {
    const char *relay;
    const char *domain; /* "" is the relay itself: everything by it */
    int64_t not_before_ms;
    int64_t connections; /* from then on */
    int64_t changed_ms;
    int64_t times;
    const char *reply;
};

struct patience_list {
    struct arena *arena; /* owned */
    struct patience *items;
    size_t count;
};

/* How long it is left alone the `times`-th time (from 1). Pure. */
int64_t patience_rest_ms(int64_t times);

/* It asked. Of several replies to what was under way together only the first counts:
 * while it is left alone nothing changes. Gives what holds now; strings in `arena`. */
int patience_note(struct store *store, const char *relay, const char *domain, const char *reply,
                  int64_t now_ms, struct arena *arena, struct patience *ret_patience,
                  struct error *error);
/* One more connection; forgotten with the `enough`-th. Nothing happens when another worker has
 * just done so. */
int patience_grow(struct store *store, const struct patience *patience, int64_t enough,
                  int64_t now_ms, struct error *error);

/* All, by relay and domain. Free with patience_list_free; zeroed is fine. */
int patience_list(struct store *store, struct patience_list *ret_list, struct error *error);
void patience_list_free(struct patience_list *list);

/* Those that have not been sent to for some days. */
int patience_prune(struct store *store, int64_t now_ms, struct error *error);

#endif
