/* Whether a transaction was committed when nobody heard the reply: each is begun together
 * with asking for the server's number of it, by which another connection can ask what
 * became of it (txid_status, since PostgreSQL 10). */
#ifndef STORE_POSTGRES_TRANSACTION_H
#define STORE_POSTGRES_TRANSACTION_H

#include "store/postgres_link.h"
#include "store/store_backend.h"

enum { POSTGRES_TRANSACTION_BYTES = 24, POSTGRES_LOCK_SQL_BYTES = 80 };

/* BEGIN, all in one round trip. On failure nothing is left open, and what the server said is
 * the caller's to clear. */
int postgres_transaction_begin(PGconn *link, const struct store_beginning *how,
                               char ret_transaction[POSTGRES_TRANSACTION_BYTES],
                               PGresult **ret_refusal);
/* What takes `lock` in a transaction. */
void postgres_transaction_lock_sql(enum store_lock lock, char ret_sql[POSTGRES_LOCK_SQL_BYTES]);

/* The connection was lost with COMMIT's reply: makes `*link`, NULL so far, anew and asks what
 * became of it. 0: it was kept. -1: nothing of it was, or nobody can be asked in the time that
 * locks are waited for, which an attempt to connect exceeds by 2 s at the most; the error says
 * which. */
int postgres_transaction_find_out(const struct postgres_place *place, PGconn **link,
                                  const char *transaction, const char *life,
                                  struct error *error);

#endif
