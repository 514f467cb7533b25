/* What a paper is, and a list in which each paper stands once. Parsers fill
 * it, the store keeps it, ranking and digests read it. Pure memory. */
#ifndef PAPERS_PAPER_H
#define PAPERS_PAPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/clock.h"

enum announce_type { ANNOUNCE_NEW, ANNOUNCE_CROSS, ANNOUNCE_REPLACE, ANNOUNCE_REPLACE_CROSS };

/* All views live in the list's arena (or are borrowed while a parser hands the
 * paper to papers_add). Texts are clean UTF-8 on one line: a line break with
 * the blanks around it counts as one space. */
struct paper {
    struct view id; /* opaque, without version: "2602.13531", "hep-th/9901001" */
    int version;    /* 0 when the source does not say */
    /* As the source gives it, TeX left alone: what the store keeps and what
     * `scoring: substring` reads. */
    struct view source_title;
    struct view source_abstract;
    /* The same made Unicode by tex_to_unicode: what is shown and matched.
     * papers_add fills both. */
    struct view title;
    struct view abstract;
    struct view *authors; /* made Unicode by papers_add */
    size_t author_count;
    struct view *categories; /* primary first */
    size_t category_count;
    enum announce_type announce_type;
    struct date date; /* zero when the source does not say */
    /* When version 1 was submitted, and when this one was; 0: not told. Only
     * OAI-PMH's arXivRaw tells; the store does not keep it. */
    int64_t first_submitted_utc;
    int64_t submitted_utc;
};

/* In order of arrival. `index` is a private hash of the ids, `entries` room for
 * more of it, `scratch` memory that conversions share. */
struct papers {
    struct arena *arena; /* owned */
    struct paper *items; /* owned */
    size_t count;
    size_t capacity;
    void *index;
    void *entries;
    size_t entry_count;
    struct buffer scratch;
};

enum {
    PAPER_ID_BYTES = 255, /* longest id taken */
    PAPER_CATEGORIES = 64 /* more are left out */
};

/* 1 to PAPER_ID_BYTES of UTF-8 without control characters. */
bool paper_id_is_valid(struct view id);

void papers_init(struct papers *papers);
void papers_free(struct papers *papers); /* zeroed is fine */

/* Copies `paper`, whose id must be valid. A paper whose id is there already is merged into it: the
 * categories are united, `new` wins over `cross` and `replace` over
 * `replace-cross`, a higher version brings its texts, authors and time. Returns the
 * index of the item and, when `ret_is_new` is not NULL, whether it was added. */
size_t papers_add(struct papers *papers, const struct paper *paper, bool *ret_is_new);
/* The same for a paper whose texts stand in papers->arena already: they are not copied. */
size_t papers_take(struct papers *papers, const struct paper *paper);
/* Index of the paper with this id, or papers->count. */
size_t papers_find(const struct papers *papers, struct view id);

const char *announce_type_name(enum announce_type type); /* "replace-cross" */
bool announce_type_parse(struct view name, enum announce_type *ret_type);

#endif
