#include "ranking/relevance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ranking/explain.h"
#include "ranking/feedback.h"
#include "ranking/ranker.h"
#include "ranking/weights.h"

struct ranker *ranker_new(const struct ranking_index *index)
{
    struct ranker *ranker = memory_new(1, sizeof(*ranker));
    size_t count = index->papers->count + 1;

    ranker->index = index;
    matcher_init(&ranker->matcher, index, &ranker->compiled);
    ranker->sums = memory_new(count, sizeof(*ranker->sums));
    ranker->marks = memory_new(count, sizeof(*ranker->marks));
    ranker->against = memory_new(count, sizeof(*ranker->against));
    ranker->interests = memory_new(count, sizeof(*ranker->interests));
    ranker->raises = memory_new(count, sizeof(*ranker->raises));
    ranker->required = memory_new(count, sizeof(*ranker->required));
    ranker->places = memory_new(count, sizeof(*ranker->places));
    ranker->chosen = memory_new(count, sizeof(*ranker->chosen));
    return ranker;
}

void ranker_free(struct ranker **ranker)
{
    if (!*ranker)
        return;
    matcher_free(&(*ranker)->matcher);
    compiled_free(&(*ranker)->compiled);
    free((*ranker)->sums);
    free((*ranker)->marks);
    free((*ranker)->against);
    free((*ranker)->interests);
    free((*ranker)->raises);
    free((*ranker)->required);
    free((*ranker)->places);
    free((*ranker)->chosen);
    free((*ranker)->hits);
    free(*ranker);
    *ranker = NULL;
}

/* Whether hits of this role may list a paper. */
static bool lists(const struct ranker *ranker, enum compiled_role role)
{
    return role <= ROLE_LIKED || (role == ROLE_BONUS && ranker->compiled.rules.bonus_lists);
}

static void clear(struct ranker *ranker)
{
    size_t count = ranker->index->papers->count;

    ranker->has_against = ranker->has_interests = false;
    ranker->all_list = true;
    for (size_t i = 0; i < ranker->compiled.term_count; i++) {
        enum compiled_role role = ranker->compiled.terms[i].role;

        ranker->all_list &= !ranker_adds(role) || lists(ranker, role);
        ranker->has_against |= role == ROLE_DISLIKED;
        ranker->has_interests |= role == ROLE_INTERESTS;
    }
    memset(ranker->sums, 0, count * sizeof(*ranker->sums));
    memset(ranker->marks, 0, count * sizeof(*ranker->marks));
    if (ranker->has_against)
        memset(ranker->against, 0, count * sizeof(*ranker->against));
    if (ranker->has_interests)
        memset(ranker->interests, 0, count * sizeof(*ranker->interests));
    if (ranker->compiled.rules.required_count)
        memset(ranker->required, 0, count * sizeof(*ranker->required));
}

/* Roles that only few profiles have. */
static void tally_rare(struct ranker *ranker, const struct compiled_term *term,
                       struct postings hits)
{
    for (size_t i = 0; i < hits.count; i++) {
        uint32_t paper = hits.items[i].paper;
        double share = term->weight * (double)hits.items[i].fit;

        if (term->role == ROLE_REQUIRED)
            ranker->required[paper]++;
        else if (term->role == ROLE_FOLLOW)
            ranker->marks[paper] |= MARK_FOLLOWED;
        else if (term->role == ROLE_DISLIKED)
            ranker->against[paper] += share;
        else if (term->role == ROLE_INTERESTS)
            ranker->interests[paper] += share;
        else if (term->role == ROLE_EXCLUDE)
            ranker->marks[paper] |= MARK_OUT;
    }
}

static void tally_term(struct ranker *ranker, const struct compiled_term *term)
{
    struct postings hits = match_term(&ranker->matcher, term);
    unsigned char mark = lists(ranker, term->role) ? MARK_HIT : 0;
    double *sums = ranker->sums;
    unsigned char *marks = ranker->marks;

    if (ranker_adds(term->role)) {
        for (size_t i = 0; i < hits.count; i++)
            sums[hits.items[i].paper] += term->weight * (double)hits.items[i].fit;
        for (size_t i = 0; i < hits.count && mark && !ranker->all_list; i++)
            marks[hits.items[i].paper] |= mark;
    }
    if (term->role != ROLE_KEYWORD && term->role != ROLE_BONUS)
        tally_rare(ranker, term, hits);
}

static void feed_back(struct ranker *ranker)
{
    double reachable = 0;

    for (size_t i = 0; i < ranker->compiled.term_count; i++)
        if (ranker->compiled.terms[i].role == ROLE_INTERESTS)
            reachable += ranker->compiled.terms[i].weight;
    memcpy(ranker->raises, ranker->interests,
           ranker->index->papers->count * sizeof(*ranker->raises));
    feedback_raise(ranker->index, reachable, ranker->raises);
    for (size_t i = 0; i < ranker->index->papers->count; i++) {
        if (ranker->interests[i] <= 0)
            continue;
        ranker->sums[i] += ranker->raises[i] - ranker->interests[i];
        ranker->raises[i] /= ranker->interests[i];
    }
}

static double score_of(double sum)
{
    return 100 * sum / (1 + sum);
}

/* Disliked terms lower a paper, but do not turn a hit into none. */
static double final_sum(const struct ranker *ranker, size_t paper)
{
    double sum = ranker->sums[paper];

    return ranker->has_against ? sum - fmin(ranker->against[paper], WEIGHT_DISLIKED_BOUND * sum)
                               : sum;
}

static void allow_categories(struct ranker *ranker)
{
    const struct compiled_profile *compiled = &ranker->compiled;

    for (size_t i = 0; i < compiled->category_count; i++) {
        struct postings in = index_find(ranker->index, compiled->categories[i]);

        for (size_t j = 0; j < in.count; j++)
            ranker->marks[in.items[j].paper] |= MARK_CATEGORY;
    }
}

static bool is_allowed(const struct ranker *ranker, size_t paper)
{
    const struct compiled_rules *rules = &ranker->compiled.rules;
    uint32_t characters = ranker->index->about[paper].abstract_characters;

    return (rules->announce_types & 1u << ranker->index->papers->items[paper].announce_type) &&
           (!ranker->compiled.category_count || (ranker->marks[paper] & MARK_CATEGORY)) &&
           characters >= rules->abstract_min_length &&
           (!rules->abstract_max_length || characters <= rules->abstract_max_length) &&
           (!rules->required_count || ranker->required[paper] >= rules->required_count);
}

static void select_papers(struct ranker *ranker, const unsigned char *skip,
                          struct selection *selection)
{
    bool plain = ranker->compiled.rules.is_plain;
    double min_score = ranker->compiled.rules.min_score;

    allow_categories(ranker);
    for (size_t i = 0; i < ranker->index->papers->count; i++) {
        struct candidate candidate = {.paper = (uint32_t)i};
        unsigned char marks = ranker->marks[i];

        if (ranker->all_list && ranker->sums[i] > 0)
            marks |= MARK_HIT;

        if ((marks & MARK_OUT) || (!(marks & (MARK_HIT | MARK_FOLLOWED)) && !plain))
            continue;
        candidate.is_pinned = marks & MARK_FOLLOWED;
        candidate.sum = plain ? 0 : final_sum(ranker, i);
        if (!selection_wants(selection, candidate) || (skip && skip[i]) || !is_allowed(ranker, i))
            continue;
        if (plain || candidate.is_pinned || score_of(candidate.sum) >= min_score)
            selection_offer(selection, candidate);
    }
    selection_sort(selection);
}

int relevance_rank(struct ranker *ranker, struct view bytes, size_t top, const unsigned char *skip,
                   struct arena *arena, struct ranking *ret_ranking)
{
    size_t papers = ranker->index->papers->count;
    struct selection selection = {.items = ranker->chosen};
    struct ranked_paper *items;

    if (compiled_unpack(bytes, &ranker->compiled) < 0)
        return -1;
    if (!top)
        top = ranker->compiled.rules.max_papers;
    selection.room = top < papers ? top : papers;
    clear(ranker);
    for (size_t i = 0; i < ranker->compiled.term_count; i++)
        tally_term(ranker, &ranker->compiled.terms[i]);
    if (ranker->has_interests)
        feed_back(ranker);
    select_papers(ranker, skip, &selection);
    items = arena_alloc(arena, selection.count, sizeof(*items));
    for (size_t i = 0; i < selection.count; i++) {
        items[i].paper = &ranker->index->papers->items[selection.items[i].paper];
        items[i].score = score_of(selection.items[i].sum);
    }
    if (!ranker->compiled.rules.is_plain)
        explain(ranker, items, selection.count, arena);
    *ret_ranking = (struct ranking){items, selection.count};
    return 0;
}
