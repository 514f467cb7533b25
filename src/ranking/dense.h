/* Arithmetic over one number per paper, many papers at a time. Rows have
 * dense_room() floats, what is behind the papers being 0. Private to this folder;
 * pure. */
#ifndef RANKING_DENSE_H
#define RANKING_DENSE_H

#include <stddef.h>
#include <stdint.h>

enum { DENSE_BLOCK = 32 };

struct dense_row {
    const float *fits; /* signs do not count */
    float weight;
};

/* How many floats a row for so many papers has. */
static inline size_t dense_room(size_t papers)
{
    return (papers + DENSE_BLOCK - 1) / DENSE_BLOCK * DENSE_BLOCK;
}

/* Sets `sums` to the rows' sum, each times its weight. */
void dense_add(const struct dense_row *rows, size_t row_count, size_t room, float *ret_sums);
/* Makes 0 of each sum whose `keep`, all bits set or none, is 0. */
void dense_keep(const uint32_t *keep, size_t room, float *sums);
/* The largest value in each sixteen of `values`: room / 16 of them, followed by
 * zeros to a room of their own. */
void dense_peaks(const float *values, size_t room, float *ret_peaks);
/* Some value that at least `wanted` of the values reach, and not many more; 0 when
 * fewer are above 0. None of the values is negative. */
float dense_threshold(const float *values, size_t room, size_t wanted);
/* For each key how many are larger. Both arrays have dense_room(count). */
void dense_ranks(const int32_t *keys, size_t count, int32_t *ret_ranks);

#endif
