/* One word that others write as two, and two that others write as one: "datasets" and
 * "data sets", "multiagent systems" and "multi agent systems". Hyphens are words.h's
 * business. Private to compile.c; pure. */
#ifndef RANKING_COMPOUNDS_H
#define RANKING_COMPOUNDS_H

#include "ranking/compile.h"

/* A keyword of 200 bytes has at most 200 words. */
enum { COMPOUND_SLOTS = 255 };

typedef void compounds_take(void *context, const struct compiled_slot *slots, size_t count);

/* Gives the keyword's words, of which `slots` are the plain ones, with all cut that
 * papers of the archive (index_known) write as two, and with all neighbours joined that
 * they write as one: none, one or two spellings. Two words alone are not joined. */
void compounds_known(const struct ranking_index *index, struct word_splitter *splitter,
                     const struct word_list *words, const struct compiled_slot *slots,
                     compounds_take *take, void *context);
/* The same without an archive: each word cut at each place, each two neighbours joined,
 * one at a time. To find again what one of the above found. */
void compounds_any(struct word_splitter *splitter, const struct word_list *words,
                   const struct compiled_slot *slots, compounds_take *take, void *context);

#endif
