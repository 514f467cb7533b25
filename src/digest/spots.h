/* Where a paper's texts are cut for the terms that were asked for, each looked up once and
 * kept with the paper. Private to src/digest. */
#ifndef DIGEST_SPOTS_H
#define DIGEST_SPOTS_H

#include "digest/pen.h"
#include "ranking/highlight.h"

struct spot_cuts {
    struct cut start;
    struct cut end;
};

/* Of one term: those of the title, and behind them those of the abstract, each ascending. */
struct spots_term {
    uint64_t key; /* 0: free */
    uint32_t first;
    uint16_t counts[2];
};

/* Zeroed is empty. */
struct spots {
    struct spots_term *terms; /* hashed by key */
    uint32_t term_count;
    uint32_t term_capacity; /* a power of two */
    struct spot_cuts *items;
    size_t count;
    size_t capacity;
};

void spots_free(struct spots *spots); /* zeroed is fine; leaves zeroed */
size_t spots_bytes(const struct spots *spots); /* of memory */

/* What terms are known by; never 0. */
uint64_t spots_key(enum profile_scoring scoring, struct view term);
static inline uint64_t spots_key_in(uint64_t key, enum reason_field field)
{
    key = (key ^ (uint64_t)field) * 0x9E3779B97F4A7C15u;
    return key ? key : 1;
}

/* Where it would be, for what is not empty. */
static inline const struct spots_term *spots_slot(const struct spots *spots, uint64_t key)
{
    return &spots->terms[(key >> 32) & (spots->term_capacity - 1)];
}

/* NULL: not known yet. */
static inline const struct spots_term *spots_find(const struct spots *spots, uint64_t key)
{
    const struct spots_term *term;

    if (!spots->term_capacity)
        return NULL;
    for (uint64_t at = key >> 32;; at++) {
        term = &spots->terms[at & (spots->term_capacity - 1)];
        if (term->key == key)
            return term;
        if (!term->key)
            return NULL;
    }
}

/* Adds a term that is not known; NULL when there is too much of it to be kept. */
const struct spots_term *spots_add(struct spots *spots, uint64_t key,
                                   const struct highlights found[2],
                                   const struct mapped *const mapped[2],
                                   const struct view texts[2]);

/* The cuts of several terms: puts them in order and makes one of those that touch;
 * how many are left. */
size_t spots_join(struct spot_cuts *cuts, size_t count);

#endif
