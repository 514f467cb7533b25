/* What the program learns and keeps: editions and their papers (editions.h),
 * subscribers as they were seen and who is suppressed (subscribers.h), and the
 * outbox (outbox.h). Which database does it is said by the URL alone.
 *
 * A store belongs to one thread; threads and processes each open their own, on
 * the same database. It reads no clock: every instant is passed in. Each call
 * is one transaction unless the caller has opened one around several.
 *
 * Errors: temporary (locked by another, disk full: nothing was half-written),
 * configuration (no database, damaged, another program's, or written by a
 * newer paperboy), permission, missing (its folder, or itself). */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

struct store;

struct store_options {
    int busy_timeout_ms; /* how long another's lock is waited for; 0: 10 seconds */
    bool must_exist;     /* do not make a new one: kind missing */
};

/* "sqlite:PATH", made with mode 0600 when it is not there; or
 * "postgresql://HOST/DATABASE", as libpq reads it, but for a password, which comes
 * from a file. Brings an older schema up to date. `options` may be NULL.
 *
 * A connection that was lost is made again by the next call outside of a
 * transaction; the call that found out is temporary. So is SQLite's file opened again when
 * another one has its name, as after a backup was put back; while none has, calls are
 * temporary. */
int store_open(const char *url, const struct store_options *options, struct store **ret_store,
               struct error *error);
void store_close(struct store **store); /* NULL is fine; rolls an open transaction back */

/* A sound, complete copy as of one moment, for `backup`, while others work on the
 * store: SQLite's is a database, PostgreSQL's what pg_dump makes for pg_restore.
 * `path` is a new file, mode 0600; kind conflict when it is there already. On
 * failure nothing is left of it. Not inside a transaction. */
int store_copy(struct store *store, const char *path, struct error *error);
/* What such a file is called: "paperboy.db", "paperboy.dump". */
const char *store_copy_name(const struct store *store);

/* Rewrites the database so that nothing of what was deleted is left in its files. It
 * takes a second per GB or so, as much room again, and needs the store to itself: kind
 * temporary while others use it. Not inside a transaction. */
int store_scrub(struct store *store, struct error *error);

/* Many calls in one transaction, as in adding the deliveries of an edition.
 * Not nested. After a failure in between, roll back. */
int store_begin(struct store *store, struct error *error);
int store_commit(struct store *store, struct error *error);
void store_rollback(struct store *store);

/* What is read in a transaction and then written must not be changed by another in
 * between. SQLite has one writer at a time; elsewhere who takes the same lock
 * waits until the transaction ends. First in a transaction, before it reads. */
enum store_lock {
    STORE_LOCK_SCHEMA,   /* the backends' own */
    STORE_LOCK_CLAIM,    /* who holds which deliveries */
    STORE_LOCK_EDITIONS, /* editions and papers are merged, or go */
    STORE_LOCK_PACE,     /* whose turn it is to ask */
    STORE_LOCK_PLAN      /* which digests are due */
};
int store_lock(struct store *store, enum store_lock lock, struct error *error);

/* Small facts under a name. `ret_value` is appended to when there is one. */
int fact_put(struct store *store, const char *name, struct view value, struct error *error);
/* Keeps one that is there already, whoever else adds it at this moment. */
int fact_add(struct store *store, const char *name, struct view value, struct error *error);
int fact_get(struct store *store, const char *name, struct buffer *ret_value, bool *ret_found,
             struct error *error);

#endif
