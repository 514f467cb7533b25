/* What both ways of scoring share: which papers a profile lets through at all,
 * and the best of those in order. Private to this folder. */
#ifndef RANKING_SELECT_H
#define RANKING_SELECT_H

#include <stdbool.h>

#include "ranking/compile.h"
#include "ranking/index.h"

/* One byte per paper, for free(3): 1 where the rules that need no word let it
 * through: `skip`, categories, announce types (bits as in the profile), abstract
 * length, and papers that were liked or disliked, which the subscriber knows. */
unsigned char *select_allowed(const struct ranking_index *index, const struct profile *profile,
                              unsigned announce_types, const unsigned char *skip);

struct candidate {
    double sum; /* what decides the order: larger first, ties in feed order */
    uint32_t paper;
    bool is_pinned; /* before all others */
};

/* The best `room` of the candidates offered, in memory of the caller's. */
struct selection {
    struct candidate *items;
    size_t count;
    size_t room;
};

/* Whether an offer would change anything. */
bool selection_wants(const struct selection *selection, struct candidate candidate);
void selection_offer(struct selection *selection, struct candidate candidate);
void selection_sort(struct selection *selection); /* best first; offer no more */

#endif
