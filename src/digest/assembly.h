/* One digest on its way from a sheet to encoded bytes. Private to src/digest. */
#ifndef DIGEST_ASSEMBLY_H
#define DIGEST_ASSEMBLY_H

#include "digest/sheet.h"

/* Where a list stands; `at` is the current item. */
struct place {
    size_t at;
    size_t count;
};

struct text_part {
    struct cut start;
    struct cut end;
    bool is_hit;
};

struct part_list {
    const struct text_part *items; /* NULL: not cut yet */
    size_t count;
};

struct line_list {
    struct view *items;
    size_t count;
    bool is_simple; /* each may be given to pen_simple */
};

/* A reason's term, looked at once for all papers of a digest. */
struct term {
    const char *data; /* the reason's own; NULL: free */
    size_t size;
    struct short_text word;
    uint64_t key; /* spots_key */
};

enum { TERM_SLOTS = 64 };

/* A reason that is shown. */
struct shown_reason {
    const struct term *term;
    uint64_t key; /* in the paper's spots; 0: it stands in neither text */
};

/* One paper of a digest, as both parts show it. */
struct shown {
    struct part_list lists[2]; /* of title and abstract */
    const struct line_list *reason_lines; /* NULL: not made yet */
    struct shown_reason *reasons;
    size_t reasons_shown;
    struct view score;
    char score_room[MUSTACHE_NUMBER_BYTES + PEN_SLACK_BYTES];
};

struct assembly {
    struct sheets *sheets;
    struct sheet *sheet;
    const struct digest *digest;
    struct arena *arena;
    struct buffer *room; /* empty between calls */
    struct highlighter *highlighter;
    enum sheet_part part;
    struct pen pen;
    const char *pieces; /* the bytes of the sheet's */
    size_t full; /* so many papers are whole, the others are titles */
    bool is_refused;

    /* Texts and lines that belong to the whole digest, made when they are asked for. */
    struct view texts[LATE_SUBSCRIBER_ADDRESS];
    bool has_text[LATE_SUBSCRIBER_ADDRESS];
    struct line_list lines[LATE_SUBSCRIBER_ADDRESS];
    bool has_lines[LATE_SUBSCRIBER_ADDRESS];
    struct shown *shown; /* by rank */
    struct term terms[TERM_SLOTS];
    size_t term_count;

    /* The current items. */
    struct place places[LATE_SCOPES];
    size_t rank; /* from 0 */
    const struct ranked_paper *ranked;
    struct shown *current; /* of that rank */
    size_t reasons_shown;
    struct leaf *leaf;
    /* Of the current paper's keys: what sections test. */
    bool is_true[LATE_KEYS];
    bool is_there[LATE_KEYS];
    struct view score;
    const struct line_list *line_list;
    const struct part_list *part_list;
    const struct mapped *mapped;
    struct view part_text; /* what parts are of */
    char number[MUSTACHE_NUMBER_BYTES + PEN_SLACK_BYTES];
};

/* What both parts need of all papers; and what is kept of them is brought near. */
void papers_see(struct assembly *assembly);
/* Makes the paper at `rank` the current one, whose program is `leaf`. */
void paper_begin(struct assembly *assembly, size_t rank, struct leaf *leaf);
/* Whether a key stands in the items of `papers`, so that is_true and is_there tell of it. */
static inline bool is_of_paper(enum late_key key)
{
    return key >= LATE_RANK && key <= LATE_PAPER_LAST;
}
/* The lines of a text that lasts as long as the digest. */
struct line_list value_lines(struct assembly *assembly, struct view text, size_t width);
const struct line_list *paper_reason_lines(struct assembly *assembly);
struct view paper_mark(struct assembly *assembly);
struct view paper_reasons_more(struct assembly *assembly);
struct view paper_link(const struct assembly *assembly, bool is_like);
/* What a score shows, in `room`; empty when that is nothing. */
struct view score_text(double score, char room[MUSTACHE_NUMBER_BYTES]);
/* As "%3zu.". */
struct view rank_column(struct assembly *assembly);
struct view number_text(unsigned long long number, char room[MUSTACHE_NUMBER_BYTES]);

/* What `{{key}}` shows; good until the next call. */
struct view value_text(struct assembly *assembly, enum late_key key);
bool value_is_true(struct assembly *assembly, enum late_key key);
bool value_is_there(struct assembly *assembly, enum late_key key);
/* A text that belongs to the whole digest and is kept as long. */
struct view value_digest_text(struct assembly *assembly, enum late_key key);
/* Makes the list the current one of its kind; how many items it has. */
size_t value_list(struct assembly *assembly, enum late_key key);
/* 0 exactly when there is no item. */
size_t value_list_size(struct assembly *assembly, enum late_key key);

#endif
