/* What digests that show the same editions in one language share: programs of the
 * two templates, and for each paper the programs of its place in them and its
 * texts encoded. Made when a digest first asks for it. Private to src/digest. */
#ifndef DIGEST_SHEET_H
#define DIGEST_SHEET_H

#include "digest/digest.h"
#include "digest/program.h"
#include "digest/spots.h"

enum sheet_part { PART_HTML, PART_TEXT, SHEET_PARTS };

enum { SHEET_FIELDS = REASON_PREFERENCE + 1, SHEET_REFUSAL_BYTES = 300, SHEET_RECENT = 32 };

/* A word or two, and what is known of how they come out. */
struct short_text {
    struct view text;  /* its memory goes on, as pen_simple wants it */
    bool is_simple[2]; /* raw, escaped: pen_is_simple */
    bool is_words;     /* printable ASCII, one blank between words and none around them */
};

struct short_text short_text_make(struct arena *arena, struct view text);

/* One paper. */
struct leaf {
    const struct program *programs[SHEET_PARTS]; /* of sheet->shapes; NULL: not made yet */
    struct piece *slots[SHEET_PARTS]; /* what they take from it, and then the bytes of that */
    size_t slot_bytes[SHEET_PARTS];
    const char *slot_pools[SHEET_PARTS]; /* those bytes */
    struct view title;  /* as title_parts has it; borrowed, as the other one */
    struct view abstract;
    struct buffer pool; /* of the two that follow */
    struct mapped mapped_title;
    struct mapped mapped_abstract;
    struct spots spots; /* of the terms asked for till now */
};

/* Programs of papers: few for many. */
struct shapes {
    struct program **items;
    size_t count;
    size_t capacity;
};

struct sheet {
    /* What it was made for: everything of a digest that its early keys come from. */
    struct digest made_for; /* its strings and editions are copies in `arena` */
    const struct words *words;
    struct arena *arena;
    uint64_t used;

    bool is_refused; /* only plain evaluation will do; `refusal` says why */
    char refusal[SHEET_REFUSAL_BYTES];
    struct pieces pieces; /* of all programs */
    struct program programs[SHEET_PARTS];
    struct shapes shapes[SHEET_PARTS];
    json_t *context;     /* with marks */
    struct leaf **leaves; /* by paper */
    size_t leaf_count;
    /* Contexts of papers whose other part is likely to be asked for next. */
    struct recent_context {
        const struct leaf *leaf;
        json_t *context;
    } recent[SHEET_RECENT];
    size_t recent_next;
    size_t bytes;

    /* Words that every digest needs, looked up once. */
    struct short_text why;
    struct view no_title;
    struct short_text field_words[SHEET_FIELDS];
    struct view summary_rest;
    struct view *subjects;    /* by count of papers; empty: not made yet */
    struct view *count_lines; /* for those without a name */
    size_t counts;
};

struct sheets {
    const struct templates *templates; /* borrowed */
    struct late_marks marks;
    struct sheet **items;
    size_t count;
    size_t capacity;
    uint64_t clock;
    size_t bytes_max;
    /* For one digest at a time. */
    struct arena *arena;
    struct buffer room;
    struct highlighter *highlighter;
    struct highlights found[2]; /* in title and abstract */
    bool is_refused;
    char refusal[SHEET_REFUSAL_BYTES];
};

/* Never fails: a template that cannot be evaluated early makes a refused sheet. */
struct sheet *sheets_find(struct sheets *sheets, const struct digest *digest);
/* The place of the paper at this rank; NULL when plain evaluation is needed. */
struct leaf *sheet_leaf(struct sheets *sheets, struct sheet *sheet, const struct digest *digest,
                        size_t rank, enum sheet_part part);
/* The same if it is there already, perhaps without this part. */
static inline const struct leaf *sheet_known_leaf(const struct sheet *sheet,
                                                  const struct digest *digest, size_t rank)
{
    return sheet->leaves[digest->papers
                             ? (size_t)(digest->ranking->items[rank].paper - digest->papers->items)
                             : rank];
}
/* Forgets what was not used for longest, until the rest is small enough. */
void sheets_trim(struct sheets *sheets);
struct view sheet_subject(struct sheet *sheet, const struct digest *digest);
struct view sheet_count_line(struct sheet *sheet, const struct digest *digest);

#endif
