/* Words that are written in several ways: matrices and matrix, optimise and optimize,
 * Goedel and Gödel. What a keyword asks for, its other spellings ask for, too; the
 * index and interests know nothing of them. Private to compile.c; pure. */
#ifndef RANKING_VARIANTS_H
#define RANKING_VARIANTS_H

#include "ranking/compounds.h"

/* Gives the keyword's words, of which `slots` are the plain ones, with all of them
 * written otherwise that can be, and then with one at a time. They may be many. */
void variants_give(struct word_splitter *splitter, const struct word_list *words,
                   const struct compiled_slot *slots, compounds_take *take, void *context);

#endif
