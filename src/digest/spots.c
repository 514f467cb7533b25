#include "digest/spots.h"

#include <stdlib.h>

#include "base/memory.h"

enum { TERMS_FIRST = 8, SORT_FEW = 24 };

void spots_free(struct spots *spots)
{
    free(spots->terms);
    free(spots->items);
    *spots = (struct spots){0};
}

size_t spots_bytes(const struct spots *spots)
{
    return spots->term_capacity * sizeof(*spots->terms) + spots->capacity * sizeof(*spots->items);
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    a = (a ^ b) * 0x9E3779B97F4A7C15u;
    return a ^ (a >> 29);
}

uint64_t spots_key(enum profile_scoring scoring, struct view term)
{
    uint64_t key = mix((uint64_t)scoring + 1, term.size);

    while (term.size >= sizeof(uint64_t)) {
        uint64_t part;

        memcpy(&part, term.data, sizeof(part));
        key = mix(key, part);
        term = view_slice(term, sizeof(part), term.size);
    }
    for (size_t i = 0; i < term.size; i++)
        key = mix(key, (unsigned char)term.data[i]);
    return key;
}

static struct spots_term *free_slot(struct spots_term *terms, uint32_t capacity, uint64_t key)
{
    uint64_t at = key >> 32;

    while (terms[at & (capacity - 1)].key)
        at++;
    return &terms[at & (capacity - 1)];
}

/* A quarter stays free. */
static void grow(struct spots *spots)
{
    uint32_t capacity = spots->term_capacity ? 2 * spots->term_capacity : TERMS_FIRST;
    struct spots_term *terms;

    if (spots->term_count + 1 <= spots->term_capacity / 4 * 3)
        return;
    terms = memory_new(capacity, sizeof(*terms));
    for (size_t i = 0; i < spots->term_capacity; i++)
        if (spots->terms[i].key)
            *free_slot(terms, capacity, spots->terms[i].key) = spots->terms[i];
    free(spots->terms);
    spots->terms = terms;
    spots->term_capacity = capacity;
}

static void add_cuts(struct spots *spots, const struct highlights *found,
                     const struct mapped *mapped, struct view text)
{
    for (size_t i = 0; i < found->count; i++)
        spots->items[spots->count++] =
            (struct spot_cuts){mapped_cut(mapped, text, found->items[i].start),
                               mapped_cut(mapped, text, found->items[i].end)};
}

const struct spots_term *spots_add(struct spots *spots, uint64_t key,
                                   const struct highlights found[2],
                                   const struct mapped *const mapped[2],
                                   const struct view texts[2])
{
    size_t count = found[0].count + found[1].count;
    struct spots_term *term;

    if (found[0].count > UINT16_MAX || found[1].count > UINT16_MAX ||
        spots->count + count > UINT32_MAX)
        return NULL;
    grow(spots);
    term = free_slot(spots->terms, spots->term_capacity, key);
    *term = (struct spots_term){
        key, (uint32_t)spots->count, {(uint16_t)found[0].count, (uint16_t)found[1].count}};
    spots->term_count++;
    if (spots->count + count > spots->capacity) {
        spots->capacity = spots->count + spots->count / 4 + count;
        spots->items = memory_resize(spots->items, spots->capacity, sizeof(*spots->items));
    }
    for (int i = 0; i < 2; i++)
        add_cuts(spots, &found[i], mapped[i], texts[i]);
    return term;
}

static int compare_starts(const void *a, const void *b)
{
    const struct spot_cuts *left = a, *right = b;

    return (left->start.offset > right->start.offset) - (left->start.offset < right->start.offset);
}

/* Mostly some few, and those of each term in order. */
static void sort(struct spot_cuts *cuts, size_t count)
{
    if (count > SORT_FEW) {
        qsort(cuts, count, sizeof(*cuts), compare_starts);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct spot_cuts moved = cuts[i];
        size_t at = i;

        for (; at > 0 && cuts[at - 1].start.offset > moved.start.offset; at--)
            cuts[at] = cuts[at - 1];
        cuts[at] = moved;
    }
}

size_t spots_join(struct spot_cuts *cuts, size_t count)
{
    size_t kept = 0;

    sort(cuts, count);
    for (size_t i = 0; i < count; i++) {
        if (!kept || cuts[i].start.offset > cuts[kept - 1].end.offset)
            cuts[kept++] = cuts[i];
        else if (cuts[i].end.offset > cuts[kept - 1].end.offset)
            cuts[kept - 1].end = cuts[i].end;
    }
    return kept;
}
