#include "store/postgres_many.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "store/postgres_connection.h"
#include "store/postgres_dialect.h"

enum { TOGETHER = 500, ARRAY_BYTES = 1 << 28 };

/* Arrays as the server reads them in binary: a head, then each element behind its
 * length. The server checks the kinds. */
struct many {
    struct postgres_connection *connection;
    struct postgres_statement *statement;
    const char *kinds;
    int parameters;
    struct buffer arrays[PARAMETERS];
};

static void add_number(struct buffer *array, int32_t number)
{
    uint32_t wide = htobe32((uint32_t)number);

    buffer_add(array, &wide, sizeof(wide));
}

static Oid type_of(char kind)
{
    return kind == 'i' ? TYPE_INT8 : kind == 't' ? TYPE_TEXT : TYPE_BYTES;
}

static void start_array(struct buffer *array, char kind, size_t count)
{
    buffer_clear(array);
    add_number(array, 1); /* dimension */
    add_number(array, 1); /* there may be NULLs */
    add_number(array, (int32_t)type_of(kind));
    add_number(array, (int32_t)count);
    add_number(array, 1); /* the first one's index */
}

static void add_element(struct buffer *array, const struct postgres_statement *statement, int at)
{
    if (!statement->values[at]) {
        add_number(array, -1);
    } else if (statement->types[at] == TYPE_INT8) {
        uint64_t wide = htobe64((uint64_t)statement->integers[at]);

        add_number(array, sizeof(wide));
        buffer_add(array, &wide, sizeof(wide));
    } else {
        add_number(array, statement->lengths[at]);
        buffer_add(array, statement->values[at], (size_t)statement->lengths[at]);
    }
}

static int fill_arrays(struct many *many, size_t from, size_t count,
                       void (*bind)(void *user, size_t index), void *user, struct error *error)
{
    for (int at = 0; at < many->parameters; at++)
        start_array(&many->arrays[at], many->kinds[at], count);
    for (size_t i = 0; i < count; i++) {
        bind(user, from + i);
        for (int at = 0; at < many->parameters; at++)
            add_element(&many->arrays[at], many->statement, at);
    }
    for (int at = 0; at < many->parameters; at++)
        if (many->arrays[at].failed)
            return error_set(error, ERROR_INPUT, "store %s: too much for one statement",
                             many->connection->place.shown);
    return 0;
}

static int prepare(struct many *many, struct error *error)
{
    struct postgres_statement *statement = many->statement;
    struct postgres_connection *connection = many->connection;
    char name[sizeof(statement->name) + 1];
    struct buffer sql;
    PGresult *result;
    int status = 0;

    if (statement->is_many_prepared)
        return 0;
    buffer_init(&sql, 1 << 16);
    postgres_dialect_many(view_of(statement->sql), many->kinds, &sql);
    snprintf(name, sizeof(name), "m%s", statement->name);
    result = PQprepare(connection->link, name, buffer_string(&sql), 0, NULL);
    if (PQresultStatus(result) == PGRES_COMMAND_OK)
        statement->is_many_prepared = true;
    else
        status = postgres_fail(connection, result, error);
    PQclear(result);
    buffer_free(&sql);
    return status;
}

/* ---- which rows were changed ---- */

/* An UPDATE returns the numbers of the runs that found their rows. */
static void note_numbers(const PGresult *result, size_t count, int64_t *ret_changes)
{
    for (int row = 0; row < PQntuples(result); row++) {
        uint64_t wide;

        memcpy(&wide, PQgetvalue(result, row, 0), sizeof(wide));
        wide = be64toh(wide);
        if (wide >= 1 && wide <= count)
            ret_changes[wide - 1] = 1;
    }
}

/* The element at `*at` of an array, which is moved behind it. */
static struct view next_element(const struct buffer *array, size_t *at)
{
    uint32_t size;
    struct view element;

    memcpy(&size, array->data + *at, sizeof(size));
    size = be32toh(size);
    *at += sizeof(size);
    if (size == UINT32_MAX)
        return (struct view){0};
    element = (struct view){array->data + *at, size};
    *at += size;
    return element;
}

/* An INSERT returns the first columns of what went in, in the order of the runs. */
static void note_keys(const struct many *many, const PGresult *result, size_t count,
                      int64_t *ret_changes)
{
    size_t at[PARAMETERS];
    int row = 0, rows = PQntuples(result);

    for (int column = 0; column < many->parameters; column++)
        at[column] = 5 * sizeof(int32_t);
    for (size_t i = 0; i < count && row < rows; i++) {
        bool is_same = true;

        for (int column = 0; column < PQnfields(result); column++) {
            struct view want = next_element(&many->arrays[column], &at[column]);
            struct view got = {PQgetvalue(result, row, column),
                               (size_t)PQgetlength(result, row, column)};

            is_same = view_equal(want, got) && is_same;
        }
        ret_changes[i] = is_same;
        row += is_same;
    }
}

static int run_part(struct many *many, size_t count, int64_t *ret_changes, struct error *error)
{
    struct postgres_connection *connection = many->connection;
    const char *values[PARAMETERS];
    int lengths[PARAMETERS], formats[PARAMETERS], status = 0;
    char name[sizeof(many->statement->name) + 1];
    PGresult *result;

    for (int at = 0; at < many->parameters; at++) {
        values[at] = many->arrays[at].data;
        lengths[at] = (int)many->arrays[at].size;
        formats[at] = 1;
    }
    snprintf(name, sizeof(name), "m%s", many->statement->name);
    result = PQexecPrepared(connection->link, name, many->parameters, values, lengths, formats, 1);
    memset(ret_changes, 0, count * sizeof(ret_changes[0]));
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        status = postgres_fail(connection, result, error);
    else if (view_starts_with(view_of(many->statement->sql), VIEW("UPDATE")))
        note_numbers(result, count, ret_changes);
    else
        note_keys(many, result, count, ret_changes);
    PQclear(result);
    return status;
}

int postgres_run_many(void *connection, void *statement, const char *kinds, size_t count,
                      void (*bind)(void *user, size_t index), void *user, int64_t *ret_changes,
                      struct error *error)
{
    struct many many = {.connection = connection, .statement = statement, .kinds = kinds,
                        .parameters = (int)strlen(kinds)};
    int result = 0;

    for (int at = 0; at < many.parameters; at++)
        buffer_init(&many.arrays[at], ARRAY_BYTES);
    if (count)
        result = postgres_make_ready(connection, error);
    if (count && result == 0)
        result = prepare(&many, error);
    for (size_t from = 0; from < count && result == 0; from += TOGETHER) {
        size_t part = count - from > TOGETHER ? TOGETHER : count - from;

        result = fill_arrays(&many, from, part, bind, user, error);
        if (result == 0)
            result = run_part(&many, part, ret_changes + from, error);
    }
    for (int at = 0; at < many.parameters; at++)
        buffer_free(&many.arrays[at]);
    return result;
}
