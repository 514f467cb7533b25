/* What PostgreSQL's failures mean to the person who reads the line, and to the
 * caller. For the files of this folder that speak to it. */
#ifndef STORE_POSTGRES_ERROR_H
#define STORE_POSTGRES_ERROR_H

#include <libpq-fe.h>

#include "base/error.h"

/* `shown` names the store in messages, `busy_timeout_ms` is how long a lock was
 * waited for. Both return -1. */
int postgres_error_set(struct error *error, const PGconn *connection, const PGresult *result,
                       const char *shown, int busy_timeout_ms);
/* What the server could not be asked for because nobody is connected: `ping` is
 * what PQping found afterwards. */
int postgres_error_set_connect(struct error *error, const PGconn *connection, PGPing ping,
                               const char *shown);

#endif
