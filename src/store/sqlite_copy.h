/* A copy of a database as it is at one moment, while others write to it. Called
 * by store_sqlite.c only. */
#ifndef STORE_SQLITE_COPY_H
#define STORE_SQLITE_COPY_H

#include <sqlite3.h>

#include "base/error.h"

/* Makes the file `path`, mode 0600, which must not be there yet (kind conflict),
 * reads it again to see that it is sound, and syncs it. Other connections may
 * write meanwhile: SQLite reads one snapshot of the WAL. On failure nothing is
 * left. `from_path` is for messages. */
int sqlite_copy(sqlite3 *from, const char *from_path, int busy_timeout_ms, const char *path,
                struct error *error);

#endif
