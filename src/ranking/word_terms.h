/* The second half of words_split: words that were read get the terms that they
 * are found under. Private to words.c. */
#ifndef RANKING_WORD_TERMS_H
#define RANKING_WORD_TERMS_H

#include "ranking/words.h"

enum { WORD_KIND_STEM = 'w', WORD_KIND_EXACT = 'x' }; /* kinds of words_hash */

/* Needs what was read: places, folded text, capitals, hyphens; sets the terms. */
void word_terms_name(struct word_splitter *splitter, struct word_list *list);

#endif
