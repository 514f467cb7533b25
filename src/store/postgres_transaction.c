#include "store/postgres_transaction.h"

#include <stdio.h>
#include <string.h>

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

enum postgres_outcome postgres_transaction_outcome(PGconn *link, const char *transaction)
{
    PGresult *result =
        PQexecParams(link, "SELECT txid_status(CAST($1 AS BIGINT))", 1, NULL, &transaction, NULL,
                     NULL, 0);
    enum postgres_outcome outcome = POSTGRES_OUTCOME_OPEN;

    if (PQresultStatus(result) == PGRES_TUPLES_OK && !PQgetisnull(result, 0, 0)) {
        const char *status = PQgetvalue(result, 0, 0);

        if (strcmp(status, "committed") == 0)
            outcome = POSTGRES_OUTCOME_KEPT;
        else if (strcmp(status, "aborted") == 0)
            outcome = POSTGRES_OUTCOME_GONE;
    }
    PQclear(result);
    return outcome;
}
