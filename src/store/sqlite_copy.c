#include "store/sqlite_copy.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "store/sqlite_error.h"

enum { NAP_MS = 20 };

/* All pages in one step, which is one read transaction: in several steps SQLite
 * would begin anew whenever another process has written. */
static int copy_pages(sqlite3 *from, sqlite3 *to, int busy_timeout_ms)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    int code = SQLITE_BUSY;

    if (!backup)
        return sqlite3_errcode(to);
    for (int waited_ms = 0; waited_ms <= busy_timeout_ms; waited_ms += NAP_MS) {
        code = sqlite3_backup_step(backup, -1);
        if (code != SQLITE_BUSY && code != SQLITE_LOCKED)
            break;
        sqlite3_sleep(NAP_MS);
    }
    if (code != SQLITE_DONE) {
        sqlite3_backup_finish(backup);
        return code;
    }
    return sqlite3_backup_finish(backup);
}

static int check_pages(sqlite3 *copy, const char *path, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(copy, "PRAGMA quick_check(1)", -1, &statement, NULL);
    int result = -1;

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW &&
        strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0)
        result = 0;
    else if (code == SQLITE_ROW)
        error_set(error, ERROR_CONFIGURATION, "store %s: the copy is damaged, as the store is: %s",
                  path, (const char *)sqlite3_column_text(statement, 0));
    else
        sqlite_error_set(error, copy, code, path, 0);
    sqlite3_finalize(statement);
    return result;
}

static int fill(sqlite3 *from, const char *from_path, int busy_timeout_ms, const char *path,
                struct error *error)
{
    sqlite3 *to = NULL;
    char *plain = file_join(path[0] == ':' ? "." : NULL, path);
    int code = sqlite3_open_v2(plain, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    int result = -1;

    free(plain);
    if (code == SQLITE_OK)
        code = copy_pages(from, to, busy_timeout_ms);
    if (code != SQLITE_OK) {
        error_set(error, ERROR_TEMPORARY, "store %s: cannot be copied to %s: %s", from_path, path,
                  sqlite3_errstr(code));
        goto out;
    }
    /* One file, without a WAL of its own beside it. */
    code = sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    if (code != SQLITE_OK) {
        sqlite_error_set(error, to, code, path, busy_timeout_ms);
        goto out;
    }
    result = check_pages(to, path, error);
out:
    sqlite3_close(to);
    return result < 0 ? -1 : file_sync(path, error);
}

int sqlite_copy(sqlite3 *from, const char *from_path, int busy_timeout_ms, const char *path,
                struct error *error)
{
    /* Made here, since SQLite would make it readable to all. */
    if (file_create_atomic(path, (struct view){NULL, 0}, 0600, error) < 0)
        return -1;
    if (fill(from, from_path, busy_timeout_ms, path, error) == 0)
        return 0;
    unlink(path);
    return -1;
}
