/* The tables in a PostgreSQL database: made, or brought up to date, by the same
 * history of migrations that SQLite has. Called by store_postgres.c only. */
#ifndef STORE_POSTGRES_SCHEMA_H
#define STORE_POSTGRES_SCHEMA_H

#include "store/postgres_link.h"
#include "store/store.h"

/* The first half of the advisory locks' keys; the second is an enum store_lock. */
enum { POSTGRES_LOCK_CLASS = 0x50425931 /* "PBY1" */ };

/* Refuses a schema with tables of others, and one of a newer paperboy. With
 * `must_exist` an empty one is kind missing. */
int postgres_schema_open(const struct postgres_place *place, PGconn *connection, bool must_exist,
                         struct error *error);

#endif
