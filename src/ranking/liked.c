/* Rocchio's method: the mean of the liked papers' term weights, less a part of
 * the disliked papers' mean. The strongest terms stay, bounded as weights.h
 * says, so that keywords stay in charge. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "ranking/compile.h"
#include "ranking/weights.h"

struct liked_term {
    struct view text;
    uint64_t term;
    double weight;
    uint32_t liked_papers; /* that have it */
    uint32_t last_paper;   /* that has it, counted over all from 1 */
    size_t arrival; /* decides ties */
};

struct liked_terms {
    struct term_table numbers;
    struct liked_term *items;
    size_t capacity;
    uint32_t paper; /* the one being read, from 1 */
    uint32_t liked_papers;
};

static void add_word(struct liked_terms *terms, const struct word *word, double weight)
{
    uint32_t before = terms->numbers.count, number;

    if (word->is_number || words_is_stop(word->folded) || word->folded.size < 2)
        return;
    number = term_table_add(&terms->numbers, word->stem);
    if (terms->numbers.count > before) {
        terms->items = memory_grow(terms->items, &terms->capacity, terms->numbers.count,
                                   sizeof(*terms->items));
        terms->items[number] =
            (struct liked_term){.text = word->text, .term = word->stem, .arrival = number};
    }
    terms->items[number].weight += weight;
    terms->items[number].liked_papers +=
        weight > 0 && terms->items[number].last_paper != terms->paper;
    terms->items[number].last_paper = terms->paper;
}

/* Shares out `weight` over the paper's words, so that a long abstract says no
 * more than a short one. */
static void add_paper(struct liked_terms *terms, struct word_splitter *splitter,
                      const struct paper *paper, double weight)
{
    struct word_list title, abstract;
    double length;

    word_list_init(&title);
    word_list_init(&abstract);
    words_split(splitter, paper->title, &title);
    words_split(splitter, paper->abstract, &abstract);
    terms->paper++;
    terms->liked_papers += weight > 0;
    length = fmax(1, WEIGHT_TITLE * (double)title.count + (double)abstract.count);
    for (size_t i = 0; i < title.count; i++)
        add_word(terms, &title.items[i], weight * WEIGHT_TITLE / length);
    for (size_t i = 0; i < abstract.count; i++)
        add_word(terms, &abstract.items[i], weight / length);
    word_list_free(&title);
    word_list_free(&abstract);
}

static void add_papers(struct liked_terms *terms, const struct ranking_index *index,
                       struct word_splitter *splitter, const struct strings *ids, double weight,
                       const struct papers *known)
{
    const struct paper *papers[WEIGHT_LIKED_PAPERS];
    size_t count = 0;

    for (size_t i = ids->count; i > 0 && count < WEIGHT_LIKED_PAPERS; i--) {
        papers[count] = index_find_paper(index, known, view_of(ids->items[i - 1]));
        if (papers[count])
            count++;
    }
    for (size_t i = 0; i < count; i++)
        add_paper(terms, splitter, papers[i], weight / (double)count);
}

/* How much more liked papers have the term than others do: the relevance weight of
 * Robertson and Sparck Jones 1976 with their half papers, in units of rarity. A
 * term of disliked papers only is as telling as it is rare. */
static double telling(const struct liked_terms *terms, const struct liked_term *term,
                      double rarity)
{
    double others = pow(WEIGHT_RARITY_SCALE, -rarity);
    double liked = (term->liked_papers + 0.5) / (terms->liked_papers + 1.0);

    if (!term->liked_papers || others >= 1)
        return fmax(0, rarity);
    return fmax(0, log(liked * (1 - others) / (others * (1 - liked))) / log(WEIGHT_RARITY_SCALE));
}

static void weigh(const struct liked_terms *terms, struct liked_term *term, double rarity)
{
    term->weight *= fmax(0, rarity) * telling(terms, term, rarity);
}

static int compare_strength(const void *a, const void *b)
{
    const struct liked_term *left = a, *right = b;
    double l = fabs(left->weight), r = fabs(right->weight);

    if (l != r)
        return l < r ? 1 : -1;
    return (left->arrival > right->arrival) - (left->arrival < right->arrival);
}

static void keep_strongest(struct compiled_profile *compiled, const struct liked_terms *terms)
{
    size_t count = terms->numbers.count;
    double reachable = 0;

    if (count > WEIGHT_LIKED_TERMS)
        count = WEIGHT_LIKED_TERMS;
    for (size_t i = 0; i < count && i < WEIGHT_LIKED_REACHABLE; i++)
        reachable += fabs(terms->items[i].weight);
    for (size_t i = 0; i < count && reachable > 0; i++) {
        const struct liked_term *term = &terms->items[i];
        double weight = WEIGHT_LIKED * fabs(term->weight) / reachable;

        if (weight > 0)
            compiled_add(compiled, term->weight > 0 ? ROLE_LIKED : ROLE_DISLIKED, term->text,
                         weight, term->term);
    }
}

void compile_liked(struct compiled_profile *compiled, const struct ranking_index *index,
                   struct word_splitter *splitter, const struct profile *profile,
                   const struct papers *known)
{
    struct liked_terms terms = {0};

    term_table_init(&terms.numbers);
    add_papers(&terms, index, splitter, &profile->liked, 1, known);
    add_papers(&terms, index, splitter, &profile->disliked, -WEIGHT_DISLIKED, known);
    for (size_t i = 0; i < terms.numbers.count; i++)
        weigh(&terms, &terms.items[i], index_rarity(index, terms.items[i].term));
    if (terms.numbers.count)
        qsort(terms.items, terms.numbers.count, sizeof(*terms.items), compare_strength);
    keep_strongest(compiled, &terms);
    term_table_free(&terms.numbers);
    free(terms.items);
}
