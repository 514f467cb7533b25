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
    uint32_t start;
    uint32_t end;
    bool is_hit;
};

struct part_list {
    const struct text_part *items; /* NULL: not cut yet */
    size_t count;
};

struct line_list {
    struct view *items;
    size_t count;
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
    size_t full; /* so many papers are whole, the others are titles */
    bool is_refused;

    /* Texts and lines that belong to the whole digest, made when they are asked for. */
    struct view texts[LATE_SUBSCRIBER_ADDRESS];
    bool has_text[LATE_SUBSCRIBER_ADDRESS];
    struct line_list lines[LATE_SUBSCRIBER_ADDRESS];
    bool has_lines[LATE_SUBSCRIBER_ADDRESS];
    struct part_list (*parts)[2]; /* by rank: title, abstract */

    /* The current items. */
    struct place places[LATE_SCOPES];
    size_t rank; /* from 0 */
    const struct ranked_paper *ranked;
    size_t reasons_shown;
    const struct leaf *leaf;
    const struct line_list *line_list;
    const struct part_list *part_list;
    const struct mapped *mapped;
    struct view part_text; /* what parts are of */
    char number[MUSTACHE_NUMBER_BYTES];
};

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
