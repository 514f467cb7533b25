#include "store/sqlite_schema.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "store/migrations.h"
#include "store/sqlite_error.h"

struct opening {
    sqlite3 *db;
    const char *path;
    int busy_timeout_ms;
};

static int fail(const struct opening *opening, int code, struct error *error)
{
    return sqlite_error_set(error, opening->db, code, opening->path, opening->busy_timeout_ms);
}

static int execute(const struct opening *opening, const char *sql, struct error *error)
{
    int code = sqlite3_exec(opening->db, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? 0 : fail(opening, code, error);
}

static int read_integer(const struct opening *opening, const char *sql, int64_t *ret_value,
                        struct error *error)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(opening->db, sql, -1, &statement, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *ret_value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return code == SQLITE_ROW ? 0 : fail(opening, code, error);
}

/* Makes the empty file itself, since SQLite would make it readable to all. It is
 * put in place by a link: opening and closing the file here would drop the locks
 * that another connection of this process may have on it. */
static int make_file(const char *path, struct error *error)
{
    char *folder = file_folder_of(path);
    struct error made = {0};
    int result = 0;

    if (!file_exists(folder))
        result = error_set(error, ERROR_MISSING,
                           "store %s: there is no folder %s; make it, or name another file", path,
                           folder);
    else if (file_create_atomic(path, (struct view){0}, 0600, &made) < 0 &&
             made.kind != ERROR_CONFLICT) {
        result = error_set(error, made.kind, "store %s: %s", path, made.text);
    }
    free(folder);
    return result;
}

static int check_file(const char *path, bool must_exist, struct error *error)
{
    struct stat status;

    if (path[0] == '\0')
        return error_set(error, ERROR_CONFIGURATION, "store \"sqlite:\": names no file");
    if (stat(path, &status) < 0) {
        if (errno != ENOENT)
            return error_set_errno(error, errno, "store %s", path);
        if (must_exist)
            return error_set(error, ERROR_MISSING, "store %s: is not there", path);
        return make_file(path, error);
    }
    if (!S_ISREG(status.st_mode))
        return error_set(error, ERROR_CONFIGURATION, "store %s: is not a file", path);
    if (access(path, R_OK | W_OK) < 0)
        return error_set_errno(error, errno, "store %s", path);
    /* SQLite takes what is smaller than any database for an empty one and would
     * write over it. */
    if (status.st_size > 0 && status.st_size < 512)
        return sqlite_error_set(error, NULL, SQLITE_NOTADB, path, 0);
    return 0;
}

/* Within a transaction: these must be of one moment, or a database that another
 * process is just making looks like none of ours. */
static int check_schema(const struct opening *opening, int64_t *ret_version, struct error *error)
{
    int64_t application, version, tables;

    if (read_integer(opening, "PRAGMA application_id", &application, error) < 0 ||
        read_integer(opening, "PRAGMA user_version", &version, error) < 0 ||
        read_integer(opening, "SELECT count(*) FROM sqlite_schema", &tables, error) < 0)
        return -1;
    if (application != SQLITE_APPLICATION_ID && (application || version || tables))
        return error_set(error, ERROR_CONFIGURATION,
                         "store %s: is a database of another program; name another file",
                         opening->path);
    if (version > (int64_t)migration_count())
        return error_set(error, ERROR_CONFIGURATION,
                         "store %s: has schema %lld and this paperboy knows up to %zu; install a "
                         "newer paperboy",
                         opening->path, (long long)version, migration_count());
    *ret_version = version;
    return 0;
}

static int apply_migration(const struct opening *opening, size_t number, struct error *error)
{
    struct buffer sql;
    int result;

    buffer_init(&sql, 1 << 20);
    migration_text(number, &sql);
    buffer_printf(&sql, "\nPRAGMA application_id = %d;\nPRAGMA user_version = %zu;\n",
                  SQLITE_APPLICATION_ID, number);
    result = execute(opening, buffer_string(&sql), error);
    buffer_free(&sql);
    if (result < 0)
        return error_add(error, "schema %zu, %s", number, migration_name(number));
    return 0;
}

static int check_first(const struct opening *opening, int64_t *ret_version, struct error *error)
{
    int result = execute(opening, "BEGIN", error);

    if (result < 0)
        return -1;
    result = check_schema(opening, ret_version, error);
    execute(opening, "ROLLBACK", NULL);
    return result;
}

/* Another process may be doing the same: the version is read again under the
 * lock. */
static int migrate(const struct opening *opening, struct error *error)
{
    int64_t version;

    for (;;) {
        int result = execute(opening, "BEGIN IMMEDIATE", error);

        if (result < 0)
            return -1;
        result = check_schema(opening, &version, error);
        if (result == 0 && version == (int64_t)migration_count())
            return execute(opening, "ROLLBACK", error);
        if (result == 0)
            result = apply_migration(opening, (size_t)version + 1, error);
        if (result == 0)
            result = execute(opening, "COMMIT", error);
        if (result < 0) {
            if (!sqlite3_get_autocommit(opening->db))
                execute(opening, "ROLLBACK", NULL);
            return -1;
        }
    }
}

/* SQLite does not call the busy handler for this change, so that two who open a
 * new store at once would fail: it is tried again here. */
static int set_wal(const struct opening *opening, struct error *error)
{
    for (int waited_ms = 0;; waited_ms += 20) {
        struct error now = {0};

        if (execute(opening, "PRAGMA journal_mode = WAL", &now) == 0)
            return 0;
        if (now.kind != ERROR_TEMPORARY || waited_ms >= opening->busy_timeout_ms) {
            if (error)
                *error = now;
            return -1;
        }
        sqlite3_sleep(20);
    }
}

static int prepare_database(const struct opening *opening, struct error *error)
{
    int64_t version;

    sqlite3_extended_result_codes(opening->db, 1);
    sqlite3_busy_timeout(opening->db, opening->busy_timeout_ms);
    if (check_first(opening, &version, error) < 0 || set_wal(opening, error) < 0 ||
        execute(opening,
                "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;"
                "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY", error) < 0)
        return -1;
    if (version == (int64_t)migration_count())
        return 0;
    return migrate(opening, error);
}

int sqlite_schema_open(const char *path, int busy_timeout_ms, bool must_exist, sqlite3 **ret_db,
                       struct error *error)
{
    struct opening opening = {.path = path, .busy_timeout_ms = busy_timeout_ms};
    char *plain = NULL;
    int code;

    if (check_file(path, must_exist, error) < 0)
        return -1;
    /* SQLite gives names that begin with ':' a meaning of their own. */
    plain = file_join(path[0] == ':' ? "." : NULL, path);
    code = sqlite3_open_v2(plain, &opening.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    free(plain);
    if (code != SQLITE_OK)
        fail(&opening, code, error);
    if (code != SQLITE_OK || prepare_database(&opening, error) < 0) {
        sqlite3_close(opening.db);
        return -1;
    }
    *ret_db = opening.db;
    return 0;
}
