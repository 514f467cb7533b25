/* `scoring: substring`: the Python bot's list. On the text as the source gives
 * it, each keyword found anywhere in the lowered title and abstract adds 1, in
 * the lowered title 0.5 more; an excluded one found anywhere keeps the paper
 * out; type `new` only. A keyword that is in the list twice counts twice, as the
 * bot counts it; weights and fields of keywords, and whatever else the bot did
 * not score by (required, bonus, interests, liked, followed and preferred
 * authors) have no effect. Categories, excluded authors and abstract lengths
 * hold as everywhere. Without keywords the list is in feed order, score 0.
 * Private to this folder. */
#ifndef RANKING_SUBSTRING_H
#define RANKING_SUBSTRING_H

#include "ranking/grams.h"
#include "ranking/index.h"

void substring_rank(const struct ranking_index *index, struct grams *grams,
                    const struct profile *profile, size_t top, const unsigned char *skip,
                    struct arena *arena, struct ranking *ret_ranking);

#endif
