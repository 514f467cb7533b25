/* Exact sums of the papers that may be among the best, and the reasons of those
 * that are. Private to this folder. */
#ifndef RANKING_EXPLAIN_H
#define RANKING_EXPLAIN_H

#include "ranking/ranker.h"

enum { EXPLAIN_ROOM = 4 }; /* what picks need beyond one per paper */

/* Works out the shares of the ranker's contenders and fills their sums. */
void explain_find(struct ranker *ranker);
/* The reasons of the first `count` contenders, whose papers and scores `items` have. */
void explain_reasons(struct ranker *ranker, size_t count, struct arena *arena,
                     struct ranked_paper *items);

#endif
