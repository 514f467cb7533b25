/* The same change many times as one statement: its parameters travel as arrays, one per
 * parameter. What the server prepares anew for each statement (constraints, predicates of
 * indexes, its plan) costs it more than a row's change. Called by store_postgres.c. */
#ifndef STORE_POSTGRES_MANY_H
#define STORE_POSTGRES_MANY_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* As store_backend's. */
int postgres_run_many(void *connection, void *statement, const char *kinds, size_t count,
                      void (*bind)(void *user, size_t index), void *user, int64_t *ret_changes,
                      struct error *error);

#endif
