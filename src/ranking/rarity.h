/* How many papers of the archive have a term. The index asks it for what it
 * cannot learn from one day. Counts are made of papers, merged, trimmed to a
 * bounded size and kept as bytes; commands keep them in the store. Pure. */
#ifndef RANKING_RARITY_H
#define RANKING_RARITY_H

#include "papers/paper.h"
#include "ranking/words.h"

/* Zeroed is an archive without papers. */
struct rarity {
    uint64_t *terms; /* ascending, each once */
    uint32_t *papers_with;
    size_t term_count;
    uint64_t paper_count;
    double length; /* words of all papers, a title's times WEIGHT_TITLE */
    uint64_t key;  /* another number for every other set of counts */
    /* Where the terms begin that have the same leading bits. */
    uint32_t *starts;
    unsigned start_shift;
};

/* The counts of `archive` alone; terms of a single paper are left out. */
void rarity_count(struct word_splitter *splitter, const struct papers *archive,
                  struct rarity *ret_rarity);
void rarity_free(struct rarity *rarity); /* zeroed is fine */

/* Adds papers that are not among those counted; terms of one paper are kept, as
 * the next papers may have them, too. */
void rarity_add_papers(struct rarity *rarity, struct word_splitter *splitter,
                       const struct papers *papers);
void rarity_add(struct rarity *rarity, const struct rarity *other);
/* Leaves out terms of fewer than `min_papers` papers, and more of the rarest until
 * at most `max_terms` are left: those of equally many papers all go or all stay. */
void rarity_trim(struct rarity *rarity, uint32_t min_papers, size_t max_terms);

/* As bytes, checksummed, in native byte order; `label` is kept with them. Bytes of
 * another WORDS_VERSION are odd, too. */
void rarity_pack(const struct rarity *rarity, struct view label, struct buffer *ret_bytes);
/* -1 when anything about the bytes is odd; `ret_label`, into them, may be NULL. */
int rarity_unpack(struct view bytes, struct rarity *ret_rarity, struct view *ret_label);

/* 1 for a term of one paper or none. */
size_t rarity_papers_with(const struct rarity *rarity, uint64_t term);
double rarity_average_length(const struct rarity *rarity); /* at least 1 */

/* The weight of a term that `papers_with` of `paper_count` papers have. */
double rarity_weight(size_t papers_with, size_t paper_count);

/* Calls `take` with every term that the words can be found under: words,
 * acronyms, compounds, and all that stand next to each other as pairs. A term
 * comes once for each place where it stands. */
void terms_walk(const struct word_list *words, void (*take)(void *context, uint64_t term),
                void *context);

#endif
