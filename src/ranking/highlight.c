#include "ranking/highlight.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "ranking/compile.h"
#include "ranking/fold.h"
#include "ranking/highlight_parts.h"

enum { SORT_FEW = 24 };

void highlights_free(struct highlights *highlights)
{
    free(highlights->items);
    *highlights = (struct highlights){0};
}

struct highlighter *highlighter_new(void)
{
    struct highlighter *highlighter = memory_new(1, sizeof(*highlighter));

    highlighter->splitter = word_splitter_new();
    reason_memo_init(&highlighter->memo, highlighter->splitter);
    word_list_init(&highlighter->words);
    buffer_init(&highlighter->lowered, SIZE_MAX / 4);
    buffer_init(&highlighter->needle, SIZE_MAX / 4);
    return highlighter;
}

void highlighter_free(struct highlighter **highlighter)
{
    if (!*highlighter)
        return;
    reason_memo_free(&(*highlighter)->memo);
    word_splitter_free(&(*highlighter)->splitter);
    word_list_free(&(*highlighter)->words);
    buffer_free(&(*highlighter)->lowered);
    buffer_free(&(*highlighter)->needle);
    highlights_free(&(*highlighter)->found[0]);
    highlights_free(&(*highlighter)->found[1]);
    free((*highlighter)->origins);
    free(*highlighter);
    *highlighter = NULL;
}

void highlights_add(struct highlights *highlights, size_t start, size_t end)
{
    if (start >= end)
        return;
    highlights->items = memory_grow(highlights->items, &highlights->capacity,
                                    highlights->count + 1, sizeof(*highlights->items));
    highlights->items[highlights->count++] = (struct highlight){start, end};
}

static int compare_starts(const void *a, const void *b)
{
    const struct highlight *left = a, *right = b;

    return (left->start > right->start) - (left->start < right->start);
}

/* Mostly some few, and those of each term in order. */
static void sort(struct highlights *highlights)
{
    struct highlight *items = highlights->items;

    if (highlights->count > SORT_FEW) {
        qsort(items, highlights->count, sizeof(*items), compare_starts);
        return;
    }
    for (size_t i = 1; i < highlights->count; i++) {
        struct highlight item = items[i];
        size_t at = i;

        for (; at > 0 && items[at - 1].start > item.start; at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
}

void highlights_join(struct highlights *highlights)
{
    size_t kept = 0;

    sort(highlights);
    for (size_t i = 0; i < highlights->count; i++) {
        struct highlight next = highlights->items[i], *last = &highlights->items[kept - !!kept];

        if (!kept || next.start > last->end)
            highlights->items[kept++] = next;
        else if (next.end > last->end)
            last->end = next.end;
    }
    highlights->count = kept;
}

/* ---- words ---- */

/* Some words in a row, and which part of a single CJK pair is meant. */
struct span {
    size_t words; /* 0: no match */
    enum { SPAN_WHOLE, SPAN_FIRST, SPAN_LAST } part;
};

static struct span single_at(const struct word *word, uint64_t term, bool is_exact)
{
    struct span span = {1, SPAN_WHOLE};

    if (!is_exact && word->stem == term)
        return span;
    if (word->exact == term || word->exact_singular == term) {
        if (word->is_cjk)
            span.part = word->exact == term ? SPAN_FIRST : SPAN_LAST;
        return span;
    }
    return (struct span){0, SPAN_WHOLE};
}

/* As the index keeps pairs: of words and of compounds. */
static size_t pair_at(const struct word_list *words, size_t at, uint64_t term)
{
    const struct word *word = &words->items[at];
    const size_t ends[2] = {at + 1, word->joined ? at + word->joined_count : words->count};
    const uint64_t heads[2] = {word->stem, word->joined};

    for (int i = 0; i < 2; i++) {
        const struct word *next;

        if (ends[i] >= words->count)
            continue;
        next = &words->items[ends[i]];
        if (words_pair(heads[i], next->stem) == term)
            return ends[i] + 1 - at;
        if (next->joined && words_pair(heads[i], next->joined) == term)
            return ends[i] + next->joined_count - at;
    }
    return 0;
}

static struct span term_at(const struct word_list *words, size_t at, uint64_t term)
{
    const struct word *word = &words->items[at];
    struct span span = single_at(word, term, false);

    if (span.words)
        return span;
    if (word->joined == term)
        return (struct span){word->joined_count, SPAN_WHOLE};
    return (struct span){pair_at(words, at, term), SPAN_WHOLE};
}

/* As match.c goes through the words of a paper. */
static struct span phrase_at(const struct word_list *words, size_t at,
                             const struct compiled_slot *slots, size_t count)
{
    size_t end = at;

    for (size_t i = 0; i < count; i++) {
        const struct word *word;

        if (end >= words->count)
            return (struct span){0, SPAN_WHOLE};
        word = &words->items[end];
        if (slots[i].is_exact
                ? word->exact == slots[i].term || word->exact_singular == slots[i].term
                : word->stem == slots[i].term)
            end++;
        else if (!slots[i].is_exact && word->joined == slots[i].term)
            end += word->joined_count;
        else
            return (struct span){0, SPAN_WHOLE};
    }
    return (struct span){end - at, SPAN_WHOLE};
}

/* Where the second character of a CJK pair begins. */
size_t highlight_second_character(struct view pair)
{
    struct fold fold;
    size_t at = 0;

    do {
        fold_at(pair, at, &fold);
        at += fold.bytes;
        if (at < pair.size)
            fold_at(pair, at, &fold);
    } while (at < pair.size && (!fold.count || fold.characters[0].kind != FOLD_CJK));
    return at;
}

static void add_span(struct highlights *highlights, struct view text,
                     const struct word_list *words, size_t at, struct span span)
{
    struct view first = words->items[at].text, last = words->items[at + span.words - 1].text;
    size_t start = (size_t)(first.data - text.data);
    size_t end = (size_t)(last.data + last.size - text.data);
    size_t middle = span.part == SPAN_WHOLE ? 0 : start + highlight_second_character(first);

    /* One character of the source can be two of them; then it is meant whole. */
    if (middle && middle < end) {
        if (span.part == SPAN_FIRST)
            end = middle;
        else
            start = middle;
    }
    highlights_add(highlights, start, end);
}

static void find_words(struct highlighter *highlighter, struct view text,
                       const struct compiled_profile *compiled, struct highlights *highlights)
{
    const struct word_list *words = &highlighter->words;

    for (size_t i = 0; i < compiled->pattern_count; i++) {
        const struct pattern *pattern = &compiled->patterns[i];

        for (size_t at = 0; at < words->count; at++) {
            struct span span =
                pattern->slot_count ? phrase_at(words, at, compiled->slots + pattern->first_slot,
                                                pattern->slot_count)
                                    : term_at(words, at, pattern->term);

            if (span.words)
                add_span(highlights, text, words, at, span);
        }
    }
}

static void find_in_words(struct highlighter *highlighter, struct view text,
                          const struct compiled_profile *compiled, size_t count,
                          struct highlights *highlights)
{
    words_split(highlighter->splitter, text, &highlighter->words);
    for (size_t i = 0; i < count; i++)
        find_words(highlighter, text, &compiled[i], highlights);
}

/* ---- substrings ---- */

static void lower_text(struct highlighter *highlighter, struct view text)
{
    struct buffer *lowered = &highlighter->lowered;

    buffer_clear(lowered);
    for (size_t at = 0, next; at < text.size; at = next) {
        size_t before = lowered->size;
        int32_t codepoint;

        next = at + utf8_decode(text, at, &codepoint);
        utf8_add_lower(lowered, view_slice(text, at, next));
        highlighter->origins =
            memory_grow(highlighter->origins, &highlighter->origin_capacity, lowered->size + 1,
                        sizeof(*highlighter->origins));
        for (size_t i = before; i < lowered->size; i++)
            highlighter->origins[i] = at;
        highlighter->origins[lowered->size] = next;
    }
}

static void find_substring(struct highlighter *highlighter, struct view needle,
                           struct highlights *highlights)
{
    struct view text = buffer_view(&highlighter->lowered);
    size_t at = 0;

    buffer_clear(&highlighter->needle);
    utf8_add_lower(&highlighter->needle, needle);
    needle = buffer_view(&highlighter->needle);
    while (needle.size && at < text.size) {
        const char *found = memmem(text.data + at, text.size - at, needle.data, needle.size);

        if (!found)
            return;
        at = (size_t)(found - text.data);
        highlights_add(highlights, highlighter->origins[at], highlighter->origins[at + needle.size]);
        at += needle.size;
    }
}

static void find_in_text(struct highlighter *highlighter, struct view text,
                         const struct reason *reasons, size_t count,
                         struct highlights *highlights)
{
    lower_text(highlighter, text);
    for (size_t i = 0; i < count; i++)
        find_substring(highlighter, reasons[i].term, highlights);
}

void highlighter_find(struct highlighter *highlighter, enum profile_scoring scoring,
                      const struct paper *paper, const struct reason *reasons, size_t count,
                      struct highlights *ret_title, struct highlights *ret_abstract)
{
    ret_title->count = ret_abstract->count = 0;
    if (!count)
        return;
    if (scoring == SCORING_SUBSTRING) {
        find_in_text(highlighter, paper->title, reasons, count, ret_title);
        find_in_text(highlighter, paper->abstract, reasons, count, ret_abstract);
    } else {
        struct compiled_profile *compiled = memory_new(count, sizeof(*compiled));

        for (size_t i = 0; i < count; i++)
            compile_reason(highlighter->splitter, reasons[i].field, reasons[i].term, &compiled[i]);
        find_in_words(highlighter, paper->title, compiled, count, ret_title);
        find_in_words(highlighter, paper->abstract, compiled, count, ret_abstract);
        for (size_t i = 0; i < count; i++)
            compiled_free(&compiled[i]);
        free(compiled);
    }
    highlights_join(ret_title);
    highlights_join(ret_abstract);
}
