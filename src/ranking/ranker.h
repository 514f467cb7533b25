/* What relevance.c and explain.c share of one thread's scratch memory. */
#ifndef RANKING_RANKER_H
#define RANKING_RANKER_H

#include "ranking/compile.h"
#include "ranking/dense.h"
#include "ranking/found.h"
#include "ranking/grams.h"
#include "ranking/relevance.h"

enum { MARK_HIT = 1, MARK_FOLLOWED = 2, MARK_CATEGORY = 4 };

/* A paper that may be among the best. */
struct contender {
    uint32_t paper;
    uint32_t hit_count;
    struct contender_hit *hits; /* in the profile's order */
    double sum;   /* of all shares, from which the reasons' are taken */
    double final; /* less what disliked words take: decides the order */
    bool is_pinned;
};

struct contender_hit {
    uint32_t term; /* * 2, + 1 in the title */
    float fit;
};

struct ranker {
    const struct ranking_index *index;
    struct compiled_profile compiled; /* the profile being ranked */
    struct found_cache cache;
    struct grams *grams; /* for substring scoring, made when it is asked for */
    /* One per term of the profile. */
    struct found *found;
    double *weights;
    struct dense_row *rows;
    uint32_t *row_terms; /* whose rows they are, for explain.c */
    size_t found_capacity, weight_capacity, row_capacity, row_term_capacity;
    /* One per paper; those of floats have dense_room(). */
    float *sums;      /* near enough to tell which papers to look at; 0: not listed */
    float *against;   /* of disliked terms */
    float *interests; /* of the sum, before feedback */
    float *peaks;
    float *picked;
    double *raises;     /* what feedback makes of 1 of interests */
    double *scratch;    /* of feedback */
    uint16_t *required; /* terms hit */
    unsigned char *marks;
    uint32_t *allowed; /* as dense_keep has it: by announce type and length, for the rules
                          of the profile before */
    struct compiled_rules allowed_rules;
    bool allows_all;
    uint32_t *places; /* 0, or among the contenders + 1; all 0 between profiles */
    uint32_t *picks; /* papers, of which picked has the sums */
    struct contender *contenders;
    size_t contender_count;
    struct contender_hit *hits;
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
