/* The reasons of chosen papers. Private to this folder. */
#ifndef RANKING_EXPLAIN_H
#define RANKING_EXPLAIN_H

#include "ranking/ranker.h"

/* Gives each of `items`, whose papers and scores are set, its reasons. */
void explain(struct ranker *ranker, struct ranked_paper *items, size_t count, struct arena *arena);

#endif
