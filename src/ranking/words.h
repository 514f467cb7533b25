/* Text as a sequence of words, each with the terms it can be found under.
 * Articles and profiles go through here alike, so what is one word on one side
 * is the same word on the other. Pure; a splitter belongs to one thread.
 *
 * A word is a run of letters and digits of any script, compared as fold.h
 * says, so hyphens and blanks are alike. `C++`, `C#`, `A*` and `.NET` are words
 * of their own; 3.5 is one number; a possessive 's is dropped. Runs of Han,
 * kana and Hangul give one word per pair of characters. */
#ifndef RANKING_WORDS_H
#define RANKING_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* Changes whenever some text gives other terms than before: compiled profiles
 * and archive counts are only good for the version that made them. */
enum { WORDS_VERSION = 4 };

enum {
    WORDS_STEM_BYTES = 64,     /* longer words are not stemmed */
    WORDS_ACRONYM_BYTES = 7,   /* longest word that an acronym is looked up as */
    WORDS_COMPOUND = 4         /* longest chain that is also found joined */
};

/* Terms are 64-bit hashes, 0 for none. */
struct word {
    struct view text;   /* where it stands in the source */
    struct view folded; /* in the list's memory; void once the list changes */
    size_t folded_at;   /* where in that memory; a compound's words follow each other */
    uint64_t stem;      /* Snowball English, of the usual spelling; whole when it has a digit */
    /* The word left whole, when it is short or its stem crowded, and without the s of a plural ("LLMs"): what an
     * acronym asks for. Within a CJK run: its characters one by one. */
    uint64_t exact;
    uint64_t exact_singular;
    /* "fine-tuning" is also "finetuning": the stem of the compound that begins
     * here, and how many words it has. */
    uint64_t joined;
    unsigned char joined_count;
    bool after_hyphen; /* part of the compound that the word before it is in */
    bool is_acronym;   /* RL, LLMs, MoE: by its capitals; without digits */
    bool is_upper;     /* written in capitals throughout */
    bool has_plural_s; /* a small s behind capitals */
    bool is_number;
    bool is_cjk;
    /* "FP8" is also "FP 8": the two words it would be; 0 without one such place. */
    uint64_t parts[2];
};

struct word_list {
    struct word *items;
    size_t count;
    size_t capacity;
    struct buffer folded; /* private */
};

struct word_splitter;

struct word_splitter *word_splitter_new(void);
void word_splitter_free(struct word_splitter **splitter);

void word_list_init(struct word_list *list);
void word_list_free(struct word_list *list);

/* Replaces the list's words by those of `text`, which they point into. */
void words_split(struct word_splitter *splitter, struct view text, struct word_list *ret_list);

/* The stem of `count` words of the list from `first` on, written as one. */
uint64_t words_joined(struct word_splitter *splitter, const struct word_list *list, size_t first,
                      size_t count);
/* The stem of the first or second word that this one is when a blank stands before its
 * folded byte `at`: "data sets". 0 where nobody would cut, as at a function word. */
uint64_t words_head(struct word_splitter *splitter, const struct word *word, size_t at);
uint64_t words_tail(struct word_splitter *splitter, const struct word *word, size_t at);
/* The stem of a folded word. */
uint64_t words_stem(struct word_splitter *splitter, struct view folded);
/* Whose stem is that of other words, too: indicate, vertical, simplicity, axe. */
bool words_is_crowded(struct view folded);
/* Without one, English endings change nothing: KV, GPT. */
bool words_has_vowel(struct view folded);
/* The term of two words in a row. */
uint64_t words_pair(uint64_t first, uint64_t second);
/* A term of another kind, such as a category: `kind` keeps them apart. */
uint64_t words_hash(char kind, struct view text);

/* English function words and the words that people wrap a wish in ("papers
 * about", "interested in"): no wish by themselves. */
bool words_is_stop(struct view folded);

#endif
