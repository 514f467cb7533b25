#include "ranking/feedback.h"

#include <stdlib.h>

#include "base/memory.h"
#include "ranking/select.h"
#include "ranking/weights.h"

/* A term of the best papers. */
struct echo {
    uint32_t number;
    uint32_t papers; /* of the best, that have it */
    double weight;
};

struct echoes {
    struct echo *items;
    size_t count;
    size_t capacity;
};

static int compare_numbers(const void *a, const void *b)
{
    const uint32_t *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

static int compare_echo_numbers(const void *a, const void *b)
{
    const struct echo *left = a, *right = b;

    return compare_numbers(&left->number, &right->number);
}

/* Strongest first, ties in the order in which the edition brought the terms. */
static int compare_strength(const void *a, const void *b)
{
    const struct echo *left = a, *right = b;

    if (left->weight > right->weight || left->weight < right->weight)
        return left->weight < right->weight ? 1 : -1;
    return compare_numbers(&left->number, &right->number);
}

static double fit_in(struct postings postings, uint32_t paper)
{
    size_t low = 0, high = postings.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (postings.items[middle].paper < paper)
            low = middle + 1;
        else
            high = middle;
    }
    return low < postings.count ? (double)postings.items[low].fit : 0;
}

/* The paper's terms, each once, with their fits. */
static void add_paper(struct echoes *echoes, const struct ranking_index *index, uint32_t paper,
                      double trust)
{
    const struct indexed_paper *about = &index->about[paper];
    uint32_t *numbers = memory_new((size_t)about->spots + 1, sizeof(*numbers));
    size_t count = 0;

    for (uint32_t i = 0; i < about->spots; i++)
        if (index->spots[about->first_spot + i].number != TERM_NONE)
            numbers[count++] = index->spots[about->first_spot + i].number;
    qsort(numbers, count, sizeof(*numbers), compare_numbers);
    echoes->items = memory_grow(echoes->items, &echoes->capacity, echoes->count + count,
                                sizeof(*echoes->items));
    for (size_t i = 0; i < count; i++) {
        if (i && numbers[i] == numbers[i - 1])
            continue;
        echoes->items[echoes->count++] =
            (struct echo){numbers[i], 1, trust * fit_in(index_numbered(index, numbers[i]), paper)};
    }
    free(numbers);
}

/* One echo per term that several papers have, weighed by its rarity: squared,
 * since it stands for both sides of a product of tf-idf weights. */
static void merge(struct echoes *echoes, const struct ranking_index *index)
{
    size_t kept = 0;

    if (echoes->count)
        qsort(echoes->items, echoes->count, sizeof(*echoes->items), compare_echo_numbers);
    for (size_t i = 0, next; i < echoes->count; i = next) {
        struct echo echo = echoes->items[i];
        double rarity;

        for (next = i + 1; next < echoes->count && echoes->items[next].number == echo.number;
             next++) {
            echo.papers++;
            echo.weight += echoes->items[next].weight;
        }
        rarity = index_rarity(index, index->term_of[echo.number]);
        echo.weight *= rarity * rarity;
        if (echo.papers >= WEIGHT_FEEDBACK_SHARED && rarity > 0)
            echoes->items[kept++] = echo;
    }
    echoes->count = kept;
    if (kept)
        qsort(echoes->items, kept, sizeof(*echoes->items), compare_strength);
    if (echoes->count > WEIGHT_FEEDBACK_TERMS)
        echoes->count = WEIGHT_FEEDBACK_TERMS;
}

static void add_best_papers(struct echoes *echoes, const struct ranking_index *index,
                            const double *shares)
{
    struct candidate items[WEIGHT_FEEDBACK_PAPERS + 1];
    struct selection best = {.items = items, .room = WEIGHT_FEEDBACK_PAPERS};

    for (size_t i = 0; i < index->papers->count; i++)
        if (shares[i] > 0)
            selection_offer(&best, (struct candidate){.sum = shares[i], .paper = (uint32_t)i});
    selection_sort(&best);
    for (size_t i = 0; i < best.count; i++)
        add_paper(echoes, index, items[i].paper, items[i].sum * items[i].sum);
}

void feedback_raise(const struct ranking_index *index, double reachable, double *shares)
{
    struct echoes echoes = {0};
    double *raise = memory_new(index->papers->count + 1, sizeof(*raise)), sum = 0;

    add_best_papers(&echoes, index, shares);
    merge(&echoes, index);
    for (size_t i = 0; i < echoes.count; i++)
        sum += echoes.items[i].weight;
    for (size_t i = 0; i < echoes.count; i++) {
        struct postings in = index_numbered(index, echoes.items[i].number);
        double weight = WEIGHT_FEEDBACK * reachable * echoes.items[i].weight / sum;

        for (size_t j = 0; j < in.count; j++)
            raise[in.items[j].paper] += weight * (double)in.items[j].fit;
    }
    for (size_t i = 0; i < index->papers->count; i++)
        if (shares[i] > 0)
            shares[i] += raise[i];
    free(raise);
    free(echoes.items);
}
