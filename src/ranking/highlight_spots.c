/* The same in an index: its spots are a paper's words, and where they stand. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ranking/compile.h"
#include "ranking/highlight_parts.h"

enum {
    MEMO_SLOTS = 1 << 17, /* half of them used at most */
    MEMO_PLACES = 1 << 19,
    MEMO_COUNT_MAX = UINT16_MAX
};

void highlight_memo_free(struct highlight_memo *memo)
{
    free(memo->entries);
    free(memo->places);
    *memo = (struct highlight_memo){0};
}

/* ---- one term in one paper ---- */

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

/* ---- what was found before ---- */

static uint64_t mix(uint64_t a, uint64_t b)
{
    a = (a ^ b) * 0x9E3779B97F4A7C15u;
    return a ^ (a >> 29);
}

static uint64_t key_of(uint64_t serial, uint64_t paper, enum profile_scoring scoring,
                       const struct reason *reason)
{
    uint64_t key = mix(mix(serial, paper), (uint64_t)scoring * 16 + (uint64_t)reason->field);
    struct view term = reason->term;

    key = mix(key, term.size);
    while (term.size >= sizeof(uint64_t)) {
        uint64_t part;

        memcpy(&part, term.data, sizeof(part));
        key = mix(key, part);
        term = view_slice(term, sizeof(part), term.size);
    }
    for (size_t i = 0; i < term.size; i++)
        key = mix(key, (unsigned char)term.data[i]);
    return key ? key : 1;
}

static struct memo_entry *slot_of(const struct highlight_memo *memo, uint64_t key)
{
    size_t at = (size_t)(key >> 20) % MEMO_SLOTS;

    while (memo->entries[at].key && memo->entries[at].key != key)
        at = (at + 1) % MEMO_SLOTS;
    return &memo->entries[at];
}

static void keep_places(struct highlight_memo *memo, const struct highlights *found)
{
    memo->places = memory_grow(memo->places, &memo->place_capacity,
                               memo->place_count + found->count, sizeof(*memo->places));
    for (size_t i = 0; i < found->count; i++)
        memo->places[memo->place_count++] = (struct memo_place){
            (uint32_t)found->items[i].start, (uint32_t)found->items[i].end};
}

static void keep(struct highlight_memo *memo, uint64_t key, const struct highlights found[2])
{
    struct memo_entry *entry;

    if (found[0].count > MEMO_COUNT_MAX || found[1].count > MEMO_COUNT_MAX)
        return;
    if (memo->entry_count > MEMO_SLOTS / 2 ||
        memo->place_count + found[0].count + found[1].count > MEMO_PLACES) {
        memset(memo->entries, 0, MEMO_SLOTS * sizeof(*memo->entries));
        memo->entry_count = memo->place_count = 0;
    }
    entry = slot_of(memo, key);
    *entry = (struct memo_entry){key, (uint32_t)memo->place_count, (uint16_t)found[0].count,
                                 (uint16_t)found[1].count};
    keep_places(memo, &found[0]);
    keep_places(memo, &found[1]);
    memo->entry_count++;
}

static void add_places(struct highlights *highlights, const struct memo_place *places,
                       size_t count)
{
    for (size_t i = 0; i < count; i++)
        highlights_add(highlights, places[i].start, places[i].end);
}

static void search_for(struct highlighter *highlighter, const struct ranking_index *index,
                       enum profile_scoring scoring, const struct paper *paper,
                       const struct reason *reason)
{
    if (scoring == SCORING_SUBSTRING || !find_in_index(highlighter, index, paper, reason))
        highlighter_find(highlighter, scoring, paper, reason, 1, &highlighter->found[0],
                         &highlighter->found[1]);
}

void highlighter_find_indexed(struct highlighter *highlighter, const struct ranking_index *index,
                              uint64_t serial, enum profile_scoring scoring,
                              const struct paper *paper, const struct reason *reasons,
                              size_t count, struct highlights *ret_title,
                              struct highlights *ret_abstract)
{
    struct highlight_memo *memo = &highlighter->memo;
    size_t number = (size_t)(paper - index->papers->items);

    if (!memo->entries)
        memo->entries = memory_new(MEMO_SLOTS, sizeof(*memo->entries));
    ret_title->count = ret_abstract->count = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t key;
        const struct memo_entry *entry;

        if (reasons[i].field == REASON_AUTHOR || reasons[i].field == REASON_PREFERENCE) {
            if (scoring != SCORING_SUBSTRING)
                continue;
        }
        key = key_of(serial, number, scoring, &reasons[i]);
        entry = slot_of(memo, key);
        if (!entry->key) {
            search_for(highlighter, index, scoring, paper, &reasons[i]);
            keep(memo, key, highlighter->found);
            entry = slot_of(memo, key);
        }
        if (!entry->key) {
            /* Too much of it to be kept. */
            highlighter_find(highlighter, scoring, paper, reasons, count, ret_title, ret_abstract);
            return;
        }
        add_places(ret_title, memo->places + entry->first, entry->title);
        add_places(ret_abstract, memo->places + entry->first + entry->title, entry->abstract);
    }
    highlights_join(ret_title);
    highlights_join(ret_abstract);
}
