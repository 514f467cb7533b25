/* What SQLite's result codes mean to the person who runs paperboy. */
#ifndef STORE_SQLITE_ERROR_H
#define STORE_SQLITE_ERROR_H

#include <sqlite3.h>

#include "base/error.h"

/* One line that names the file; returns -1. `db` may be NULL. */
int sqlite_error_set(struct error *error, sqlite3 *db, int code, const char *path,
                     int busy_timeout_ms);

#endif
