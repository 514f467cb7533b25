/* A connection to PostgreSQL and its statements inside. For store_postgres.c, which says
 * what each does, and postgres_many.c only. */
#ifndef STORE_POSTGRES_CONNECTION_H
#define STORE_POSTGRES_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/postgres_error.h"
#include "store/postgres_link.h"
#include "store/postgres_transaction.h"
#include "store/store_backend.h"

/* Room for every statement that the store has, in a table by their addresses. */
enum { STATEMENTS = 256, PARAMETERS = 24, NUMBER_BYTES = 24 };

/* The types that columns may have, by PostgreSQL's numbers for them. */
enum { TYPE_BOOLEAN = 16, TYPE_BYTES = 17, TYPE_INT8 = 20, TYPE_INT2 = 21, TYPE_INT4 = 23,
       TYPE_TEXT = 25 };

/* The rows of a SELECT come one by one, so that a long answer needs little memory;
 * meanwhile nothing else can be asked on the connection. Who asks all the same has
 * the rest of those rows kept here first. Everything else has been done, or has
 * failed, when its first row is given out. */
struct postgres_statement {
    const char *sql;
    struct postgres_connection *connection;
    char name[16];
    bool is_prepared;  /* on the connection as it is now */
    bool is_many_prepared; /* likewise, as postgres_many.h runs it */
    bool is_select;
    bool is_sent;
    int count;         /* of parameters bound */
    const char *values[PARAMETERS];
    int lengths[PARAMETERS];
    int formats[PARAMETERS];
    Oid types[PARAMETERS];
    int64_t integers[PARAMETERS];
    char numbers[PARAMETERS][NUMBER_BYTES];
    PGresult **rows;   /* the row, or rows, at hand and those kept behind them */
    size_t row_count;
    size_t row_capacity;
    size_t row_next;   /* in `rows` */
    PGresult *current;
    int position;      /* in `current` */
    struct error *failure; /* found while its rest was kept */
    int64_t changes;
};

struct postgres_connection {
    struct postgres_place place;
    PGconn *link;      /* NULL: the last try to connect again has failed */
    char life[POSTGRES_LIFE_BYTES]; /* of the link's server; "": not asked yet */
    bool in_transaction;
    char transaction[POSTGRES_TRANSACTION_BYTES]; /* the server's name for it */
    struct postgres_statement *reading; /* whose rows are still coming */
    struct postgres_statement statements[STATEMENTS];
};

int postgres_fail(const struct postgres_connection *connection, const PGresult *result,
                  struct error *error);
/* Before each request. A lost transaction stays lost until it is rolled back. */
int postgres_make_ready(struct postgres_connection *connection, struct error *error);
/* With its parameters bound, which say their types; once on a connection. */
int postgres_prepare_at_server(struct postgres_connection *connection,
                               struct postgres_statement *statement, struct error *error);

#endif
