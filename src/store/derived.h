/* What was worked out from other things and is kept to save working it out again:
 * bytes under a kind and a name. Whoever reads them checks them, and makes them
 * anew when anything is odd; losing all of it loses nothing. Names compare bytewise. */
#ifndef STORE_DERIVED_H
#define STORE_DERIVED_H

#include "store/store.h"

enum { DERIVED_NAME_BYTES = 255 };

int derived_put(struct store *store, const char *kind, const char *name, struct view bytes,
                int64_t now_utc, struct error *error);
/* Of somebody that the store knows as a subscriber; else nothing is kept, so that nobody who
 * was erased in the meantime leaves a trace again. subscriber_erase drops it. */
#define DERIVED_OF_SUBSCRIBER "profile" /* the kind; its names are addresses */
int derived_put_of_subscriber(struct store *store, const char *address, struct view bytes,
                              int64_t now_utc, struct error *error);
/* Unless there is one already: of several who make the same, the first is right. */
int derived_put_first(struct store *store, const char *kind, const char *name, struct view bytes,
                      int64_t now_utc, struct error *error);
/* Appends the bytes to `ret_bytes` when there are some. */
int derived_get(struct store *store, const char *kind, const char *name, struct buffer *ret_bytes,
                bool *ret_found, struct error *error);
/* The greatest name up to `name`, itself included. */
int derived_find_last(struct store *store, const char *kind, const char *name,
                      char ret_name[DERIVED_NAME_BYTES + 1], bool *ret_found,
                      struct error *error);
/* The least name beyond `name`. */
int derived_find_next(struct store *store, const char *kind, const char *name,
                      char ret_name[DERIVED_NAME_BYTES + 1], bool *ret_found,
                      struct error *error);

int derived_drop(struct store *store, const char *kind, const char *name, struct error *error);
int derived_drop_below(struct store *store, const char *kind, const char *name,
                       struct error *error);
int derived_keep_last(struct store *store, const char *kind, size_t count, struct error *error);
/* Those made before `before_utc` go. */
int derived_prune(struct store *store, const char *kind, int64_t before_utc,
                  struct error *error);

#endif
