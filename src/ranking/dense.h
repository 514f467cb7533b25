/* Arithmetic over one number per paper, several papers at a time. Rows have
 * dense_room() numbers. Private to this folder; pure. */
#ifndef RANKING_DENSE_H
#define RANKING_DENSE_H

#include <stddef.h>
#include <stdint.h>

enum { DENSE_BLOCK = 32, DENSE_LANES = DENSE_BLOCK / 4, DENSE_KEYS = 2 * DENSE_LANES,
       DENSE_COLUMNS = 16, DENSE_TERMS = 64 };

struct dense_row {
    const float *fits; /* signs do not count */
    float weight;
};

/* How many numbers a row for so many papers has. */
static inline size_t dense_room(size_t papers)
{
    return (papers + DENSE_BLOCK - 1) / DENSE_BLOCK * DENSE_BLOCK;
}

/* Sets `sums` to the rows' sum, each times its weight. */
void dense_add(const struct dense_row *rows, size_t row_count, size_t room, float *ret_sums);
/* The same for the few papers that shares are worked out for. */
static inline size_t dense_columns(size_t papers)
{
    return (papers + DENSE_COLUMNS - 1) / DENSE_COLUMNS * DENSE_COLUMNS;
}

/* Adds the rows of `shares`, each of dense_columns() numbers whose signs do not count, to the
 * row `sums`, in their order, and sets in `bits` bit i for row i where that is not 0.
 * At most DENSE_TERMS rows. */
void dense_add_shares(const double *shares, size_t row_count, size_t columns, double *sums,
                      uint64_t *ret_bits);
/* For each key how many are larger. Both arrays have room for whole DENSE_KEYS. */
void dense_ranks(const int32_t *keys, size_t count, int32_t *ret_ranks);

#endif
