/* What the highlight files share. Private to highlight*.c. */
#ifndef RANKING_HIGHLIGHT_PARTS_H
#define RANKING_HIGHLIGHT_PARTS_H

#include "ranking/highlight.h"
#include "ranking/reason_memo.h"
#include "ranking/words.h"

struct highlighter {
    struct word_splitter *splitter;
    struct reason_memo memo;
    struct word_list words;
    /* A text in lower case, and where each of its bytes comes from; one more for the end. */
    struct buffer lowered;
    size_t *origins;
    size_t origin_capacity;
    struct buffer needle;
    struct highlights found[2]; /* of one term */
};

void highlights_add(struct highlights *highlights, size_t start, size_t end);
/* Sorts, and makes one of those that touch. */
void highlights_join(struct highlights *highlights);
/* Where the second character of a CJK pair begins. */
size_t highlight_second_character(struct view pair);

#endif
