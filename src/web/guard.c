#include "web/guard.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <uthash.h>
#include <utlist.h>

#include "base/memory.h"
#include "web/client.h"

/* Of so many eighths of all connections on, room is made. */
enum { CROWDED_EIGHTHS = 7, FRESH_MS = 1000 };

struct guard_client {
    char group[WEB_CLIENT_BYTES];
    size_t connections;
    UT_hash_handle hh;
};

struct guard_connection {
    struct guard_connection *prev, *next;
    struct guard_client *client; /* NULL: a proxy's */
    int socket;
    bool is_busy, is_cut;
    int64_t since_ms;
};

struct guard {
    pthread_mutex_t lock;
    size_t most, cut; /* those cut off that have not ended yet */
    /* Each in the order of since_ms, oldest first. */
    struct guard_connection *waiting, *busy;
    struct guard_client *clients;
    struct guard_counts counts;
};

struct guard *guard_new(size_t most)
{
    struct guard *guard = memory_new(1, sizeof(*guard));

    pthread_mutex_init(&guard->lock, NULL);
    guard->most = most;
    return guard;
}

static void forget(struct guard *guard, struct guard_connection *connection)
{
    struct guard_client *client = connection->client;

    if (connection->is_busy) {
        DL_DELETE(guard->busy, connection);
        guard->counts.busy--;
    } else {
        DL_DELETE(guard->waiting, connection);
    }
    guard->counts.connections--;
    guard->cut -= connection->is_cut;
    if (client && --client->connections == 0) {
        HASH_DEL(guard->clients, client);
        free(client);
    }
    free(connection);
}

void guard_free(struct guard **guard)
{
    if (!*guard)
        return;
    while ((*guard)->waiting)
        forget(*guard, (*guard)->waiting);
    while ((*guard)->busy)
        forget(*guard, (*guard)->busy);
    pthread_mutex_destroy(&(*guard)->lock);
    free(*guard);
    *guard = NULL;
}

static void cut_off(struct guard *guard, struct guard_connection *connection)
{
    if (connection->is_cut)
        return;
    connection->is_cut = true;
    guard->cut++;
    guard->counts.cut_off++;
    shutdown(connection->socket, SHUT_RDWR);
}

static struct guard_client *find_client(struct guard *guard, const char *group)
{
    struct guard_client *client;

    HASH_FIND_STR(guard->clients, group, client);
    if (client)
        return client;
    client = memory_new(1, sizeof(*client));
    memcpy(client->group, group, strnlen(group, sizeof(client->group) - 1));
    HASH_ADD_STR(guard->clients, group, client);
    return client;
}

/* Those that have waited longest, unless they have only just come. */
static void make_room(struct guard *guard, int64_t now_ms)
{
    for (struct guard_connection *at = guard->waiting;
         at && now_ms - at->since_ms >= FRESH_MS &&
         (guard->counts.connections - guard->cut) * 8 >= guard->most * CROWDED_EIGHTHS;
         at = at->next)
        cut_off(guard, at);
}

struct guard_connection *guard_begin(struct guard *guard, int socket, const char *group,
                                     int64_t now_ms)
{
    struct guard_connection *connection = NULL;
    struct guard_client *client;

    pthread_mutex_lock(&guard->lock);
    client = group ? find_client(guard, group) : NULL;
    if (client && client->connections >= GUARD_PER_CLIENT) {
        guard->counts.refused++;
    } else {
        make_room(guard, now_ms);
        connection = memory_new(1, sizeof(*connection));
        connection->client = client;
        connection->socket = socket;
        connection->since_ms = now_ms;
        if (client)
            client->connections++;
        DL_APPEND(guard->waiting, connection);
        guard->counts.connections++;
        guard->counts.accepted++;
    }
    pthread_mutex_unlock(&guard->lock);
    return connection;
}

static void move(struct guard *guard, struct guard_connection *connection, bool is_busy,
                 int64_t now_ms)
{
    pthread_mutex_lock(&guard->lock);
    if (connection->is_busy) {
        DL_DELETE(guard->busy, connection);
        guard->counts.busy--;
    } else {
        DL_DELETE(guard->waiting, connection);
    }
    connection->is_busy = is_busy;
    connection->since_ms = now_ms;
    if (is_busy) {
        DL_APPEND(guard->busy, connection);
        guard->counts.busy++;
    } else {
        DL_APPEND(guard->waiting, connection);
    }
    pthread_mutex_unlock(&guard->lock);
}

void guard_busy(struct guard *guard, struct guard_connection *connection, int64_t now_ms)
{
    move(guard, connection, true, now_ms);
}

void guard_waits(struct guard *guard, struct guard_connection *connection, int64_t now_ms)
{
    move(guard, connection, false, now_ms);
}

void guard_end(struct guard *guard, struct guard_connection **connection)
{
    if (!*connection)
        return;
    pthread_mutex_lock(&guard->lock);
    forget(guard, *connection);
    pthread_mutex_unlock(&guard->lock);
    *connection = NULL;
}

static void cut_old(struct guard *guard, struct guard_connection *list, int64_t before_ms)
{
    for (; list && list->since_ms < before_ms; list = list->next)
        cut_off(guard, list);
}

void guard_tick(struct guard *guard, int64_t now_ms)
{
    pthread_mutex_lock(&guard->lock);
    cut_old(guard, guard->waiting, now_ms - GUARD_WAIT_MS);
    cut_old(guard, guard->busy, now_ms - GUARD_REQUEST_MS);
    /* When all are taken nobody comes any more for whom it would be made. */
    make_room(guard, now_ms);
    pthread_mutex_unlock(&guard->lock);
}

size_t guard_quiesce(struct guard *guard)
{
    size_t busy;

    pthread_mutex_lock(&guard->lock);
    cut_old(guard, guard->waiting, INT64_MAX);
    busy = guard->counts.busy;
    pthread_mutex_unlock(&guard->lock);
    return busy;
}

struct guard_counts guard_count(struct guard *guard)
{
    struct guard_counts counts;

    pthread_mutex_lock(&guard->lock);
    counts = guard->counts;
    pthread_mutex_unlock(&guard->lock);
    return counts;
}
