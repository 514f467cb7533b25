/* Where the terms of a paper's reasons stand in its title and abstract as they are
 * shown. Called for papers that were chosen, when something shows them; a pure
 * function of paper, terms and way of scoring, whatever else the edition and the
 * profile hold. */
#ifndef RANKING_HIGHLIGHT_H
#define RANKING_HIGHLIGHT_H

#include "ranking/ranking.h"

/* Bytes of the text, whole characters: a word as it stands, a phrase with what is
 * between its words. */
struct highlight {
    size_t start;
    size_t end;
};

/* Zeroed is empty; ascending, and none touches the next. */
struct highlights {
    struct highlight *items; /* owned */
    size_t count;
    size_t capacity;
};

void highlights_free(struct highlights *highlights);

struct highlighter; /* one thread's scratch memory */
struct highlighter *highlighter_new(void);
void highlighter_free(struct highlighter **highlighter);

/* Replaces both lists. A term stands wherever its words do, in whatever spelling ranking
 * takes for it, in the title and in the abstract, whichever of the two it
 * scored in; an author stands in neither. With `scoring: substring` the text itself
 * is looked for, in any case. */
void highlighter_find(struct highlighter *highlighter, enum profile_scoring scoring,
                      const struct paper *paper, const struct reason *reasons, size_t count,
                      struct highlights *ret_title, struct highlights *ret_abstract);

/* The same for a paper of an index, whose words are known. */
void highlighter_find_indexed(struct highlighter *highlighter, const struct ranking_index *index,
                              enum profile_scoring scoring, const struct paper *paper,
                              const struct reason *reasons, size_t count,
                              struct highlights *ret_title, struct highlights *ret_abstract);

#endif
