#include "ranking/explain.h"

#include <math.h>

#include "base/memory.h"
#include "ranking/weights.h"

static enum reason_field field_of(enum compiled_role role, bool in_title)
{
    switch (role) {
    case ROLE_INTERESTS:
        return REASON_INTERESTS;
    case ROLE_LIKED:
        return REASON_LIKED;
    case ROLE_FOLLOW:
        return REASON_AUTHOR;
    case ROLE_PREFER:
        return REASON_PREFERENCE;
    default:
        return in_title ? REASON_TITLE : REASON_ABSTRACT;
    }
}

/* ---- hits ---- */

static void find_dense(struct ranker *ranker, uint32_t term, const struct found *found)
{
    for (size_t i = 0; i < ranker->contender_count; i++) {
        struct contender *contender = &ranker->contenders[i];
        float fit = found->fits[contender->paper];

        /* Written in any case, counted when the paper has the term. */
        contender->hits[contender->hit_count] =
            (struct contender_hit){term * 2 + found->in_title[contender->paper], fit};
        contender->hit_count += fit > 0;
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
        contender->hit_count = 0;
        ranker->places[contender->paper] = (uint32_t)i + 1;
    }
    for (size_t i = 0; i < ranker->compiled.term_count; i++) {
        enum compiled_role role = ranker->compiled.terms[i].role;

        if (!ranker_adds(role) && role != ROLE_DISLIKED)
            continue;
        if (ranker->found[i]->fits)
            find_dense(ranker, (uint32_t)i, ranker->found[i]);
        else
            find_sparse(ranker, (uint32_t)i, ranker->found[i]);
    }
    for (size_t i = 0; i < count; i++) {
        add_up(ranker, &ranker->contenders[i]);
        ranker->places[ranker->contenders[i].paper] = 0;
    }
}

/* ---- reasons ---- */

/* Few and mostly in order: larger shares move up, equal ones stay behind. */
static void add_reason(struct reason *reasons, size_t *count, struct reason reason)
{
    size_t at = (*count)++;

    for (; at > 0 && reasons[at - 1].score < reason.score; at--)
        reasons[at] = reasons[at - 1];
    reasons[at] = reason;
}

void explain_reasons(const struct ranker *ranker, size_t count, struct arena *arena,
                     struct ranked_paper *items)
{
    struct reason *reasons;
    size_t hits = 0;

    for (size_t i = 0; i < count; i++)
        hits += ranker->contenders[i].hit_count;
    reasons = arena_alloc(arena, hits, sizeof(*reasons));
    for (size_t i = 0; i < count; i++) {
        const struct contender *contender = &ranker->contenders[i];
        double scale = items[i].score / contender->sum;

        items[i].reasons = reasons;
        for (uint32_t j = 0; j < contender->hit_count; j++) {
            const struct contender_hit *hit = &contender->hits[j];
            const struct compiled_term *term = &ranker->compiled.terms[hit->term >> 1];

            if (ranker_adds(term->role))
                add_reason(reasons, &items[i].reason_count,
                           (struct reason){term->text, field_of(term->role, hit->term & 1),
                                           share_of(ranker, contender, hit) * scale});
        }
        reasons += items[i].reason_count;
    }
}
