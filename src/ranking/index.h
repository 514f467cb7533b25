/* The edition under terms: for each term the papers that have it, and for each
 * paper its words in order, for phrases longer than a pair. Made once by
 * ranking_index_new, then only read, by any number of threads. Private to this
 * folder; callers use ranking.h. */
#ifndef RANKING_INDEX_H
#define RANKING_INDEX_H

#include "papers/paper.h"
#include "ranking/likeness.h"
#include "ranking/ranking.h"
#include "ranking/rarity.h"
#include "ranking/term_table.h"
#include "ranking/weights.h"

enum { TERM_KIND_CATEGORY = 'c', TERM_KIND_ID = 'i' };

struct posting {
    uint32_t paper;
    uint16_t title; /* times it stands there, at most 65535 */
    uint16_t abstract;
    uint16_t steps; /* of its fit, as in weights.h: at least 1 */
};

struct postings {
    const struct posting *items; /* by paper */
    size_t count;
};

/* One word of a paper, with terms cut to 32 bits: only candidates that the
 * postings already name are compared with these. */
struct spot {
    uint32_t stem;
    uint32_t exact;
    uint32_t exact_singular;
    uint32_t joined;
    uint32_t number; /* of the stem, whole; TERM_NONE for a word that tells nothing */
    uint32_t pair;   /* of its stem and that of the next word; 0 at the end of a text */
    uint32_t start;  /* byte of the title or abstract */
    uint16_t bytes;  /* UINT16_MAX: that or more */
    unsigned char joined_count;
    bool is_cjk;
};

/* A pair that a compound is in. Words are counted from its paper's first spot. */
struct compound_pair {
    uint32_t term; /* cut to 32 bits */
    uint32_t spot;
    uint32_t words;
};

struct indexed_paper {
    size_t first_spot;
    size_t first_pair; /* up to the next paper's */
    uint32_t title_spots;
    uint32_t spots; /* title and abstract */
    float fit_base; /* K1 * (1 - B + B * length / average) */
    uint32_t abstract_characters;
    /* Lower-cased source_title + " " + source_abstract, for substring scoring. */
    size_t lowered_at;
    size_t lowered_title_size;
    size_t lowered_size;
};

struct ranking_index {
    const struct papers *papers;
    const struct papers *archive; /* NULL: none */
    struct term_table terms;
    uint64_t *term_of; /* by number */
    size_t *first_posting; /* terms.count + 1 */
    struct posting *postings;
    struct spot *spots;
    struct compound_pair *pairs;
    size_t pair_count;
    struct indexed_paper *about; /* papers->count */
    struct buffer lowered;
    struct likeness likeness;
    uint64_t rarity_key;
    const struct rarity *rarity; /* NULL: the papers' own */
    struct rarity counted;       /* of `archive` */
};

struct postings index_find(const struct ranking_index *index, uint64_t term);
struct postings index_numbered(const struct ranking_index *index, uint32_t number);
/* How much a term tells, by the archive or else by the papers; 1 without an index. */
double index_rarity(const struct ranking_index *index, uint64_t term);
/* How many papers of the archive, or else of the index, are known to have it. */
size_t index_known(const struct ranking_index *index, uint64_t term);
/* Another number for every other set of rarities; made with the index. */
uint64_t index_rarity_key(const struct ranking_index *index);
/* A fit's steps as a number from 0 to 1. */
static inline float index_fit(const struct posting *posting)
{
    return (float)posting->steps / WEIGHT_FIT_STEPS;
}
/* The steps of the fit of a term that stands so often in this paper. */
uint16_t index_steps(const struct ranking_index *index, size_t paper, double title, double abstract);
/* The category's own name, or an archive's: `cs` is in all of `cs.LG`. */
uint64_t index_category_term(struct view category);
/* A paper's own term. */
uint64_t index_id_term(struct view id);
/* The paper with this id: in the papers, the archive, or `known`, which may be NULL.
 * NULL when in none. */
const struct paper *index_find_paper(const struct ranking_index *index,
                                     const struct papers *known, struct view id);

#endif
