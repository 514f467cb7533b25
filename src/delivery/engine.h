/* Takes messages to relays over many connections at once. Its caller asks for a
 * free lane, gives it a message, and turns the engine; what becomes of messages
 * comes back as events. Called by the worker; knows no paper and no store.
 *
 * Connections are opened as there is work for them, one for every few messages that
 * wait, spread over the relays by their weights, and closed when idle. A relay
 * that cannot be reached is tried again, less and less often; one that refuses
 * login, TLS or address is stopped; the others go on meanwhile. A message whose
 * connection is lost before its end goes out once more on another.
 *
 * One engine belongs to one thread. Needs SIGPIPE ignored. */
#ifndef DELIVERY_ENGINE_H
#define DELIVERY_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "delivery/transport.h"

struct engine_relay_options {
    /* The same in every process, "smtp.example.org:465". */
    const char *name;
    struct transport_options transport;
    long weight; /* its share among the relays; 0: 1 */
};

struct engine_options {
    const struct engine_relay_options *relays;
    size_t relay_count;
    int connections; /* over all relays; 0: 1. To a Maildir there is one. */
    int64_t patience_ms; /* how long a relay that is away is tried; 0: once */
};

struct engine;
struct engine_lane; /* a connection and the message that it carries */

/* Copies the options; nothing is connected yet. A bad URL or folder is kind configuration. */
int engine_open(const struct engine_options *options, struct engine **ret_engine,
                struct error *error);
/* Says QUIT where a connection is idle; the rest is cut off. NULL is fine. */
void engine_close(struct engine **engine);

/* How many messages wait for a lane: so many connections are worth opening. */
void engine_want(struct engine *engine, size_t waiting);
/* A lane that takes a message now; NULL: none does yet. */
struct engine_lane *engine_free_lane(struct engine *engine);
const char *engine_lane_relay(const struct engine_lane *lane); /* its name */

/* Copies the message, which is refused as ENGINE_ANSWERED when it is none. `user` comes
 * back with its events. -1: the envelope sender is unusable; the lane stays free. */
int engine_give(struct engine *engine, struct engine_lane *lane, const struct message *message,
                void *user, struct error *error);
/* After ENGINE_READY: lets the message go out; or forgets it. */
void engine_go(struct engine *engine, struct engine_lane *lane);
void engine_drop(struct engine *engine, struct engine_lane *lane);
/* Every message that is under way, and the events that are left. */
void engine_drop_all(struct engine *engine);

enum engine_event_kind {
    /* The relay waits for the message: engine_go or engine_drop. Once for a message,
     * also when it goes out twice. */
    ENGINE_READY,
    ENGINE_ANSWERED, /* `result` says what became of it */
    ENGINE_UNSENT    /* the relay does not work: it was not sent (RESULT_RELAY_DOWN) */
};

struct engine_event {
    enum engine_event_kind kind;
    struct engine_lane *lane; /* ENGINE_READY only */
    void *user;
    const char *relay;
    struct delivery_result result;
};

/* Waits up to `timeout_ms` for something to happen. -1 when no relay works and
 * nothing is under way any more: `error` says why of the first. */
int engine_turn(struct engine *engine, int timeout_ms, struct error *error);
/* The next event; false: none is left. */
bool engine_next(struct engine *engine, struct engine_event *ret_event);
/* Something to tell: a relay was stopped while others go on, is away, or is back. */
bool engine_take_news(struct engine *engine, struct error *ret_news);
/* Whether all that could be done is to wait for a relay; then which one, and how long. */
bool engine_waits_for_relay(const struct engine *engine, struct error *ret_what);

/* A relay that was stopped, and why; false: none was. */
bool engine_find_stopped(const struct engine *engine, struct error *ret_why);
/* Whether all were: then nothing more can be sent, for the reason of the first. */
bool engine_is_stopped(const struct engine *engine, struct error *ret_why);
/* Whether a relay but this one is not stopped. */
bool engine_has_other(const struct engine *engine, const char *relay);

size_t engine_under_way(const struct engine *engine); /* messages in lanes, events not taken */
size_t engine_connections(const struct engine *engine); /* open ones */

#endif
