#include "ranking/found.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ranking/dense.h"
#include "ranking/levels.h"

enum {
    FIRST_CAPACITY = 256,
    TERMS_MAX = 1 << 17,
    ARENA_BYTES_MAX = 48 * 1024 * 1024,
    /* A term that more than one of so many papers has is added paper by paper. */
    DENSE_SHARE = 14
};

void found_init(struct found_cache *cache, const struct ranking_index *index,
                const struct compiled_profile *compiled)
{
    *cache = (struct found_cache){.index = index, .compiled = compiled, .arena = arena_new(),
                                  .capacity = FIRST_CAPACITY};
    cache->entries = memory_new(cache->capacity, sizeof(*cache->entries));
    matcher_init(&cache->matcher, index, compiled);
}

void found_free(struct found_cache *cache)
{
    matcher_free(&cache->matcher);
    arena_free(&cache->arena);
    free(cache->entries);
    memset(cache, 0, sizeof(*cache));
}

/* Forgets everything when the bound is reached. */
static void bound(struct found_cache *cache)
{
    if (cache->count < TERMS_MAX && arena_bytes(cache->arena) < ARENA_BYTES_MAX)
        return;
    arena_free(&cache->arena);
    cache->arena = arena_new();
    memset(cache->entries, 0, cache->capacity * sizeof(*cache->entries));
    cache->count = 0;
}

/* Keys are hashes already. */
static struct found_entry *place_of(const struct found_cache *cache, uint64_t key)
{
    size_t place = key & (cache->capacity - 1);

    while (cache->entries[place].key && cache->entries[place].key != key)
        place = (place + 1) & (cache->capacity - 1);
    return &cache->entries[place];
}

static void grow(struct found_cache *cache)
{
    struct found_cache larger = *cache;

    larger.capacity *= 2;
    larger.entries = memory_new(larger.capacity, sizeof(*larger.entries));
    for (size_t i = 0; i < cache->capacity; i++)
        if (cache->entries[i].key)
            *place_of(&larger, cache->entries[i].key) = cache->entries[i];
    free(cache->entries);
    *cache = larger;
}

static void set_dense(struct found_cache *cache, struct found *found)
{
    size_t papers = cache->index->papers->count;
    float *fits = arena_alloc(cache->arena, dense_room(papers), sizeof(*fits));
    int16_t *levels = arena_alloc(cache->arena, levels_room(papers), sizeof(*levels));

    found->least_level = LEVEL_MAX;
    for (size_t i = 0; i < found->count; i++) {
        const struct found_hit *hit = &found->hits[i];
        int16_t level = (int16_t)fmaxf(1, hit->fit * LEVEL_MAX + 0.5f);

        fits[hit->place >> 1] = hit->place & 1 ? -hit->fit : hit->fit;
        levels[hit->place >> 1] = level;
        found->least_level = level < found->least_level ? level : found->least_level;
    }
    found->fits = fits;
    found->levels = levels;
}

static const struct found *find(struct found_cache *cache, const struct compiled_term *term)
{
    struct postings postings = match_term(&cache->matcher, term);
    struct found_hit *hits = arena_alloc(cache->arena, postings.count, sizeof(*hits));
    struct found *found = arena_alloc(cache->arena, 1, sizeof(*found));

    *found = (struct found){.hits = hits, .count = postings.count, .factor = 1};
    for (size_t i = 0; i < postings.count; i++)
        hits[i] = (struct found_hit){postings.items[i].paper * 2 + (postings.items[i].title != 0),
                                     postings.items[i].fit};
    if (!term->is_author)
        found->factor = compiled_keyword_factor(cache->index, cache->compiled, term);
    if (found->count * DENSE_SHARE > cache->index->papers->count)
        set_dense(cache, found);
    return found;
}

static uint64_t key_of(const struct compiled_term *term)
{
    return term->key ? term->key : 1;
}

static const struct found *find_once(struct found_cache *cache, const struct compiled_term *term)
{
    struct found_entry *entry = place_of(cache, key_of(term));

    if (entry->key)
        return entry->found;
    if (cache->count * 2 >= cache->capacity) {
        grow(cache);
        entry = place_of(cache, key_of(term));
    }
    cache->count++;
    *entry = (struct found_entry){key_of(term), find(cache, term)};
    return entry->found;
}

/* All are asked for before the first is needed: none of them is near. */
void found_terms(struct found_cache *cache, const struct found **ret_found)
{
    const struct compiled_term *terms = cache->compiled->terms;
    size_t count = cache->compiled->term_count;

    bound(cache);
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(&cache->entries[key_of(&terms[i]) & (cache->capacity - 1)]);
    for (size_t i = 0; i < count; i++) {
        ret_found[i] = find_once(cache, &terms[i]);
        __builtin_prefetch(ret_found[i]);
    }
}
