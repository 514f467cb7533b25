/* What relevance.c and explain.c share of one thread's scratch memory. */
#ifndef RANKING_RANKER_H
#define RANKING_RANKER_H

#include "ranking/compile.h"
#include "ranking/dense.h"
#include "ranking/found.h"
#include "ranking/grams.h"
#include "ranking/levels.h"
#include "ranking/order.h"
#include "ranking/relevance.h"

enum { MARK_HIT = 1, MARK_FOLLOWED = 2, MARK_CATEGORY = 4 };

/* A paper that may be among the best. */
struct contender {
    uint32_t paper;
    uint32_t column; /* in shares */
    double sum;   /* of all shares, from which the reasons' are taken */
    double final; /* less what disliked words take: decides the order */
    bool is_pinned;
};

struct ranker {
    const struct ranking_index *index;
    struct compiled_profile compiled; /* the profile being ranked */
    struct found_cache cache;
    struct grams *grams; /* for substring scoring, made when it is asked for */
    /* One per term of the profile. */
    const struct found **found;
    double *weights;
    struct dense_row *rows;
    struct level_row *level_rows;
    size_t found_capacity, weight_capacity, row_capacity, level_row_capacity;
    uint32_t roles; /* which there are: 1 << role each */
    bool all_list;  /* whatever adds to a sum lists the paper */
    /* One per paper; floats and doubles have dense_room(), levels levels_room(). */
    int16_t *levels;  /* near enough to tell which papers to look at; 0: not listed */
    int16_t *peaks;
    int16_t *picked;
    float *sums;      /* of profiles whose levels are not told from their terms */
    float *against;   /* of disliked terms */
    float *interests; /* of the sum, before feedback */
    double *raises;     /* what feedback makes of 1 of interests */
    double *scratch;    /* of feedback */
    uint16_t *required; /* terms hit */
    unsigned char *marks;
    int16_t *allowed; /* as levels_keep has it: by announce type and length, for the rules
                         of the profile before */
    struct compiled_rules allowed_rules;
    bool allows_all;
    uint32_t *places; /* 0, or the contender's column + 1; all 0 between profiles */
    uint32_t *picks; /* papers, of which picked has the levels */
    uint32_t *scratch_picks;
    int32_t doubt; /* by how much a level may be off */
    struct contender *contenders;
    struct contender *unsorted; /* a second room for them */
    size_t contender_count;
    /* Each term's share of each contender's sum, less than 0 when it stands in the
     * title: term by term, `columns` each. */
    double *shares;
    size_t share_capacity, columns;
    double *totals;      /* by column */
    uint64_t *hits;      /* which terms: DENSE_TERMS bits by column, then the next */
    size_t total_capacity, hit_capacity;
    /* What is put in order, and then in order. */
    double *values;
    uint32_t *numbers;
    struct order_item *order;
    size_t value_capacity, number_capacity, order_capacity;
};

/* Of what is put in order. */
void ranker_make_room(struct ranker *ranker, size_t count);

/* Whether hits of this role add to a score. */
static inline bool ranker_adds(enum compiled_role role)
{
    return role <= ROLE_PREFER;
}

static inline bool ranker_has(const struct ranker *ranker, enum compiled_role role)
{
    return ranker->roles & 1u << role;
}

#endif
