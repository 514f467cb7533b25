#include "ranking/explain.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "ranking/weights.h"

/* The field of a reason, of a hit and of one in the title. */
static const unsigned char fields[ROLE_EXCLUDE + 1][2] = {
    [ROLE_KEYWORD] = {REASON_ABSTRACT, REASON_TITLE},
    [ROLE_REQUIRED] = {REASON_ABSTRACT, REASON_TITLE},
    [ROLE_BONUS] = {REASON_ABSTRACT, REASON_TITLE},
    [ROLE_INTERESTS] = {REASON_INTERESTS, REASON_INTERESTS},
    [ROLE_FOLLOW] = {REASON_AUTHOR, REASON_AUTHOR},
    [ROLE_LIKED] = {REASON_LIKED, REASON_LIKED},
    [ROLE_PREFER] = {REASON_PREFERENCE, REASON_PREFERENCE},
};

/* ---- shares ---- */

enum { COLUMNS = EXPLAIN_ROOM, KEYS = HITS_TERMS, TOGETHER = 16 };

/* COLUMNS at a time: there is room for as many. */
static void take_dense(const uint16_t *row, const uint32_t *papers, size_t count, size_t terms,
                       uint16_t *ret_codes)
{
    for (size_t i = 0; i < count; i += COLUMNS, ret_codes += COLUMNS * terms) {
        ret_codes[0] = row[papers[i]];
        ret_codes[terms] = row[papers[i + 1]];
        ret_codes[2 * terms] = row[papers[i + 2]];
        ret_codes[3 * terms] = row[papers[i + 3]];
    }
}

static void take_sparse(const struct found *found, const uint32_t *places, size_t terms,
                        uint32_t *picks, uint16_t *ret_codes)
{
    const uint32_t *papers = found->papers;
    size_t count = 0;

    for (size_t i = 0, end = found->count; i < end; i++) {
        /* Written in any case, counted when it is a contender's. */
        picks[count] = (uint32_t)i;
        count += places[papers[i]] != 0;
    }
    for (size_t i = 0; i < count; i++)
        ret_codes[(places[papers[picks[i]]] - 1) * terms] = found->codes[picks[i]];
}

/* What one step of each term's fit adds for this contender. */
static const double *weights_for(struct ranker *ranker, const struct contender *contender)
{
    if (!ranker_has(ranker, ROLE_INTERESTS))
        return ranker->weights;
    for (size_t i = 0; i < ranker->adding_count; i++)
        ranker->raised[i] = ranker->weights[i] *
                            (ranker->scored[i].role == ROLE_INTERESTS ? contender->raise : 1);
    for (size_t i = ranker->adding_count; i < ranker->terms; i++)
        ranker->raised[i] = 0;
    return ranker->raised;
}

/* Disliked terms lower a paper, but neither turn a hit into none nor are reasons. */
static void add_up(struct ranker *ranker, struct contender *contender)
{
    const uint16_t *codes = ranker->codes + contender->row * ranker->terms;

    contender->sum = dense_sum(codes, weights_for(ranker, contender), ranker->scored_count);
    contender->final = contender->sum;
    if (ranker_has(ranker, ROLE_DISLIKED))
        contender->final -= fmin(dense_sum(codes, ranker->takes, ranker->scored_count),
                                 WEIGHT_DISLIKED_BOUND * contender->sum);
}

static void take_codes(struct ranker *ranker)
{
    size_t terms = ranker->terms;

    for (size_t i = 0; i < ranker->scored_count; i++) {
        const struct found *found = ranker->scored[i].found;

        if (found->row)
            take_dense(found->row, ranker->picks, ranker->contender_count, terms,
                       ranker->codes + i);
        else
            take_sparse(found, ranker->places, terms, ranker->scratch_picks, ranker->codes + i);
    }
}

void explain_find(struct ranker *ranker)
{
    size_t count = ranker->contender_count, terms = dense_terms(ranker->scored_count);
    size_t codes = terms * (count + COLUMNS);

    ranker->terms = terms;
    ranker->codes = memory_grow(ranker->codes, &ranker->code_capacity, codes,
                                sizeof(*ranker->codes));
    memset(ranker->codes, 0, codes * sizeof(*ranker->codes));
    for (size_t i = 0; i < count; i++) {
        struct contender *contender = &ranker->contenders[i];

        contender->row = (uint32_t)i;
        contender->raise = ranker->raises[contender->paper];
        ranker->picks[i] = contender->paper;
        ranker->places[contender->paper] = (uint32_t)i + 1;
    }
    for (size_t i = 0; i < COLUMNS; i++)
        ranker->picks[count + i] = 0;
    take_codes(ranker);
    for (size_t i = 0; i < count; i++) {
        add_up(ranker, &ranker->contenders[i]);
        ranker->places[ranker->contenders[i].paper] = 0;
    }
}

/* ---- reasons ---- */

/* Which of the next terms are hit, less those that only take away. */
static inline uint64_t adding_hits(const uint16_t *codes, size_t adding)
{
    uint64_t bits = dense_hits(codes);

    return adding < DENSE_TERMS ? bits & (((uint64_t)1 << adding) - 1) : bits;
}

/* The shares that are not 0, and their terms * 2, + 1 in the title. */
static size_t take_shares(struct ranker *ranker, const uint16_t *codes, const double *weights)
{
    size_t count = 0, adding = ranker->adding_count;

    for (size_t at = 0; at < adding; at += DENSE_TERMS) {
        for (uint64_t bits = adding_hits(codes + at, adding - at); bits; bits &= bits - 1) {
            size_t term = at + (size_t)__builtin_ctzll(bits);
            uint32_t code = codes[term];

            ranker->values[count] = weights[term] * (int32_t)(code >> 1);
            ranker->numbers[count++] = (uint32_t)term * 2 + (code & 1);
        }
    }
    return count;
}

static double largest_of(const double *weights, size_t count)
{
    double largest = 0;

    for (size_t i = 0; i < count; i++)
        largest = weights[i] > largest ? weights[i] : largest;
    return largest;
}

static inline struct reason reason_of(const struct scored *of, uint32_t code, double score)
{
    return (struct reason){of->text, (enum reason_field)fields[of->role][code & 1], score};
}

static const uint16_t *codes_of(const struct ranker *ranker, const struct contender *contender)
{
    return ranker->codes + contender->row * ranker->terms;
}

/* Whatever the hits, the weights and how near the shares are. */
static void explain_one(struct ranker *ranker, const struct contender *contender,
                        struct arena *arena, struct ranked_paper *item)
{
    const double *weights = weights_for(ranker, contender);
    double scale = item->score / contender->sum;
    size_t count = take_shares(ranker, codes_of(ranker, contender), weights);
    struct reason *reasons = arena_room(arena, count, sizeof(*reasons));

    if (ranker->adding_count <= KEYS)
        order_near(ranker->values, count, ranker->order);
    else
        order_descending(ranker->values, count,
                         order_scale(largest_of(weights, ranker->adding_count) *
                                     WEIGHT_FIT_STEPS),
                         ranker->order_scratch, ranker->order);
    for (size_t i = 0; i < count; i++) {
        uint32_t number = ranker->numbers[ranker->order[i]];

        reasons[i] = reason_of(&ranker->scored[number >> 1], number,
                               ranker->values[ranker->order[i]] * scale);
    }
    item->reasons = reasons;
    item->reason_count = count;
}

/* ---- of profiles whose terms are one group: several papers at a time ---- */

/* What is the same for all papers of a profile. */
struct group {
    struct reason reasons[KEYS][2]; /* of each term, of a hit and of one in the title */
    uint16_t weights[KEYS];         /* of keys; 0 behind the terms */
    unsigned char raised[KEYS];     /* 1: feedback has its say */
    bool raises;                    /* there are such terms */
    bool raises_some;               /* and others: their order is each paper's own */
};

/* The hits of a batch, paper after paper. */
struct batch {
    int16_t keys[TOGETHER][KEYS + HITS_SPARE]; /* of each paper */
    size_t counts[TOGETHER];
    bool told_apart[TOGETHER];
    unsigned char terms[TOGETHER * KEYS + HITS_SPARE];
    unsigned char papers[TOGETHER * KEYS + HITS_SPARE]; /* of the batch */
    uint16_t codes[TOGETHER * KEYS + HITS_SPARE];
    uint16_t ranks[TOGETHER * KEYS + HITS_SPARE];
    size_t hit_count;
    double scales[TOGETHER];
    double raises[TOGETHER][2];
    struct reason *reasons[TOGETHER];
};

static void set_key_weights(const double *weights, size_t count, uint16_t *ret_weights)
{
    double largest = largest_of(weights, count);
    double scale = largest > DBL_MIN ? HITS_WEIGHT_MAX / largest : 0;

    for (size_t i = 0; i < count; i++)
        ret_weights[i] = (uint16_t)(int32_t)(weights[i] * scale + 0.5);
}

static void make_group(const struct ranker *ranker, struct group *group)
{
    group->raises = ranker_has(ranker, ROLE_INTERESTS);
    group->raises_some = false;
    memset(group->weights, 0, sizeof(group->weights));
    set_key_weights(ranker->weights, ranker->adding_count, group->weights);
    for (size_t i = 0; i < ranker->adding_count; i++) {
        const struct scored *of = &ranker->scored[i];

        group->reasons[i][0] = reason_of(of, 0, 0);
        group->reasons[i][1] = reason_of(of, 1, 0);
        group->raised[i] = of->role == ROLE_INTERESTS;
        group->raises_some |= group->raises && !group->raised[i];
    }
}

static void take_hits(struct ranker *ranker, struct group *group,
                      const struct contender *contenders, size_t count, struct batch *batch)
{
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        const uint16_t *codes = codes_of(ranker, &contenders[i]);

        if (group->raises_some)
            set_key_weights(weights_for(ranker, &contenders[i]), ranker->adding_count,
                            group->weights);
        batch->counts[i] = hits_take(&ranker->places_of_bits, codes, ranker->adding_count,
                                     group->weights, batch->terms + at, batch->codes + at,
                                     batch->keys[i]);
        at += batch->counts[i];
    }
    batch->hit_count = at;
}

static void rank_hits(size_t count, struct batch *batch)
{
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        batch->told_apart[i] = hits_ranks(batch->keys[i], batch->counts[i], batch->ranks + at);
        memset(batch->papers + at, (int)i, KEYS);
        at += batch->counts[i];
    }
}

/* Each where it belongs. */
static inline void write_hits(const struct batch *batch, const struct group *group,
                              const double *weights, bool raises)
{
    for (size_t i = 0; i < batch->hit_count; i++) {
        size_t term = batch->terms[i], paper = batch->papers[i];
        uint32_t code = batch->codes[i];
        struct reason *reason = &batch->reasons[paper][batch->ranks[i]];
        double weight = weights[term];

        if (raises)
            weight *= batch->raises[paper][group->raised[term]];
        *reason = group->reasons[term][code & 1];
        reason->score = weight * (int32_t)(code >> 1) * batch->scales[paper];
    }
}

static void explain_batch(struct ranker *ranker, struct group *group,
                          const struct contender *contenders, size_t count, struct arena *arena,
                          struct ranked_paper *items)
{
    struct reason *reasons;
    struct batch batch;

    take_hits(ranker, group, contenders, count, &batch);
    rank_hits(count, &batch);
    reasons = arena_room(arena, batch.hit_count, sizeof(*reasons));
    for (size_t i = 0; i < count; i++) {
        items[i].reasons = batch.reasons[i] = reasons;
        items[i].reason_count = batch.counts[i];
        reasons += batch.counts[i];
        batch.scales[i] = items[i].score / contenders[i].sum;
        batch.raises[i][0] = 1;
        batch.raises[i][1] = contenders[i].raise;
    }
    if (group->raises)
        write_hits(&batch, group, ranker->weights, true);
    else
        write_hits(&batch, group, ranker->weights, false);
    for (size_t i = 0; i < count; i++)
        if (!batch.told_apart[i])
            explain_one(ranker, &contenders[i], arena, &items[i]);
}

void explain_reasons(struct ranker *ranker, size_t count, struct arena *arena,
                     struct ranked_paper *items)
{
    const struct contender *contenders = ranker->contenders;
    struct group group;

    if (ranker->adding_count > KEYS) {
        for (size_t i = 0; i < count; i++)
            explain_one(ranker, &contenders[i], arena, &items[i]);
        return;
    }
    make_group(ranker, &group);
    for (size_t i = 0; i < count; i += TOGETHER)
        explain_batch(ranker, &group, contenders + i, count - i < TOGETHER ? count - i : TOGETHER,
                      arena, items + i);
}
