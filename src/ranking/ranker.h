/* What relevance.c and explain.c share of one thread's scratch memory. */
#ifndef RANKING_RANKER_H
#define RANKING_RANKER_H

#include "ranking/compile.h"
#include "ranking/dense.h"
#include "ranking/found.h"
#include "ranking/grams.h"
#include "ranking/hits.h"
#include "ranking/keyword_memo.h"
#include "ranking/levels.h"
#include "ranking/order.h"
#include "ranking/relevance.h"

enum { MARK_HIT = 1, MARK_FOLLOWED = 2, MARK_CATEGORY = 4 };

/* A term that adds to a sum or takes from it. */
struct scored {
    const struct found *found;
    struct view text; /* the compiled term's */
    enum compiled_role role;
};

/* A paper that may be among the best. */
struct contender {
    uint32_t paper;
    uint32_t row; /* in codes */
    double raise; /* what feedback makes of 1 of interests */
    double sum;   /* of all shares, from which the reasons' are taken */
    double final; /* less what disliked words take: decides the order */
    bool is_pinned;
};

struct ranker {
    const struct ranking_index *index;
    struct compiled_profile compiled; /* the profile being ranked */
    struct found_cache cache;
    struct keyword_memo memo;
    struct grams *grams; /* for substring scoring, made when it is asked for */
    const struct found **found; /* one per term of the profile */
    /* Those that add in the profile's order, then those that take away. */
    struct scored *scored;
    size_t scored_count, adding_count;
    /* One per scored term, of one step of a fit, and 0 up to whole DENSE_TERMS: what adds,
     * the same with the raise of one contender, and what takes away. */
    double *weights, *raised, *takes;
    struct dense_row *rows;
    struct level_row *level_rows;
    size_t found_capacity, scored_capacity, weight_capacity, raised_capacity, take_capacity,
        row_capacity, level_row_capacity;
    uint32_t roles; /* which there are: 1 << role each */
    bool all_list;  /* whatever adds to a sum lists the paper */
    /* One per paper; floats have dense_room(), levels levels_room(). */
    uint16_t *levels; /* near enough to tell which papers to look at; 0: not listed */
    uint16_t *peaks;
    uint16_t *picked;
    float *sums;      /* of profiles whose levels are not told from their terms */
    float *against;   /* of disliked terms */
    float *interests; /* of the sum, before feedback */
    double *raises;     /* what feedback makes of 1 of interests */
    double *scratch;    /* of feedback */
    uint16_t *required; /* terms hit */
    unsigned char *marks;
    uint16_t *allowed; /* as levels_keep has it: by announce type and length, for the rules
                          of the profile before */
    struct compiled_rules allowed_rules;
    bool allows_all;
    uint32_t *places; /* 0, or the contender's row + 1; all 0 between profiles */
    uint32_t *picks; /* papers, of which picked has the levels; then the contenders' */
    uint32_t *scratch_picks;
    int32_t doubt; /* by how much a level may be off */
    struct contender *contenders;
    struct contender *unsorted; /* a second room for them */
    size_t contender_count;
    /* Each contender's codes (found.h) of the scored terms, dense_terms() a row. */
    uint16_t *codes;
    size_t code_capacity, terms;
    struct hits_places places_of_bits;
    /* What is put in order, and then the order. */
    double *values;
    uint32_t *numbers, *order;
    struct order_item *order_scratch;
    size_t value_capacity, number_capacity, order_capacity, order_scratch_capacity;
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
