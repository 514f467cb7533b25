#include "ranking/explain.h"

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

enum { COLUMNS = EXPLAIN_ROOM, KEYS = DENSE_TERMS };

_Static_assert(KEYS % DENSE_KEYS == 0, "keys come in whole vectors");

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

static void write_reasons(struct ranker *ranker, size_t count, double key_scale, double scale,
                          struct reason *ret_reasons)
{
    order_descending(ranker->values, count, key_scale, ranker->order_scratch, ranker->order);
    for (size_t i = 0; i < count; i++) {
        uint32_t number = ranker->numbers[ranker->order[i]];

        ret_reasons[i] = reason_of(&ranker->scored[number >> 1], number,
                                   ranker->values[ranker->order[i]] * scale);
    }
}

/* The hits of a paper whose terms are one group. */
struct few {
    double values[KEYS];
    int16_t keys[KEYS], ranks[KEYS];
    unsigned char terms[KEYS];
    size_t count;
};

static void take_few(const uint16_t *codes, size_t adding, const double *weights,
                     double key_scale, struct few *few)
{
    size_t count = 0;

    memset(few->keys, 0, sizeof(few->keys));
    for (uint64_t bits = adding_hits(codes, adding); bits; bits &= bits - 1, count++) {
        size_t term = (size_t)__builtin_ctzll(bits);
        double value = weights[term] * (int32_t)(codes[term] >> 1);

        few->terms[count] = (unsigned char)term;
        few->values[count] = value;
        few->keys[count] = order_key(value, key_scale);
    }
    few->count = count;
}

/* Puts each where it belongs by its key; false when two have the same. */
static bool write_few(const struct scored *scored, const uint16_t *codes, struct few *few,
                      double scale, struct reason *ret_reasons)
{
    uint64_t taken = 0;

    dense_ranks(few->keys, few->count, few->ranks);
    for (size_t i = 0; i < few->count; i++) {
        size_t rank = (size_t)few->ranks[i], term = few->terms[i];

        taken |= (uint64_t)1 << rank;
        ret_reasons[rank] = reason_of(&scored[term], codes[term], few->values[i] * scale);
    }
    return (taken & (taken + 1)) == 0 && taken >> (few->count - 1);
}

static void explain(struct ranker *ranker, const struct contender *contender, double key_scale,
                    const double *weights, struct arena *arena, struct ranked_paper *item)
{
    const uint16_t *codes = ranker->codes + contender->row * ranker->terms;
    size_t count, adding = ranker->adding_count;
    double scale = item->score / contender->sum;
    struct reason *reasons;

    if (adding <= KEYS) {
        struct few few;

        take_few(codes, adding, weights, key_scale, &few);
        item->reason_count = few.count;
        item->reasons = reasons = arena_room(arena, few.count, sizeof(*reasons));
        if (!few.count || write_few(ranker->scored, codes, &few, scale, reasons))
            return;
    }
    count = take_shares(ranker, codes, weights);
    if (adding > KEYS) {
        item->reason_count = count;
        item->reasons = reasons = arena_room(arena, count, sizeof(*reasons));
    }
    write_reasons(ranker, count, key_scale, scale, reasons);
}

void explain_reasons(struct ranker *ranker, size_t count, struct arena *arena,
                     struct ranked_paper *items)
{
    double key_scale = order_scale(largest_of(ranker->weights, ranker->adding_count) *
                                   WEIGHT_FIT_STEPS);

    for (size_t i = 0; i < count; i++) {
        const struct contender *contender = &ranker->contenders[i];
        const double *weights = weights_for(ranker, contender);

        if (weights != ranker->weights)
            key_scale = order_scale(largest_of(weights, ranker->adding_count) *
                                    WEIGHT_FIT_STEPS);
        explain(ranker, contender, key_scale, weights, arena, &items[i]);
    }
}
