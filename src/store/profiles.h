/* Profiles in the database, for installations of many machines: one document per
 * address. Here they are bytes and no more; what they say is for
 * subscribers/profile.h, and who calls this is commands/profile_source.h alone.
 * `version` names the bytes (their hash) and is compared when they are replaced.
 * Each call is one transaction and notes CHANGE_PROFILES (changes.h). */
#ifndef STORE_PROFILES_H
#define STORE_PROFILES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "store/store.h"

struct stored_profile {
    const char *address;
    struct view document;
    struct view version;
    int64_t changed_utc;
};

/* Appends the document when there is one. */
int stored_profile_find(struct store *store, const char *address, struct buffer *ret_document,
                        bool *ret_found, struct error *error);
/* Up to `max` behind `after` ("": from the first), by address bytewise; fewer only at
 * the end or once they have `max_bytes` together. Strings are in `arena`. */
int stored_profile_list(struct store *store, const char *after, size_t max, size_t max_bytes,
                        struct arena *arena, struct stored_profile *ret_profiles,
                        size_t *ret_count, struct error *error);
int stored_profile_count(struct store *store, int64_t *ret_count, struct error *error);

/* Kind conflict when the address has one. */
int stored_profile_create(struct store *store, const struct stored_profile *profile,
                          struct error *error);
/* Kind conflict unless it is still the one of version `read`. */
int stored_profile_replace(struct store *store, const struct stored_profile *profile,
                           struct view read, struct error *error);
/* `read` empty removes whatever is there. Kind missing, or conflict. */
int stored_profile_remove(struct store *store, const char *address, struct view read,
                          struct error *error);

#endif
