/* Characters as words compare them: Unicode full case folding, compatibility
 * forms (ligatures, full width, sub- and superscripts) and no accents, so that
 * `straße` is `STRASSE` and `Poincaré` is `poincare`. Used by words and names.
 * Pure. */
#ifndef RANKING_FOLD_H
#define RANKING_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum fold_kind {
    FOLD_NOTHING,   /* ignorable or a stripped accent: leaves no trace */
    FOLD_SEPARATOR, /* blank, punctuation, symbol */
    FOLD_LETTER,    /* also a mark that belongs to its letter, as in Devanagari */
    FOLD_DIGIT,
    FOLD_CJK,       /* Han, kana, Hangul: written without blanks */
    FOLD_CJK_MARK   /* continues the CJK character before it */
};

enum { FOLD_CHARACTERS = 24 }; /* the longest decomposition has 18 */

/* One character of the source and what it folds to. */
struct fold {
    int32_t source;
    size_t bytes; /* its length in the source */
    bool is_upper;
    size_t count;
    struct {
        int32_t codepoint;
        enum fold_kind kind;
    } characters[FOLD_CHARACTERS];
};

/* Folds the character at `at`, which must be below text.size. */
void fold_at(struct view text, size_t at, struct fold *ret_fold);

/* Adds `text` folded, letters and digits of any script, one space wherever
 * anything else stood; none at the ends. */
void fold_add(struct buffer *buffer, struct view text);

#endif
