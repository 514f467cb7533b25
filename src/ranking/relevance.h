/* `scoring: relevance`: a compiled profile's terms walked through the index into
 * one small array, the best papers kept, and their reasons. Also the feed-order
 * list of a profile that has nothing to rank by. Private to this folder. */
#ifndef RANKING_RELEVANCE_H
#define RANKING_RELEVANCE_H

#include "ranking/index.h"

void relevance_rank(const struct ranking_index *index, const struct profile *profile, size_t top,
                    const unsigned char *skip, struct arena *arena, struct ranking *ret_ranking);

#endif
