/* The categories that arXiv had when this was written, as data, and the one that
 * somebody may have meant. For warnings only: arXiv adds some now and then, so
 * what is not among them is asked for all the same. Pure. */
#ifndef PAPERS_TAXONOMY_H
#define PAPERS_TAXONOMY_H

#include <stdbool.h>

#include "base/bytes.h"

size_t taxonomy_count(void);
const char *taxonomy_name(size_t index); /* each archive before its categories */
/* "cs.LG", "hep-th", and whole archives: "cs". The case counts, as it does to arXiv. */
bool taxonomy_has(struct view category);

/* The nearest one, when it is near: another case or separator, one letter too
 * many, too few or wrong, two swapped; two such slips in long names. NULL: none. */
const char *taxonomy_nearest(struct view category);

#endif
