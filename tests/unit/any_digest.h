/* Digests of papers with anything in them: the same ones in each run. */
#ifndef TESTS_UNIT_ANY_DIGEST_H
#define TESTS_UNIT_ANY_DIGEST_H

#include <stddef.h>

#include "unit/digest_sample.h"

size_t any_pick(size_t below); /* pseudo-random */
/* Reasons share their terms, which are looked at once, and some have many. */
void any_fill(struct digest_sample *sample);

#endif
