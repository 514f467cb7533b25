#include "store/sqlite_error.h"

#include <errno.h>
#include <stdbool.h>

static int set_locked(struct error *error, const char *path, int busy_timeout_ms)
{
    return error_set(error, ERROR_TEMPORARY,
                     "store %s: locked by another program for more than %d.%d s; try again later",
                     path, busy_timeout_ms / 1000, busy_timeout_ms % 1000 / 100);
}

static int set_damaged(struct error *error, const char *path, const char *detail)
{
    return error_set(error, ERROR_CONFIGURATION,
                     "store %s: the database is damaged (%s); restore it from a backup", path,
                     detail);
}

/* A full disk is called an I/O error, or a file that cannot be opened, where files beside the
 * database are meant. */
static bool has_no_space(sqlite3 *db, int code)
{
    int reason = db ? sqlite3_system_errno(db) : 0;

    return ((code & 0xFF) == SQLITE_IOERR || (code & 0xFF) == SQLITE_CANTOPEN) &&
           (reason == ENOSPC || reason == EDQUOT ||
            (db && sqlite3_extended_errcode(db) == SQLITE_IOERR_SHMSIZE));
}

int sqlite_error_set(struct error *error, sqlite3 *db, int code, const char *path,
                     int busy_timeout_ms)
{
    const char *detail = db ? sqlite3_errmsg(db) : sqlite3_errstr(code);

    if (has_no_space(db, code))
        code = SQLITE_FULL;
    switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return set_locked(error, path, busy_timeout_ms);
    case SQLITE_FULL:
        return error_set(error, ERROR_TEMPORARY,
                         "store %s: no space left on the disk; this change was not made", path);
    case SQLITE_IOERR:
        return error_set(error, ERROR_TEMPORARY,
                         "store %s: cannot be read or written (%s); this change was not made", path,
                         detail);
    case SQLITE_NOTADB:
        return error_set(error, ERROR_CONFIGURATION,
                         "store %s: is not a database; move it away or name another file", path);
    case SQLITE_CORRUPT:
        return set_damaged(error, path, detail);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return error_set(error, ERROR_PERMISSION,
                         "store %s: no permission to write it, or to make files beside it", path);
    case SQLITE_CANTOPEN:
        return error_set(error, ERROR_PERMISSION,
                         "store %s: cannot be opened, or files beside it cannot be made", path);
    case SQLITE_NOMEM:
        return error_set(error, ERROR_TEMPORARY, "store %s: out of memory", path);
    default:
        return error_set(error, ERROR_BUG, "store %s: %s", path, detail);
    }
}
