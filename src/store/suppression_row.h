/* A row of suppressions, as every query of them gives it: address, reason, since, evidence.
 * For the sources of this folder only. */
#ifndef STORE_SUPPRESSION_ROW_H
#define STORE_SUPPRESSION_ROW_H

#include "store/query.h"
#include "store/subscribers.h"

/* Strings in `arena`. */
struct suppression suppression_read(const struct query *query, struct arena *arena);

#endif
