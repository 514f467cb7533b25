/* A paper's hits, gathered and put in order by what each is worth, without branches
 * that are hard to foresee. Private to this folder; pure. */
#ifndef RANKING_HITS_H
#define RANKING_HITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ranking/dense.h"

/* What is written behind the hits of a paper, of any use or none. */
enum { HITS_TERMS = DENSE_TERMS, HITS_SPARE = HITS_TERMS };
/* The largest weight of a key, and how far apart two keys tell their values: a key of a
 * rounded weight is less than 1.5 below its value, and at most 0.5 above it. */
enum { HITS_WEIGHT_MAX = 1 << 15, HITS_APART = 2 };

/* For each byte the places of its bits, the lowest first, and then 255. */
struct hits_places {
    unsigned char of[256][8];
};

void hits_places_fill(struct hits_places *places);
/* Of the first `count` codes of one paper (found.h) those that are not 0: their terms, their
 * codes, and as keys their steps times the `weights` of their terms, in the terms' order and
 * with 0 behind them. Returns how many. Codes and weights have HITS_TERMS, what is returned
 * has room for HITS_SPARE more than there are. */
size_t hits_take(const struct hits_places *places, const uint16_t *codes, size_t count,
                 const uint16_t *weights, unsigned char *ret_terms, uint16_t *ret_codes,
                 int16_t *ret_keys);
/* For each key how many are larger, with room for HITS_SPARE more; false when some are
 * less than HITS_APART apart, and what is returned then is only smaller than `count`. */
bool hits_ranks(const int16_t *keys, size_t count, uint16_t *ret_ranks);

#endif
