/* A server inside: its connections' side (server.c) and its desks' (desks.c). */
#ifndef WEB_SERVER_TYPE_H
#define WEB_SERVER_TYPE_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>

#include "web/server.h"

enum {
    JOBS_WAITING = 256,  /* for a desk; more are turned away */
    JOBS_PER_CLIENT = 16
};

enum exchange_state {
    EXCHANGE_NEW,
    EXCHANGE_READING, /* its body */
    EXCHANGE_WORKED,  /* at a desk, or waiting for one */
    EXCHANGE_ANSWERED
};

/* One request from its first line until its answer is sent. */
struct exchange {
    enum exchange_state state;
    char *target; /* as sent, owned */
    struct arena *arena;
    struct buffer body;
    struct web_request request;
    struct web_answer answer;
    bool is_last; /* of its connection: where it ends is not known for sure */
    char client[WEB_CLIENT_BYTES];
    char group[WEB_CLIENT_BYTES];
    struct MHD_Connection *connection;
    struct exchange *next; /* in the queue */
};

struct desk {
    struct web_server *server;
    void *handler;
    pthread_t thread;
    char group[WEB_CLIENT_BYTES]; /* whose request it works on; empty: none; under the lock */
};

struct web_server {
    struct web_server_options options;
    struct MHD_Daemon *daemons[8];
    size_t daemon_count;
    struct guard *guard;
    atomic_uint_fast64_t requests, by_class[6], turned_away;
    /* The queue, under its lock. */
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    struct exchange *first, *last;
    size_t waiting;
    bool is_stopping;
    struct desk *desks;
    size_t desk_count;
};

/* tls.c: for what the library would write to standard error. */
void server_ignore_line(void *user, const char *format, va_list arguments);

/* desks.c */
void desks_start(struct web_server *server);
/* Suspends the exchange's connection and gives it to the desks, of which one resumes it.
 * False: too many wait, of this client or in all. */
bool desks_take(struct web_server *server, struct exchange *exchange);
/* Lets them end what they are at; what waits is answered with 503. */
void desks_stop(struct web_server *server);

/* reply.c: the answer into a response of the library, queued. */
enum MHD_Result reply_send(struct web_server *server, struct exchange *exchange);

#endif
