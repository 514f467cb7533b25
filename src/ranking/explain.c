#include "ranking/explain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ranking/weights.h"

enum { KEY_PLACES = 64 };

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

/* ---- hits ---- */

/* Whether the hits of a term are looked at at all. */
static bool counts(enum compiled_role role)
{
    return ranker_adds(role) || role == ROLE_DISLIKED;
}

static void find_dense(struct ranker *ranker)
{
    size_t row_count = 0;

    for (size_t i = 0; i < ranker->compiled.term_count; i++) {
        if (!ranker->found[i].fits || !counts(ranker->compiled.terms[i].role))
            continue;
        ranker->rows[row_count].fits = ranker->found[i].fits;
        ranker->row_terms[row_count++] = (uint32_t)i;
    }
    for (size_t i = 0; i < ranker->contender_count; i++) {
        struct contender *contender = &ranker->contenders[i];
        struct contender_hit *hits = contender->hits;
        uint32_t count = 0;

        for (size_t row = 0; row < row_count; row++) {
            float fit = ranker->rows[row].fits[contender->paper];

            /* Written in any case, counted when the paper has the term. */
            hits[count] = (struct contender_hit){ranker->row_terms[row] * 2 + (fit < 0),
                                                 fabsf(fit)};
            count += hits[count].fit > 0;
        }
        contender->hit_count = count;
    }
}

static void find_sparse(struct ranker *ranker, uint32_t term, const struct found *found)
{
    for (size_t i = 0; i < found->count; i++) {
        uint32_t paper = found->hits[i].place >> 1, place = ranker->places[paper];
        struct contender *contender;

        if (!place)
            continue;
        contender = &ranker->contenders[place - 1];
        contender->hits[contender->hit_count++] =
            (struct contender_hit){term * 2 + (found->hits[i].place & 1), found->hits[i].fit};
    }
}

static double share_of(const struct ranker *ranker, const struct contender *contender,
                       const struct contender_hit *hit)
{
    uint32_t term = hit->term >> 1;
    double share = ranker->weights[term] * (double)hit->fit;

    if (ranker->has_interests && ranker->compiled.terms[term].role == ROLE_INTERESTS)
        share *= ranker->raises[contender->paper];
    return share;
}

/* Disliked terms lower a paper, but do not turn a hit into none. */
static void add_up(const struct ranker *ranker, struct contender *contender)
{
    double sum = 0, against = 0;

    for (uint32_t i = 0; i < contender->hit_count; i++) {
        double share = share_of(ranker, contender, &contender->hits[i]);

        if (ranker->has_against &&
            ranker->compiled.terms[contender->hits[i].term >> 1].role == ROLE_DISLIKED)
            against += share;
        else
            sum += share;
    }
    contender->sum = sum;
    contender->final = sum - fmin(against, WEIGHT_DISLIKED_BOUND * sum);
}

void explain_find(struct ranker *ranker)
{
    size_t count = ranker->contender_count, room = ranker->compiled.term_count + 1;

    ranker->hits = memory_grow(ranker->hits, &ranker->hit_capacity, count * room,
                               sizeof(*ranker->hits));
    for (size_t i = 0; i < count; i++) {
        struct contender *contender = &ranker->contenders[i];

        contender->hits = ranker->hits + i * room;
        ranker->places[contender->paper] = (uint32_t)i + 1;
    }
    find_dense(ranker);
    for (size_t i = 0; i < ranker->compiled.term_count; i++)
        if (!ranker->found[i].fits && counts(ranker->compiled.terms[i].role))
            find_sparse(ranker, (uint32_t)i, &ranker->found[i]);
    for (size_t i = 0; i < count; i++) {
        add_up(ranker, &ranker->contenders[i]);
        ranker->places[ranker->contenders[i].paper] = 0;
    }
}

/* ---- reasons ---- */

/* What the hits of one paper are sorted with; each has room for all terms. */
struct sorter {
    double *shares;
    uint32_t *terms; /* as in contender_hit */
    int32_t *keys;
    int32_t *ranks;
    struct order {
        double share;
        uint32_t term;
    } *order;
};

static struct sorter sorter_new(struct arena *arena, size_t terms)
{
    size_t room = dense_room(terms);

    return (struct sorter){.shares = arena_alloc(arena, room, sizeof(double)),
                           .terms = arena_alloc(arena, room, sizeof(uint32_t)),
                           .keys = arena_alloc(arena, room, sizeof(int32_t)),
                           .ranks = arena_alloc(arena, room, sizeof(int32_t)),
                           .order = arena_alloc(arena, room, sizeof(struct order))};
}

static size_t take_shares(const struct ranker *ranker, const struct contender *contender,
                          struct sorter *sorter)
{
    size_t count = 0;

    for (uint32_t i = 0; i < contender->hit_count; i++) {
        const struct contender_hit *hit = &contender->hits[i];

        sorter->terms[count] = hit->term;
        sorter->shares[count] = share_of(ranker, contender, hit);
        count += !ranker->has_against ||
                 ranker->compiled.terms[hit->term >> 1].role != ROLE_DISLIKED;
    }
    return count;
}

static bool comes_before(const struct order *a, const struct order *b)
{
    if (a->share > b->share || a->share < b->share)
        return a->share > b->share;
    return a->term < b->term;
}

static int compare_orders(const void *a, const void *b)
{
    return comes_before(a, b) ? -1 : comes_before(b, a);
}

/* The largest share first, ties in the profile's order. Nearly all is done by
 * ranks of rounded shares, which no branch depends on. */
static void sort_shares(struct sorter *sorter, size_t count)
{
    struct order *order = sorter->order;

    if (count > KEY_PLACES) {
        for (size_t i = 0; i < count; i++)
            order[i] = (struct order){sorter->shares[i], sorter->terms[i]};
        qsort(order, count, sizeof(*order), compare_orders);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        float share = (float)sorter->shares[i];

        memcpy(&sorter->keys[i], &share, sizeof(share));
        /* Places make keys different. */
        sorter->keys[i] = (sorter->keys[i] & ~(KEY_PLACES - 1)) |
                          (int32_t)(KEY_PLACES - 1 - i);
    }
    dense_ranks(sorter->keys, count, sorter->ranks);
    for (size_t i = 0; i < count; i++)
        order[sorter->ranks[i]] = (struct order){sorter->shares[i], sorter->terms[i]};
    for (size_t i = 1; i < count; i++) {
        struct order moved = order[i];
        size_t at = i;

        for (; at > 0 && comes_before(&moved, &order[at - 1]); at--)
            order[at] = order[at - 1];
        order[at] = moved;
    }
}

void explain_reasons(const struct ranker *ranker, size_t count, struct arena *arena,
                     struct ranked_paper *items)
{
    struct sorter sorter = sorter_new(arena, ranker->compiled.term_count);
    struct reason *reasons;
    size_t hits = 0;

    for (size_t i = 0; i < count; i++)
        hits += ranker->contenders[i].hit_count;
    reasons = arena_alloc(arena, hits, sizeof(*reasons));
    for (size_t i = 0; i < count; i++) {
        double scale = items[i].score / ranker->contenders[i].sum;

        items[i].reasons = reasons;
        items[i].reason_count = take_shares(ranker, &ranker->contenders[i], &sorter);
        sort_shares(&sorter, items[i].reason_count);
        for (size_t j = 0; j < items[i].reason_count; j++) {
            const struct order *order = &sorter.order[j];
            const struct compiled_term *term = &ranker->compiled.terms[order->term >> 1];

            *reasons++ = (struct reason){term->text, field_of(term->role, order->term & 1),
                                         order->share * scale};
        }
    }
}
