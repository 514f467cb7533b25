#include "store/postgres_link.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "store/postgres_error.h"

enum {
    OLDEST_SERVER = 120000, /* 12: the oldest that has all that is used here */
    STATEMENT_SECONDS = 120,
    IDLE_SECONDS = 30,      /* in a transaction, whose locks others wait for */
};

/* What libpq has understood of the URL, by name. */
static const char *find_option(const PQconninfoOption *options, const char *name)
{
    for (; options->keyword; options++)
        if (strcmp(options->keyword, name) == 0)
            return options->val;
    return NULL;
}

static int check_options(const struct postgres_place *place, const PQconninfoOption *options,
                         struct error *error)
{
    const char *database = find_option(options, "dbname");
    const char *passfile = find_option(options, "passfile");

    if (find_option(options, "password") || find_option(options, "sslpassword"))
        return error_set(error, ERROR_CONFIGURATION,
                         "store %s: the URL must hold no password; put it into ~/.pgpass, or name "
                         "a file with ?passfile=FILE (mode 0600)",
                         place->shown);
    if (!database || !database[0])
        return error_set(error, ERROR_CONFIGURATION,
                         "store %s: names no database; it is postgresql://HOST/DATABASE",
                         place->shown);
    if (passfile && passfile[0] != '/')
        return error_set(error, ERROR_CONFIGURATION,
                         "store %s: passfile=%s: must be an absolute path", place->shown,
                         passfile);
    return 0;
}

/* Without the options, and without a password that stands there by mistake. */
static char *shown_part(struct view location)
{
    struct view named = view_slice(location, 0, view_find_char(location, '?', 0));
    size_t at = view_find_char(named, '@', 0);
    size_t colon = view_find_char(named, ':', 0);
    struct buffer text;

    buffer_init(&text, 1 << 16);
    buffer_add_string(&text, "postgresql://");
    if (at < named.size && colon < at) {
        buffer_add_view(&text, view_slice(named, 0, colon));
        named = view_slice(named, at, named.size);
    }
    buffer_add_view(&text, named);
    return buffer_steal(&text);
}

int postgres_place_init(struct postgres_place *place, const char *location, int busy_timeout_ms,
                        struct error *error)
{
    struct postgres_place made = {.busy_timeout_ms = busy_timeout_ms};
    PQconninfoOption *options;
    struct buffer url;
    char *problem = NULL;
    int result;

    buffer_init(&url, 1 << 16);
    buffer_printf(&url, "postgresql://%s", location);
    made.url = memory_copy_string(buffer_string(&url));
    buffer_free(&url);
    made.shown = shown_part(view_of(location));
    options = PQconninfoParse(made.url, &problem);
    if (options)
        result = check_options(&made, options, error);
    else /* it may repeat the URL, and a password with it */
        result = error_set(error, ERROR_CONFIGURATION,
                           "store %s: is no URL that PostgreSQL understands; it is "
                           "postgresql://USER@HOST:PORT/DATABASE?OPTION=VALUE",
                           made.shown);
    PQfreemem(problem);
    PQconninfoFree(options);
    if (result < 0)
        postgres_place_free(&made);
    else
        *place = made;
    return result;
}

void postgres_place_free(struct postgres_place *place)
{
    free(place->url);
    free(place->shown);
    *place = (struct postgres_place){0};
}

/* libpq prints notices on standard error by itself. */
static void ignore_notice(void *user, const PGresult *result)
{
    (void)user, (void)result;
}

static int check_server(const struct postgres_place *place, PGconn *connection,
                        struct error *error)
{
    const char *encoding = PQparameterStatus(connection, "server_encoding");
    int version = PQserverVersion(connection);

    if (version < OLDEST_SERVER)
        return error_set(error, ERROR_CONFIGURATION,
                         "store %s: PostgreSQL %d is too old; it must be %d or newer", place->shown,
                         version / 10000, OLDEST_SERVER / 10000);
    if (!encoding || strcmp(encoding, "UTF8") != 0)
        return error_set(error, ERROR_CONFIGURATION,
                         "store %s: the database's encoding is %s; make one with createdb -E UTF8 "
                         "-T template0",
                         place->shown, encoding ? encoding : "not known");
    return 0;
}

/* A machine that hangs must not hold others up for long; hence the time-outs, the
 * server's keepalives among them.
 *
 * Every statement is written for an index. What the server knows of a table that was
 * filled a moment ago, or emptied, would mislead it: so it is told to use them, and
 * to plan once. */
static int set_session(const struct postgres_place *place, PGconn *connection,
                       struct error *error)
{
    struct buffer sql;
    PGresult *result;
    int status = 0;

    buffer_init(&sql, 1000);
    buffer_printf(&sql,
                  "SET lock_timeout = %d; SET statement_timeout = %d;"
                  " SET idle_in_transaction_session_timeout = %d;"
                  " SET default_transaction_isolation = 'read committed';"
                  " SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10;"
                  " SET tcp_keepalives_count = 3; SET jit = off; SET enable_seqscan = off;"
                  " SET enable_bitmapscan = off; SET enable_hashjoin = off;"
                  " SET enable_mergejoin = off; SET plan_cache_mode = force_generic_plan",
                  place->busy_timeout_ms, STATEMENT_SECONDS * 1000 + place->busy_timeout_ms,
                  IDLE_SECONDS * 1000);
    result = PQexec(connection, buffer_string(&sql));
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        status = postgres_error_set(error, connection, result, place->shown,
                                    place->busy_timeout_ms);
    PQclear(result);
    buffer_free(&sql);
    return status;
}

int postgres_link_open(const struct postgres_place *place, PGconn **ret_connection,
                       struct error *error)
{
    /* What stands before the URL is a default that it may change; what stands after it and is
     * not empty changes it. */
    static const char *const names[] = {
        "fallback_application_name", "connect_timeout", "keepalives_idle", "keepalives_interval",
        "keepalives_count", "tcp_user_timeout", "dbname", "client_encoding", "connect_timeout",
        NULL};
    char seconds[20] = "";
    const char *const values[] = {"paperboy", "10", "30", "10", "3", "60000", place->url, "UTF8",
                                  seconds, NULL};
    PGconn *connection;
    PGPing ping = PQPING_OK;
    int result;

    if (place->connect_seconds)
        snprintf(seconds, sizeof(seconds), "%d", place->connect_seconds);
    connection = PQconnectdbParams(names, values, 1);
    if (PQstatus(connection) != CONNECTION_OK) {
        ping = PQpingParams(names, values, 1);
        if (ping == PQPING_OK) { /* it may have come up in between: what it says now counts */
            PQfinish(connection);
            connection = PQconnectdbParams(names, values, 1);
        }
    }
    if (PQstatus(connection) == CONNECTION_OK) {
        PQsetNoticeReceiver(connection, ignore_notice, NULL);
        result = check_server(place, connection, error);
        if (result == 0)
            result = set_session(place, connection, error);
    } else {
        result = postgres_error_set_connect(error, connection, ping, place->shown);
    }
    if (result < 0)
        PQfinish(connection);
    else
        *ret_connection = connection;
    return result;
}

/* Its statistics begin anew when it recovers without a new postmaster. */
void postgres_link_find_life(PGconn *connection, char ret_life[POSTGRES_LIFE_BYTES])
{
    PGresult *result = PQexec(connection, "SELECT pg_postmaster_start_time(), stats_reset"
                                          " FROM pg_stat_bgwriter");

    ret_life[0] = '\0';
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
        snprintf(ret_life, POSTGRES_LIFE_BYTES, "%s %s", PQgetvalue(result, 0, 0),
                 PQgetvalue(result, 0, 1));
    PQclear(result);
}

bool postgres_link_is_gone(PGconn *connection)
{
    struct pollfd waiting = {.fd = PQsocket(connection), .events = POLLIN};

    /* Nothing was asked: only notices and then its end can have come. */
    while (PQstatus(connection) != CONNECTION_BAD && poll(&waiting, 1, 0) > 0)
        if (!PQconsumeInput(connection))
            return true;
    return PQstatus(connection) == CONNECTION_BAD;
}
