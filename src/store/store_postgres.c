#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/postgres_connection.h"
#include "store/postgres_copy.h"
#include "store/postgres_dialect.h"
#include "store/postgres_many.h"
#include "store/postgres_schema.h"
#include "store/postgres_transaction.h"

int postgres_fail(const struct postgres_connection *connection, const PGresult *result,
                  struct error *error)
{
    return postgres_error_set(error, connection->link, result, connection->place.shown,
                              connection->place.busy_timeout_ms);
}

/* ---- one connection ---- */

static void postgres_close(void *closed)
{
    struct postgres_connection *connection = closed;

    for (size_t i = 0; i < STATEMENTS; i++) {
        struct postgres_statement *statement = &connection->statements[i];

        for (size_t row = statement->row_next; row < statement->row_count; row++)
            PQclear(statement->rows[row]);
        PQclear(statement->current);
        free(statement->rows);
        free(statement->failure);
    }
    PQfinish(connection->link);
    postgres_place_free(&connection->place);
    free(connection);
}

static int postgres_open(const char *location, const struct store_options *options,
                         void **ret_connection, struct error *error)
{
    struct postgres_connection *connection = memory_new(1, sizeof(*connection));
    int timeout_ms = options->busy_timeout_ms > 0 ? options->busy_timeout_ms : 10000;

    if (postgres_place_init(&connection->place, location, timeout_ms, error) < 0 ||
        postgres_link_open(&connection->place, &connection->link, error) < 0 ||
        postgres_schema_open(&connection->place, connection->link, options->must_exist, error) < 0) {
        postgres_close(connection);
        return -1;
    }
    *ret_connection = connection;
    return 0;
}

static int postgres_store_copy(void *copied, const char *path, struct error *error)
{
    return postgres_copy(&((struct postgres_connection *)copied)->place, path, error);
}

/* Everything prepared was the lost connection's. */
static void forget_link(struct postgres_connection *connection)
{
    PQfinish(connection->link);
    connection->link = NULL;
    connection->life[0] = '\0';
    connection->reading = NULL;
    for (size_t i = 0; i < STATEMENTS; i++)
        connection->statements[i].is_prepared = connection->statements[i].is_many_prepared = false;
}

static int connect_again(struct postgres_connection *connection, struct error *error)
{
    forget_link(connection);
    return postgres_link_open(&connection->place, &connection->link, error);
}

static void keep_rest(struct postgres_connection *connection);

int postgres_make_ready(struct postgres_connection *connection, struct error *error)
{
    if (connection->reading)
        keep_rest(connection);
    if (connection->link && connection->in_transaction)
        return 0; /* what is wrong shows by itself */
    if (!connection->in_transaction &&
        (!connection->link || postgres_link_is_gone(connection->link)))
        return connect_again(connection, error);
    return 0;
}

static int execute(struct postgres_connection *connection, const char *sql, const char *want_tag,
                   struct error *error)
{
    PGresult *result;
    int status = 0;

    if (postgres_make_ready(connection, error) < 0)
        return -1;
    result = PQexec(connection->link, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
        status = postgres_fail(connection, result, error);
    else if (want_tag && strcmp(PQcmdStatus(result), want_tag) != 0)
        status = error_set(error, ERROR_TEMPORARY,
                           "store %s: the transaction had failed before its end; nothing of it "
                           "was kept",
                           connection->place.shown);
    PQclear(result);
    return status;
}

static int postgres_begin(void *begun, const struct store_beginning *how, struct error *error)
{
    struct postgres_connection *connection = begun;
    PGresult *refusal;

    if (postgres_make_ready(connection, error) < 0)
        return -1;
    if (!connection->life[0])
        postgres_link_find_life(connection->link, connection->life);
    if (postgres_transaction_begin(connection->link, how, connection->transaction, &refusal) < 0) {
        postgres_fail(connection, refusal, error);
        PQclear(refusal);
        return -1;
    }
    connection->in_transaction = true;
    return 0;
}

static int postgres_commit(void *committed, struct error *error)
{
    struct postgres_connection *connection = committed;
    char life[POSTGRES_LIFE_BYTES];

    /* COMMIT of a transaction that has failed is a ROLLBACK, and no error. */
    if (execute(connection, "COMMIT", "COMMIT", error) == 0) {
        connection->in_transaction = false;
        return 0;
    }
    if (PQstatus(connection->link) != CONNECTION_BAD)
        return -1;
    connection->in_transaction = false;
    memcpy(life, connection->life, sizeof(life));
    forget_link(connection);
    return postgres_transaction_find_out(&connection->place, &connection->link,
                                         connection->transaction, life, error);
}

static void postgres_rollback(void *rolled)
{
    struct postgres_connection *connection = rolled;

    if (connection->in_transaction && PQtransactionStatus(connection->link) != PQTRANS_IDLE)
        execute(connection, "ROLLBACK", NULL, NULL);
    connection->in_transaction = false;
}

/* The one that was begun has asked for its number, and is as it is from then on. Whether
 * this one, which only reads, was committed is nobody's question. */
static int postgres_freeze(void *frozen, struct error *error)
{
    return execute(frozen,
                   "ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ;"
                   " SET LOCAL statement_timeout = 0;"
                   " SET LOCAL idle_in_transaction_session_timeout = 0", NULL, error);
}

static int postgres_lock(void *locked, enum store_lock lock, struct error *error)
{
    char sql[POSTGRES_LOCK_SQL_BYTES];

    postgres_transaction_lock_sql(lock, sql);
    return execute(locked, sql, NULL, error);
}

/* ---- statements ---- */

static struct postgres_statement *find_slot(struct postgres_connection *connection,
                                            const char *sql)
{
    size_t start = (size_t)((uintptr_t)sql / 8 * 31 % STATEMENTS);

    for (size_t i = 0; i < STATEMENTS; i++) {
        struct postgres_statement *slot = &connection->statements[(start + i) % STATEMENTS];

        if (!slot->sql || slot->sql == sql)
            return slot;
    }
    return NULL;
}

/* Nothing is sent yet: what is bound first says which parameters are numbers. The
 * types of the others are the server's to find. */
static int postgres_prepare(void *prepared, const char *sql, void **ret_statement,
                            struct error *error)
{
    struct postgres_connection *connection = prepared;
    struct postgres_statement *slot = find_slot(connection, sql);

    if (!slot)
        return error_set(error, ERROR_BUG, "store: more than %d statements", STATEMENTS);
    if (!slot->sql) {
        slot->sql = sql;
        slot->connection = connection;
        slot->is_select = view_starts_with(view_of(sql), VIEW("SELECT"));
        snprintf(slot->name, sizeof(slot->name), "s%d", (int)(slot - connection->statements));
    }
    *ret_statement = slot;
    return 0;
}

static void postgres_bind(void *bound, int number, const struct value *value)
{
    struct postgres_statement *statement = bound;
    int at = number - 1;

    if (at < 0 || at >= PARAMETERS)
        return; /* the server misses it and says so */
    if (number > statement->count)
        statement->count = number;
    /* Texts and blobs go as their bytes; a number as text fits what it is compared
     * with, whatever its width. */
    statement->formats[at] = value->kind != VALUE_INTEGER;
    statement->lengths[at] = (int)value->bytes.size;
    statement->types[at] = value->kind == VALUE_INTEGER ? TYPE_INT8 : 0;
    switch (value->kind) {
    case VALUE_NULL:
        statement->values[at] = NULL;
        break;
    case VALUE_INTEGER:
        statement->integers[at] = value->integer;
        snprintf(statement->numbers[at], NUMBER_BYTES, "%lld", (long long)value->integer);
        statement->values[at] = statement->numbers[at];
        break;
    case VALUE_TEXT:
    case VALUE_BLOB:
        statement->values[at] = value->bytes.data ? value->bytes.data : "";
        break;
    }
}

int postgres_prepare_at_server(struct postgres_connection *connection,
                               struct postgres_statement *statement, struct error *error)
{
    struct buffer sql;
    PGresult *result;
    int status = 0;

    if (statement->is_prepared)
        return 0;
    buffer_init(&sql, 1 << 16);
    postgres_dialect_statement(view_of(statement->sql), &sql);
    result = PQprepare(connection->link, statement->name, buffer_string(&sql), statement->count,
                       statement->types);
    if (PQresultStatus(result) == PGRES_COMMAND_OK)
        statement->is_prepared = true;
    else
        status = postgres_fail(connection, result, error);
    PQclear(result);
    buffer_free(&sql);
    return status;
}

static int send(struct postgres_connection *connection, struct postgres_statement *statement,
                struct error *error)
{
    if (postgres_make_ready(connection, error) < 0 ||
        postgres_prepare_at_server(connection, statement, error) < 0)
        return -1;
    if (!PQsendQueryPrepared(connection->link, statement->name, statement->count,
                             statement->values, statement->lengths, statement->formats, 1))
        return postgres_fail(connection, NULL, error);
    if (statement->is_select)
        PQsetSingleRowMode(connection->link);
    connection->reading = statement;
    statement->is_sent = true;
    return 0;
}

/* ---- its rows ---- */

static int check_types(const PGresult *result, const char *sql, struct error *error)
{
    for (int column = 0; column < PQnfields(result); column++)
        switch (PQftype(result, column)) {
        case TYPE_BOOLEAN:
        case TYPE_BYTES:
        case TYPE_INT2:
        case TYPE_INT4:
        case TYPE_INT8:
        case TYPE_TEXT:
            break;
        default:
            return error_set(error, ERROR_BUG, "store: column %d has a type that is not read: %s",
                             column, sql);
        }
    return 0;
}

static void keep_rows(struct postgres_statement *statement, PGresult *result)
{
    statement->rows = memory_grow(statement->rows, &statement->row_capacity,
                                  statement->row_count + 1, sizeof(PGresult *));
    statement->rows[statement->row_count++] = result;
}

static void end_reading(struct postgres_connection *connection)
{
    PGresult *result;

    while ((result = PQgetResult(connection->link)))
        PQclear(result);
    connection->reading = NULL;
}

/* Takes what the server says next. 1: rows were kept, 0: it is done, -1. */
static int receive(struct postgres_connection *connection, struct postgres_statement *statement,
                   struct error *error)
{
    PGresult *result = PQgetResult(connection->link);
    ExecStatusType status = PQresultStatus(result);
    int found = -1;

    if (status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        found = PQntuples(result) > 0;
        if (found && check_types(result, statement->sql, error) < 0)
            found = -1;
    } else {
        postgres_fail(connection, result, error);
    }
    if (status != PGRES_SINGLE_TUPLE && found >= 0) {
        long changes = 0;

        view_to_long(view_of(PQcmdTuples(result)), &changes);
        statement->changes = changes;
    }
    if (found > 0)
        keep_rows(statement, result);
    else
        PQclear(result);
    if (status == PGRES_SINGLE_TUPLE && found > 0)
        return 1;
    /* Until the server is ready again: a change has been committed then, or an
     * error is still to come. */
    while ((result = PQgetResult(connection->link))) {
        if (found >= 0 && PQresultStatus(result) == PGRES_FATAL_ERROR)
            found = postgres_fail(connection, result, error);
        PQclear(result);
    }
    connection->reading = NULL;
    return found;
}

static void keep_rest(struct postgres_connection *connection)
{
    struct postgres_statement *statement = connection->reading;
    struct error problem = {0};
    int result;

    do
        result = receive(connection, statement, &problem);
    while (result > 0 && connection->reading);
    if (result >= 0)
        return;
    if (connection->reading)
        end_reading(connection);
    statement->failure = memory_new(1, sizeof(problem));
    *statement->failure = problem;
}

static int postgres_step(void *stepped, void *at, struct error *error)
{
    struct postgres_connection *connection = stepped;
    struct postgres_statement *statement = at;

    if (!statement->is_sent && send(connection, statement, error) < 0)
        return -1;
    if (statement->current && ++statement->position < PQntuples(statement->current))
        return 1;
    PQclear(statement->current);
    statement->current = NULL;
    if (statement->row_next == statement->row_count) {
        int result = 0;

        statement->row_next = statement->row_count = 0;
        if (connection->reading == statement)
            result = receive(connection, statement, error);
        if (result < 0)
            return -1;
    }
    if (statement->row_next < statement->row_count) {
        statement->current = statement->rows[statement->row_next++];
        statement->position = 0;
        return 1;
    }
    if (!statement->failure)
        return 0;
    if (error)
        *error = *statement->failure;
    return -1;
}

static bool postgres_is_null(void *read, int column)
{
    const struct postgres_statement *statement = read;

    return PQgetisnull(statement->current, statement->position, column) != 0;
}

static int64_t postgres_get_integer(void *read, int column)
{
    const struct postgres_statement *statement = read;
    const char *bytes = PQgetvalue(statement->current, statement->position, column);
    uint64_t wide;
    uint32_t word;
    uint16_t half;

    if (postgres_is_null(read, column))
        return 0;
    switch (PQftype(statement->current, column)) {
    case TYPE_INT8:
        memcpy(&wide, bytes, sizeof(wide));
        return (int64_t)be64toh(wide);
    case TYPE_INT4:
        memcpy(&word, bytes, sizeof(word));
        return (int32_t)be32toh(word);
    case TYPE_INT2:
        memcpy(&half, bytes, sizeof(half));
        return (int16_t)be16toh(half);
    case TYPE_BOOLEAN:
        return bytes[0] != 0;
    default:
        return 0;
    }
}

static struct view postgres_get_bytes(void *read, int column)
{
    const struct postgres_statement *statement = read;

    if (postgres_is_null(read, column))
        return (struct view){0};
    return (struct view){PQgetvalue(statement->current, statement->position, column),
                         (size_t)PQgetlength(statement->current, statement->position, column)};
}

static int64_t postgres_changes(void *connection, void *statement)
{
    (void)connection;
    return ((struct postgres_statement *)statement)->changes;
}

static void postgres_finish(void *finished)
{
    struct postgres_statement *statement = finished;

    if (statement->connection->reading == statement)
        end_reading(statement->connection);
    while (statement->row_next < statement->row_count)
        PQclear(statement->rows[statement->row_next++]);
    PQclear(statement->current);
    free(statement->failure);
    statement->current = NULL;
    statement->failure = NULL;
    statement->row_next = statement->row_count = 0;
    statement->count = 0;
    statement->changes = 0;
    statement->is_sent = false;
}

const struct store_backend store_postgres = {
    .copy_name = "paperboy.dump",
    .open = postgres_open,
    .close = postgres_close,
    .copy = postgres_store_copy,
    .begin = postgres_begin,
    .commit = postgres_commit,
    .rollback = postgres_rollback,
    .freeze = postgres_freeze,
    .lock = postgres_lock,
    .prepare = postgres_prepare,
    .bind = postgres_bind,
    .step = postgres_step,
    .is_null = postgres_is_null,
    .get_integer = postgres_get_integer,
    .get_bytes = postgres_get_bytes,
    .changes = postgres_changes,
    .finish = postgres_finish,
    .run_many = postgres_run_many,
};
