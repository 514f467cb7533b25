#include "store/postgres_transaction.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/timer.h"
#include "store/postgres_schema.h"

enum { NAP_MS = 100 };

void postgres_transaction_lock_sql(enum store_lock lock, char ret_sql[POSTGRES_LOCK_SQL_BYTES])
{
    snprintf(ret_sql, POSTGRES_LOCK_SQL_BYTES, "SELECT pg_advisory_xact_lock(%d, %d)",
             POSTGRES_LOCK_CLASS, (int)lock);
}

int postgres_transaction_begin(PGconn *link, const struct store_beginning *how,
                               char ret_transaction[POSTGRES_TRANSACTION_BYTES],
                               PGresult **ret_refusal)
{
    char sql[POSTGRES_LOCK_SQL_BYTES + 120], lock[POSTGRES_LOCK_SQL_BYTES] = "";
    PGresult *result;

    if (how->is_locked)
        postgres_transaction_lock_sql(how->lock, lock);
    /* An asynchronous commit; later ones write the log in order, and so its part of it. */
    snprintf(sql, sizeof(sql), "BEGIN;%s %s; SELECT txid_current()",
             how->is_relaxed ? " SET LOCAL synchronous_commit = off;" : "", lock);
    result = PQexec(link, sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        if (PQtransactionStatus(link) == PQTRANS_INERROR)
            PQclear(PQexec(link, "ROLLBACK"));
        *ret_refusal = result;
        return -1;
    }
    snprintf(ret_transaction, POSTGRES_TRANSACTION_BYTES, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    return 0;
}

enum outcome {
    OUTCOME_OPEN, /* it still runs, or nothing was learnt: ask again */
    OUTCOME_KEPT,
    OUTCOME_GONE,
    OUTCOME_UNSURE /* a transaction of this number was kept, perhaps another */
};

static bool is_same_life(PGconn *link, const char *life)
{
    char now[POSTGRES_LIFE_BYTES];

    postgres_link_find_life(link, now);
    return now[0] && strcmp(now, life) == 0;
}

static enum outcome ask(PGconn *link, const char *transaction, const char *life)
{
    PGresult *result =
        PQexecParams(link, "SELECT txid_status(CAST($1 AS BIGINT))", 1, NULL, &transaction, NULL,
                     NULL, 0);
    enum outcome outcome = OUTCOME_OPEN;

    if (PQresultStatus(result) == PGRES_TUPLES_OK && !PQgetisnull(result, 0, 0)) {
        const char *status = PQgetvalue(result, 0, 0);

        if (strcmp(status, "committed") == 0)
            outcome = is_same_life(link, life) ? OUTCOME_KEPT : OUTCOME_UNSURE;
        else if (strcmp(status, "aborted") == 0)
            outcome = OUTCOME_GONE;
    }
    PQclear(result);
    return outcome;
}

static int64_t steady_ms(void)
{
    const struct timer timer = timer_system();

    return timer.now_ms(timer.context);
}

/* libpq takes no less than 2 s for an attempt. */
static int seconds_of(int64_t left_ms)
{
    return left_ms > 2000 ? (int)((left_ms + 999) / 1000) : 2;
}

static enum outcome ask_anew(struct postgres_place *place, PGconn **link, const char *transaction,
                             const char *life, int64_t left_ms)
{
    struct error unreachable;

    if (*link && postgres_link_is_gone(*link)) {
        PQfinish(*link);
        *link = NULL;
    }
    place->connect_seconds = seconds_of(left_ms);
    if (!*link && postgres_link_open(place, link, &unreachable) < 0)
        return OUTCOME_OPEN;
    return ask(*link, transaction, life);
}

static int set_unknown(const struct postgres_place *place, struct error *error)
{
    return error_set(error, ERROR_TEMPORARY,
                     "store %s: the connection was lost while a change was committed; whether it "
                     "was made is not known",
                     place->shown);
}

int postgres_transaction_find_out(const struct postgres_place *place, PGconn **link,
                                  const char *transaction, const char *life,
                                  struct error *error)
{
    const struct timespec nap = {.tv_nsec = NAP_MS * 1000 * 1000};
    struct postgres_place hurried = *place; /* which owns nothing */
    int64_t until_ms = steady_ms() + place->busy_timeout_ms, now_ms = steady_ms();

    do {
        switch (ask_anew(&hurried, link, transaction, life, until_ms - now_ms)) {
        case OUTCOME_KEPT:
            return 0;
        case OUTCOME_GONE:
            return error_set(error, ERROR_TEMPORARY,
                             "store %s: the connection was lost; this change was not made",
                             place->shown);
        case OUTCOME_UNSURE:
            return set_unknown(place, error);
        case OUTCOME_OPEN:
            nanosleep(&nap, NULL);
            break;
        }
        now_ms = steady_ms();
    } while (now_ms < until_ms);
    return set_unknown(place, error);
}
