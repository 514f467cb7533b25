/* What a ranker found once: the papers of a compiled term, with all its spellings
 * merged, kept under the term's key, since subscribers ask for the same words. A
 * cache over terms and never over profiles; it belongs to one thread, has a bound,
 * and changes no result. Private to this folder.
 *
 * How well a paper fits is a code of 16 bits: its fit in steps (weights.h) * 2, + 1
 * when the term stands in the title; 0 when the paper has it not. */
#ifndef RANKING_FOUND_H
#define RANKING_FOUND_H

#include "base/arena.h"
#include "ranking/match.h"

struct found {
    const uint32_t *papers; /* those that have the term, ascending */
    const uint16_t *codes;  /* of each of them, never 0 */
    /* The codes of all papers, of levels_room() and dense_room(), when many have it;
     * else NULL. */
    const uint16_t *row;
    uint32_t count;
    uint16_t least_code; /* of a row */
    double factor; /* of a keyword's weight */
};

struct found_cache {
    const struct ranking_index *index;
    const struct compiled_profile *compiled; /* whose terms are asked for */
    struct matcher matcher;
    struct arena *arena; /* what was found */
    struct found_place {
        uint64_t key;
        const struct found *found; /* NULL: free */
    } *places; /* by key, open addressing */
    size_t capacity; /* a power of two */
    size_t count;
    size_t bytes_max; /* of the arena, before all is forgotten; no row is made above it */
};

void found_init(struct found_cache *cache, const struct ranking_index *index,
                const struct compiled_profile *compiled);
void found_free(struct found_cache *cache);
/* Finds all terms of the compiled profile: one pointer each, good until the next call. */
void found_terms(struct found_cache *cache, const struct found **ret_found);

#endif
