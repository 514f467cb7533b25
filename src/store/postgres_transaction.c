#include "store/postgres_transaction.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { NAP_MS = 100 };

int postgres_transaction_begin(PGconn *link, char ret_transaction[POSTGRES_TRANSACTION_BYTES],
                               PGresult **ret_refusal)
{
    PGresult *result = PQexec(link, "BEGIN; SELECT txid_current()");

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
    OUTCOME_GONE
};

static enum outcome ask(PGconn *link, const char *transaction)
{
    PGresult *result =
        PQexecParams(link, "SELECT txid_status(CAST($1 AS BIGINT))", 1, NULL, &transaction, NULL,
                     NULL, 0);
    enum outcome outcome = OUTCOME_OPEN;

    if (PQresultStatus(result) == PGRES_TUPLES_OK && !PQgetisnull(result, 0, 0)) {
        const char *status = PQgetvalue(result, 0, 0);

        if (strcmp(status, "committed") == 0)
            outcome = OUTCOME_KEPT;
        else if (strcmp(status, "aborted") == 0)
            outcome = OUTCOME_GONE;
    }
    PQclear(result);
    return outcome;
}

int postgres_transaction_find_out(const struct postgres_place *place, PGconn **link,
                                  const char *transaction, struct error *error)
{
    const struct timespec nap = {.tv_nsec = NAP_MS * 1000 * 1000};
    struct error unreachable;

    for (int waited_ms = 0; waited_ms < place->busy_timeout_ms; waited_ms += NAP_MS) {
        enum outcome outcome = OUTCOME_OPEN;

        if (*link && postgres_link_is_gone(*link)) {
            PQfinish(*link);
            *link = NULL;
        }
        if (*link || postgres_link_open(place, link, &unreachable) == 0)
            outcome = ask(*link, transaction);
        if (outcome == OUTCOME_KEPT)
            return 0;
        if (outcome == OUTCOME_GONE)
            return error_set(error, ERROR_TEMPORARY,
                             "store %s: the connection was lost; this change was not made",
                             place->shown);
        nanosleep(&nap, NULL);
    }
    return error_set(error, ERROR_TEMPORARY,
                     "store %s: the connection was lost while a change was committed; whether it "
                     "was made is not known",
                     place->shown);
}
