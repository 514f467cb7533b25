/* What the store knows of everybody, read with a few queries before planning starts and
 * kept in about 48 bytes a subscriber. For plan.c. */
#ifndef COMMANDS_PLAN_KNOWN_H
#define COMMANDS_PLAN_KNOWN_H

#include "commands/plan.h"

enum { PLAN_EDITIONS_MAX = 64 };

struct known {
    uint64_t key[2];      /* a keyed hash of the address; zeros: a free place */
    uint64_t dealt_with;  /* a bit per edition of the list: a digest has dealt with it */
    int32_t latest_shown; /* days since 1970, INT32_MIN: none; of any edition */
    int32_t first_edition; /* the latest at first sight, likewise */
    bool is_suppressed;
    bool is_seen;
};

struct plan_known {
    unsigned char secret[16];
    const struct edition_list *editions;
    struct known *places;
    size_t capacity; /* a power of two */
    size_t count;
};

/* `editions` as plan_list_editions gives them, borrowed. `only`: of this address alone. */
int plan_known_load(struct store *store, const struct edition_list *editions, const char *only,
                    struct plan_known *ret_known, struct error *error);
/* Never NULL: of somebody unknown nothing is known. Until the next call. */
const struct known *plan_known_find(const struct plan_known *known, const char *address);
void plan_known_free(struct plan_known *known); /* zeroed is fine */

#endif
