#include "ranking/grams.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "ranking/words.h"

/* Three bytes fall into one of so many sets; papers of other grams among them cost
 * a look and no more. */
enum { GRAM_BYTES = 3, SETS = 1 << 15, NEEDLE_KIND = 's', ARENA_BYTES_MAX = 32 * 1024 * 1024 };

struct grams {
    const struct ranking_index *index;
    size_t *first;    /* SETS + 1, into papers */
    uint32_t *papers; /* of each set, in feed order */
    struct term_table known; /* needles by their hashes */
    struct gram_hits *found;
    size_t found_capacity;
    struct arena *arena;
};

static uint32_t set_of(const char *at)
{
    uint32_t bytes = (uint32_t)(unsigned char)at[0] | (uint32_t)(unsigned char)at[1] << 8 |
                     (uint32_t)(unsigned char)at[2] << 16;

    return bytes * 0x9E3779B1u >> 17;
}

static struct view text_of(const struct grams *grams, size_t paper)
{
    const struct indexed_paper *about = &grams->index->about[paper];

    return view_slice(buffer_view(&grams->index->lowered), about->lowered_at,
                      about->lowered_at + about->lowered_size);
}

/* Each set of each paper once: counted into `next`, or written where it says. */
static void walk(struct grams *grams, size_t *next, bool write)
{
    uint32_t *latest = memory_new(SETS, sizeof(*latest)); /* paper + 1 */

    for (size_t paper = 0; paper < grams->index->papers->count; paper++) {
        struct view text = text_of(grams, paper);

        for (size_t at = 0; at + GRAM_BYTES <= text.size; at++) {
            uint32_t set = set_of(text.data + at);

            if (latest[set] == paper + 1)
                continue;
            latest[set] = (uint32_t)paper + 1;
            if (write)
                grams->papers[next[set]] = (uint32_t)paper;
            next[set]++;
        }
    }
    free(latest);
}

struct grams *grams_new(const struct ranking_index *index)
{
    struct grams *grams = memory_new(1, sizeof(*grams));
    size_t *next = memory_new(SETS, sizeof(*next));

    grams->index = index;
    grams->arena = arena_new();
    grams->first = memory_new(SETS + 1, sizeof(*grams->first));
    term_table_init(&grams->known);
    walk(grams, next, false);
    for (size_t i = 0; i < SETS; i++)
        grams->first[i + 1] = grams->first[i] + next[i];
    grams->papers = memory_new(grams->first[SETS], sizeof(*grams->papers));
    memcpy(next, grams->first, SETS * sizeof(*next));
    walk(grams, next, true);
    free(next);
    return grams;
}

void grams_free(struct grams **grams)
{
    if (!*grams)
        return;
    free((*grams)->first);
    free((*grams)->papers);
    free((*grams)->found);
    term_table_free(&(*grams)->known);
    arena_free(&(*grams)->arena);
    free(*grams);
    *grams = NULL;
}

void grams_begin(struct grams *grams)
{
    if (arena_bytes(grams->arena) < ARENA_BYTES_MAX)
        return;
    arena_free(&grams->arena);
    grams->arena = arena_new();
    term_table_free(&grams->known);
}

static bool stands_in(struct view text, struct view needle)
{
    return !needle.size || memmem(text.data, text.size, needle.data, needle.size) != NULL;
}

/* The smallest of the needle's sets; SETS when it is too short to have one. */
static size_t smallest_set(const struct grams *grams, struct view needle)
{
    size_t best = SETS;

    for (size_t at = 0; at + GRAM_BYTES <= needle.size; at++) {
        size_t set = set_of(needle.data + at);

        if (best == SETS || grams->first[set + 1] - grams->first[set] <
                                grams->first[best + 1] - grams->first[best])
            best = set;
    }
    return best;
}

static struct gram_hits look(struct grams *grams, struct view needle)
{
    size_t set = smallest_set(grams, needle);
    size_t candidates = set == SETS ? grams->index->papers->count
                                    : grams->first[set + 1] - grams->first[set];
    uint32_t *places = memory_new(candidates, sizeof(*places)), *kept;
    size_t count = 0;

    for (size_t i = 0; i < candidates; i++) {
        size_t paper = set == SETS ? i : grams->papers[grams->first[set] + i];
        struct view text = text_of(grams, paper);
        struct view title = view_slice(text, 0, grams->index->about[paper].lowered_title_size);

        if (stands_in(text, needle))
            places[count++] = (uint32_t)paper * 2 + stands_in(title, needle);
    }
    kept = arena_alloc(grams->arena, count, sizeof(*kept));
    if (count)
        memcpy(kept, places, count * sizeof(*kept));
    free(places);
    return (struct gram_hits){kept, count};
}

struct gram_hits grams_find(struct grams *grams, struct view needle)
{
    uint32_t before = grams->known.count;
    uint32_t number = term_table_add(&grams->known, words_hash(NEEDLE_KIND, needle));

    if (grams->known.count > before) {
        grams->found = memory_grow(grams->found, &grams->found_capacity, grams->known.count,
                                   sizeof(*grams->found));
        grams->found[number] = look(grams, needle);
    }
    return grams->found[number];
}
