/* What keywords were compiled to, for a thread that compiles many profiles:
 * subscribers ask for the same words. Kept under the keyword as it is written, never
 * under a profile; it has a bound and changes no result. Private to this folder. */
#ifndef RANKING_KEYWORD_MEMO_H
#define RANKING_KEYWORD_MEMO_H

#include "base/arena.h"
#include "ranking/compile.h"

struct known_keyword {
    struct view text;
    struct pattern *patterns; /* none: a keyword without any word */
    const struct compiled_slot *slots; /* which the patterns' first_slot counts from */
    size_t pattern_count;
    size_t slot_count;
};

struct keyword_memo {
    const struct ranking_index *index; /* whose rarity decides; outlives it */
    struct word_splitter *splitter;    /* which remembers stems */
    struct arena *arena;
    const struct known_keyword **places; /* by text, open addressing; NULL: free */
    size_t capacity; /* a power of two */
    size_t count;
};

void keyword_memo_init(struct keyword_memo *memo, const struct ranking_index *index);
void keyword_memo_free(struct keyword_memo *memo);

/* NULL when it is not known. Good until the next call of keyword_memo_add. */
const struct known_keyword *keyword_memo_find(const struct keyword_memo *memo, struct view text);
/* Keeps what a keyword was compiled to: all that was added to the profile since it had so
 * many patterns and slots. Texts too long to come again are left out. */
void keyword_memo_add(struct keyword_memo *memo, struct view text,
                      const struct compiled_profile *compiled, size_t patterns, size_t slots);
/* Gives the profile's last term these spellings. */
void keyword_memo_spell(const struct known_keyword *known, struct compiled_profile *compiled);

#endif
