/* `scoring: relevance`: a compiled profile's terms walked through the index into
 * one small array, the best papers kept, and their reasons. Private to this
 * folder.
 *
 * Keywords, required keywords, interests, followed authors and liked papers list
 * a paper; bonus keywords and preferred authors only raise one that is listed
 * (bonus keywords list when the profile has nothing else that could). Every
 * required keyword must be hit; a keyword without any letter or digit asks for
 * nothing. Following lifts the need for a hit and min_score, and pins the paper
 * on top; categories, announce types, lengths, required and excluded words and
 * authors hold for it as for all. Liked and disliked papers themselves are not
 * ranked. A plain profile (profile_is_plain) gets what its rules let through in
 * feed order, score 0, whatever min_score. */
#ifndef RANKING_RELEVANCE_H
#define RANKING_RELEVANCE_H

#include "ranking/index.h"

/* `bytes` as compiled_pack made them must outlive the ranking. -1 when they are odd. */
int relevance_rank(struct ranker *ranker, struct view bytes, size_t top, const unsigned char *skip,
                   struct arena *arena, struct ranking *ret_ranking);

#endif
