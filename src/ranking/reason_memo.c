#include "ranking/reason_memo.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum {
    PLACES = 4096, /* a power of two; about 300 bytes each once taken */
    TEXT_MAX = 100,
    KIND_MEMO = 'r'
};

void reason_memo_init(struct reason_memo *memo, struct word_splitter *splitter)
{
    *memo = (struct reason_memo){.splitter = splitter};
    memo->places = memory_new(PLACES, sizeof(*memo->places));
}

void reason_memo_free(struct reason_memo *memo)
{
    for (size_t i = 0; i < PLACES; i++)
        free(memo->places[i]);
    free(memo->loose);
    free(memo->places);
    memset(memo, 0, sizeof(*memo));
}

static void note_beginnings(struct known_reason *known)
{
    for (size_t i = 0; i < known->pattern_count; i++) {
        const struct pattern *pattern = &known->patterns[i];
        uint64_t term =
            pattern->slot_count ? known->slots[pattern->first_slot].term : pattern->term;

        known->begins[term % KNOWN_REASON_BITS / 64] |= (uint64_t)1 << term % 64;
    }
}

static void *put(char **at, const void *from, size_t bytes)
{
    void *there = *at;

    if (bytes)
        memcpy(there, from, bytes);
    *at += bytes;
    return there;
}

static struct known_reason *make(struct word_splitter *splitter, enum reason_field field,
                                 struct view term)
{
    struct compiled_profile compiled;
    struct known_reason *known;
    size_t patterns, slots;
    char *at;

    compile_reason(splitter, field, term, &compiled);
    patterns = compiled.pattern_count * sizeof(compiled.patterns[0]);
    slots = compiled.slot_count * sizeof(compiled.slots[0]);
    known = memory_new(1, sizeof(*known) + patterns + slots + term.size);
    known->field = field;
    at = (char *)(known + 1);
    known->patterns = put(&at, compiled.patterns, patterns);
    known->pattern_count = compiled.pattern_count;
    known->slots = put(&at, compiled.slots, slots);
    known->text = (struct view){put(&at, term.data, term.size), term.size};
    compiled_free(&compiled);
    note_beginnings(known);
    return known;
}

const struct known_reason *reason_memo_get(struct reason_memo *memo, enum reason_field field,
                                           struct view term)
{
    struct known_reason **place = &memo->loose, *known;

    if (field == REASON_TITLE)
        field = REASON_ABSTRACT; /* a keyword in both */
    if (term.size <= TEXT_MAX)
        place = &memo->places[words_hash(KIND_MEMO, term) % PLACES];
    known = *place;
    if (known && known->field == field && view_equal(known->text, term))
        return known;
    known = make(memo->splitter, field, term);
    free(*place);
    return *place = known;
}
