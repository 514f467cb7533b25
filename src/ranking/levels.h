/* A whole number for each paper, many papers at a time: near enough to its sum to
 * tell the few papers whose sums have to be exact. Rows have levels_room() numbers,
 * what is behind the papers being 0. Private to this folder; pure. */
#ifndef RANKING_LEVELS_H
#define RANKING_LEVELS_H

#include <stddef.h>
#include <stdint.h>

enum { LEVEL_MAX = UINT16_MAX, LEVELS_BLOCK = 128, LEVELS_LANES = 16,
       LEVELS_PEAK = LEVELS_BLOCK / LEVELS_LANES };

struct level_row {
    const uint16_t *codes; /* as found.h has them */
    uint16_t weight;       /* in levels */
};

/* Rows that begin at a multiple of so many bytes are read faster. */
enum { LEVELS_ALIGNED = 64 };

static inline size_t levels_room(size_t papers)
{
    return (papers + LEVELS_BLOCK - 1) / LEVELS_BLOCK * LEVELS_BLOCK;
}

/* What a hit adds: of its fit times the weight at most one less, and less than one more. */
static inline uint16_t level_of(uint16_t code, uint16_t weight)
{
    return (uint16_t)((uint32_t)code * weight >> 16);
}

/* Adds the rows to `levels`; what is larger than LEVEL_MAX is LEVEL_MAX. */
void levels_add(const struct level_row *rows, size_t row_count, size_t room, uint16_t *levels);
/* Makes 0 of each level whose `keep`, all bits set or none, is 0. */
void levels_keep(const uint16_t *keep, size_t room, uint16_t *levels);
/* The largest in each LEVELS_PEAK of the levels, which are no neighbours. */
void levels_peaks(const uint16_t *levels, size_t room, uint16_t *ret_peaks);
/* The largest value that at least `wanted` of the levels reach; 0 when fewer are
 * above 0. `room` in whole LEVELS_LANES. */
uint16_t levels_threshold(const uint16_t *levels, size_t room, size_t wanted);
/* The places of the levels that are above 0 and reach `least`; how many. `picks` has
 * room for all. */
size_t levels_pick(const uint16_t *levels, size_t room, uint16_t least, uint32_t *ret_picks);

#endif
