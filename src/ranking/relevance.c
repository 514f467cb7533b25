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

/* How far a sum of floats may be off, per term and as a share of the sum: the
 * rounding of weight, product and sum, on both sides of a comparison, with room
 * for the subtraction of disliked terms. */
#define FLOAT_ERROR (16 * (double)FLT_EPSILON)

/* A sum of all weights but the largest of which so much is LEVEL_MAX: few papers have
 * more, and those that do are only told apart later. */
#define LEVEL_SHARE 0.35
/* By how many levels each term may be off, and by how many more all of them are together.
 * A weight is rounded, by half a level of a hit, and then what a hit adds; by less than two
 * from what one paper may lose (1.5 in a row) to what another may gain (1.5 elsewhere),
 * and half of that is said here. */
enum { LEVEL_TERMS = 128, LEVEL_TERM_DOUBT = 1, LEVEL_DOUBT = 16 };

struct ranker *ranker_new(const struct ranking_index *index)
{
    struct ranker *ranker = memory_new(1, sizeof(*ranker));
    size_t count = index->papers->count + 1, room = dense_room(count), levels = levels_room(count);

    ranker->index = index;
    keyword_memo_init(&ranker->memo, index);
    found_init(&ranker->cache, index, &ranker->compiled);
    ranker->levels = memory_new(levels, sizeof(*ranker->levels));
    ranker->peaks = memory_new(levels, sizeof(*ranker->peaks));
    ranker->picked = memory_new(levels, sizeof(*ranker->picked));
    ranker->allowed = memory_new(levels, sizeof(*ranker->allowed));
    ranker->picks = memory_new(levels + EXPLAIN_ROOM, sizeof(*ranker->picks));
    ranker->scratch_picks = memory_new(levels, sizeof(*ranker->scratch_picks));
    ranker->sums = memory_new(room, sizeof(*ranker->sums));
    ranker->against = memory_new(room, sizeof(*ranker->against));
    ranker->interests = memory_new(room, sizeof(*ranker->interests));
    ranker->raises = memory_new(count, sizeof(*ranker->raises));
    ranker->scratch = memory_new(count, sizeof(*ranker->scratch));
    ranker->required = memory_new(count, sizeof(*ranker->required));
    ranker->marks = memory_new(count, sizeof(*ranker->marks));
    ranker->places = memory_new(count, sizeof(*ranker->places));
    ranker->contenders = memory_new(count, sizeof(*ranker->contenders));
    ranker->unsorted = memory_new(count, sizeof(*ranker->unsorted));
    hits_places_fill(&ranker->places_of_bits);
    ranker_make_room(ranker, count);
    return ranker;
}

void ranker_free(struct ranker **ranker)
{
    if (!*ranker)
        return;
    found_free(&(*ranker)->cache);
    keyword_memo_free(&(*ranker)->memo);
    grams_free(&(*ranker)->grams);
    compiled_free(&(*ranker)->compiled);
    free((*ranker)->found);
    free((*ranker)->scored);
    free((*ranker)->weights);
    free((*ranker)->raised);
    free((*ranker)->takes);
    free((*ranker)->rows);
    free((*ranker)->level_rows);
    free((*ranker)->levels);
    free((*ranker)->peaks);
    free((*ranker)->picked);
    free((*ranker)->allowed);
    free((*ranker)->picks);
    free((*ranker)->scratch_picks);
    free((*ranker)->sums);
    free((*ranker)->against);
    free((*ranker)->interests);
    free((*ranker)->raises);
    free((*ranker)->scratch);
    free((*ranker)->required);
    free((*ranker)->marks);
    free((*ranker)->places);
    free((*ranker)->contenders);
    free((*ranker)->unsorted);
    free((*ranker)->codes);
    free((*ranker)->values);
    free((*ranker)->numbers);
    free((*ranker)->order);
    free((*ranker)->order_scratch);
    free(*ranker);
    *ranker = NULL;
}

void ranker_make_room(struct ranker *ranker, size_t count)
{
    ranker->values = memory_grow(ranker->values, &ranker->value_capacity, count,
                                 sizeof(*ranker->values));
    ranker->numbers = memory_grow(ranker->numbers, &ranker->number_capacity, count,
                                  sizeof(*ranker->numbers));
    ranker->order = memory_grow(ranker->order, &ranker->order_capacity, count,
                                sizeof(*ranker->order));
    ranker->order_scratch = memory_grow(ranker->order_scratch, &ranker->order_scratch_capacity,
                                        count, sizeof(*ranker->order_scratch));
}

/* ---- sums ---- */

/* Whether hits of this role may list a paper. */
static bool lists(const struct ranker *ranker, enum compiled_role role)
{
    return role <= ROLE_LIKED || (role == ROLE_BONUS && ranker->compiled.rules.bonus_lists);
}

static void make_term_room(struct ranker *ranker)
{
    size_t count = ranker->compiled.term_count, whole = dense_terms(count);

    ranker->found = memory_grow(ranker->found, &ranker->found_capacity, count,
                                sizeof(*ranker->found));
    ranker->scored = memory_grow(ranker->scored, &ranker->scored_capacity, count,
                                 sizeof(*ranker->scored));
    ranker->weights = memory_grow(ranker->weights, &ranker->weight_capacity, whole,
                                  sizeof(*ranker->weights));
    ranker->raised = memory_grow(ranker->raised, &ranker->raised_capacity, whole,
                                 sizeof(*ranker->raised));
    ranker->takes = memory_grow(ranker->takes, &ranker->take_capacity, whole,
                                sizeof(*ranker->takes));
    ranker->rows = memory_grow(ranker->rows, &ranker->row_capacity, count,
                               sizeof(*ranker->rows));
    ranker->level_rows = memory_grow(ranker->level_rows, &ranker->level_row_capacity, count,
                                     sizeof(*ranker->level_rows));
    ranker_make_room(ranker, count);
}

/* The beginning of what is read next. */
static inline void fetch(const struct found *found)
{
    if (found->row) {
        __builtin_prefetch(found->row);
    } else {
        __builtin_prefetch(found->papers);
        __builtin_prefetch(found->codes);
        __builtin_prefetch(found->codes + found->count);
    }
}

static void add_scored(struct ranker *ranker, size_t number, double *weights)
{
    const struct compiled_term *term = &ranker->compiled.terms[number];
    const struct found *found = ranker->found[number];
    double weight = compiled_is_keyword(term->role) ? term->weight * found->factor : term->weight;

    fetch(found);
    weights[ranker->scored_count] = weight / WEIGHT_FIT_STEPS;
    ranker->scored[ranker->scored_count++] = (struct scored){found, term->text, term->role};
}

static void look_up(struct ranker *ranker)
{
    const struct compiled_term *terms = ranker->compiled.terms;
    size_t count = ranker->compiled.term_count;

    make_term_room(ranker);
    found_terms(&ranker->cache, ranker->found);
    ranker->roles = 0;
    ranker->all_list = true;
    ranker->scored_count = 0;
    for (size_t i = 0; i < dense_terms(count); i++)
        ranker->weights[i] = ranker->takes[i] = 0;
    for (size_t i = 0; i < count; i++) {
        ranker->all_list &= !ranker_adds(terms[i].role) || lists(ranker, terms[i].role);
        ranker->roles |= 1u << terms[i].role;
        if (ranker_adds(terms[i].role))
            add_scored(ranker, i, ranker->weights);
    }
    ranker->adding_count = ranker->scored_count;
    for (size_t i = 0; i < count && ranker_has(ranker, ROLE_DISLIKED); i++)
        if (terms[i].role == ROLE_DISLIKED)
            add_scored(ranker, i, ranker->takes);
}

/* What the sum of a term goes into. */
static const float *target_of(const struct ranker *ranker, enum compiled_role role)
{
    if (role == ROLE_INTERESTS)
        return ranker->interests;
    return role == ROLE_DISLIKED ? ranker->against : ranker->sums;
}

/* Of all terms that go into `sums`. */
static void add_terms(struct ranker *ranker, const double *weights, float *sums)
{
    size_t row_count = 0, room = dense_room(ranker->index->papers->count);

    for (size_t i = 0; i < ranker->scored_count; i++)
        if (ranker->scored[i].found->row && target_of(ranker, ranker->scored[i].role) == sums)
            ranker->rows[row_count++] =
                (struct dense_row){ranker->scored[i].found->row, (float)weights[i]};
    dense_add(ranker->rows, row_count, room, sums);
    for (size_t i = 0; i < ranker->scored_count; i++) {
        const struct found *found = ranker->scored[i].found;
        float weight = (float)weights[i];

        if (found->row || target_of(ranker, ranker->scored[i].role) != sums)
            continue;
        for (size_t j = 0; j < found->count; j++)
            sums[found->papers[j]] += weight * (float)(found->codes[j] >> 1);
    }
}

static void feed_back(struct ranker *ranker)
{
    size_t papers = ranker->index->papers->count;

    add_terms(ranker, ranker->weights, ranker->interests);
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
    add_terms(ranker, ranker->takes, ranker->against);
    for (size_t i = 0; i < ranker->index->papers->count; i++) {
        float most = (float)WEIGHT_DISLIKED_BOUND * ranker->sums[i];

        ranker->sums[i] -= ranker->against[i] < most ? ranker->against[i] : most;
    }
}

/* The sums of floats as levels of the largest one. */
static void set_levels(struct ranker *ranker)
{
    size_t papers = ranker->index->papers->count;
    float largest = FLT_MIN * LEVEL_MAX, scale; /* so much that the scale is finite without a hit */

    for (size_t i = 0; i < papers; i++)
        largest = ranker->sums[i] > largest ? ranker->sums[i] : largest;
    scale = (LEVEL_MAX - 1) / largest;
    for (size_t i = 0; i < papers; i++)
        ranker->levels[i] = (uint16_t)((int32_t)(ranker->sums[i] * scale) +
                                       (ranker->sums[i] > 0));
    ranker->doubt = 2 + (int32_t)(LEVEL_MAX * fmin(1, FLOAT_ERROR *
                                                  ((double)ranker->compiled.term_count + 8)));
}

static void add_sums(struct ranker *ranker)
{
    add_terms(ranker, ranker->weights, ranker->sums);
    if (ranker_has(ranker, ROLE_INTERESTS))
        feed_back(ranker);
    if (ranker_has(ranker, ROLE_DISLIKED))
        take_away(ranker);
    set_levels(ranker);
}

/* How many levels one step of weight 1 is. */
static double level_scale(const struct ranker *ranker)
{
    double sum = 0, largest = 0;

    for (size_t i = 0; i < ranker->adding_count; i++) {
        sum += ranker->weights[i];
        largest = ranker->weights[i] > largest ? ranker->weights[i] : largest;
    }
    return sum > 0 ? LEVEL_MAX / (largest + (sum - largest) * LEVEL_SHARE) : 0;
}

static void add_hits(uint16_t *levels, const struct found *found, uint16_t weight)
{
    const uint32_t *papers = found->papers;
    const uint16_t *codes = found->codes;

    for (size_t i = 0, count = found->count; i < count; i++) {
        uint32_t level = levels[papers[i]] + level_of(codes[i], weight) + 1u;

        levels[papers[i]] = (uint16_t)(level < LEVEL_MAX ? level : LEVEL_MAX);
    }
}

/* Whoever has a term has a level, however little it is worth. */
static void add_levels(struct ranker *ranker)
{
    size_t row_count = 0, room = levels_room(ranker->index->papers->count);
    double scale = level_scale(ranker);

    memset(ranker->levels, 0, room * sizeof(*ranker->levels));
    for (size_t i = 0; i < ranker->adding_count; i++) {
        const struct found *found = ranker->scored[i].found;
        double levels = ranker->weights[i] * scale + 0.5;
        uint16_t weight = (uint16_t)(levels < LEVEL_MAX ? (int32_t)levels : LEVEL_MAX);

        if (found->row && level_of(found->least_code, weight) > 0)
            ranker->level_rows[row_count++] = (struct level_row){found->row, weight};
        else
            add_hits(ranker->levels, found, weight);
    }
    levels_add(ranker->level_rows, row_count, room, ranker->levels);
    ranker->doubt = (int32_t)ranker->adding_count * LEVEL_TERM_DOUBT + LEVEL_DOUBT;
}

static bool is_told_by_levels(const struct ranker *ranker)
{
    return !ranker_has(ranker, ROLE_INTERESTS) && !ranker_has(ranker, ROLE_DISLIKED) &&
           ranker->adding_count <= LEVEL_TERMS;
}

/* ---- rules ---- */

static void mark(struct ranker *ranker, const struct found *found, unsigned char bit)
{
    for (size_t i = 0; i < found->count; i++)
        ranker->marks[found->papers[i]] |= bit;
}

static void keep_marked(struct ranker *ranker, unsigned char bits)
{
    for (size_t i = 0; i < ranker->index->papers->count; i++)
        if (!(ranker->marks[i] & bits))
            ranker->levels[i] = 0;
}

static void apply_roles(struct ranker *ranker)
{
    const struct compiled_profile *compiled = &ranker->compiled;

    for (size_t i = 0; i < compiled->term_count && !ranker->all_list; i++)
        if (ranker_adds(compiled->terms[i].role) && lists(ranker, compiled->terms[i].role))
            mark(ranker, ranker->found[i], MARK_HIT);
    if (!ranker->all_list)
        keep_marked(ranker, MARK_HIT);
    for (size_t i = 0; i < compiled->term_count; i++) {
        const struct found *found = ranker->found[i];

        if (compiled->terms[i].role == ROLE_FOLLOW) {
            mark(ranker, found, MARK_FOLLOWED);
            for (size_t j = 0; j < found->count; j++)
                ranker->levels[found->papers[j]] = LEVEL_MAX;
        } else if (compiled->terms[i].role == ROLE_REQUIRED) {
            for (size_t j = 0; j < found->count; j++)
                ranker->required[found->papers[j]]++;
        }
    }
    for (size_t i = 0; i < compiled->term_count; i++)
        if (compiled->terms[i].role == ROLE_EXCLUDE)
            for (size_t j = 0; j < ranker->found[i]->count; j++)
                ranker->levels[ranker->found[i]->papers[j]] = 0;
}

static void apply_required(struct ranker *ranker)
{
    for (size_t i = 0; i < ranker->index->papers->count; i++)
        if (ranker->required[i] < ranker->compiled.rules.required_count)
            ranker->levels[i] = 0;
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

        ranker->allowed[i] = allowed ? UINT16_MAX : 0;
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
        levels_keep(ranker->allowed, levels_room(papers), ranker->levels);
    for (size_t i = 0; i < papers && skip; i++)
        ranker->levels[i] = skip[i] ? 0 : ranker->levels[i];
}

/* ---- the best ---- */

static void add_contender(struct ranker *ranker, uint32_t paper)
{
    ranker->contenders[ranker->contender_count++] =
        (struct contender){.paper = paper, .is_pinned = ranker->marks[paper] & MARK_FOLLOWED};
}

/* All papers of which `room` could be the best, and few others: those whose levels
 * come near to that of the last of the best. As there are `room` peaks that reach
 * some level, there are `room` papers. */
static void pick_contenders(struct ranker *ranker, size_t room)
{
    size_t padded = levels_room(ranker->index->papers->count), count, end;
    int32_t least;

    levels_peaks(ranker->levels, padded, ranker->peaks);
    least = levels_threshold(ranker->peaks, padded / LEVELS_PEAK, room) - 2 * ranker->doubt;
    count = levels_pick(ranker->levels, padded, (uint16_t)(least > 0 ? least : 0), ranker->picks);
    end = (count + LEVELS_LANES - 1) / LEVELS_LANES * LEVELS_LANES;
    for (size_t i = 0; i < end; i++)
        ranker->picked[i] = i < count ? ranker->levels[ranker->picks[i]] : 0;
    least = levels_threshold(ranker->picked, end, room) - 2 * ranker->doubt;
    ranker->contender_count = 0;
    for (size_t i = 0; i < count; i++)
        if (ranker->picked[i] >= least)
            add_contender(ranker, ranker->picks[i]);
}

static double score_of(double sum)
{
    return 100 * sum / (1 + sum);
}

/* Appends those that are pinned or those that are not, best first, ties in feed order. */
static void append_ordered(struct ranker *ranker, const struct contender *from, size_t count,
                           bool is_pinned)
{
    double largest = 0;
    size_t taken = 0;

    for (size_t i = 0; i < count; i++) {
        ranker->values[taken] = from[i].final;
        ranker->numbers[taken] = (uint32_t)i;
        taken += from[i].is_pinned == is_pinned;
        largest = from[i].final > largest ? from[i].final : largest;
    }
    order_descending(ranker->values, taken, order_scale(largest), ranker->order_scratch,
                     ranker->order);
    for (size_t i = 0; i < taken; i++)
        ranker->contenders[ranker->contender_count++] = from[ranker->numbers[ranker->order[i]]];
}

static void keep_best(struct ranker *ranker, size_t room)
{
    double min_score = ranker->compiled.rules.min_score;
    struct contender *all = ranker->contenders;
    size_t kept = 0, pinned = 0;

    for (size_t i = 0; i < ranker->contender_count; i++) {
        if (!all[i].is_pinned && score_of(all[i].final) < min_score)
            continue;
        pinned += all[i].is_pinned;
        all[kept++] = all[i];
    }
    ranker->contenders = ranker->unsorted;
    ranker->unsorted = all;
    ranker->contender_count = 0;
    if (pinned)
        append_ordered(ranker, all, kept, true);
    append_ordered(ranker, all, kept, false);
    if (ranker->contender_count > room)
        ranker->contender_count = room;
}

static void rank(struct ranker *ranker, size_t room, const unsigned char *skip)
{
    if (is_told_by_levels(ranker))
        add_levels(ranker);
    else
        add_sums(ranker);
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
        ranker->levels[i] = 1;
    apply_rules(ranker, skip);
    ranker->contender_count = 0;
    for (size_t i = 0; i < papers && ranker->contender_count < room; i++)
        if (ranker->levels[i] > 0)
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
