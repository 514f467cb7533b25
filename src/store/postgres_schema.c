#include "store/postgres_schema.h"

#include <stdint.h>

#include "base/bytes.h"
#include "store/migrations.h"
#include "store/postgres_dialect.h"
#include "store/postgres_error.h"

struct opening {
    const struct postgres_place *place;
    PGconn *connection;
};

static int fail(const struct opening *opening, const PGresult *result, struct error *error)
{
    return postgres_error_set(error, opening->connection, result, opening->place->shown,
                              opening->place->busy_timeout_ms);
}

static int execute(const struct opening *opening, const char *sql, struct error *error)
{
    PGresult *result = PQexec(opening->connection, sql);
    int status = 0;

    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
        status = fail(opening, result, error);
    PQclear(result);
    return status;
}

/* The first `count` values of the one row. */
static int read_integers(const struct opening *opening, const char *sql, int count,
                         int64_t *ret_values, struct error *error)
{
    PGresult *result = PQexec(opening->connection, sql);
    int status = 0;

    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        status = fail(opening, result, error);
    for (int i = 0; i < count && status == 0; i++) {
        long value = 0;

        if (PQntuples(result) > 0)
            view_to_long(view_of(PQgetvalue(result, 0, i)), &value);
        ret_values[i] = value;
    }
    PQclear(result);
    return status;
}

/* 0: nothing is there yet. One statement tells ours from others', or what another
 * process is just making would look like another program's. What belongs to an
 * extension is nobody's. */
static int read_version(const struct opening *opening, int64_t *ret_version, struct error *error)
{
    int64_t tables[2], version = 0;

    if (read_integers(opening,
                      "SELECT count(*) FILTER (WHERE c.relname = 'paperboy_schema'), count(*)"
                      " FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace"
                      " AND c.relkind IN ('r', 'v', 'm', 'p', 'f', 'S')"
                      " AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid"
                      " AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')",
                      2, tables, error) < 0)
        return -1;
    if (!tables[0] && tables[1])
        return error_set(error, ERROR_CONFIGURATION,
                         "store %s: holds tables of another program; name a database of its own",
                         opening->place->shown);
    if (tables[0] &&
        read_integers(opening, "SELECT version FROM paperboy_schema", 1, &version, error) < 0)
        return -1;
    if (version > (int64_t)migration_count())
        return error_set(error, ERROR_CONFIGURATION,
                         "store %s: has schema %lld and this paperboy knows up to %zu; install a "
                         "newer paperboy",
                         opening->place->shown, (long long)version, migration_count());
    *ret_version = version;
    return 0;
}

static int apply_migration(const struct opening *opening, size_t number, struct error *error)
{
    struct buffer text, sql;
    int result;

    buffer_init(&text, 1 << 20);
    buffer_init(&sql, 1 << 20);
    if (number == 1)
        buffer_add_string(&sql, "CREATE TABLE paperboy_schema (version BIGINT NOT NULL);"
                                "INSERT INTO paperboy_schema VALUES (0);\n");
    migration_text(number, &text);
    postgres_dialect_migration(buffer_view(&text), &sql);
    buffer_printf(&sql, "\nUPDATE paperboy_schema SET version = %zu", number);
    result = execute(opening, buffer_string(&sql), error);
    buffer_free(&text);
    buffer_free(&sql);
    if (result < 0)
        return error_add(error, "schema %zu, %s", number, migration_name(number));
    return 0;
}

/* One step under the lock; others may have done it while we waited for that. Then
 * `*ret_version` is what is there now. */
static int migrate_once(const struct opening *opening, int64_t *ret_version, struct error *error)
{
    struct buffer begin;
    int result;

    buffer_init(&begin, 200);
    buffer_printf(&begin, "BEGIN; SET LOCAL statement_timeout = 0;"
                          " SELECT pg_advisory_xact_lock(%d, %d)",
                  POSTGRES_LOCK_CLASS, STORE_LOCK_SCHEMA);
    result = execute(opening, buffer_string(&begin), error);
    buffer_free(&begin);
    if (result == 0)
        result = read_version(opening, ret_version, error);
    if (result == 0 && *ret_version < (int64_t)migration_count()) {
        result = apply_migration(opening, (size_t)*ret_version + 1, error);
        if (result == 0)
            ++*ret_version;
    }
    if (result == 0)
        return execute(opening, "COMMIT", error);
    execute(opening, "ROLLBACK", NULL);
    return -1;
}

int postgres_schema_open(const struct postgres_place *place, PGconn *connection, bool must_exist,
                         struct error *error)
{
    const struct opening opening = {place, connection};
    int64_t version;

    if (read_version(&opening, &version, error) < 0)
        return -1;
    if (version == 0 && must_exist)
        return error_set(error, ERROR_MISSING, "store %s: is empty yet", place->shown);
    while (version < (int64_t)migration_count())
        if (migrate_once(&opening, &version, error) < 0)
            return -1;
    return 0;
}
