#include "ranking/select.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void leave_out_known(const struct ranking_index *index, const struct strings *ids,
                            unsigned char *allowed)
{
    for (size_t i = 0; i < ids->count; i++) {
        size_t paper = papers_find(index->papers, view_of(ids->items[i]));

        if (paper < index->papers->count)
            allowed[paper] = 0;
    }
}

static void allow_categories(const struct ranking_index *index, const struct strings *categories,
                             unsigned char *allowed)
{
    if (!categories->count)
        memset(allowed, 1, index->papers->count);
    for (size_t i = 0; i < categories->count; i++) {
        struct postings in = index_find(index, index_category_term(view_of(categories->items[i])));

        for (size_t j = 0; j < in.count; j++)
            allowed[in.items[j].paper] = 1;
    }
}

unsigned char *select_allowed(const struct ranking_index *index, const struct profile *profile,
                              unsigned announce_types, const unsigned char *skip)
{
    const struct paper *papers = index->papers->items;
    unsigned char *allowed = memory_new(index->papers->count + 1, 1);

    allow_categories(index, &profile->categories, allowed);
    for (size_t i = 0; i < index->papers->count; i++) {
        long characters = (long)index->about[i].abstract_characters;

        if (!(announce_types & 1u << papers[i].announce_type) || (skip && skip[i]) ||
            characters < profile->abstract_min_length ||
            (profile->abstract_max_length && characters > profile->abstract_max_length))
            allowed[i] = 0;
    }
    leave_out_known(index, &profile->liked, allowed);
    leave_out_known(index, &profile->disliked, allowed);
    return allowed;
}

static bool is_better(const struct candidate *a, const struct candidate *b)
{
    if (a->is_pinned != b->is_pinned)
        return a->is_pinned;
    if (a->sum > b->sum || a->sum < b->sum)
        return a->sum > b->sum;
    return a->paper < b->paper;
}

/* A heap with the worst on top. */
static void sink(struct selection *selection, size_t at)
{
    struct candidate *items = selection->items, moved = items[at];

    for (size_t child; (child = at * 2 + 1) < selection->count; at = child) {
        if (child + 1 < selection->count && is_better(&items[child], &items[child + 1]))
            child++;
        if (is_better(&items[child], &moved))
            break;
        items[at] = items[child];
    }
    items[at] = moved;
}

bool selection_wants(const struct selection *selection, struct candidate candidate)
{
    return selection->count < selection->room ||
           (selection->room && is_better(&candidate, &selection->items[0]));
}

void selection_offer(struct selection *selection, struct candidate candidate)
{
    if (selection->count < selection->room) {
        selection->items[selection->count++] = candidate;
        if (selection->count == selection->room)
            for (size_t i = selection->count / 2; i > 0; i--)
                sink(selection, i - 1);
        return;
    }
    if (!selection->room || !is_better(&candidate, &selection->items[0]))
        return;
    selection->items[0] = candidate;
    sink(selection, 0);
}

static int compare_candidates(const void *a, const void *b)
{
    return is_better(a, b) ? -1 : is_better(b, a);
}

void selection_sort(struct selection *selection)
{
    if (selection->count)
        qsort(selection->items, selection->count, sizeof(*selection->items), compare_candidates);
}
