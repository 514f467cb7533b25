#include "ranking/feedback.h"

#include <math.h>
#include <string.h>

#include "ranking/select.h"
#include "ranking/weights.h"

enum { ECHO_PLACES = 1024 }; /* a power of two, more than the words of all best papers */

_Static_assert(WEIGHT_FEEDBACK_PAPERS * WEIGHT_LIKENESS_WORDS < ECHO_PLACES / 2,
               "the table of words stays half empty");

/* A word of the best papers. */
struct echo {
    uint32_t number;
    double weight;
};

struct echoes {
    struct echo places[ECHO_PLACES]; /* by number, open addressing */
    struct echo strongest[WEIGHT_FEEDBACK_TERMS];
    size_t count;
};

static struct echo *place_of(struct echoes *echoes, uint32_t number)
{
    uint32_t at = number * 0x9E3779B1u >> 22; /* 10 bits */

    while (echoes->places[at].number != number && echoes->places[at].number != TERM_NONE)
        at = (at + 1) % ECHO_PLACES;
    return &echoes->places[at];
}

static void add_paper(struct echoes *echoes, const struct likeness *likeness, uint32_t paper,
                      double trust)
{
    for (size_t i = likeness->first_word[paper]; i < likeness->first_word[paper + 1]; i++) {
        const struct telling_word *word = &likeness->words[i];
        struct echo *echo = place_of(echoes, word->number);

        echo->number = word->number;
        echo->weight += trust * (double)word->strength;
    }
}

/* Returns the best paper's share. */
static double add_best_papers(struct echoes *echoes, const struct ranking_index *index,
                              const double *shares)
{
    struct candidate items[WEIGHT_FEEDBACK_PAPERS + 1];
    struct selection best = {.items = items, .room = WEIGHT_FEEDBACK_PAPERS};

    for (size_t i = 0; i < index->papers->count; i++)
        if (shares[i] > 0)
            selection_offer(&best, (struct candidate){.sum = shares[i], .paper = (uint32_t)i});
    selection_sort(&best);
    for (size_t i = 0; i < best.count; i++)
        add_paper(echoes, &index->likeness, items[i].paper,
                  exp(WEIGHT_FEEDBACK_TRUST * (items[i].sum - items[0].sum)));
    return best.count ? items[0].sum : 0;
}

/* Ties by the order in which the edition brought the words. */
static bool is_stronger(const struct echo *a, const struct echo *b)
{
    if (a->weight > b->weight || a->weight < b->weight)
        return a->weight > b->weight;
    return a->number < b->number;
}

static void keep_strongest(struct echoes *echoes)
{
    struct echo *strongest = echoes->strongest;

    for (size_t i = 0; i < ECHO_PLACES; i++) {
        const struct echo *echo = &echoes->places[i];
        size_t at = echoes->count;

        if (echo->number == TERM_NONE)
            continue;
        if (at == WEIGHT_FEEDBACK_TERMS && !is_stronger(echo, &strongest[--at]))
            continue;
        for (; at > 0 && is_stronger(echo, &strongest[at - 1]); at--)
            strongest[at] = strongest[at - 1];
        strongest[at] = *echo;
        echoes->count += echoes->count < WEIGHT_FEEDBACK_TERMS;
    }
}

static void raise_by_words(const struct ranking_index *index, double *shares, double *raises)
{
    struct echoes echoes;
    double best, sum = 0;

    echoes.count = 0;
    for (size_t i = 0; i < ECHO_PLACES; i++)
        echoes.places[i] = (struct echo){TERM_NONE, 0};
    best = add_best_papers(&echoes, index, shares);
    keep_strongest(&echoes);
    for (size_t i = 0; i < echoes.count; i++)
        sum += sqrt(echoes.strongest[i].weight);
    memset(raises, 0, index->papers->count * sizeof(*raises));
    for (size_t i = 0; i < echoes.count; i++) {
        struct postings in = index_numbered(index, echoes.strongest[i].number);
        double weight = WEIGHT_FEEDBACK * best * sqrt(echoes.strongest[i].weight) / sum /
                        WEIGHT_FIT_STEPS;

        for (size_t j = 0; j < in.count; j++)
            raises[in.items[j].paper] += weight * in.items[j].steps;
    }
    for (size_t i = 0; i < index->papers->count; i++)
        if (shares[i] > 0)
            shares[i] += raises[i];
}

/* Then as much as the best paper's own words gave is the most that any has. */
static void raise_by_neighbours(const struct ranking_index *index, double *shares, double *before)
{
    const struct likeness *likeness = &index->likeness;

    memcpy(before, shares, index->papers->count * sizeof(*before));
    for (size_t i = 0; i < index->papers->count; i++) {
        double near = 0;

        if (shares[i] <= 0)
            continue;
        for (size_t j = likeness->first_neighbour[i]; j < likeness->first_neighbour[i + 1]; j++)
            near += (double)likeness->neighbours[j].trust * before[likeness->neighbours[j].paper];
        shares[i] = (shares[i] + WEIGHT_NEIGHBOUR_SHARE * near) /
                    ((1 + WEIGHT_FEEDBACK) * (1 + WEIGHT_NEIGHBOUR_SHARE));
    }
}

void feedback_mix(const struct ranking_index *index, double *shares, double *scratch)
{
    raise_by_words(index, shares, scratch);
    raise_by_neighbours(index, shares, scratch);
}
