/* One statement run: start, give its parameters in order, then either run it or
 * step through its rows, then end it. A failure sticks, so that only the last
 * step need be checked. Also transactions that join the caller's. For the
 * sources of this folder only. */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include "base/clock.h"
#include "store/store_backend.h"

struct query {
    struct store *store;
    void *statement;
    int bound;
    struct error *error;
    bool failed;
};

/* `sql` is a literal. What is bound must stay until the first step. */
void query_start(struct query *query, struct store *store, const char *sql, struct error *error);
void query_integer(struct query *query, int64_t integer);
void query_text(struct query *query, const char *text); /* NULL is NULL */
void query_view(struct query *query, struct view text);
void query_blob(struct query *query, struct view bytes);
void query_null(struct query *query);

int query_next(struct query *query); /* 1: a row, 0: no more, -1 */
void query_end(struct query *query);

bool query_is_null(const struct query *query, int column);
int64_t query_get_integer(const struct query *query, int column);
struct view query_get_view(const struct query *query, int column);
struct date query_get_date(const struct query *query, int column); /* zero for NULL */
/* NUL-terminated in the arena; NULL for NULL. */
struct arena;
const char *query_get_string(const struct query *query, int column, struct arena *arena);

/* Runs to the end, ends the query, and gives how many rows were changed. */
int query_run(struct query *query, int64_t *ret_changes);

/* Runs to the end, ends the query, and gives the first column of its first row, a number;
 * `*ret_integer` is untouched without a row. 1: there was one, 0, -1. */
int query_run_integer(struct query *query, int64_t *ret_integer);

/* Statements with one parameter, `$1`. `ret_changes` may be NULL. */
int query_run_of(struct store *store, const char *sql, const char *text, int64_t *ret_changes,
                 struct error *error);
int query_run_before(struct store *store, const char *sql, int64_t before, struct error *error);

/* The same change of one row `count` times, inside a transaction; `bind` gives the
 * parameters of each run, `kinds` has a letter for each of them (i, t, b: integer, text,
 * blob), and `ret_changes` gets 1 or 0 for each run: whether it has changed its row. No
 * two runs change the same one. A server does them as one statement. So `sql` is an
 * UPDATE with a WHERE at its end, or an INSERT of VALUES that ends with RETURNING the
 * columns of its first parameters, by which its rows can be told apart. */
int query_run_many(struct store *store, const char *sql, const char *kinds, size_t count,
                   void (*bind)(struct query *query, size_t index, void *user), void *user,
                   int64_t *ret_changes, struct error *error);

/* Opens a transaction unless one is open; `*ret_mine` says so. close commits
 * (result 0) or rolls back one's own, and returns the result. */
int transaction_open(struct store *store, bool *ret_mine, struct error *error);
/* The same with a lock taken first. On failure nothing is left open. */
int transaction_open_locked(struct store *store, enum store_lock lock, bool *ret_mine,
                            struct error *error);
/* The same for one whose loss, when power goes, leaves a state that is as good: its commit,
 * if it is one's own, does not wait for the disk. The next one that waits keeps it as well. */
int transaction_open_relaxed(struct store *store, enum store_lock lock, bool *ret_mine,
                             struct error *error);
int transaction_close(struct store *store, bool mine, int result, struct error *error);

#endif
