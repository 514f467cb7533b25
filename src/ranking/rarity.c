#include "ranking/rarity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ranking/weights.h"

struct counter {
    struct term_table terms;
    struct {
        uint32_t papers_with;
        uint32_t last_paper; /* + 1 */
    } *counts;
    size_t capacity;
    uint32_t paper;
};

/* The compound that begins at `at` and the plain word there lead on to the
 * word, or compound, that follows each of them. */
static void walk_pairs(const struct word_list *words, size_t at,
                       void (*take)(void *context, uint64_t term), void *context)
{
    const struct word *word = &words->items[at];
    const size_t ends[2] = {at + 1, word->joined ? at + word->joined_count : words->count};
    const uint64_t heads[2] = {word->stem, word->joined};

    for (int i = 0; i < 2; i++) {
        const struct word *next;

        if (ends[i] >= words->count)
            continue;
        next = &words->items[ends[i]];
        take(context, words_pair(heads[i], next->stem));
        if (next->joined)
            take(context, words_pair(heads[i], next->joined));
    }
}

void terms_walk(const struct word_list *words, void (*take)(void *context, uint64_t term),
                void *context)
{
    for (size_t i = 0; i < words->count; i++) {
        const struct word *word = &words->items[i];

        take(context, word->stem);
        if (word->exact)
            take(context, word->exact);
        if (word->exact_singular)
            take(context, word->exact_singular);
        if (word->joined)
            take(context, word->joined);
        walk_pairs(words, i, take, context);
    }
}

static void count_term(void *context, uint64_t term)
{
    struct counter *counter = context;
    uint32_t before = counter->terms.count;
    uint32_t number = term_table_add(&counter->terms, term);

    if (counter->terms.count > before) {
        counter->counts = memory_grow(counter->counts, &counter->capacity, counter->terms.count,
                                      sizeof(*counter->counts));
        memset(&counter->counts[number], 0, sizeof(*counter->counts));
    }
    if (counter->counts[number].last_paper == counter->paper + 1)
        return;
    counter->counts[number].last_paper = counter->paper + 1;
    counter->counts[number].papers_with++;
}

/* Most pairs occur once; leaving them out makes the table a fifth. */
static void keep_common(const struct counter *counter, struct rarity *rarity)
{
    size_t capacity = 0;

    term_table_init(&rarity->terms);
    rarity->papers_with = NULL;
    for (size_t i = 0; i < counter->terms.capacity; i++) {
        uint32_t number = counter->terms.numbers[i];

        if (!counter->terms.terms[i] || counter->counts[number].papers_with < 2)
            continue;
        term_table_add(&rarity->terms, counter->terms.terms[i]);
        rarity->papers_with = memory_grow(rarity->papers_with, &capacity, rarity->terms.count,
                                          sizeof(*rarity->papers_with));
        rarity->papers_with[rarity->terms.count - 1] = counter->counts[number].papers_with;
    }
}

void rarity_count(struct word_splitter *splitter, const struct papers *archive,
                  struct rarity *ret_rarity)
{
    struct counter counter = {0};
    struct word_list words;
    double length = 0;

    word_list_init(&words);
    for (size_t i = 0; i < archive->count; i++) {
        counter.paper = (uint32_t)i;
        words_split(splitter, archive->items[i].title, &words);
        terms_walk(&words, count_term, &counter);
        length += WEIGHT_TITLE * (double)words.count;
        words_split(splitter, archive->items[i].abstract, &words);
        terms_walk(&words, count_term, &counter);
        length += (double)words.count;
    }
    keep_common(&counter, ret_rarity);
    ret_rarity->paper_count = archive->count;
    ret_rarity->average_length = fmax(1, length / fmax(1, (double)archive->count));
    word_list_free(&words);
    term_table_free(&counter.terms);
    free(counter.counts);
}

void rarity_free(struct rarity *rarity)
{
    term_table_free(&rarity->terms);
    free(rarity->papers_with);
    memset(rarity, 0, sizeof(*rarity));
}

size_t rarity_papers_with(const struct rarity *rarity, uint64_t term)
{
    uint32_t number = term_table_find(&rarity->terms, term);

    return number == TERM_NONE ? 1 : rarity->papers_with[number];
}

double rarity_weight(size_t papers_with, size_t paper_count)
{
    double papers = (double)paper_count + WEIGHT_RARITY_PRIOR_PAPERS;
    double with = papers_with > paper_count ? (double)paper_count : (double)papers_with;

    return log(papers / (with + 1)) / log(WEIGHT_RARITY_SCALE);
}
