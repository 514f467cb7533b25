/* The HTTP server (libmicrohttpd): sockets in, requests to handlers, answers out, with the
 * headers that keep a page from being misused. What is kept in memory is answered at once,
 * by the threads that hold the connections; all else is worked by others, a desk for each,
 * so that a slow page keeps no fast one waiting. Called by `serve`; never logs. */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include <stddef.h>

#include "base/error.h"
#include "web/client.h"
#include "web/exchange.h"
#include "web/guard.h"

/* Borrowed; must outlive the server. */
struct web_server_options {
    const int *sockets; /* that listen; closed by the server */
    size_t socket_count;
    const char *certificate, *key; /* PEM; NULL: no TLS of our own */
    const struct web_networks *trusted;
    size_t threads;     /* for connections; 0: as many as processors, at most 4 */
    /* Answers from memory, on any thread; false: it has to be worked. NULL: never. */
    bool (*quick)(void *user, const struct web_request *request, struct web_answer *answer);
    /* On a thread that is this desk's alone. */
    void (*work)(void *desk, const struct web_request *request, struct web_answer *answer);
    void *user;
    void *const *desks;
    size_t desk_count;
    int64_t (*now)(void); /* since 1970 in UTC */
};

struct web_server;

/* `*ret_server` is there before the first request is; NULL again on failure. */
int web_server_start(const struct web_server_options *options, struct web_server **ret_server,
                     struct error *error);
/* About every second. */
void web_server_tick(struct web_server *server);
/* Takes no more connections, lets those under way end for at most `wait_ms`, then stops and
 * leaves NULL. NULL is fine. */
void web_server_stop(struct web_server **server, int64_t wait_ms);

struct web_server_counts {
    struct guard_counts guard;
    uint64_t requests;
    uint64_t by_class[6];  /* of statuses: [2] is 2xx; [0] those that never got one */
    size_t waiting;        /* for a desk */
    uint64_t turned_away;  /* since too many waited */
};
struct web_server_counts web_server_count(struct web_server *server); /* NULL: nothing */

#endif
