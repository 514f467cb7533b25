/* What the terms of reasons were compiled to, for a thread that shows many papers: the
 * same keyword is the reason for many. It has a bound and changes no result. Private to
 * this folder. */
#ifndef RANKING_REASON_MEMO_H
#define RANKING_REASON_MEMO_H

#include "ranking/compile.h"

enum { KNOWN_REASON_BITS = 1024 }; /* a power of two */

/* In one block with what it points to. */
struct known_reason {
    enum reason_field field;
    struct view text;
    const struct pattern *patterns;
    size_t pattern_count;
    const struct compiled_slot *slots; /* which the patterns' first_slot counts from */
    /* One for each term that something of it begins with, by its low bits. */
    uint64_t begins[KNOWN_REASON_BITS / 64];
};

struct reason_memo {
    struct word_splitter *splitter; /* borrowed */
    struct known_reason **places;   /* by text; a later one takes the place of an earlier */
    struct known_reason *loose;     /* the last one that is too long to come again */
};

void reason_memo_init(struct reason_memo *memo, struct word_splitter *splitter);
void reason_memo_free(struct reason_memo *memo);

/* What compile_reason makes of it. Good until the next call. */
const struct known_reason *reason_memo_get(struct reason_memo *memo, enum reason_field field,
                                           struct view term);

/* Whether something of it may begin with this term, cut to 32 bits. */
static inline bool known_reason_may_begin(const struct known_reason *known, uint32_t term)
{
    return known->begins[term % KNOWN_REASON_BITS / 64] >> term % 64 & 1;
}

#endif
