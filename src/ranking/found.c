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
    cache->keys = memory_new(cache->capacity, sizeof(*cache->keys));
    cache->items = memory_new(cache->capacity, sizeof(struct found *));
    matcher_init(&cache->matcher, index, compiled);
}

void found_free(struct found_cache *cache)
{
    matcher_free(&cache->matcher);
    arena_free(&cache->arena);
    free(cache->keys);
    free(cache->items);
    memset(cache, 0, sizeof(*cache));
}

void found_begin(struct found_cache *cache)
{
    if (cache->count < TERMS_MAX && arena_bytes(cache->arena) < ARENA_BYTES_MAX)
        return;
    arena_free(&cache->arena);
    cache->arena = arena_new();
    memset(cache->items, 0, cache->capacity * sizeof(struct found *));
    cache->count = 0;
}

/* Keys are hashes already. */
static size_t place_of(const struct found_cache *cache, uint64_t key)
{
    size_t place = key & (cache->capacity - 1);

    while (cache->items[place] && cache->keys[place] != key)
        place = (place + 1) & (cache->capacity - 1);
    return place;
}

static void grow(struct found_cache *cache)
{
    struct found_cache larger = *cache;

    larger.capacity *= 2;
    larger.keys = memory_new(larger.capacity, sizeof(*larger.keys));
    larger.items = memory_new(larger.capacity, sizeof(struct found *));
    for (size_t i = 0; i < cache->capacity; i++) {
        size_t place;

        if (!cache->items[i])
            continue;
        place = place_of(&larger, cache->keys[i]);
        larger.keys[place] = cache->keys[i];
        larger.items[place] = cache->items[i];
    }
    free(cache->keys);
    free(cache->items);
    *cache = larger;
}

static void add_dense(struct found_cache *cache, struct found *found)
{
    size_t papers = cache->index->papers->count;
    float *fits = arena_alloc(cache->arena, dense_room(papers), sizeof(*fits));
    unsigned char *in_title = arena_alloc(cache->arena, papers, 1);

    for (size_t i = 0; i < found->count; i++) {
        uint32_t place = found->hits[i].place;

        fits[place >> 1] = found->hits[i].fit;
        in_title[place >> 1] = place & 1;
    }
    found->fits = fits;
    found->in_title = in_title;
}

static struct found *find(struct found_cache *cache, const struct compiled_term *term)
{
    struct postings postings = match_term(&cache->matcher, term);
    struct found *found = arena_alloc(cache->arena, 1, sizeof(*found));
    struct found_hit *hits = arena_alloc(cache->arena, postings.count, sizeof(*hits));

    for (size_t i = 0; i < postings.count; i++)
        hits[i] = (struct found_hit){postings.items[i].paper * 2 + (postings.items[i].title != 0),
                                     postings.items[i].fit};
    found->hits = hits;
    found->count = postings.count;
    found->factor = term->is_author
                        ? 1
                        : compiled_keyword_factor(cache->index, cache->compiled, term);
    if (found->count * DENSE_SHARE > cache->index->papers->count)
        add_dense(cache, found);
    return found;
}

const struct found *found_term(struct found_cache *cache, const struct compiled_term *term)
{
    size_t place = place_of(cache, term->key);

    if (cache->items[place])
        return cache->items[place];
    if (cache->count * 2 >= cache->capacity) {
        grow(cache);
        place = place_of(cache, term->key);
    }
    cache->count++;
    cache->keys[place] = term->key;
    cache->items[place] = find(cache, term);
    return cache->items[place];
}
