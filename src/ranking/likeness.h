/* What each paper of the edition is about, in its strongest words, and which
 * papers are most like it: by the words themselves, whoever reads them. Made
 * once with the index, then only read. Private to this folder. */
#ifndef RANKING_LIKENESS_H
#define RANKING_LIKENESS_H

#include <stddef.h>
#include <stdint.h>

struct ranking_index;

struct telling_word {
    uint32_t number; /* of its term in the index */
    float weight;    /* fit * rarity, as in weights.h: above 0 */
    float strength;  /* weight * rarity: both sides of a product of tf-idf weights */
};

struct neighbour {
    uint32_t paper;
    float trust; /* the neighbours of one paper share 1 */
};

struct likeness {
    struct telling_word *words; /* paper by paper, strongest first */
    size_t *first_word;         /* papers + 1; at most WEIGHT_LIKENESS_WORDS each */
    struct neighbour *neighbours; /* paper by paper, most alike first */
    size_t *first_neighbour;      /* papers + 1; at most WEIGHT_NEIGHBOURS each */
};

/* The index must be whole but for this. Time grows with the papers times how many
 * share a strong word, which WEIGHT_LIKENESS_COMMON bounds. */
void likeness_make(const struct ranking_index *index, struct likeness *ret_likeness);
void likeness_free(struct likeness *likeness); /* zeroed is fine */

#endif
