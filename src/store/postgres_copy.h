/* A copy of a PostgreSQL store, made by pg_dump. Called by store_postgres.c only. */
#ifndef STORE_POSTGRES_COPY_H
#define STORE_POSTGRES_COPY_H

#include "store/postgres_link.h"

/* Makes the file `path`, mode 0600, which must not be there yet (kind conflict):
 * pg_dump's custom format, for pg_restore. On failure nothing is left of it. */
int postgres_copy(const struct postgres_place *place, const char *path, struct error *error);

#endif
