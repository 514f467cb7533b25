/* The same in an index: its spots are a paper's words, and where they stand. */
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

static void find_term_at(struct search *search, size_t at, uint64_t whole)
{
    const struct spot *spot = &search->spots[at];
    uint32_t term = (uint32_t)whole;

    if (spot->stem == term)
        add_words(search, at, 1);
    else if (spot->exact == term || spot->exact_singular == term)
        add_single(search, at, spot->exact == term);
    else if (spot->joined_count && spot->joined == term)
        add_words(search, at, spot->joined_count);
    else if (at + 1 < search->count && spot->pair == term)
        add_words(search, at, 2);
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

/* Most words begin nothing of the reason, which their terms tell without its patterns. */
static bool may_begin(const struct known_reason *known, const struct spot *spot)
{
    return known_reason_may_begin(known, spot->stem) ||
           known_reason_may_begin(known, spot->exact) ||
           known_reason_may_begin(known, spot->exact_singular) ||
           known_reason_may_begin(known, spot->joined) ||
           known_reason_may_begin(known, spot->pair);
}

static void find_at(struct search *search, size_t at, const struct known_reason *known)
{
    for (size_t i = 0; i < known->pattern_count; i++) {
        const struct pattern *pattern = &known->patterns[i];
        size_t words;

        if (!pattern->slot_count) {
            find_term_at(search, at, pattern->term);
            continue;
        }
        words = phrase_at(search, at, known->slots + pattern->first_slot, pattern->slot_count);
        if (words)
            add_words(search, at, words);
    }
}

static void find_pair(struct search *search, const struct compound_pair *pair,
                      const struct known_reason *known)
{
    for (size_t i = 0; i < known->pattern_count; i++)
        if (!known->patterns[i].slot_count && pair->term == (uint32_t)known->patterns[i].term)
            add_words(search, pair->spot - search->first, pair->words);
}

static void find(struct search *search, const struct known_reason *known)
{
    for (size_t at = 0; at < search->count; at++)
        if (may_begin(known, &search->spots[at]))
            find_at(search, at, known);
    for (size_t i = 0; i < search->pair_count; i++)
        if (known_reason_may_begin(known, search->pairs[i].term) &&
            search->pairs[i].spot >= search->first &&
            search->pairs[i].spot < search->first + search->count)
            find_pair(search, &search->pairs[i], known);
}

/* Into highlighter->found; false when the index does not know enough. */
static bool find_in_index(struct highlighter *highlighter, const struct ranking_index *index,
                          const struct paper *paper, const struct reason *reason)
{
    size_t number = (size_t)(paper - index->papers->items);
    const struct indexed_paper *about = &index->about[number];
    const struct spot *spots = index->spots + about->first_spot;
    const struct known_reason *known;
    struct search search = {.spots = spots,
                            .count = about->title_spots,
                            .pairs = index->pairs + about->first_pair,
                            .pair_count = about[1].first_pair - about->first_pair,
                            .text = paper->title,
                            .found = &highlighter->found[0]};

    highlighter->found[0].count = highlighter->found[1].count = 0;
    known = reason_memo_get(&highlighter->memo, reason->field, reason->term);
    if (spots) {
        find(&search, known);
        search.spots += about->title_spots;
        search.count = about->spots - about->title_spots;
        search.first = about->title_spots;
        search.text = paper->abstract;
        search.found = &highlighter->found[1];
        find(&search, known);
    }
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
