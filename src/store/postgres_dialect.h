/* The few words in which PostgreSQL differs from the SQL that this folder is
 * written in (store_backend.h). Pure. Called by the postgres_ files only. */
#ifndef STORE_POSTGRES_DIALECT_H
#define STORE_POSTGRES_DIALECT_H

#include "base/bytes.h"

/* A statement: SKIP_LOCKED becomes FOR UPDATE SKIP LOCKED, and nothing else. */
void postgres_dialect_statement(struct view sql, struct buffer *ret_sql);

/* A statement that runs once for each element of arrays, which become its parameters;
 * `kinds` has a letter for each of them: i, t, b for BIGINT, TEXT, BYTEA. An UPDATE (with
 * one WHERE, its last clause) then returns the numbers, from 1, of the elements that
 * found their row; an INSERT of VALUES stays as it is otherwise. */
void postgres_dialect_many(struct view sql, const char *kinds, struct buffer *ret_sql);

/* A migration, which is written for SQLite:
 *
 *   INTEGER PRIMARY KEY       a BIGINT that counts by itself
 *   INTEGER, BLOB             BIGINT, BYTEA
 *   TEXT, not behind AS       TEXT COLLATE "C": SQLite compares bytes, too
 *   STRICT, WITHOUT ROWID     nothing
 *   VIRTUAL                   STORED: what is worked out of other columns
 *
 * Names in quotes, strings and comments stay as they are. A line that begins with
 * "--postgres " is for PostgreSQL alone. */
void postgres_dialect_migration(struct view sql, struct buffer *ret_sql);

#endif
