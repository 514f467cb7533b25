/* What relevance.c and explain.c share of one thread's scratch memory. */
#ifndef RANKING_RANKER_H
#define RANKING_RANKER_H

#include "ranking/compile.h"
#include "ranking/match.h"
#include "ranking/relevance.h"
#include "ranking/select.h"

enum { MARK_HIT = 1, MARK_FOLLOWED = 2, MARK_OUT = 4, MARK_CATEGORY = 8 };

struct ranker {
    const struct ranking_index *index;
    struct compiled_profile compiled; /* the profile being ranked */
    struct matcher matcher;
    /* One per paper. */
    double *sums;
    unsigned char *marks;
    double *against;    /* of disliked terms */
    double *interests;  /* of the sum, before feedback */
    double *raises;     /* what feedback makes of 1 of that */
    uint16_t *required; /* terms hit */
    uint32_t *places;   /* 0, or in the ranking + 1; all 0 between profiles */
    struct candidate *chosen;
    /* Growing: what explain found. */
    struct reason_hit {
        uint32_t place;
        uint32_t term;
        uint32_t in_title;
        float share;
    } *hits;
    size_t hit_capacity;
    bool all_list; /* whatever adds to a sum lists the paper */
    bool has_against;
    bool has_interests;
};

/* Whether hits of this role add to a score. */
static inline bool ranker_adds(enum compiled_role role)
{
    return role <= ROLE_PREFER;
}

#endif
