#include "ranking/likeness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ranking/index.h"
#include "ranking/weights.h"

struct portrayer {
    const struct ranking_index *index;
    size_t *at;      /* by term: the posting to look at next; papers come in order */
    uint32_t *seen;  /* by term: the last paper that has it, + 1 */
    float *rarities; /* by term; NAN: not yet asked for */
    struct telling_word *words; /* of one paper */
    size_t capacity;
};

/* One paper's part in a term's list of those who have it among their strongest. */
struct holder {
    uint32_t paper;
    float part; /* of the paper's words as a vector of length 1 */
};

struct finder {
    const struct likeness *likeness;
    size_t papers;
    struct holder *holders; /* term by term, in order of papers */
    size_t *first_holder;   /* terms + 1 */
    float *lengths;         /* by paper */
    float *alike;           /* by paper; all 0 between papers */
    uint32_t *touched;
    size_t touched_count;
};

/* ---- the strongest words ---- */

static int compare_strength(const void *a, const void *b)
{
    const struct telling_word *left = a, *right = b;

    if (left->strength > right->strength || left->strength < right->strength)
        return left->strength < right->strength ? 1 : -1;
    return (left->number > right->number) - (left->number < right->number);
}

static float rarity_of(struct portrayer *portrayer, uint32_t number)
{
    if (isnan(portrayer->rarities[number]))
        portrayer->rarities[number] =
            (float)index_rarity(portrayer->index, portrayer->index->term_of[number]);
    return portrayer->rarities[number];
}

static float fit_in(struct portrayer *portrayer, uint32_t number, uint32_t paper)
{
    struct postings in = index_numbered(portrayer->index, number);
    size_t *at = &portrayer->at[number];

    while (*at < in.count && in.items[*at].paper < paper)
        (*at)++;
    return *at < in.count && in.items[*at].paper == paper ? index_fit(&in.items[*at]) : 0;
}

static size_t portray(struct portrayer *portrayer, uint32_t paper)
{
    const struct indexed_paper *about = &portrayer->index->about[paper];
    size_t count = 0;

    portrayer->words = memory_grow(portrayer->words, &portrayer->capacity,
                                   (size_t)about->spots + 1, sizeof(*portrayer->words));
    for (uint32_t i = 0; i < about->spots; i++) {
        uint32_t number = portrayer->index->spots[about->first_spot + i].number;
        struct telling_word word = {.number = number};
        float rarity;

        if (number == TERM_NONE || portrayer->seen[number] == paper + 1)
            continue;
        portrayer->seen[number] = paper + 1;
        rarity = rarity_of(portrayer, number);
        word.weight = rarity * fit_in(portrayer, number, paper);
        word.strength = word.weight * rarity;
        if (rarity > 0 && word.weight > 0)
            portrayer->words[count++] = word;
    }
    if (count)
        qsort(portrayer->words, count, sizeof(*portrayer->words), compare_strength);
    return count < WEIGHT_LIKENESS_WORDS ? count : WEIGHT_LIKENESS_WORDS;
}

static void portray_all(const struct ranking_index *index, struct likeness *likeness)
{
    size_t terms = (size_t)index->terms.count + 1, capacity = 0, filled = 0;
    struct portrayer portrayer = {
        .index = index,
        .at = memory_new(terms, sizeof(*portrayer.at)),
        .seen = memory_new(terms, sizeof(*portrayer.seen)),
        .rarities = memory_new(terms, sizeof(*portrayer.rarities)),
    };

    for (size_t i = 0; i < terms; i++)
        portrayer.rarities[i] = NAN;
    for (size_t i = 0; i < index->papers->count; i++) {
        size_t count = portray(&portrayer, (uint32_t)i);

        likeness->words = memory_grow(likeness->words, &capacity, filled + count + 1,
                                      sizeof(*likeness->words));
        memcpy(likeness->words + filled, portrayer.words, count * sizeof(*portrayer.words));
        filled += count;
        likeness->first_word[i + 1] = filled;
    }
    free(portrayer.at);
    free(portrayer.seen);
    free(portrayer.rarities);
    free(portrayer.words);
}

/* ---- the neighbours ---- */

static float length_of(const struct likeness *likeness, size_t paper)
{
    float sum = 0;

    for (size_t i = likeness->first_word[paper]; i < likeness->first_word[paper + 1]; i++)
        sum += likeness->words[i].weight * likeness->words[i].weight;
    return sqrtf(sum);
}

/* Papers come in order, so a
 * stable sort by term leaves them in order. */
static void list_holders(struct finder *finder, size_t terms)
{
    const struct likeness *likeness = finder->likeness;
    size_t words = likeness->first_word[finder->papers], *next = finder->first_holder + 1;

    finder->holders = memory_new(words + 1, sizeof(*finder->holders));
    for (size_t i = 0; i < words; i++)
        next[likeness->words[i].number + 1]++;
    for (size_t i = 0; i < terms; i++)
        next[i + 1] += next[i];
    for (size_t i = 0; i < finder->papers; i++) {
        finder->lengths[i] = length_of(likeness, i);
        for (size_t j = likeness->first_word[i]; j < likeness->first_word[i + 1]; j++)
            finder->holders[next[likeness->words[j].number]++] =
                (struct holder){(uint32_t)i, likeness->words[j].weight / finder->lengths[i]};
    }
}

/* Gives the cosine between the paper and each that shares a strong word. */
static void compare_with_all(struct finder *finder, size_t paper)
{
    const struct likeness *likeness = finder->likeness;

    finder->touched_count = 0;
    for (size_t i = likeness->first_word[paper]; i < likeness->first_word[paper + 1]; i++) {
        const struct telling_word *word = &likeness->words[i];
        size_t first = finder->first_holder[word->number];
        size_t end = finder->first_holder[word->number + 1];
        float part = word->weight / finder->lengths[paper];

        if (end - first > WEIGHT_LIKENESS_COMMON)
            continue;
        for (size_t j = first; j < end; j++) {
            uint32_t other = finder->holders[j].paper;

            if (finder->alike[other] <= 0)
                finder->touched[finder->touched_count++] = other;
            finder->alike[other] += part * finder->holders[j].part;
        }
    }
}

/* Of equally alike papers the first in the feed. */
static size_t keep_nearest(struct finder *finder, size_t paper, struct neighbour *nearest)
{
    size_t count = 0;

    for (size_t i = 0; i < finder->touched_count; i++) {
        struct neighbour found = {finder->touched[i], finder->alike[finder->touched[i]]};
        size_t at;

        finder->alike[found.paper] = 0;
        if (found.paper == paper || found.trust < (float)WEIGHT_NEIGHBOUR_LEAST ||
            (count == WEIGHT_NEIGHBOURS && found.trust < nearest[count - 1].trust))
            continue;
        for (at = count; at > 0 && (nearest[at - 1].trust < found.trust ||
                                    (nearest[at - 1].trust <= found.trust &&
                                     nearest[at - 1].paper > found.paper));
             at--)
            if (at < WEIGHT_NEIGHBOURS)
                nearest[at] = nearest[at - 1];
        if (at < WEIGHT_NEIGHBOURS)
            nearest[at] = found;
        count += count < WEIGHT_NEIGHBOURS;
    }
    return count;
}

/* Likeness to the third: a near double says more than several distant ones. */
static void share_trust(struct neighbour *neighbours, size_t count)
{
    float sum = 0;

    for (size_t i = 0; i < count; i++) {
        float alike = neighbours[i].trust;

        neighbours[i].trust = alike * alike * alike;
        sum += neighbours[i].trust;
    }
    for (size_t i = 0; i < count; i++)
        neighbours[i].trust /= sum;
}

static void find_neighbours(const struct ranking_index *index, struct likeness *likeness)
{
    size_t papers = index->papers->count, filled = 0;
    struct finder finder = {
        .likeness = likeness,
        .papers = papers,
        .first_holder = memory_new((size_t)index->terms.count + 2, sizeof(*finder.first_holder)),
        .lengths = memory_new(papers + 1, sizeof(*finder.lengths)),
        .alike = memory_new(papers + 1, sizeof(*finder.alike)),
        .touched = memory_new(papers + 1, sizeof(*finder.touched)),
    };

    likeness->neighbours =
        memory_new(papers * WEIGHT_NEIGHBOURS + 1, sizeof(*likeness->neighbours));
    list_holders(&finder, index->terms.count);
    for (size_t i = 0; i < papers; i++) {
        size_t count;

        compare_with_all(&finder, i);
        count = keep_nearest(&finder, i, likeness->neighbours + filled);
        share_trust(likeness->neighbours + filled, count);
        filled += count;
        likeness->first_neighbour[i + 1] = filled;
    }
    free(finder.holders);
    free(finder.first_holder);
    free(finder.lengths);
    free(finder.alike);
    free(finder.touched);
}

void likeness_make(const struct ranking_index *index, struct likeness *ret_likeness)
{
    memset(ret_likeness, 0, sizeof(*ret_likeness));
    ret_likeness->first_word = memory_new(index->papers->count + 2, sizeof(size_t));
    ret_likeness->first_neighbour = memory_new(index->papers->count + 2, sizeof(size_t));
    portray_all(index, ret_likeness);
    find_neighbours(index, ret_likeness);
}

void likeness_free(struct likeness *likeness)
{
    free(likeness->words);
    free(likeness->first_word);
    free(likeness->neighbours);
    free(likeness->first_neighbour);
    memset(likeness, 0, sizeof(*likeness));
}
