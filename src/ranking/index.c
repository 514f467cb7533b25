#include "ranking/index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "ranking/names.h"
#include "ranking/weights.h"
#include "ranking/words.h"

/* A posting before all are sorted by term. */
struct loose_posting {
    uint32_t term;
    uint32_t paper;
    uint16_t title;
    uint16_t abstract;
};

struct builder {
    struct ranking_index *index;
    struct word_splitter *splitter;
    struct word_list words;
    struct loose_posting *loose;
    size_t loose_count;
    size_t loose_capacity;
    size_t *latest; /* by term: its last loose posting */
    size_t latest_capacity;
    size_t spot_count;
    size_t spot_capacity;
    size_t pair_capacity;
    uint32_t paper;
    bool in_title;
    double length; /* of all papers so far */
};

static void count_up(uint16_t *times)
{
    if (*times < UINT16_MAX)
        (*times)++;
}

static void take_term(void *context, uint64_t term)
{
    struct builder *builder = context;
    uint32_t before = builder->index->terms.count;
    uint32_t number = term_table_add(&builder->index->terms, term);
    bool is_new = builder->index->terms.count > before;
    struct loose_posting *posting;

    if (is_new)
        builder->latest = memory_grow(builder->latest, &builder->latest_capacity,
                                      (size_t)number + 1, sizeof(*builder->latest));
    if (is_new || builder->loose[builder->latest[number]].paper != builder->paper) {
        builder->loose = memory_grow(builder->loose, &builder->loose_capacity,
                                     builder->loose_count + 1, sizeof(*builder->loose));
        builder->loose[builder->loose_count] =
            (struct loose_posting){.term = number, .paper = builder->paper};
        builder->latest[number] = builder->loose_count++;
    }
    posting = &builder->loose[builder->latest[number]];
    count_up(builder->in_title ? &posting->title : &posting->abstract);
}

static bool tells_nothing(const struct word *word)
{
    return word->is_number || word->folded.size < 2 || words_is_stop(word->folded);
}

static void add_pair(struct builder *builder, size_t spot, uint64_t term, size_t words)
{
    struct ranking_index *index = builder->index;

    index->pairs = memory_grow(index->pairs, &builder->pair_capacity, index->pair_count + 1,
                               sizeof(*index->pairs));
    index->pairs[index->pair_count++] =
        (struct compound_pair){(uint32_t)term, (uint32_t)spot, (uint32_t)words};
}

/* Of the pairs that terms_walk makes, those with a compound in them. `spot` is the
 * place of the word among all of its paper. */
static void add_compound_pairs(struct builder *builder, size_t at, size_t spot)
{
    const struct word_list *words = &builder->words;
    const struct word *word = &words->items[at], *next;
    size_t behind = at + word->joined_count;

    if (at + 1 < words->count && (next = word + 1)->joined)
        add_pair(builder, spot, words_pair(word->stem, next->joined), 1u + next->joined_count);
    if (!word->joined || behind >= words->count)
        return;
    next = &words->items[behind];
    add_pair(builder, spot, words_pair(word->joined, next->stem), behind + 1 - at);
    if (next->joined)
        add_pair(builder, spot, words_pair(word->joined, next->joined),
                 behind + next->joined_count - at);
}

static void add_spots(struct builder *builder, struct view text)
{
    struct ranking_index *index = builder->index;
    const struct word_list *words = &builder->words;

    index->spots = memory_grow(index->spots, &builder->spot_capacity,
                               builder->spot_count + words->count, sizeof(*index->spots));
    for (size_t i = 0; i < words->count; i++) {
        const struct word *word = &words->items[i];

        index->spots[builder->spot_count++] = (struct spot){
            .stem = (uint32_t)word->stem,
            .exact = (uint32_t)word->exact,
            .exact_singular = (uint32_t)word->exact_singular,
            .joined = (uint32_t)word->joined,
            .number = tells_nothing(word) ? TERM_NONE
                                          : term_table_find(&index->terms, word->stem),
            .pair = i + 1 < words->count
                        ? (uint32_t)words_pair(word->stem, words->items[i + 1].stem)
                        : 0,
            .start = (uint32_t)(word->text.data - text.data),
            .bytes = (uint16_t)(word->text.size < UINT16_MAX ? word->text.size : UINT16_MAX),
            .joined_count = word->joined_count,
            .is_cjk = word->is_cjk,
        };
        add_compound_pairs(builder, i,
                           builder->spot_count - 1 - index->about[builder->paper].first_spot);
    }
}

static void add_text(struct builder *builder, struct view text, bool in_title)
{
    words_split(builder->splitter, text, &builder->words);
    builder->in_title = in_title;
    terms_walk(&builder->words, take_term, builder);
    add_spots(builder, text);
}

static void add_name(struct builder *builder, const struct name *name)
{
    if (!name->count)
        return;
    take_term(builder, name_family_term(name));
    if (name_term(name))
        take_term(builder, name_term(name));
}

static void add_labels(struct builder *builder, const struct paper *paper)
{
    struct name name;

    take_term(builder, index_id_term(paper->id));
    for (size_t i = 0; i < paper->category_count; i++) {
        struct view category = paper->categories[i];
        size_t dot = view_find_char(category, '.', 0);

        take_term(builder, index_category_term(category));
        if (dot < category.size)
            take_term(builder, index_category_term(view_slice(category, 0, dot)));
    }
    for (size_t i = 0; i < paper->author_count; i++) {
        name_parse(paper->authors[i], &name);
        add_name(builder, &name);
        if (name_parse_spelled(paper->authors[i], &name))
            add_name(builder, &name);
    }
}

static void add_lowered(struct ranking_index *index, const struct paper *paper,
                        struct indexed_paper *about)
{
    about->lowered_at = index->lowered.size;
    utf8_add_lower(&index->lowered, paper->source_title);
    about->lowered_title_size = index->lowered.size - about->lowered_at;
    buffer_add_char(&index->lowered, ' ');
    utf8_add_lower(&index->lowered, paper->source_abstract);
    about->lowered_size = index->lowered.size - about->lowered_at;
}

static void add_paper(struct builder *builder, size_t number)
{
    struct ranking_index *index = builder->index;
    const struct paper *paper = &index->papers->items[number];
    struct indexed_paper *about = &index->about[number];

    builder->paper = (uint32_t)number;
    about->first_spot = builder->spot_count;
    about->first_pair = index->pair_count;
    add_text(builder, paper->title, true);
    about->title_spots = (uint32_t)(builder->spot_count - about->first_spot);
    add_text(builder, paper->abstract, false);
    about->spots = (uint32_t)(builder->spot_count - about->first_spot);
    about->abstract_characters = (uint32_t)utf8_length(paper->abstract);
    add_labels(builder, paper);
    add_lowered(index, paper, about);
}

static double length_of(const struct indexed_paper *about)
{
    return WEIGHT_TITLE * about->title_spots + (double)(about->spots - about->title_spots);
}

static void set_fit_bases(struct ranking_index *index)
{
    size_t count = index->papers->count;
    double sum = 0, average;

    for (size_t i = 0; i < count; i++)
        sum += length_of(&index->about[i]);
    average = index->rarity ? rarity_average_length(index->rarity)
                            : fmax(1, sum / fmax(1, (double)count));
    for (size_t i = 0; i < count; i++)
        index->about[i].fit_base =
            (float)(WEIGHT_K1 *
                    (1 - WEIGHT_B + WEIGHT_B * length_of(&index->about[i]) / average));
}

/* Papers came in order, so a stable sort by term leaves them in order. */
static void sort_postings(struct builder *builder)
{
    struct ranking_index *index = builder->index;
    size_t *next;

    index->first_posting = memory_new((size_t)index->terms.count + 2, sizeof(size_t));
    index->postings = memory_new(builder->loose_count + 1, sizeof(*index->postings));
    next = index->first_posting + 1;
    for (size_t i = 0; i < builder->loose_count; i++)
        next[builder->loose[i].term + 1]++;
    for (uint32_t i = 0; i < index->terms.count; i++)
        next[i + 1] += next[i];
    for (size_t i = 0; i < builder->loose_count; i++) {
        const struct loose_posting *loose = &builder->loose[i];
        struct posting *posting = &index->postings[next[loose->term]++];

        posting->paper = loose->paper;
        posting->title = loose->title;
        posting->abstract = loose->abstract;
        posting->steps = index_steps(index, loose->paper, loose->title, loose->abstract);
    }
}

static void set_terms(struct ranking_index *index)
{
    index->term_of = memory_new((size_t)index->terms.count + 1, sizeof(*index->term_of));
    for (size_t i = 0; i < index->terms.capacity; i++)
        if (index->terms.terms[i])
            index->term_of[index->terms.numbers[i]] = index->terms.terms[i];
}

static uint64_t rarity_key_of(const struct ranking_index *index)
{
    uint64_t key = index->papers->count;

    if (index->rarity)
        return index->rarity->key;
    /* A sum, since the table's order means nothing. */
    for (uint32_t i = 0; i < index->terms.count; i++)
        key += words_pair(index->term_of[i], index_numbered(index, i).count);
    return key;
}

/* Takes the index with its papers, archive and rarity set. */
static void build(struct ranking_index *index, struct word_splitter *splitter)
{
    struct builder builder = {.index = index, .splitter = splitter};
    const struct papers *papers = index->papers;

    index->about = memory_new(papers->count + 1, sizeof(*index->about));
    buffer_init(&index->lowered, SIZE_MAX / 4);
    word_list_init(&builder.words);
    for (size_t i = 0; i < papers->count; i++)
        add_paper(&builder, i);
    index->about[papers->count].first_pair = index->pair_count;
    set_fit_bases(index);
    sort_postings(&builder);
    set_terms(index);
    index->rarity_key = rarity_key_of(index);
    likeness_make(index, &index->likeness);
    word_list_free(&builder.words);
    free(builder.loose);
    free(builder.latest);
}

struct ranking_index *ranking_index_new(const struct papers *papers, const struct papers *archive)
{
    struct ranking_index *index = memory_new(1, sizeof(*index));
    struct word_splitter *splitter = word_splitter_new();

    index->papers = papers;
    index->archive = archive;
    if (archive) {
        rarity_count(splitter, archive, &index->counted);
        index->rarity = &index->counted;
    }
    build(index, splitter);
    word_splitter_free(&splitter);
    return index;
}

struct ranking_index *ranking_index_new_among(const struct papers *papers,
                                              const struct rarity *rarity)
{
    struct ranking_index *index = memory_new(1, sizeof(*index));
    struct word_splitter *splitter = word_splitter_new();

    index->papers = papers;
    index->rarity = rarity;
    build(index, splitter);
    word_splitter_free(&splitter);
    return index;
}

void ranking_index_free(struct ranking_index **index)
{
    if (!*index)
        return;
    term_table_free(&(*index)->terms);
    free((*index)->term_of);
    free((*index)->first_posting);
    free((*index)->postings);
    free((*index)->spots);
    free((*index)->pairs);
    free((*index)->about);
    buffer_free(&(*index)->lowered);
    rarity_free(&(*index)->counted);
    likeness_free(&(*index)->likeness);
    free(*index);
    *index = NULL;
}

const struct papers *ranking_index_papers(const struct ranking_index *index)
{
    return index->papers;
}

struct postings index_find(const struct ranking_index *index, uint64_t term)
{
    uint32_t number = term_table_find(&index->terms, term);

    if (number == TERM_NONE)
        return (struct postings){NULL, 0};
    return index_numbered(index, number);
}

struct postings index_numbered(const struct ranking_index *index, uint32_t number)
{
    return (struct postings){index->postings + index->first_posting[number],
                             index->first_posting[number + 1] - index->first_posting[number]};
}

double index_rarity(const struct ranking_index *index, uint64_t term)
{
    if (!index)
        return 1;
    if (index->rarity)
        return rarity_weight(rarity_papers_with(index->rarity, term),
                             index->rarity->paper_count);
    return rarity_weight(index_find(index, term).count, index->papers->count);
}

size_t index_known(const struct ranking_index *index, uint64_t term)
{
    size_t with;

    if (!index->rarity)
        return index_find(index, term).count;
    with = rarity_papers_with(index->rarity, term);
    return with > 1 ? with : 0; /* it does not tell one from none */
}

uint64_t index_rarity_key(const struct ranking_index *index)
{
    return index->rarity_key;
}

uint16_t index_steps(const struct ranking_index *index, size_t paper, double title,
                     double abstract)
{
    double times = WEIGHT_TITLE * title + abstract;
    double fit = times / (times + (double)index->about[paper].fit_base);

    return (uint16_t)fmax(1, fit * WEIGHT_FIT_STEPS + 0.5);
}

uint64_t index_id_term(struct view id)
{
    return words_hash(TERM_KIND_ID, id);
}

uint64_t index_category_term(struct view category)
{
    char lower[64];
    size_t size = category.size < sizeof(lower) ? category.size : sizeof(lower);

    for (size_t i = 0; i < size; i++)
        lower[i] = (char)(category.data[i] >= 'A' && category.data[i] <= 'Z'
                              ? category.data[i] + ('a' - 'A')
                              : category.data[i]);
    return words_hash(TERM_KIND_CATEGORY, (struct view){lower, size});
}

const struct paper *index_find_paper(const struct ranking_index *index,
                                     const struct papers *known, struct view id)
{
    const struct papers *lists[] = {index->papers, index->archive, known};

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        size_t number = lists[i] ? papers_find(lists[i], id) : 0;

        if (lists[i] && number < lists[i]->count)
            return &lists[i]->items[number];
    }
    return NULL;
}
