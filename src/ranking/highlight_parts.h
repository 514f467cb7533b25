/* What the highlight files share. Private to highlight*.c. */
#ifndef RANKING_HIGHLIGHT_PARTS_H
#define RANKING_HIGHLIGHT_PARTS_H

#include "ranking/highlight.h"
#include "ranking/words.h"

/* Where terms were found before: two lists each, in a common heap. All of it is
 * forgotten when it is full. */
struct highlight_memo {
    struct memo_entry {
        uint64_t key; /* 0: free */
        uint32_t first;
        uint16_t title;
        uint16_t abstract;
    } *entries;
    size_t entry_count;
    struct memo_place {
        uint32_t start;
        uint32_t end;
    } *places;
    size_t place_count;
    size_t place_capacity;
};

struct highlighter {
    struct word_splitter *splitter;
    struct word_list words;
    /* A text in lower case, and where each of its bytes comes from; one more for the end. */
    struct buffer lowered;
    size_t *origins;
    size_t origin_capacity;
    struct buffer needle;
    struct highlight_memo memo;
    struct highlights found[2]; /* of one term */
};

void highlights_add(struct highlights *highlights, size_t start, size_t end);
/* Sorts, and makes one of those that touch. */
void highlights_join(struct highlights *highlights);
/* Where the second character of a CJK pair begins. */
size_t highlight_second_character(struct view pair);
void highlight_memo_free(struct highlight_memo *memo);

#endif
