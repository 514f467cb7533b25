/* What the server said of the last whole answer of a URL (ETag, Last-Modified),
 * so that it need not send the same again. Written where editions are stored,
 * read by fetching. */
#ifndef STORE_VALIDATORS_H
#define STORE_VALIDATORS_H

#include <stdint.h>

#include "base/error.h"
#include "papers/arxiv.h"
#include "store/store.h"

/* Those kept since `since_utc`; empty when there are none. */
int validators_find(struct store *store, const char *url, int64_t since_utc,
                    struct arxiv_validators *ret_validators, struct error *error);
/* Belongs into the transaction that stores what came with them, or a 304 later
 * stands for papers that were lost. Empty ones forget the URL. */
int validators_keep(struct store *store, const char *url,
                    const struct arxiv_validators *validators, int64_t now_utc,
                    struct error *error);
/* Forgets those kept before `before_utc`. */
int validators_prune(struct store *store, int64_t before_utc, struct error *error);

#endif
