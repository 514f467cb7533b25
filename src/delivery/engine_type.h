/* What an engine is inside. For engine*.c only. */
#ifndef DELIVERY_ENGINE_TYPE_H
#define DELIVERY_ENGINE_TYPE_H

#include "base/timer.h"
#include "delivery/engine.h"
#include "delivery/smtp_connection.h"
#include "delivery/wire.h"

enum engine_relay_state { RELAY_WORKS, RELAY_AWAY, RELAY_STOPPED };

struct engine_relay {
    char *name;
    struct smtp_relay *smtp;     /* or */
    struct transport *transport; /* a Maildir: takes a message at once */
    double weight;
    double given;                /* messages, by weight */
    enum engine_relay_state state;
    struct error failure;
    int failures;                /* in a row, of opening */
    int64_t away_since_ms;
    int64_t open_after_ms;       /* no connection is opened before */
    size_t lanes;                /* in use */
    size_t working;              /* of these, open or with a message */
    int suspects;                /* messages in a row that could be the relay's fault */
    struct engine_lane *free;    /* the last used first */
    bool has_news;
    struct error news;
};

enum lane_state { LANE_UNUSED, LANE_OPENING, LANE_FREE, LANE_BUSY, LANE_LEAVING };

struct engine_lane {
    uint32_t id;
    enum lane_state state;
    struct engine_relay *relay;
    struct smtp_connection *connection;
    struct engine_lane *next_free;
    int64_t free_since_ms;

    bool has_message;
    bool was_ready; /* READY was said of it */
    bool is_begun;
    bool is_second; /* the first connection was lost */
    void *user;
    char sender[WIRE_ADDRESS_BYTES];
    char recipient[WIRE_ADDRESS_BYTES];
    struct buffer bytes; /* as for the wire; for a Maildir as they are */
};

struct engine {
    struct engine_relay *relays;
    size_t relay_count;
    struct engine_lane *lanes;
    size_t lane_count; /* at most so many */
    size_t used;       /* lanes from here on never were */
    size_t opening;
    size_t busy;
    size_t open;       /* lanes that are neither unused nor leaving */
    size_t waiting;
    int64_t patience_ms;
    int64_t scan_ms;   /* when lanes are looked at for time-outs */
    int epoll;
    struct timer timer;
    struct engine_event *events;
    size_t event_count, event_capacity, event_next;
};

int64_t engine_now_ms(const struct engine *engine);

/* engine_relays.c: what befalls a relay, and which one is next. */
int engine_relays_open(struct engine *engine, const struct engine_options *options,
                       struct error *error);
void engine_relays_free(struct engine *engine);
void engine_relay_stop(struct engine *engine, struct engine_relay *relay,
                       const struct error *failure);
void engine_relay_failed(struct engine *engine, struct engine_relay *relay,
                         const struct error *failure);
void engine_relay_answered(struct engine *engine, struct engine_relay *relay,
                           const struct delivery_result *result);
void engine_relay_opened(struct engine *engine, struct engine_relay *relay);
/* The relay that the next connection is for; NULL: none takes one now. */
struct engine_relay *engine_relay_to_open(struct engine *engine);
/* The relay with a free lane that is most behind its share; NULL: none. */
struct engine_relay *engine_relay_to_use(struct engine *engine);
size_t engine_relays_working(const struct engine *engine); /* not stopped */

#endif
