/* Arithmetic over many numbers, several at a time. Private to this folder; pure. */
#ifndef RANKING_DENSE_H
#define RANKING_DENSE_H

#include <stddef.h>
#include <stdint.h>

enum { DENSE_BLOCK = 32, DENSE_TERMS = 64, DENSE_KEYS = 32 };

struct dense_row {
    const uint16_t *codes; /* as found.h has them */
    float weight;          /* of one step of a fit */
};

/* How many numbers a row for so many papers has. */
static inline size_t dense_room(size_t papers)
{
    return (papers + DENSE_BLOCK - 1) / DENSE_BLOCK * DENSE_BLOCK;
}

/* Sets `sums` to the rows' sum of fits, each times its weight. */
void dense_add(const struct dense_row *rows, size_t row_count, size_t room, float *ret_sums);

/* One paper's codes term by term, and as many weights: in whole DENSE_TERMS. */
static inline size_t dense_terms(size_t terms)
{
    return (terms + DENSE_TERMS - 1) / DENSE_TERMS * DENSE_TERMS;
}

/* The sum of the fits' steps, each times its weight. Behind `terms`, up to whole DENSE_TERMS,
 * both have zeros. */
double dense_sum(const uint16_t *codes, const double *weights, size_t terms);
/* Which of the first DENSE_TERMS codes are not 0: bit i for the one at i. */
uint64_t dense_hits(const uint16_t *codes);
/* For each key, none negative, how many are larger. Both arrays have room for whole
 * DENSE_KEYS, of which those behind `count` are 0. */
void dense_ranks(const int16_t *keys, size_t count, int16_t *ret_ranks);

#endif
