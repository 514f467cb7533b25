/* What a ranker found once: the papers of a compiled term, with all its spellings
 * merged, kept under the term's key, since subscribers ask for the same words. A
 * cache over terms and never over profiles; it belongs to one thread, has a bound,
 * and changes no result. Private to this folder. */
#ifndef RANKING_FOUND_H
#define RANKING_FOUND_H

#include "base/arena.h"
#include "ranking/match.h"

/* One paper of a term. */
struct found_hit {
    uint32_t place; /* the paper * 2, + 1 when the term stands in its title */
    float fit;
};

struct found {
    const struct found_hit *hits; /* by paper; fits above 0 */
    /* Terms that many papers have, also by paper: as dense.h wants them, 0 when the
     * paper has it not, less than 0 when the title has it; and as levels.h does. Else
     * both NULL. */
    const float *fits;
    const int16_t *levels;
    size_t count;
    double factor; /* of a keyword's weight */
    int16_t least_level; /* of the papers that have it */
};

struct found_entry {
    uint64_t key; /* 0: free place */
    const struct found *found;
};

struct found_cache {
    const struct ranking_index *index;
    const struct compiled_profile *compiled; /* whose terms are asked for */
    struct matcher matcher;
    struct arena *arena; /* what was found */
    struct found_entry *entries;
    size_t capacity; /* a power of two */
    size_t count;
};

void found_init(struct found_cache *cache, const struct ranking_index *index,
                const struct compiled_profile *compiled);
void found_free(struct found_cache *cache);
/* Finds all terms of the compiled profile: one pointer each, good until the next call. */
void found_terms(struct found_cache *cache, const struct found **ret_found);

#endif
