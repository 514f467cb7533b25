/* Opens a paperboy database: makes it when it may, refuses any other file
 * before touching it, and brings the schema up to date. Called by
 * store_sqlite.c only.
 *
 * WAL with synchronous NORMAL: a killed process loses nothing; a power cut may
 * take back the changes since the last checkpoint, which SQLite makes every
 * 1000 pages (4 MB), and never damages the file. */
#ifndef STORE_SQLITE_SCHEMA_H
#define STORE_SQLITE_SCHEMA_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/error.h"

enum { SQLITE_APPLICATION_ID = 0x50425931 }; /* "PBY1" */

int sqlite_schema_open(const char *path, int busy_timeout_ms, bool must_exist, sqlite3 **ret_db,
                       struct error *error);

#endif
