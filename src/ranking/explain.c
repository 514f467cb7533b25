#include "ranking/explain.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "ranking/weights.h"

static enum reason_field field_of(enum compiled_role role, bool in_title)
{
    static const unsigned char fields[ROLE_EXCLUDE + 1][2] = {
        [ROLE_KEYWORD] = {REASON_ABSTRACT, REASON_TITLE},
        [ROLE_REQUIRED] = {REASON_ABSTRACT, REASON_TITLE},
        [ROLE_BONUS] = {REASON_ABSTRACT, REASON_TITLE},
        [ROLE_INTERESTS] = {REASON_INTERESTS, REASON_INTERESTS},
        [ROLE_FOLLOW] = {REASON_AUTHOR, REASON_AUTHOR},
        [ROLE_LIKED] = {REASON_LIKED, REASON_LIKED},
        [ROLE_PREFER] = {REASON_PREFERENCE, REASON_PREFERENCE},
    };

    return (enum reason_field)fields[role][in_title];
}

/* ---- shares ---- */

/* Whether the hits of a term are looked at at all. */
static bool counts(enum compiled_role role)
{
    return ranker_adds(role) || role == ROLE_DISLIKED;
}

static void share_dense(const struct ranker *ranker, const struct found *found, double weight,
                        double *ret_shares)
{
    const uint32_t *papers = ranker->picks;
    const float *fits = found->fits;

    for (size_t i = 0; i < ranker->contender_count; i++)
        ret_shares[i] = weight * (double)fits[papers[i]];
}

static void share_sparse(const struct ranker *ranker, const struct found *found, double weight,
                         double *ret_shares)
{
    const struct found_hit *hits = found->hits;
    const uint32_t *places = ranker->places;
    uint32_t *picks = ranker->scratch_picks;
    size_t count = 0;

    for (size_t i = 0, end = found->count; i < end; i++) {
        /* Written in any case, counted when it is a contender's. */
        picks[count] = (uint32_t)i;
        count += places[hits[i].place >> 1] != 0;
    }
    for (size_t i = 0; i < count; i++) {
        const struct found_hit *hit = &hits[picks[i]];
        double share = weight * (double)hit->fit;

        ret_shares[places[hit->place >> 1] - 1] = hit->place & 1 ? -share : share;
    }
}

/* Disliked terms lower a paper, but neither turn a hit into none nor are reasons. */
static void move_against(const struct ranker *ranker, double *shares, double *against)
{
    for (size_t i = 0; i < ranker->contender_count; i++) {
        against[i] += fabs(shares[i]);
        shares[i] = 0;
    }
}

static void share_term(const struct ranker *ranker, size_t term, double *against)
{
    const struct found *found = ranker->found[term];
    enum compiled_role role = ranker->compiled.terms[term].role;
    double *shares = ranker->shares + term * ranker->columns;

    if (!counts(role) || !found->fits)
        memset(shares, 0, ranker->columns * sizeof(*shares));
    else
        memset(shares + ranker->contender_count, 0,
               (ranker->columns - ranker->contender_count) * sizeof(*shares));
    if (!counts(role))
        return;
    (found->fits ? share_dense : share_sparse)(ranker, found, ranker->weights[term], shares);
    for (size_t i = 0; i < ranker->contender_count && role == ROLE_INTERESTS; i++)
        shares[i] *= ranker->raises[ranker->picks[i]];
    if (role == ROLE_DISLIKED)
        move_against(ranker, shares, against);
}

/* Sums are in the profile's order, whichever way a term was found. */
static void add_up(struct ranker *ranker, const double *against)
{
    size_t terms = ranker->compiled.term_count, columns = ranker->columns;

    for (size_t at = 0; at < terms; at += DENSE_TERMS)
        dense_add_shares(ranker->shares + at * columns,
                         terms - at < DENSE_TERMS ? terms - at : DENSE_TERMS, columns,
                         ranker->totals, ranker->hits + at / DENSE_TERMS * columns);
    for (size_t i = 0; i < ranker->contender_count; i++) {
        struct contender *contender = &ranker->contenders[i];

        contender->sum = ranker->totals[i];
        contender->final = contender->sum -
                           fmin(against[i], WEIGHT_DISLIKED_BOUND * contender->sum);
    }
}

static size_t chunks_of(const struct ranker *ranker)
{
    return (ranker->compiled.term_count + DENSE_TERMS - 1) / DENSE_TERMS;
}

void explain_find(struct ranker *ranker)
{
    size_t count = ranker->contender_count, terms = ranker->compiled.term_count;
    size_t columns = ranker->columns = dense_columns(count);
    double *against;

    if (!count)
        return;
    ranker->shares = memory_grow(ranker->shares, &ranker->share_capacity, terms * columns,
                                 sizeof(*ranker->shares));
    ranker->totals = memory_grow(ranker->totals, &ranker->total_capacity, 2 * columns,
                                 sizeof(*ranker->totals));
    ranker->hits = memory_grow(ranker->hits, &ranker->hit_capacity,
                               chunks_of(ranker) * columns, sizeof(*ranker->hits));
    against = ranker->totals + columns;
    for (size_t i = 0; i < 2 * columns; i++)
        ranker->totals[i] = 0;
    for (size_t i = 0; i < count; i++) {
        ranker->picks[i] = ranker->contenders[i].paper;
        ranker->contenders[i].column = (uint32_t)i;
        ranker->places[ranker->contenders[i].paper] = (uint32_t)i + 1;
    }
    for (size_t i = 0; i < terms; i++)
        share_term(ranker, i, against);
    add_up(ranker, against);
    for (size_t i = 0; i < count; i++)
        ranker->places[ranker->contenders[i].paper] = 0;
}

/* ---- reasons ---- */

static size_t bits_in(uint64_t bits)
{
    return (size_t)__builtin_popcountll(bits);
}

static size_t count_hits(const struct ranker *ranker, const struct contender *contender)
{
    size_t count = 0;

    for (size_t i = 0; i < chunks_of(ranker); i++)
        count += bits_in(ranker->hits[i * ranker->columns + contender->column]);
    return count;
}

static struct reason reason_of(const struct ranker *ranker, uint32_t term, double score)
{
    const struct compiled_term *of = &ranker->compiled.terms[term >> 1];

    return (struct reason){of->text, field_of(of->role, term & 1), score};
}

/* The shares that are not 0, and their terms * 2, + 1 in the title. */
static size_t take_shares(const struct ranker *ranker, const struct contender *contender)
{
    const double *shares = ranker->shares + contender->column;
    double *values = ranker->values;
    uint32_t *numbers = ranker->numbers;
    size_t count = 0, columns = ranker->columns;

    for (size_t i = 0; i < chunks_of(ranker); i++) {
        uint64_t bits = ranker->hits[i * columns + contender->column];

        for (; bits; bits &= bits - 1) {
            size_t term = i * DENSE_TERMS + (size_t)__builtin_ctzll(bits);
            double share = shares[term * columns];

            values[count] = fabs(share);
            numbers[count++] = (uint32_t)term * 2 + (share < 0);
        }
    }
    return count;
}

/* Puts each where it belongs by a key that is nearly exact; whether it was. */
static bool write_few(const struct ranker *ranker, size_t count, double scale,
                      struct reason *ret_reasons)
{
    const double *values = ranker->values;
    int32_t keys[ORDER_KEYS] = {0}, ranks[ORDER_KEYS];
    bool is_ordered = true;

    for (size_t i = 0; i < count; i++)
        keys[i] = order_key(values[i], i);
    dense_ranks(keys, count, ranks);
    for (size_t i = 0; i < count; i++)
        ret_reasons[ranks[i]] = reason_of(ranker, ranker->numbers[i], values[i] * scale);
    for (size_t i = 1; i < count; i++)
        is_ordered &= ret_reasons[i - 1].score > ret_reasons[i].score;
    return is_ordered;
}

static void write_reasons(const struct ranker *ranker, size_t count, double scale,
                          struct reason *ret_reasons)
{
    if (count <= ORDER_KEYS && write_few(ranker, count, scale, ret_reasons))
        return;
    order_descending(ranker->values, ranker->numbers, count, ranker->order);
    for (size_t i = 0; i < count; i++)
        ret_reasons[i] = reason_of(ranker, ranker->order[i].number,
                                   ranker->order[i].value * scale);
}

void explain_reasons(struct ranker *ranker, size_t count, struct arena *arena,
                     struct ranked_paper *items)
{
    struct reason *reasons;
    size_t hits = 0;

    for (size_t i = 0; i < count; i++)
        hits += count_hits(ranker, &ranker->contenders[i]);
    reasons = arena_room(arena, hits, sizeof(*reasons));
    for (size_t i = 0; i < count; i++) {
        const struct contender *contender = &ranker->contenders[i];

        items[i].reasons = reasons;
        items[i].reason_count = take_shares(ranker, contender);
        write_reasons(ranker, items[i].reason_count, items[i].score / contender->sum, reasons);
        reasons += items[i].reason_count;
    }
}
