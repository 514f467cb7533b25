#include "ranking/found.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ranking/levels.h"

enum {
    FIRST_CAPACITY = 256,
    TERMS_MAX = 1 << 17,
    ARENA_BYTES_MAX = 48 * 1024 * 1024,
    /* A term that more than one of so many papers has is added paper by paper. */
    DENSE_SHARE = 24,
    CACHE_LINE = LEVELS_ALIGNED
};

_Static_assert(sizeof(struct found) <= CACHE_LINE, "one is fetched at once");

void found_init(struct found_cache *cache, const struct ranking_index *index,
                const struct compiled_profile *compiled)
{
    *cache = (struct found_cache){.index = index, .compiled = compiled, .arena = arena_new(),
                                  .capacity = FIRST_CAPACITY, .bytes_max = ARENA_BYTES_MAX};
    cache->places = memory_new(cache->capacity, sizeof(*cache->places));
    matcher_init(&cache->matcher, index, compiled);
}

void found_free(struct found_cache *cache)
{
    matcher_free(&cache->matcher);
    arena_free(&cache->arena);
    free(cache->places);
    memset(cache, 0, sizeof(*cache));
}

static bool has_room(const struct found_cache *cache)
{
    return arena_bytes(cache->arena) < cache->bytes_max;
}

/* Forgets everything when the bound is reached. */
static void bound(struct found_cache *cache)
{
    if (cache->count < TERMS_MAX && has_room(cache))
        return;
    arena_free(&cache->arena);
    cache->arena = arena_new();
    memset(cache->places, 0, cache->capacity * sizeof(*cache->places));
    cache->count = 0;
}

/* Keys are hashes already. */
static struct found_place *place_of(const struct found_cache *cache, uint64_t key)
{
    size_t place = key & (cache->capacity - 1);

    while (cache->places[place].found && cache->places[place].key != key)
        place = (place + 1) & (cache->capacity - 1);
    return &cache->places[place];
}

static void grow(struct found_cache *cache)
{
    struct found_cache larger = *cache;

    larger.capacity *= 2;
    larger.places = memory_new(larger.capacity, sizeof(*larger.places));
    for (size_t i = 0; i < cache->capacity; i++)
        if (cache->places[i].found)
            *place_of(&larger, cache->places[i].key) = cache->places[i];
    free(cache->places);
    *cache = larger;
}

/* Memory that begins at a multiple of CACHE_LINE. */
static void *arena_line(struct arena *arena, size_t bytes)
{
    char *room = arena_room(arena, bytes + CACHE_LINE, 1);

    return room + (CACHE_LINE - (uintptr_t)room % CACHE_LINE) % CACHE_LINE;
}

static void set_row(struct found_cache *cache, struct found *found)
{
    size_t bytes = levels_room(cache->index->papers->count) * sizeof(uint16_t);
    uint16_t *row = memset(arena_line(cache->arena, bytes), 0, bytes);

    found->least_code = UINT16_MAX;
    for (size_t i = 0; i < found->count; i++) {
        row[found->papers[i]] = found->codes[i];
        found->least_code = found->codes[i] < found->least_code ? found->codes[i]
                                                                : found->least_code;
    }
    found->row = row;
}

/* What is found and its papers are one piece: they are wanted together. */
static const struct found *find(struct found_cache *cache, const struct compiled_term *term)
{
    struct postings postings = match_term(&cache->matcher, term);
    struct found *found = arena_line(cache->arena,
                                     sizeof(*found) + postings.count * (sizeof(*found->papers) +
                                                                        sizeof(*found->codes)));
    uint32_t *papers = (void *)(found + 1);
    uint16_t *codes = (void *)(papers + postings.count);

    *found = (struct found){.papers = papers, .codes = codes, .count = (uint32_t)postings.count,
                            .factor = 1};
    for (size_t i = 0; i < postings.count; i++) {
        papers[i] = postings.items[i].paper;
        codes[i] = (uint16_t)(postings.items[i].steps * 2 + (postings.items[i].title != 0));
    }
    if (!term->is_author)
        found->factor = compiled_keyword_factor(cache->index, cache->compiled, term);
    /* What a single profile finds cannot be forgotten before it is ranked; rows are only
     * faster. */
    if (postings.count * DENSE_SHARE > cache->index->papers->count && has_room(cache))
        set_row(cache, found);
    return found;
}

static const struct found *find_once(struct found_cache *cache, const struct compiled_term *term)
{
    struct found_place *place = place_of(cache, term->key);

    if (place->found)
        return place->found;
    if (cache->count * 2 >= cache->capacity) {
        grow(cache);
        place = place_of(cache, term->key);
    }
    cache->count++;
    *place = (struct found_place){term->key, find(cache, term)};
    return place->found;
}

/* All are asked for before the first is needed: none of them is near. */
void found_terms(struct found_cache *cache, const struct found **ret_found)
{
    const struct compiled_term *terms = cache->compiled->terms;
    size_t count = cache->compiled->term_count;

    bound(cache);
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(&cache->places[terms[i].key & (cache->capacity - 1)]);
    for (size_t i = 0; i < count; i++) {
        ret_found[i] = find_once(cache, &terms[i]);
        __builtin_prefetch(ret_found[i]);
    }
}
