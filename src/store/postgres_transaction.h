/* Whether a transaction was committed when nobody heard the reply: each is begun together
 * with asking for the server's number of it, by which another connection can ask what
 * became of it (txid_status, since PostgreSQL 10). */
#ifndef STORE_POSTGRES_TRANSACTION_H
#define STORE_POSTGRES_TRANSACTION_H

#include <libpq-fe.h>

enum { POSTGRES_TRANSACTION_BYTES = 24 };

enum postgres_outcome {
    POSTGRES_OUTCOME_KEPT,
    POSTGRES_OUTCOME_GONE,
    POSTGRES_OUTCOME_OPEN /* it still runs, or nothing was learnt: ask again */
};

/* BEGIN. On failure nothing is left open, and what the server said is the caller's to clear. */
int postgres_transaction_begin(PGconn *link, char ret_transaction[POSTGRES_TRANSACTION_BYTES],
                               PGresult **ret_refusal);

enum postgres_outcome postgres_transaction_outcome(PGconn *link, const char *transaction);

#endif
