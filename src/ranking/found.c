#include "ranking/found.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ranking/dense.h"

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

void found_begin(struct found_cache *cache)
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

static const float *dense_fits(struct found_cache *cache, const struct found *found)
{
    float *fits = arena_alloc(cache->arena, dense_room(cache->index->papers->count),
                              sizeof(*fits));

    for (size_t i = 0; i < found->count; i++) {
        const struct found_hit *hit = &found->hits[i];

        fits[hit->place >> 1] = hit->place & 1 ? -hit->fit : hit->fit;
    }
    return fits;
}

static struct found find(struct found_cache *cache, const struct compiled_term *term)
{
    struct postings postings = match_term(&cache->matcher, term);
    struct found_hit *hits = arena_alloc(cache->arena, postings.count, sizeof(*hits));
    struct found found = {.hits = hits, .count = postings.count, .factor = 1};

    for (size_t i = 0; i < postings.count; i++)
        hits[i] = (struct found_hit){postings.items[i].paper * 2 + (postings.items[i].title != 0),
                                     postings.items[i].fit};
    if (!term->is_author)
        found.factor = compiled_keyword_factor(cache->index, cache->compiled, term);
    if (found.count * DENSE_SHARE > cache->index->papers->count)
        found.fits = dense_fits(cache, &found);
    return found;
}

struct found found_term(struct found_cache *cache, const struct compiled_term *term)
{
    uint64_t key = term->key ? term->key : 1;
    struct found_entry *entry = place_of(cache, key);

    if (entry->key)
        return entry->found;
    if (cache->count * 2 >= cache->capacity) {
        grow(cache);
        entry = place_of(cache, key);
    }
    cache->count++;
    *entry = (struct found_entry){key, find(cache, term)};
    return entry->found;
}
