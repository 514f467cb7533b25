/* A connection to PostgreSQL as the store wants it. Called by store_postgres.c
 * and postgres_transaction.c only. Passwords come from ~/.pgpass or a file that the URL names, never from the
 * URL, which others can see. */
#ifndef STORE_POSTGRES_LINK_H
#define STORE_POSTGRES_LINK_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/error.h"

enum { POSTGRES_LIFE_BYTES = 80 };

struct postgres_place {
    char *url;           /* owned: "postgresql://…" */
    char *shown;         /* owned: the same without its options, for messages */
    int busy_timeout_ms; /* how long another's lock is waited for */
    int connect_seconds; /* for an attempt, from 2 on, whatever the URL says; 0: as it says */
};

/* `location` is what stands behind "postgresql://". Refuses what libpq would not
 * understand, and passwords. */
int postgres_place_init(struct postgres_place *place, const char *location, int busy_timeout_ms,
                        struct error *error);
void postgres_place_free(struct postgres_place *place);

int postgres_link_open(const struct postgres_place *place, PGconn **ret_connection,
                       struct error *error);
/* The server's life, from a start or a recovery to the next: the same text for all
 * connections of one, and no other's; "" when it cannot be told. */
void postgres_link_find_life(PGconn *connection, char ret_life[POSTGRES_LIFE_BYTES]);
/* Whether the other end has gone while nobody was listening. Cheap. */
bool postgres_link_is_gone(PGconn *connection);

#endif
