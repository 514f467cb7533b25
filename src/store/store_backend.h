/* What a database must be able to do for the store: run prepared statements.
 * For the sources of this folder only. All SQL is written once, in the dialect that
 * SQLite and PostgreSQL share: numbered parameters $1…, ON CONFLICT, RETURNING;
 * truth is a comparison and not a number; a sum is CAST(… AS BIGINT); no rowid, no
 * date functions. Where a row is claimed the text says SKIP_LOCKED, and where one
 * must not go before the transaction's end ROW_STAYS, which a backend with row locks
 * replaces; CAST($1 AS BLOB) gives a parameter its type. What relies on being the only writer takes a lock. */
#ifndef STORE_STORE_BACKEND_H
#define STORE_STORE_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "store/store.h"

#define SKIP_LOCKED "/*skip locked*/"
#define ROW_STAYS "/*row stays*/"

enum value_kind { VALUE_NULL, VALUE_INTEGER, VALUE_TEXT, VALUE_BLOB };

struct value {
    enum value_kind kind;
    int64_t integer;
    struct view bytes; /* borrowed until the statement has been stepped */
};

/* How a transaction begins. Relaxed: its commit need not wait until it would outlive a loss
 * of power; a later commit that waits keeps it too. */
struct store_beginning {
    bool is_locked; /* `lock` is taken first */
    enum store_lock lock;
    bool is_relaxed;
};

struct store_backend {
    const char *copy_name; /* as store_copy_name */
    /* `location` is the URL behind the scheme. The schema is checked and brought
     * up to date. */
    int (*open)(const char *location, const struct store_options *options, void **ret_connection,
                struct error *error);
    void (*close)(void *connection);
    /* As store_copy. */
    int (*copy)(void *connection, const char *path, struct error *error);
    int (*scrub)(void *connection, struct error *error); /* NULL: the database does it by itself */

    /* For writing; where commits do not wait and there is one writer, `how` says nothing. */
    int (*begin)(void *connection, const struct store_beginning *how, struct error *error);
    int (*commit)(void *connection, struct error *error);
    void (*rollback)(void *connection); /* also fine when the database has done it itself */
    /* First in a transaction: all that is read in it is of one moment, however long that
     * takes. NULL: it is anyway. */
    int (*freeze)(void *connection, struct error *error);
    /* As store_lock; NULL: a transaction is the only writer anyway. */
    int (*lock)(void *connection, enum store_lock lock, struct error *error);

    /* The statement for `sql`, a literal, kept under its address. One use at a time. */
    int (*prepare)(void *connection, const char *sql, void **ret_statement, struct error *error);
    void (*bind)(void *statement, int number, const struct value *value);
    /* 1: a row, 0: done, -1. */
    int (*step)(void *connection, void *statement, struct error *error);
    bool (*is_null)(void *statement, int column);
    int64_t (*get_integer)(void *statement, int column);
    struct view (*get_bytes)(void *statement, int column); /* text or blob, until the next step */
    int64_t (*changes)(void *connection, void *statement);
    void (*finish)(void *statement); /* ready for its next use */
    /* As query_run_many, in a transaction; `bind` binds the parameters of one run.
     * NULL: one run after another costs no more. */
    int (*run_many)(void *connection, void *statement, const char *kinds, size_t count,
                    void (*bind)(void *user, size_t index), void *user, int64_t *ret_changes,
                    struct error *error);
};

struct store {
    const struct store_backend *backend;
    void *connection;
    bool in_transaction;
};

extern const struct store_backend store_sqlite;
extern const struct store_backend store_postgres; /* when it was built in */

#endif
