#include "ranking/explain.h"

#include "base/memory.h"

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

/* The walk of the terms once more, for the chosen papers only. */
static size_t find_hits(struct ranker *ranker, struct ranked_paper *items)
{
    size_t count = 0;

    for (size_t i = 0; i < ranker->compiled.term_count; i++) {
        const struct compiled_term *term = &ranker->compiled.terms[i];
        struct postings in;

        if (!ranker_adds(term->role))
            continue;
        in = match_term(&ranker->matcher, term);
        ranker->hits = memory_grow(ranker->hits, &ranker->hit_capacity, count + in.count,
                                   sizeof(*ranker->hits));
        for (size_t j = 0; j < in.count; j++) {
            const struct posting *posting = &in.items[j];
            uint32_t place = ranker->places[posting->paper];

            /* Written in any case, counted when the paper is chosen. */
            ranker->hits[count] = (struct reason_hit){place, (uint32_t)i, posting->title,
                                                      posting->fit};
            count += place != 0;
        }
    }
    for (size_t i = 0; i < count; i++)
        items[ranker->hits[i].place - 1].reason_count++;
    return count;
}

/* Few and mostly in order: larger shares move up, equal ones stay behind. */
static void add_reason(struct reason *reasons, size_t *count, struct reason reason)
{
    size_t at = (*count)++;

    for (; at > 0 && reasons[at - 1].score < reason.score; at--)
        reasons[at] = reasons[at - 1];
    reasons[at] = reason;
}

void explain(struct ranker *ranker, struct ranked_paper *items, size_t count, struct arena *arena)
{
    const struct paper *first = ranker->index->papers->items;
    struct reason **reasons = arena_alloc(arena, count, sizeof(struct reason *));
    size_t hit_count;

    for (size_t i = 0; i < count; i++)
        ranker->places[items[i].paper - first] = (uint32_t)i + 1;
    hit_count = find_hits(ranker, items);
    for (size_t i = 0; i < count; i++) {
        reasons[i] = arena_alloc(arena, items[i].reason_count, sizeof(struct reason));
        items[i].reasons = reasons[i];
        items[i].reason_count = 0;
    }
    for (size_t i = 0; i < hit_count; i++) {
        const struct reason_hit *hit = &ranker->hits[i];
        const struct compiled_term *term = &ranker->compiled.terms[hit->term];
        struct ranked_paper *item = &items[hit->place - 1];
        size_t paper = (size_t)(item->paper - first);
        double share = term->weight * (double)hit->share;

        if (term->role == ROLE_INTERESTS)
            share *= ranker->raises[paper];
        add_reason(reasons[hit->place - 1], &item->reason_count,
                   (struct reason){term->text, field_of(term->role, hit->in_title != 0),
                                   item->score * share / ranker->sums[paper]});
    }
    for (size_t i = 0; i < count; i++)
        ranker->places[items[i].paper - first] = 0;
}
