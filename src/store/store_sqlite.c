#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "store/sqlite_copy.h"
#include "store/sqlite_error.h"
#include "store/sqlite_schema.h"
#include "store/store_backend.h"

/* Room for every statement that the store has, in a table by their addresses. */
enum { STATEMENTS = 256, PARAMETERS = 24 };

struct sqlite_statement {
    const char *sql;
    struct sqlite_connection *connection;
    sqlite3_stmt *handle;
    /* SQLite numbers "$3" by first appearance and not by its name. */
    int positions[PARAMETERS + 1];
};

struct sqlite_connection {
    sqlite3 *db; /* NULL: its file went, and the one in its place could not be opened yet */
    char *path;
    dev_t device; /* of the file that is open */
    ino_t inode;
    size_t in_use; /* statements */
    int busy_timeout_ms;
    struct sqlite_statement statements[STATEMENTS];
};

static int fail(struct sqlite_connection *connection, int code, struct error *error)
{
    return sqlite_error_set(error, connection->db, code, connection->path,
                            connection->busy_timeout_ms);
}

static void close_database(struct sqlite_connection *connection)
{
    for (size_t i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(connection->statements[i].handle);
    memset(connection->statements, 0, sizeof(connection->statements));
    sqlite3_close(connection->db);
    connection->db = NULL;
}

static void sqlite_close(void *closed)
{
    struct sqlite_connection *connection = closed;

    close_database(connection);
    free(connection->path);
    free(connection);
}

/* Looked at before it is opened: when it is replaced in between, that is found later. */
static int open_database(struct sqlite_connection *connection, bool must_exist,
                         struct error *error)
{
    struct stat status = {0};
    bool was_there = stat(connection->path, &status) == 0;

    if (sqlite_schema_open(connection->path, connection->busy_timeout_ms, must_exist,
                           &connection->db, error) < 0)
        return -1;
    if (!was_there)
        stat(connection->path, &status);
    connection->device = status.st_dev;
    connection->inode = status.st_ino;
    return 0;
}

/* Whether another file has the name by now, or none: what is written to one without a name
 * is lost, and SQLite does not mind. */
static bool is_replaced(const struct sqlite_connection *connection)
{
    struct stat status;

    if (stat(connection->path, &status) < 0)
        return errno == ENOENT;
    return status.st_dev != connection->device || status.st_ino != connection->inode;
}

/* Before anything new is begun. */
static int make_ready(struct sqlite_connection *connection, struct error *error)
{
    struct error problem;

    if (connection->db && (connection->in_use || !sqlite3_get_autocommit(connection->db) ||
                           !is_replaced(connection)))
        return 0;
    close_database(connection);
    if (open_database(connection, true, &problem) == 0)
        return 0;
    if (error)
        *error = problem;
    /* Who put the file away may be about to put another one there. */
    if (error && problem.kind == ERROR_MISSING)
        error->kind = ERROR_TEMPORARY;
    return -1;
}

static int sqlite_open(const char *location, const struct store_options *options,
                       void **ret_connection, struct error *error)
{
    struct sqlite_connection *connection = memory_new(1, sizeof(*connection));

    connection->path = memory_copy_string(location);
    connection->busy_timeout_ms = options->busy_timeout_ms > 0 ? options->busy_timeout_ms : 10000;
    if (open_database(connection, options->must_exist, error) < 0) {
        sqlite_close(connection);
        return -1;
    }
    *ret_connection = connection;
    return 0;
}

static int sqlite_store_copy(void *copied, const char *path, struct error *error)
{
    struct sqlite_connection *connection = copied;

    if (make_ready(connection, error) < 0)
        return -1;
    return sqlite_copy(connection->db, connection->path, connection->busy_timeout_ms, path, error);
}

static int execute(struct sqlite_connection *connection, const char *sql, struct error *error)
{
    int code = sqlite3_exec(connection->db, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? 0 : fail(connection, code, error);
}

/* VACUUM copies what is there and no more; what was there before goes with the log. */
static int sqlite_scrub(void *scrubbed, struct error *error)
{
    struct sqlite_connection *connection = scrubbed;
    int code, left, moved;

    if (make_ready(connection, error) < 0 || execute(connection, "VACUUM", error) < 0)
        return -1;
    code = sqlite3_wal_checkpoint_v2(connection->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &left,
                                     &moved);
    return code == SQLITE_OK ? 0 : fail(connection, code, error);
}

static int sqlite_begin(void *connection, const struct store_beginning *how, struct error *error)
{
    (void)how;
    if (make_ready(connection, error) < 0)
        return -1;
    /* IMMEDIATE: a lock that has to be waited for is waited for here, and not
     * refused in the middle because another has written since. */
    return execute(connection, "BEGIN IMMEDIATE", error);
}

static int sqlite_commit(void *connection, struct error *error)
{
    return execute(connection, "COMMIT", error);
}

static void sqlite_rollback(void *rolled)
{
    struct sqlite_connection *connection = rolled;

    /* A full disk makes SQLite roll back by itself. */
    if (!sqlite3_get_autocommit(connection->db))
        execute(connection, "ROLLBACK", NULL);
}

static void find_positions(struct sqlite_statement *statement)
{
    int count = sqlite3_bind_parameter_count(statement->handle);

    for (int position = 1; position <= count; position++) {
        const char *name = sqlite3_bind_parameter_name(statement->handle, position);
        long number = 0;

        if (name && view_to_long(view_of(name + 1), &number) && number >= 1 &&
            number <= PARAMETERS)
            statement->positions[number] = position;
    }
}

static struct sqlite_statement *find_slot(struct sqlite_connection *connection, const char *sql)
{
    size_t start = (size_t)((uintptr_t)sql / 8 * 31 % STATEMENTS);

    for (size_t i = 0; i < STATEMENTS; i++) {
        struct sqlite_statement *slot = &connection->statements[(start + i) % STATEMENTS];

        if (!slot->sql || slot->sql == sql)
            return slot;
    }
    return NULL;
}

static int sqlite_prepare(void *prepared, const char *sql, void **ret_statement,
                          struct error *error)
{
    struct sqlite_connection *connection = prepared;
    struct sqlite_statement *slot;
    int code;

    if (make_ready(connection, error) < 0)
        return -1;
    slot = find_slot(connection, sql);
    if (!slot)
        return error_set(error, ERROR_BUG, "store: more than %d statements", STATEMENTS);
    if (!slot->sql) {
        code = sqlite3_prepare_v3(connection->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                  &slot->handle, NULL);
        if (code != SQLITE_OK)
            return fail(connection, code, error);
        slot->sql = sql;
        slot->connection = connection;
        find_positions(slot);
    }
    connection->in_use++;
    *ret_statement = slot;
    return 0;
}

static void sqlite_bind(void *bound, int number, const struct value *value)
{
    struct sqlite_statement *statement = bound;
    int position = number <= PARAMETERS ? statement->positions[number] : 0;
    const char *data = value->bytes.data ? value->bytes.data : "";
    sqlite3_uint64 size = value->bytes.size;

    switch (value->kind) {
    case VALUE_NULL:
        sqlite3_bind_null(statement->handle, position);
        break;
    case VALUE_INTEGER:
        sqlite3_bind_int64(statement->handle, position, value->integer);
        break;
    case VALUE_TEXT:
        sqlite3_bind_text64(statement->handle, position, data, size, SQLITE_STATIC, SQLITE_UTF8);
        break;
    case VALUE_BLOB:
        sqlite3_bind_blob64(statement->handle, position, data, size, SQLITE_STATIC);
        break;
    }
}

static int sqlite_step(void *connection, void *stepped, struct error *error)
{
    struct sqlite_statement *statement = stepped;
    int code = sqlite3_step(statement->handle);

    if (code == SQLITE_ROW)
        return 1;
    if (code == SQLITE_DONE)
        return 0;
    return fail(connection, code, error);
}

static bool sqlite_is_null(void *statement, int column)
{
    return sqlite3_column_type(((struct sqlite_statement *)statement)->handle, column) ==
           SQLITE_NULL;
}

static int64_t sqlite_get_integer(void *statement, int column)
{
    return sqlite3_column_int64(((struct sqlite_statement *)statement)->handle, column);
}

static struct view sqlite_get_bytes(void *read, int column)
{
    sqlite3_stmt *handle = ((struct sqlite_statement *)read)->handle;
    const char *data = sqlite3_column_blob(handle, column);

    return (struct view){data, (size_t)sqlite3_column_bytes(handle, column)};
}

static int64_t sqlite_changes(void *connection, void *statement)
{
    (void)statement;
    return sqlite3_changes64(((struct sqlite_connection *)connection)->db);
}

static void sqlite_finish(void *finished)
{
    struct sqlite_statement *statement = finished;

    sqlite3_reset(statement->handle);
    sqlite3_clear_bindings(statement->handle);
    statement->connection->in_use--;
}

const struct store_backend store_sqlite = {
    .copy_name = "paperboy.db",
    .open = sqlite_open,
    .close = sqlite_close,
    .copy = sqlite_store_copy,
    .scrub = sqlite_scrub,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .prepare = sqlite_prepare,
    .bind = sqlite_bind,
    .step = sqlite_step,
    .is_null = sqlite_is_null,
    .get_integer = sqlite_get_integer,
    .get_bytes = sqlite_get_bytes,
    .changes = sqlite_changes,
    .finish = sqlite_finish,
};
