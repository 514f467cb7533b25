/* What changes a delivery's state besides a worker's own calls. For the
 * sources of this folder only. */
#ifndef STORE_OUTBOX_CHANGE_H
#define STORE_OUTBOX_CHANGE_H

#include <stdint.h>

#include "base/error.h"
#include "store/delivery_state.h"
#include "store/store.h"

/* Skips what waits for an address that was just suppressed, as far as its
 * suppressions stop that kind. */
int outbox_skip_suppressed(struct store *store, const char *address, int64_t now_utc,
                           struct error *error);

/* Statements that move many rows at once name the two states in their text, so
 * that their index can be used; this asks the table whether they may. */
int outbox_check_change(enum delivery_state from, enum delivery_state to, struct error *error);

/* Digests whose subscriber has another one under way. The list is made once for a
 * statement, from the index of what is held, which is never long. A comparison with
 * the column itself would let PostgreSQL walk the index of all digests there ever were,
 * which it knows too little of to see that it is the longer way. */
#define NOT_BEHIND_ANOTHER_SQL \
    "(kind <> 'digest' OR subscriber NOT IN (SELECT h.subscriber FROM deliveries h" \
    " WHERE h.phase = 'held' AND h.kind || '' = 'digest'))"

/* A failed, expired or skipped digest has shown nothing. But one that was skipped because
 * none of its editions' papers fitted has dealt with them: they need not be ranked
 * again every day. */
#define DEALT_WITH_SQL \
    "editions IS NOT NULL" \
    " AND (state IN ('queued', 'claimed', 'sending', 'deferred', 'sent', 'uncertain')" \
    " OR (state = 'skipped' AND coalesce(length(shown), 0) = 0))"

/* Which suppressions of `subscriber` stop a delivery of `kind` (subscribers.h).
 * In RETURNING, SQLite forgets the column's type, and without the CAST would
 * look through the whole table. */
#define SUPPRESSED_SQL \
    "EXISTS (SELECT 1 FROM suppressions s WHERE s.address = CAST(deliveries.subscriber AS TEXT)" \
    " AND (deliveries.kind = 'digest' OR s.reason IN ('owner', 'complained')))"

#endif
