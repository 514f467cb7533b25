#include "ranking/ranking.h"

#include "ranking/relevance.h"
#include "ranking/substring.h"

void ranking_make(const struct ranking_index *index, const struct profile *profile, size_t top,
                  const unsigned char *skip, struct arena *arena, struct ranking *ret_ranking)
{
    if (!top)
        top = (size_t)profile->max_papers;
    if (top > ranking_index_papers(index)->count)
        top = ranking_index_papers(index)->count;
    if (profile->scoring == SCORING_SUBSTRING)
        substring_rank(index, profile, top, skip, arena, ret_ranking);
    else
        relevance_rank(index, profile, top, skip, arena, ret_ranking);
}

const char *reason_field_name(enum reason_field field)
{
    static const char *const names[] = {"title",     "abstract", "author",
                                        "interests", "liked",    "preference"};

    return names[field];
}
