#include "ranking/rarity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ranking/term_table.h"
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

struct counted {
    uint64_t term;
    uint32_t papers_with;
};

static int compare_terms(const void *a, const void *b)
{
    const struct counted *left = a, *right = b;

    return (left->term > right->term) - (left->term < right->term);
}

static void allocate(struct rarity *rarity, size_t count)
{
    rarity->terms = memory_new(count + 1, sizeof(*rarity->terms));
    rarity->papers_with = memory_new(count + 1, sizeof(*rarity->papers_with));
}

static void take_counted(const struct counter *counter, struct rarity *rarity)
{
    struct counted *all = memory_new((size_t)counter->terms.count + 1, sizeof(*all));
    size_t count = 0;

    for (size_t i = 0; i < counter->terms.capacity; i++)
        if (counter->terms.terms[i])
            all[count++] =
                (struct counted){counter->terms.terms[i],
                                 counter->counts[counter->terms.numbers[i]].papers_with};
    qsort(all, count, sizeof(*all), compare_terms);
    allocate(rarity, count);
    for (size_t i = 0; i < count; i++) {
        rarity->terms[i] = all[i].term;
        rarity->papers_with[i] = all[i].papers_with;
    }
    rarity->term_count = count;
    free(all);
}

static uint64_t key_of(const struct rarity *rarity)
{
    uint64_t key = words_pair(rarity->paper_count, rarity->term_count), length;

    memcpy(&length, &rarity->length, sizeof(length));
    key = words_pair(key, length);
    /* A sum, so that one product does not wait for the one before it. */
    for (size_t i = 0; i < rarity->term_count; i++)
        key += words_pair(rarity->terms[i], rarity->papers_with[i]);
    return key;
}

/* About eight terms to a start. */
static void set_starts(struct rarity *rarity)
{
    size_t starts = 2, at = 0;

    rarity->start_shift = 63;
    while (starts < rarity->term_count / 8) {
        starts *= 2;
        rarity->start_shift--;
    }
    free(rarity->starts);
    rarity->starts = memory_new(starts + 1, sizeof(*rarity->starts));
    for (size_t i = 0; i < starts; i++) {
        while (at < rarity->term_count && rarity->terms[at] >> rarity->start_shift < i)
            at++;
        rarity->starts[i] = (uint32_t)at;
    }
    rarity->starts[starts] = (uint32_t)rarity->term_count;
}

static void seal(struct rarity *rarity)
{
    rarity->key = key_of(rarity);
    set_starts(rarity);
}

static void count_papers(struct word_splitter *splitter, const struct papers *papers,
                         struct rarity *ret_rarity)
{
    struct counter counter = {0};
    struct word_list words;

    memset(ret_rarity, 0, sizeof(*ret_rarity));
    word_list_init(&words);
    for (size_t i = 0; i < papers->count; i++) {
        counter.paper = (uint32_t)i;
        words_split(splitter, papers->items[i].title, &words);
        terms_walk(&words, count_term, &counter);
        ret_rarity->length += WEIGHT_TITLE * (double)words.count;
        words_split(splitter, papers->items[i].abstract, &words);
        terms_walk(&words, count_term, &counter);
        ret_rarity->length += (double)words.count;
    }
    take_counted(&counter, ret_rarity);
    ret_rarity->paper_count = papers->count;
    word_list_free(&words);
    term_table_free(&counter.terms);
    free(counter.counts);
}

void rarity_count(struct word_splitter *splitter, const struct papers *archive,
                  struct rarity *ret_rarity)
{
    count_papers(splitter, archive, ret_rarity);
    /* Most pairs occur once; leaving them out makes the table a fifth. */
    rarity_trim(ret_rarity, 2, SIZE_MAX);
}

void rarity_free(struct rarity *rarity)
{
    free(rarity->terms);
    free(rarity->papers_with);
    free(rarity->starts);
    memset(rarity, 0, sizeof(*rarity));
}

/* ---- put together and bounded ---- */

void rarity_add_papers(struct rarity *rarity, struct word_splitter *splitter,
                       const struct papers *papers)
{
    struct rarity more;

    count_papers(splitter, papers, &more);
    rarity_add(rarity, &more);
    rarity_free(&more);
}

static void append(struct rarity *rarity, uint64_t term, uint32_t papers_with)
{
    rarity->terms[rarity->term_count] = term;
    rarity->papers_with[rarity->term_count++] = papers_with;
}

void rarity_add(struct rarity *rarity, const struct rarity *other)
{
    struct rarity sum = {.paper_count = rarity->paper_count + other->paper_count,
                         .length = rarity->length + other->length};
    size_t i = 0, j = 0;

    allocate(&sum, rarity->term_count + other->term_count);
    while (i < rarity->term_count || j < other->term_count) {
        if (j == other->term_count ||
            (i < rarity->term_count && rarity->terms[i] < other->terms[j])) {
            append(&sum, rarity->terms[i], rarity->papers_with[i]);
            i++;
        } else if (i == rarity->term_count || other->terms[j] < rarity->terms[i]) {
            append(&sum, other->terms[j], other->papers_with[j]);
            j++;
        } else {
            append(&sum, rarity->terms[i], rarity->papers_with[i] + other->papers_with[j]);
            i++;
            j++;
        }
    }
    rarity_free(rarity);
    *rarity = sum;
    seal(rarity);
}

/* How many papers a term must have so that at most `max_terms` stay. */
static uint32_t bound_for(const struct rarity *rarity, uint32_t min_papers, size_t max_terms)
{
    for (;; min_papers++) {
        size_t left = 0;

        for (size_t i = 0; i < rarity->term_count; i++)
            left += rarity->papers_with[i] >= min_papers;
        if (left <= max_terms)
            return min_papers;
    }
}

void rarity_trim(struct rarity *rarity, uint32_t min_papers, size_t max_terms)
{
    uint32_t bound = bound_for(rarity, min_papers, max_terms);
    size_t kept = 0;

    for (size_t i = 0; i < rarity->term_count; i++) {
        if (rarity->papers_with[i] < bound)
            continue;
        rarity->terms[kept] = rarity->terms[i];
        rarity->papers_with[kept++] = rarity->papers_with[i];
    }
    rarity->term_count = kept;
    seal(rarity);
}

/* ---- as bytes ---- */

enum { PACKED_FORMAT = 1, LABEL_KIND = 'L' };

struct packed_head {
    uint64_t check; /* of all behind it, by the key of the counts */
    uint32_t format;
    uint32_t words_version;
    uint64_t label_size;
    uint64_t term_count;
    uint64_t paper_count;
    double length;
};

static uint64_t check_of(const struct rarity *rarity, const struct packed_head *head,
                         struct view label)
{
    uint64_t versions = (uint64_t)head->format << 32 | head->words_version;

    /* One that nothing was added to has no key yet. */
    return words_pair(words_pair(rarity->starts ? rarity->key : key_of(rarity), versions), words_hash(LABEL_KIND, label));
}

void rarity_pack(const struct rarity *rarity, struct view label, struct buffer *ret_bytes)
{
    struct packed_head head = {.format = PACKED_FORMAT,
                               .words_version = WORDS_VERSION,
                               .label_size = label.size,
                               .term_count = rarity->term_count,
                               .paper_count = rarity->paper_count,
                               .length = rarity->length};

    head.check = check_of(rarity, &head, label);
    buffer_clear(ret_bytes);
    buffer_add(ret_bytes, &head, sizeof(head));
    buffer_add_view(ret_bytes, label);
    if (!rarity->term_count)
        return;
    buffer_add(ret_bytes, rarity->terms, rarity->term_count * sizeof(rarity->terms[0]));
    buffer_add(ret_bytes, rarity->papers_with,
               rarity->term_count * sizeof(rarity->papers_with[0]));
}

static bool take_head(struct view bytes, struct packed_head *ret_head)
{
    const size_t term_size = sizeof(uint64_t) + sizeof(uint32_t);
    size_t rest = bytes.size;

    if (rest < sizeof(*ret_head))
        return false;
    memcpy(ret_head, bytes.data, sizeof(*ret_head));
    rest -= sizeof(*ret_head);
    if (ret_head->label_size > rest || ret_head->format != PACKED_FORMAT ||
        ret_head->words_version != WORDS_VERSION || !(ret_head->length >= 0))
        return false;
    rest -= ret_head->label_size;
    return rest % term_size == 0 && ret_head->term_count == rest / term_size &&
           ret_head->term_count < UINT32_MAX;
}

static bool is_ascending(const struct rarity *rarity)
{
    for (size_t i = 1; i < rarity->term_count; i++)
        if (rarity->terms[i - 1] >= rarity->terms[i])
            return false;
    return true;
}

int rarity_unpack(struct view bytes, struct rarity *ret_rarity, struct view *ret_label)
{
    struct packed_head head;
    struct rarity rarity = {0};
    struct view label;
    const char *terms;

    if (!take_head(bytes, &head))
        return -1;
    label = (struct view){bytes.data + sizeof(head), head.label_size};
    terms = label.data + label.size;
    allocate(&rarity, head.term_count);
    rarity.term_count = head.term_count;
    rarity.paper_count = head.paper_count;
    rarity.length = head.length;
    memcpy(rarity.terms, terms, head.term_count * sizeof(rarity.terms[0]));
    memcpy(rarity.papers_with, terms + head.term_count * sizeof(rarity.terms[0]),
           head.term_count * sizeof(rarity.papers_with[0]));
    seal(&rarity);
    if (!is_ascending(&rarity) || head.check != check_of(&rarity, &head, label)) {
        rarity_free(&rarity);
        return -1;
    }
    *ret_rarity = rarity;
    if (ret_label)
        *ret_label = label;
    return 0;
}

/* ---- asked ---- */

size_t rarity_papers_with(const struct rarity *rarity, uint64_t term)
{
    size_t start;

    if (!rarity->term_count)
        return 1;
    start = term >> rarity->start_shift;
    for (size_t i = rarity->starts[start]; i < rarity->starts[start + 1]; i++)
        if (rarity->terms[i] >= term)
            return rarity->terms[i] == term ? rarity->papers_with[i] : 1;
    return 1;
}

double rarity_average_length(const struct rarity *rarity)
{
    return fmax(1, rarity->length / fmax(1, (double)rarity->paper_count));
}

double rarity_weight(size_t papers_with, size_t paper_count)
{
    double papers = (double)paper_count + WEIGHT_RARITY_PRIOR_PAPERS;
    double with = papers_with > paper_count ? (double)paper_count : (double)papers_with;

    return log(papers / (with + 1)) / log(WEIGHT_RARITY_SCALE);
}
