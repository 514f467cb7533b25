/* Where a compiled term stands in the edition. One matcher per ranking and
 * thread; it borrows the index. */
#ifndef RANKING_MATCH_H
#define RANKING_MATCH_H

#include "ranking/compile.h"
#include "ranking/index.h"

struct matcher {
    const struct ranking_index *index;
    const struct compiled_profile *compiled;
    /* Owned, one posting per paper each, made when a term first needs them. */
    struct posting *phrase;
    struct posting *merged;
    struct posting *spare;
};

void matcher_init(struct matcher *matcher, const struct ranking_index *index,
                  const struct compiled_profile *compiled);
void matcher_free(struct matcher *matcher);

/* The papers that the term hits, each once, in feed order, with the times and
 * the fit of its best spelling in the fields that the term asks for. Good until
 * the next call. */
struct postings match_term(struct matcher *matcher, const struct compiled_term *term);

#endif
