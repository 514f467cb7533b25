#include "ranking/reason_memo.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum {
    PLACES = 4096, /* a power of two; some hundred bytes each once taken */
    TEXT_MAX = 100,
    KIND_MEMO = 'r'
};

void reason_memo_init(struct reason_memo *memo, struct word_splitter *splitter)
{
    *memo = (struct reason_memo){.splitter = splitter};
    memo->places = memory_new(PLACES, sizeof(*memo->places));
}

static void forget(struct known_reason **known)
{
    if (!*known)
        return;
    compiled_free(&(*known)->compiled);
    free((*known)->text);
    free(*known);
    *known = NULL;
}

void reason_memo_free(struct reason_memo *memo)
{
    for (size_t i = 0; i < PLACES; i++)
        forget(&memo->places[i]);
    forget(&memo->loose);
    free(memo->places);
    memset(memo, 0, sizeof(*memo));
}

static void note_beginnings(struct known_reason *known)
{
    const struct compiled_profile *compiled = &known->compiled;

    for (size_t i = 0; i < compiled->pattern_count; i++) {
        const struct pattern *pattern = &compiled->patterns[i];
        uint64_t term =
            pattern->slot_count ? compiled->slots[pattern->first_slot].term : pattern->term;

        known->begins[term % KNOWN_REASON_BITS / 64] |= (uint64_t)1 << term % 64;
    }
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
    if (known && known->field == field && view_equal((struct view){known->text, known->size}, term))
        return known;
    forget(place);
    known = *place = memory_new(1, sizeof(*known));
    known->field = field;
    known->text = memory_new(term.size + 1, 1);
    memcpy(known->text, term.data, term.size);
    known->size = term.size;
    compile_reason(memo->splitter, field, (struct view){known->text, known->size},
                   &known->compiled);
    note_beginnings(known);
    return known;
}
