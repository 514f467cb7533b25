#include "ranking/relevance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ranking/feedback.h"
#include "ranking/match.h"
#include "ranking/select.h"
#include "ranking/weights.h"

/* What the profile's terms say about one paper. */
struct tally {
    double sum;
    double interests; /* of the sum, as their words hit */
    double raise;     /* what feedback makes of 1 of that; 1: nothing */
    double against; /* of disliked terms */
    uint16_t required;
    bool is_hit;
    bool is_followed;
    bool is_excluded;
};

struct ranker {
    const struct ranking_index *index;
    const struct profile *profile;
    struct compiled_profile compiled;
    struct matcher matcher;
    struct tally *tallies; /* one per paper */
    unsigned char *allowed;
};

/* Whether hits of this role may list a paper. */
static bool lists(const struct ranker *ranker, enum compiled_role role)
{
    return role <= ROLE_LIKED || (role == ROLE_BONUS && ranker->compiled.bonus_lists);
}

static bool adds(enum compiled_role role)
{
    return role <= ROLE_PREFER;
}

static void tally_term(struct ranker *ranker, const struct compiled_term *term)
{
    struct postings hits = match_term(&ranker->matcher, term);

    for (size_t i = 0; i < hits.count; i++) {
        struct tally *tally = &ranker->tallies[hits.items[i].paper];
        double share = term->weight * (double)hits.items[i].fit;

        if (adds(term->role))
            tally->sum += share;
        if (term->role == ROLE_INTERESTS)
            tally->interests += share;
        if (lists(ranker, term->role))
            tally->is_hit = true;
        if (term->role == ROLE_REQUIRED)
            tally->required++;
        else if (term->role == ROLE_FOLLOW)
            tally->is_followed = true;
        else if (term->role == ROLE_DISLIKED)
            tally->against += share;
        else if (term->role == ROLE_EXCLUDE)
            tally->is_excluded = true;
    }
}

static double raised(const struct tally *tally, const struct compiled_term *term, double share)
{
    return term->role == ROLE_INTERESTS ? share * tally->raise : share;
}

static void feed_back(struct ranker *ranker)
{
    size_t count = ranker->index->papers->count;
    double *shares, reachable = 0;

    for (size_t i = 0; i < ranker->compiled.term_count; i++)
        if (ranker->compiled.terms[i].role == ROLE_INTERESTS)
            reachable += ranker->compiled.terms[i].weight;
    if (reachable <= 0)
        return;
    shares = memory_new(count + 1, sizeof(*shares));
    for (size_t i = 0; i < count; i++)
        shares[i] = ranker->tallies[i].interests;
    feedback_raise(ranker->index, reachable, shares);
    for (size_t i = 0; i < count; i++) {
        struct tally *tally = &ranker->tallies[i];

        if (tally->interests <= 0)
            continue;
        tally->raise = shares[i] / tally->interests;
        tally->sum += shares[i] - tally->interests;
    }
    free(shares);
}

/* Disliked terms lower a paper, but do not turn a hit into none. */
static double final_sum(const struct tally *tally)
{
    return tally->sum - fmin(tally->against, WEIGHT_DISLIKED_BOUND * tally->sum);
}

static double score_of(double sum)
{
    return 100 * sum / (1 + sum);
}

static bool is_listed(const struct ranker *ranker, size_t paper)
{
    const struct tally *tally = &ranker->tallies[paper];

    if (!ranker->allowed[paper] || tally->is_excluded ||
        tally->required < ranker->compiled.required_count)
        return false;
    if (tally->is_followed || profile_is_plain(ranker->profile))
        return true;
    return tally->is_hit && score_of(final_sum(tally)) >= ranker->profile->min_score;
}

static void select_papers(struct ranker *ranker, struct selection *selection)
{
    bool plain = profile_is_plain(ranker->profile);

    for (size_t i = 0; i < ranker->index->papers->count; i++) {
        struct tally *tally = &ranker->tallies[i];

        if (is_listed(ranker, i))
            selection_offer(selection, (struct candidate){
                                           .sum = plain ? 0 : final_sum(tally),
                                           .paper = (uint32_t)i,
                                           .is_pinned = tally->is_followed,
                                       });
    }
    selection_sort(selection);
}

static enum reason_field field_of(const struct compiled_term *term, const struct posting *hit)
{
    switch (term->role) {
    case ROLE_INTERESTS:
        return REASON_INTERESTS;
    case ROLE_LIKED:
        return REASON_LIKED;
    case ROLE_FOLLOW:
        return REASON_AUTHOR;
    case ROLE_PREFER:
        return REASON_PREFERENCE;
    default:
        return hit->title ? REASON_TITLE : REASON_ABSTRACT;
    }
}

static void add_reason(struct reason *reasons, size_t *count, struct reason reason)
{
    size_t at = (*count)++;

    /* Few and mostly in order: larger shares move up, equal ones stay behind. */
    for (; at > 0 && reasons[at - 1].score < reason.score; at--)
        reasons[at] = reasons[at - 1];
    reasons[at] = reason;
}

/* The walk of the terms once more, for the chosen papers only. `places` says
 * for each paper where in the ranking it is, + 1. */
static void walk_chosen(struct ranker *ranker, const uint32_t *places,
                        struct ranked_paper *items, struct reason **reasons, struct arena *arena)
{
    for (size_t i = 0; i < ranker->compiled.term_count; i++) {
        const struct compiled_term *term = &ranker->compiled.terms[i];
        struct view text = {0};
        struct postings hits;

        if (!adds(term->role))
            continue;
        hits = match_term(&ranker->matcher, term);
        for (size_t j = 0; j < hits.count; j++) {
            const struct posting *hit = &hits.items[j];
            struct ranked_paper *item = &items[places[hit->paper] - (places[hit->paper] != 0)];

            if (!places[hit->paper])
                continue;
            if (!reasons) {
                item->reason_count++;
                continue;
            }
            if (!text.data)
                text = arena_copy(arena, term->text);
            add_reason(reasons[places[hit->paper] - 1], &item->reason_count,
                       (struct reason){text, field_of(term, hit),
                                       item->score *
                                           raised(&ranker->tallies[hit->paper], term,
                                                  term->weight * (double)hit->fit) /
                                           ranker->tallies[hit->paper].sum});
        }
    }
}

static void explain(struct ranker *ranker, struct ranked_paper *items, size_t count,
                    struct arena *arena)
{
    uint32_t *places = memory_new(ranker->index->papers->count + 1, sizeof(*places));
    struct reason **reasons = memory_new(count + 1, sizeof(struct reason *));

    for (size_t i = 0; i < count; i++)
        places[items[i].paper - ranker->index->papers->items] = (uint32_t)i + 1;
    walk_chosen(ranker, places, items, NULL, arena);
    for (size_t i = 0; i < count; i++) {
        reasons[i] = arena_alloc(arena, items[i].reason_count, sizeof(struct reason));
        items[i].reasons = reasons[i];
        items[i].reason_count = 0;
    }
    walk_chosen(ranker, places, items, reasons, arena);
    free(places);
    free(reasons);
}

static void make_ranking(struct ranker *ranker, const struct selection *selection,
                         struct arena *arena, struct ranking *ret_ranking)
{
    struct ranked_paper *items = arena_alloc(arena, selection->count, sizeof(*items));

    for (size_t i = 0; i < selection->count; i++) {
        items[i].paper = &ranker->index->papers->items[selection->items[i].paper];
        items[i].score = score_of(selection->items[i].sum);
    }
    if (!profile_is_plain(ranker->profile))
        explain(ranker, items, selection->count, arena);
    *ret_ranking = (struct ranking){items, selection->count};
}

void relevance_rank(const struct ranking_index *index, const struct profile *profile, size_t top,
                    const unsigned char *skip, struct arena *arena, struct ranking *ret_ranking)
{
    struct ranker ranker = {.index = index, .profile = profile};
    struct selection selection = {.room = top};

    compile_profile(index, profile, &ranker.compiled);
    matcher_init(&ranker.matcher, index, &ranker.compiled);
    ranker.tallies = memory_new(index->papers->count + 1, sizeof(*ranker.tallies));
    ranker.allowed = select_allowed(index, profile, profile->announce_types, skip);
    selection.items = memory_new(top + 1, sizeof(*selection.items));
    for (size_t i = 0; i < ranker.compiled.term_count; i++)
        tally_term(&ranker, &ranker.compiled.terms[i]);
    feed_back(&ranker);
    select_papers(&ranker, &selection);
    make_ranking(&ranker, &selection, arena, ret_ranking);
    free(selection.items);
    free(ranker.allowed);
    free(ranker.tallies);
    matcher_free(&ranker.matcher);
    compiled_free(&ranker.compiled);
}
