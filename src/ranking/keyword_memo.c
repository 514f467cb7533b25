#include "ranking/keyword_memo.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum {
    FIRST_CAPACITY = 64,
    TEXT_MAX = 100,
    KEYWORDS_MAX = 1 << 16,
    ARENA_BYTES_MAX = 16 * 1024 * 1024,
    KIND_MEMO = 'm'
};

void keyword_memo_init(struct keyword_memo *memo, const struct ranking_index *index)
{
    *memo = (struct keyword_memo){.index = index, .splitter = word_splitter_new(),
                                  .arena = arena_new(), .capacity = FIRST_CAPACITY};
    memo->places = memory_new(memo->capacity, sizeof(*memo->places));
}

void keyword_memo_free(struct keyword_memo *memo)
{
    word_splitter_free(&memo->splitter);
    arena_free(&memo->arena);
    free(memo->places);
    memset(memo, 0, sizeof(*memo));
}

static const struct known_keyword **place_of(const struct keyword_memo *memo, struct view text)
{
    size_t place = words_hash(KIND_MEMO, text) & (memo->capacity - 1);

    while (memo->places[place] && !view_equal(memo->places[place]->text, text))
        place = (place + 1) & (memo->capacity - 1);
    return &memo->places[place];
}

static void grow(struct keyword_memo *memo)
{
    struct keyword_memo larger = *memo;

    larger.capacity *= 2;
    larger.places = memory_new(larger.capacity, sizeof(*larger.places));
    for (size_t i = 0; i < memo->capacity; i++)
        if (memo->places[i])
            *place_of(&larger, memo->places[i]->text) = memo->places[i];
    free(memo->places);
    *memo = larger;
}

static void forget(struct keyword_memo *memo)
{
    arena_free(&memo->arena);
    memo->arena = arena_new();
    memset(memo->places, 0, memo->capacity * sizeof(*memo->places));
    memo->count = 0;
}

const struct known_keyword *keyword_memo_find(const struct keyword_memo *memo, struct view text)
{
    return text.size <= TEXT_MAX ? *place_of(memo, text) : NULL;
}

/* The array may be NULL when nothing is to be copied from it. */
static void *copy(struct arena *arena, const void *array, size_t from, size_t count,
                  size_t item_bytes)
{
    void *room = arena_room(arena, count, item_bytes);

    if (count)
        memcpy(room, (const char *)array + from * item_bytes, count * item_bytes);
    return room;
}

void keyword_memo_add(struct keyword_memo *memo, struct view text,
                      const struct compiled_profile *compiled, size_t patterns, size_t slots)
{
    struct known_keyword *known;

    if (text.size > TEXT_MAX)
        return;
    if (memo->count >= KEYWORDS_MAX || arena_bytes(memo->arena) >= ARENA_BYTES_MAX)
        forget(memo);
    if (memo->count * 2 >= memo->capacity)
        grow(memo);
    known = arena_alloc(memo->arena, 1, sizeof(*known));
    known->text = arena_copy(memo->arena, text);
    known->pattern_count = compiled->pattern_count - patterns;
    known->slot_count = compiled->slot_count - slots;
    known->patterns = copy(memo->arena, compiled->patterns, patterns, known->pattern_count,
                           sizeof(*known->patterns));
    known->slots = copy(memo->arena, compiled->slots, slots, known->slot_count,
                        sizeof(*known->slots));
    for (size_t i = 0; i < known->pattern_count; i++)
        if (known->patterns[i].slot_count)
            known->patterns[i].first_slot -= (uint32_t)slots;
    *place_of(memo, known->text) = known;
    memo->count++;
}

void keyword_memo_spell(const struct known_keyword *known, struct compiled_profile *compiled)
{
    size_t patterns = compiled->pattern_count, slots = compiled->slot_count;

    compiled->patterns = memory_grow(compiled->patterns, &compiled->pattern_capacity,
                                     patterns + known->pattern_count, sizeof(*known->patterns));
    compiled->slots = memory_grow(compiled->slots, &compiled->slot_capacity,
                                  slots + known->slot_count, sizeof(*known->slots));
    if (known->slot_count)
        memcpy(compiled->slots + slots, known->slots, known->slot_count * sizeof(*known->slots));
    for (size_t i = 0; i < known->pattern_count; i++) {
        compiled->patterns[patterns + i] = known->patterns[i];
        if (known->patterns[i].slot_count)
            compiled->patterns[patterns + i].first_slot += (uint32_t)slots;
    }
    compiled->pattern_count += known->pattern_count;
    compiled->slot_count += known->slot_count;
    compiled->terms[compiled->term_count - 1].pattern_count += (uint32_t)known->pattern_count;
}
