#include "ranking/relevance.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ranking/explain.h"
#include "ranking/feedback.h"
#include "ranking/ranker.h"
#include "ranking/weights.h"

/* Above every sum: these papers come first. */
#define PINNED_SUM 1e35f
/* How far a sum of floats may be off, per term and as a share of the sum: the
 * rounding of weight, product and sum, on both sides of a comparison, with room
 * for the subtraction of disliked terms. */
#define FLOAT_ERROR (16 * (double)FLT_EPSILON)

enum { PEAK_PAPERS = 16, INSERTION_MAX = 100 };

struct ranker *ranker_new(const struct ranking_index *index)
{
    struct ranker *ranker = memory_new(1, sizeof(*ranker));
    size_t count = index->papers->count + 1, room = dense_room(count);

    ranker->index = index;
    found_init(&ranker->cache, index, &ranker->compiled);
    ranker->sums = memory_new(room, sizeof(*ranker->sums));
    ranker->against = memory_new(room, sizeof(*ranker->against));
    ranker->interests = memory_new(room, sizeof(*ranker->interests));
    ranker->peaks = memory_new(room, sizeof(*ranker->peaks));
    ranker->picked = memory_new(room, sizeof(*ranker->picked));
    ranker->picks = memory_new(room, sizeof(*ranker->picks));
    ranker->raises = memory_new(count, sizeof(*ranker->raises));
    ranker->scratch = memory_new(count, sizeof(*ranker->scratch));
    ranker->required = memory_new(count, sizeof(*ranker->required));
    ranker->marks = memory_new(count, sizeof(*ranker->marks));
    ranker->allowed = memory_new(room, sizeof(*ranker->allowed));
    ranker->places = memory_new(count, sizeof(*ranker->places));
    ranker->contenders = memory_new(count, sizeof(*ranker->contenders));
    return ranker;
}

void ranker_free(struct ranker **ranker)
{
    if (!*ranker)
        return;
    found_free(&(*ranker)->cache);
    grams_free(&(*ranker)->grams);
    compiled_free(&(*ranker)->compiled);
    free((*ranker)->found);
    free((*ranker)->weights);
    free((*ranker)->rows);
    free((*ranker)->row_terms);
    free((*ranker)->sums);
    free((*ranker)->against);
    free((*ranker)->interests);
    free((*ranker)->peaks);
    free((*ranker)->picked);
    free((*ranker)->picks);
    free((*ranker)->raises);
    free((*ranker)->scratch);
    free((*ranker)->required);
    free((*ranker)->marks);
    free((*ranker)->allowed);
    free((*ranker)->places);
    free((*ranker)->contenders);
    free((*ranker)->hits);
    free(*ranker);
    *ranker = NULL;
}

/* ---- sums ---- */

/* Whether hits of this role may list a paper. */
static bool lists(const struct ranker *ranker, enum compiled_role role)
{
    return role <= ROLE_LIKED || (role == ROLE_BONUS && ranker->compiled.rules.bonus_lists);
}

static void look_up(struct ranker *ranker)
{
    size_t count = ranker->compiled.term_count;

    found_begin(&ranker->cache);
    ranker->found = memory_grow(ranker->found, &ranker->found_capacity, count,
                                sizeof(*ranker->found));
    ranker->weights = memory_grow(ranker->weights, &ranker->weight_capacity, count,
                                  sizeof(*ranker->weights));
    ranker->rows = memory_grow(ranker->rows, &ranker->row_capacity, count,
                               sizeof(*ranker->rows));
    ranker->row_terms = memory_grow(ranker->row_terms, &ranker->row_term_capacity, count,
                                    sizeof(*ranker->row_terms));
    ranker->has_against = ranker->has_interests = false;
    ranker->all_list = true;
    for (size_t i = 0; i < count; i++) {
        const struct compiled_term *term = &ranker->compiled.terms[i];

        ranker->found[i] = found_term(&ranker->cache, term);
        __builtin_prefetch(ranker->found[i].hits);
        ranker->weights[i] = compiled_is_keyword(term->role)
                                 ? term->weight * ranker->found[i].factor
                                 : term->weight;
        ranker->all_list &= !ranker_adds(term->role) || lists(ranker, term->role);
        ranker->has_against |= term->role == ROLE_DISLIKED;
        ranker->has_interests |= term->role == ROLE_INTERESTS;
    }
}

/* What the sum of a term goes into. */
static const float *target_of(const struct ranker *ranker, enum compiled_role role)
{
    if (role == ROLE_INTERESTS)
        return ranker->interests;
    if (role == ROLE_DISLIKED)
        return ranker->against;
    return ranker_adds(role) ? ranker->sums : NULL;
}

/* Of all terms that go into `sums`. */
static void add_terms(struct ranker *ranker, float *sums)
{
    size_t row_count = 0, room = dense_room(ranker->index->papers->count);

    for (size_t i = 0; i < ranker->compiled.term_count; i++)
        if (ranker->found[i].fits && target_of(ranker, ranker->compiled.terms[i].role) == sums)
            ranker->rows[row_count++] =
                (struct dense_row){ranker->found[i].fits, (float)ranker->weights[i]};
    dense_add(ranker->rows, row_count, room, sums);
    for (size_t i = 0; i < ranker->compiled.term_count; i++) {
        const struct found *found = &ranker->found[i];
        float weight = (float)ranker->weights[i];

        if (found->fits || target_of(ranker, ranker->compiled.terms[i].role) != sums)
            continue;
        for (size_t j = 0; j < found->count; j++)
            sums[found->hits[j].place >> 1] += weight * found->hits[j].fit;
    }
}

static void feed_back(struct ranker *ranker)
{
    size_t papers = ranker->index->papers->count;

    add_terms(ranker, ranker->interests);
    for (size_t i = 0; i < papers; i++)
        ranker->raises[i] = (double)ranker->interests[i];
    feedback_mix(ranker->index, ranker->raises, ranker->scratch);
    for (size_t i = 0; i < papers; i++) {
        if (ranker->interests[i] <= 0)
            continue;
        ranker->sums[i] += (float)ranker->raises[i];
        ranker->raises[i] /= (double)ranker->interests[i];
    }
}

static void take_away(struct ranker *ranker)
{
    add_terms(ranker, ranker->against);
    for (size_t i = 0; i < ranker->index->papers->count; i++) {
        float most = (float)WEIGHT_DISLIKED_BOUND * ranker->sums[i];

        ranker->sums[i] -= ranker->against[i] < most ? ranker->against[i] : most;
    }
}

/* ---- rules ---- */

static void mark(struct ranker *ranker, const struct found *found, unsigned char bit)
{
    for (size_t i = 0; i < found->count; i++)
        ranker->marks[found->hits[i].place >> 1] |= bit;
}

static void keep_marked(struct ranker *ranker, unsigned char bits)
{
    for (size_t i = 0; i < ranker->index->papers->count; i++)
        if (!(ranker->marks[i] & bits))
            ranker->sums[i] = 0;
}

static void apply_roles(struct ranker *ranker)
{
    const struct compiled_profile *compiled = &ranker->compiled;

    for (size_t i = 0; i < compiled->term_count && !ranker->all_list; i++)
        if (ranker_adds(compiled->terms[i].role) && lists(ranker, compiled->terms[i].role))
            mark(ranker, &ranker->found[i], MARK_HIT);
    if (!ranker->all_list)
        keep_marked(ranker, MARK_HIT);
    for (size_t i = 0; i < compiled->term_count; i++) {
        const struct found *found = &ranker->found[i];

        if (compiled->terms[i].role == ROLE_FOLLOW) {
            mark(ranker, found, MARK_FOLLOWED);
            for (size_t j = 0; j < found->count; j++)
                ranker->sums[found->hits[j].place >> 1] = PINNED_SUM;
        } else if (compiled->terms[i].role == ROLE_REQUIRED) {
            for (size_t j = 0; j < found->count; j++)
                ranker->required[found->hits[j].place >> 1]++;
        }
    }
    for (size_t i = 0; i < compiled->term_count; i++)
        if (compiled->terms[i].role == ROLE_EXCLUDE)
            for (size_t j = 0; j < ranker->found[i].count; j++)
                ranker->sums[ranker->found[i].hits[j].place >> 1] = 0;
}

static void apply_required(struct ranker *ranker)
{
    for (size_t i = 0; i < ranker->index->papers->count; i++)
        if (ranker->required[i] < ranker->compiled.rules.required_count)
            ranker->sums[i] = 0;
}

static void apply_categories(struct ranker *ranker)
{
    for (size_t i = 0; i < ranker->compiled.category_count; i++) {
        struct postings in = index_find(ranker->index, ranker->compiled.categories[i]);

        for (size_t j = 0; j < in.count; j++)
            ranker->marks[in.items[j].paper] |= MARK_CATEGORY;
    }
    if (ranker->compiled.category_count)
        keep_marked(ranker, MARK_CATEGORY);
}

/* Most profiles have the rules of the one before. */
static void set_allowed(struct ranker *ranker)
{
    const struct compiled_rules *rules = &ranker->compiled.rules, *before = &ranker->allowed_rules;

    if (rules->announce_types == before->announce_types &&
        rules->abstract_min_length == before->abstract_min_length &&
        rules->abstract_max_length == before->abstract_max_length)
        return;
    ranker->allowed_rules = *rules;
    ranker->allows_all = true;
    for (size_t i = 0; i < ranker->index->papers->count; i++) {
        uint32_t characters = ranker->index->about[i].abstract_characters;

        bool allowed =
            (rules->announce_types & 1u << ranker->index->papers->items[i].announce_type) &&
            characters >= rules->abstract_min_length &&
            (!rules->abstract_max_length || characters <= rules->abstract_max_length);

        ranker->allowed[i] = allowed ? UINT32_MAX : 0;
        ranker->allows_all &= allowed;
    }
}

static void apply_rules(struct ranker *ranker, const unsigned char *skip)
{
    size_t papers = ranker->index->papers->count;

    memset(ranker->marks, 0, papers);
    if (ranker->compiled.rules.required_count)
        memset(ranker->required, 0, papers * sizeof(*ranker->required));
    apply_roles(ranker);
    if (ranker->compiled.rules.required_count)
        apply_required(ranker);
    apply_categories(ranker);
    set_allowed(ranker);
    if (!ranker->allows_all)
        dense_keep(ranker->allowed, dense_room(papers), ranker->sums);
    for (size_t i = 0; i < papers && skip; i++)
        ranker->sums[i] = skip[i] ? 0 : ranker->sums[i];
}

/* ---- the best ---- */

static void add_contender(struct ranker *ranker, uint32_t paper)
{
    ranker->contenders[ranker->contender_count++] =
        (struct contender){.paper = paper, .is_pinned = ranker->marks[paper] & MARK_FOLLOWED};
}

/* The papers whose sums are above 0 and reach `least`. */
static size_t pick_reaching(struct ranker *ranker, float least)
{
    size_t papers = ranker->index->papers->count, count = 0;

    for (size_t at = 0; at < papers; at += PEAK_PAPERS) {
        size_t end = at + PEAK_PAPERS < papers ? at + PEAK_PAPERS : papers;

        if (ranker->peaks[at / PEAK_PAPERS] < least)
            continue;
        for (size_t i = at; i < end; i++) {
            /* Written in any case, counted when it is wanted. */
            ranker->picks[count] = (uint32_t)i;
            ranker->picked[count] = ranker->sums[i];
            count += ranker->sums[i] >= least && ranker->sums[i] > 0;
        }
    }
    return count;
}

/* All papers of which `room` could be the best, and few others: those whose sums
 * come near to that of the last of the best. As there are `room` peaks that reach
 * some value, there are `room` papers. */
static void pick_contenders(struct ranker *ranker, size_t room)
{
    size_t padded = dense_room(ranker->index->papers->count), count;
    float near = (float)fmax(0, 1 - FLOAT_ERROR * ((double)ranker->compiled.term_count + 8));
    float least;

    dense_peaks(ranker->sums, padded, ranker->peaks);
    least = dense_threshold(ranker->peaks, dense_room(padded / PEAK_PAPERS), room) * near;
    count = pick_reaching(ranker, least);
    if (count > room) {
        for (size_t i = count; i < dense_room(count); i++)
            ranker->picked[i] = 0;
        least = dense_threshold(ranker->picked, dense_room(count), room) * near;
    }
    ranker->contender_count = 0;
    for (size_t i = 0; i < count; i++)
        if (ranker->picked[i] >= least)
            add_contender(ranker, ranker->picks[i]);
}

static bool is_better(const struct contender *a, const struct contender *b)
{
    if (a->is_pinned != b->is_pinned)
        return a->is_pinned;
    if (a->final > b->final || a->final < b->final)
        return a->final > b->final;
    return a->paper < b->paper;
}

static int compare_contenders(const void *a, const void *b)
{
    return is_better(a, b) ? -1 : is_better(b, a);
}

/* Few, as they are nearly always, go faster one by one. */
static void sort_contenders(struct contender *items, size_t count)
{
    if (count > INSERTION_MAX) {
        qsort(items, count, sizeof(*items), compare_contenders);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct contender moved = items[i];
        size_t at = i;

        for (; at > 0 && is_better(&moved, &items[at - 1]); at--)
            items[at] = items[at - 1];
        items[at] = moved;
    }
}

static double score_of(double sum)
{
    return 100 * sum / (1 + sum);
}

static void keep_best(struct ranker *ranker, size_t room)
{
    double min_score = ranker->compiled.rules.min_score;
    size_t kept = 0;

    for (size_t i = 0; i < ranker->contender_count; i++)
        if (ranker->contenders[i].is_pinned ||
            score_of(ranker->contenders[i].final) >= min_score)
            ranker->contenders[kept++] = ranker->contenders[i];
    sort_contenders(ranker->contenders, kept);
    ranker->contender_count = kept < room ? kept : room;
}

static void rank(struct ranker *ranker, size_t room, const unsigned char *skip)
{
    add_terms(ranker, ranker->sums);
    if (ranker->has_interests)
        feed_back(ranker);
    if (ranker->has_against)
        take_away(ranker);
    apply_rules(ranker, skip);
    pick_contenders(ranker, room);
    explain_find(ranker);
    keep_best(ranker, room);
}

/* In feed order, whatever the score. */
static void rank_plain(struct ranker *ranker, size_t room, const unsigned char *skip)
{
    size_t papers = ranker->index->papers->count;

    for (size_t i = 0; i < papers; i++)
        ranker->sums[i] = 1;
    apply_rules(ranker, skip);
    ranker->contender_count = 0;
    for (size_t i = 0; i < papers && ranker->contender_count < room; i++)
        if (ranker->sums[i] > 0)
            add_contender(ranker, (uint32_t)i);
}

int relevance_rank(struct ranker *ranker, struct view bytes, size_t top, const unsigned char *skip,
                   struct arena *arena, struct ranking *ret_ranking)
{
    size_t papers = ranker->index->papers->count;
    struct ranked_paper *items;

    if (compiled_unpack(bytes, &ranker->compiled) < 0)
        return -1;
    if (!top)
        top = ranker->compiled.rules.max_papers;
    if (top > papers)
        top = papers;
    look_up(ranker);
    if (ranker->compiled.rules.is_plain)
        rank_plain(ranker, top, skip);
    else
        rank(ranker, top, skip);
    items = arena_alloc(arena, ranker->contender_count, sizeof(*items));
    for (size_t i = 0; i < ranker->contender_count; i++) {
        items[i].paper = &ranker->index->papers->items[ranker->contenders[i].paper];
        items[i].score = score_of(ranker->contenders[i].final);
    }
    if (!ranker->compiled.rules.is_plain)
        explain_reasons(ranker, ranker->contender_count, arena, items);
    *ret_ranking = (struct ranking){items, ranker->contender_count};
    return 0;
}
