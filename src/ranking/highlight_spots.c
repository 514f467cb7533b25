/* The same in an index: its spots are a paper's words, and where they stand. */
#include "ranking/compile.h"
#include "ranking/highlight_parts.h"

struct search {
    const struct spot *spots; /* of one text */
    size_t count;
    const struct compound_pair *pairs;
    size_t pair_count;
    size_t first; /* spots of the paper before this text */
    struct view text;
    struct highlights *found;
    bool is_lost; /* a word is too long for the index */
};

static void add_words(struct search *search, size_t at, size_t words)
{
    const struct spot *first = &search->spots[at], *last = &search->spots[at + words - 1];

    if (last->bytes == UINT16_MAX)
        search->is_lost = true;
    highlights_add(search->found, first->start, (size_t)last->start + last->bytes);
}

/* A single character of a CJK pair; one of the source can be two of them, and then
 * it is meant whole. */
static void add_single(struct search *search, size_t at, bool is_first)
{
    const struct spot *spot = &search->spots[at];
    size_t end = (size_t)spot->start + spot->bytes, middle;

    if (!spot->is_cjk || spot->bytes == UINT16_MAX) {
        add_words(search, at, 1);
        return;
    }
    middle = spot->start + highlight_second_character(view_slice(search->text, spot->start, end));
    if (middle >= end)
        highlights_add(search->found, spot->start, end);
    else
        highlights_add(search->found, is_first ? spot->start : middle, is_first ? middle : end);
}

static void find_term(struct search *search, uint64_t whole)
{
    uint32_t term = (uint32_t)whole;

    for (size_t at = 0; at < search->count; at++) {
        const struct spot *spot = &search->spots[at];

        if (spot->stem == term)
            add_words(search, at, 1);
        else if (spot->exact == term || spot->exact_singular == term)
            add_single(search, at, spot->exact == term);
        else if (spot->joined_count && spot->joined == term)
            add_words(search, at, spot->joined_count);
        else if (at + 1 < search->count && spot->pair == term)
            add_words(search, at, 2);
    }
    for (size_t i = 0; i < search->pair_count; i++)
        if (search->pairs[i].term == term && search->pairs[i].spot >= search->first &&
            search->pairs[i].spot < search->first + search->count)
            add_words(search, search->pairs[i].spot - search->first, search->pairs[i].words);
}

static size_t phrase_at(const struct search *search, size_t at, const struct compiled_slot *slots,
                        size_t count)
{
    size_t end = at;

    for (size_t i = 0; i < count; i++) {
        uint32_t term = (uint32_t)slots[i].term;
        const struct spot *spot;

        if (end >= search->count)
            return 0;
        spot = &search->spots[end];
        if (slots[i].is_exact ? spot->exact == term || spot->exact_singular == term
                              : spot->stem == term)
            end++;
        else if (!slots[i].is_exact && spot->joined_count && spot->joined == term)
            end += spot->joined_count;
        else
            return 0;
    }
    return end - at;
}

static void find_phrase(struct search *search, const struct compiled_slot *slots, size_t count)
{
    for (size_t at = 0; at < search->count; at++) {
        size_t words = phrase_at(search, at, slots, count);

        if (words)
            add_words(search, at, words);
    }
}

static void find_patterns(struct search *search, const struct compiled_profile *compiled)
{
    for (size_t i = 0; i < compiled->pattern_count; i++) {
        const struct pattern *pattern = &compiled->patterns[i];

        if (pattern->slot_count)
            find_phrase(search, compiled->slots + pattern->first_slot, pattern->slot_count);
        else
            find_term(search, pattern->term);
    }
}

/* Into highlighter->found; false when the index does not know enough. */
static bool find_in_index(struct highlighter *highlighter, const struct ranking_index *index,
                          const struct paper *paper, const struct reason *reason)
{
    size_t number = (size_t)(paper - index->papers->items);
    const struct indexed_paper *about = &index->about[number];
    const struct spot *spots = index->spots + about->first_spot;
    struct compiled_profile compiled;
    struct search search = {.spots = spots,
                            .count = about->title_spots,
                            .pairs = index->pairs + about->first_pair,
                            .pair_count = about[1].first_pair - about->first_pair,
                            .text = paper->title,
                            .found = &highlighter->found[0]};

    highlighter->found[0].count = highlighter->found[1].count = 0;
    compile_reason(highlighter->splitter, reason->field, reason->term, &compiled);
    if (spots) {
        find_patterns(&search, &compiled);
        search.spots += about->title_spots;
        search.count = about->spots - about->title_spots;
        search.first = about->title_spots;
        search.text = paper->abstract;
        search.found = &highlighter->found[1];
        find_patterns(&search, &compiled);
    }
    compiled_free(&compiled);
    highlights_join(&highlighter->found[0]);
    highlights_join(&highlighter->found[1]);
    return !search.is_lost;
}

static void add_all(struct highlights *highlights, const struct highlights *found)
{
    for (size_t i = 0; i < found->count; i++)
        highlights_add(highlights, found->items[i].start, found->items[i].end);
}

void highlighter_find_indexed(struct highlighter *highlighter, const struct ranking_index *index,
                              enum profile_scoring scoring, const struct paper *paper,
                              const struct reason *reasons, size_t count,
                              struct highlights *ret_title, struct highlights *ret_abstract)
{
    ret_title->count = ret_abstract->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (scoring == SCORING_SUBSTRING || !find_in_index(highlighter, index, paper, &reasons[i]))
            highlighter_find(highlighter, scoring, paper, &reasons[i], 1, &highlighter->found[0],
                             &highlighter->found[1]);
        add_all(ret_title, &highlighter->found[0]);
        add_all(ret_abstract, &highlighter->found[1]);
    }
    highlights_join(ret_title);
    highlights_join(ret_abstract);
}
