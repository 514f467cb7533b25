/* How many papers of the archive have a term. The index asks it for what it
 * cannot learn from one day. */
#ifndef RANKING_RARITY_H
#define RANKING_RARITY_H

#include "papers/paper.h"
#include "ranking/term_table.h"
#include "ranking/words.h"

struct rarity {
    struct term_table terms; /* those of at least two papers */
    uint32_t *papers_with;   /* by number */
    size_t paper_count;
    double average_length; /* words, a title's times WEIGHT_TITLE; at least 1 */
};

void rarity_count(struct word_splitter *splitter, const struct papers *archive,
                  struct rarity *ret_rarity);
void rarity_free(struct rarity *rarity); /* zeroed is fine */
/* 1 for a term of one paper or none. */
size_t rarity_papers_with(const struct rarity *rarity, uint64_t term);

/* The weight of a term that `papers_with` of `paper_count` papers have. */
double rarity_weight(size_t papers_with, size_t paper_count);

/* Calls `take` with every term that the words can be found under: words,
 * acronyms, compounds, and all that stand next to each other as pairs. A term
 * comes once for each place where it stands. */
void terms_walk(const struct word_list *words, void (*take)(void *context, uint64_t term),
                void *context);

#endif
