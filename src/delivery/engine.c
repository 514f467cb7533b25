#include "delivery/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "delivery/engine_type.h"

enum {
    MESSAGES_PER_CONNECTION = 8, /* waiting, before another one is worth its handshakes */
    IDLE_MS = 20 * 1000,
    SCAN_MS = 100,
    EVENTS_A_TURN = 256,
    GOODBYE_MS = 500
};

int64_t engine_now_ms(const struct engine *engine)
{
    return engine->timer.now_ms(engine->timer.context);
}

/* ---- lanes ---- */

static void push_event(struct engine *engine, enum engine_event_kind kind,
                       struct engine_lane *lane, const struct delivery_result *result)
{
    static const struct delivery_result none = {0};

    engine->events = memory_grow(engine->events, &engine->event_capacity, engine->event_count + 1,
                                 sizeof(engine->events[0]));
    engine->events[engine->event_count++] = (struct engine_event){
        kind, lane, lane->user, lane->relay->name, result ? *result : none};
}

static void take_from_free(struct engine_lane *lane)
{
    struct engine_lane **link = &lane->relay->free;

    while (*link && *link != lane)
        link = &(*link)->next_free;
    if (*link)
        *link = lane->next_free;
    lane->next_free = NULL;
}

static bool is_working(enum lane_state state)
{
    return state == LANE_FREE || state == LANE_BUSY;
}

static void set_state(struct engine *engine, struct engine_lane *lane, enum lane_state state)
{
    struct engine_relay *relay = lane->relay;

    if (lane->state == LANE_FREE)
        take_from_free(lane);
    engine->opening -= lane->state == LANE_OPENING;
    engine->open -= lane->state != LANE_UNUSED && lane->state != LANE_LEAVING;
    relay->lanes -= lane->state != LANE_UNUSED && lane->state != LANE_LEAVING;
    relay->working -= is_working(lane->state);
    lane->state = state;
    engine->opening += state == LANE_OPENING;
    engine->open += state != LANE_UNUSED && state != LANE_LEAVING;
    relay->lanes += state != LANE_UNUSED && state != LANE_LEAVING;
    relay->working += is_working(state);
    if (state == LANE_FREE) {
        lane->free_since_ms = engine_now_ms(engine);
        lane->next_free = relay->free;
        relay->free = lane;
    }
}

static void forget_message(struct engine *engine, struct engine_lane *lane)
{
    engine->busy -= lane->has_message;
    lane->has_message = lane->was_ready = lane->is_begun = lane->is_second = false;
}

static void close_lane(struct engine *engine, struct engine_lane *lane)
{
    smtp_connection_close(&lane->connection);
    set_state(engine, lane, LANE_UNUSED);
}

/* Also for a message that needs another connection. */
static void open_connection(struct engine *engine, struct engine_lane *lane)
{
    struct error error;

    smtp_connection_close(&lane->connection);
    if (smtp_connection_open(lane->relay->smtp, engine->epoll, lane->id, engine_now_ms(engine),
                             &lane->connection, &error) == 0) {
        set_state(engine, lane, LANE_OPENING);
        engine->scan_ms = 0;
        return;
    }
    engine_relay_stop(engine, lane->relay, &error);
    if (lane->has_message) {
        push_event(engine, ENGINE_UNSENT, lane,
                   &(struct delivery_result){.kind = RESULT_RELAY_DOWN});
        forget_message(engine, lane);
    }
    set_state(engine, lane, LANE_UNUSED);
}

static void open_lane(struct engine *engine, struct engine_relay *relay)
{
    struct engine_lane *lane = engine->lanes;

    while (lane < engine->lanes + engine->used && lane->state != LANE_UNUSED)
        lane++;
    if (lane == engine->lanes + engine->used) {
        lane->id = (uint32_t)engine->used++;
        buffer_init(&lane->bytes, WIRE_MESSAGE_BYTES + 1024);
    }
    lane->relay = relay;
    if (relay->smtp)
        open_connection(engine, lane);
    else
        set_state(engine, lane, LANE_FREE);
}

static void leave(struct engine *engine, struct engine_lane *lane)
{
    if (!lane->connection) {
        set_state(engine, lane, LANE_UNUSED);
        return;
    }
    set_state(engine, lane, LANE_LEAVING);
    smtp_connection_quit(lane->connection, engine_now_ms(engine));
}

static size_t connections_wanted(const struct engine *engine)
{
    size_t messages = engine->waiting + engine->busy;
    size_t wanted = (messages + MESSAGES_PER_CONNECTION - 1) / MESSAGES_PER_CONNECTION;
    size_t relays = engine_relays_working(engine);

    if (!engine->waiting)
        return 0;
    /* Each relay gets its share also of few. */
    if (wanted < relays)
        wanted = relays < messages ? relays : messages;
    return wanted < engine->lane_count ? wanted : engine->lane_count;
}

static bool has_unused(const struct engine *engine)
{
    size_t in_use = 0;

    for (size_t i = 0; i < engine->used; i++)
        in_use += engine->lanes[i].state != LANE_UNUSED;
    return in_use < engine->lane_count;
}

/* So many are opened together as there are already: a relay that limits them says so
 * before it is stormed. */
static void open_wanted(struct engine *engine)
{
    size_t wanted = connections_wanted(engine);
    struct engine_relay *relay;

    while (engine->open < wanted &&
           (engine->opening == 0 || engine->opening < engine->open - engine->opening) &&
           has_unused(engine) && (relay = engine_relay_to_open(engine)) != NULL)
        open_lane(engine, relay);
}

/* ---- what a connection has come to ---- */

static void on_idle(struct engine *engine, struct engine_lane *lane)
{
    if (lane->state != LANE_OPENING)
        return;
    engine_relay_opened(engine, lane->relay);
    if (!lane->has_message) {
        set_state(engine, lane, LANE_FREE);
        return;
    }
    set_state(engine, lane, LANE_BUSY);
    smtp_connection_start(lane->connection, lane->sender, lane->recipient,
                          buffer_view(&lane->bytes), lane->is_begun, engine_now_ms(engine));
}

/* `error` is filled when `done` is -1: the relay does not serve us. */
static void tell_result(struct engine *engine, struct engine_lane *lane, int done,
                        const struct delivery_result *result, const struct error *error)
{
    push_event(engine, done < 0 ? ENGINE_UNSENT : ENGINE_ANSWERED, lane, result);
    forget_message(engine, lane);
    if (done < 0)
        engine_relay_stop(engine, lane->relay, error);
    else
        engine_relay_answered(engine, lane->relay, result);
}

static void on_answer(struct engine *engine, struct engine_lane *lane)
{
    struct delivery_result result;
    struct error error;
    int done = smtp_connection_take_result(lane->connection, &result, &error);

    tell_result(engine, lane, done, &result, &error);
    if (smtp_connection_state(lane->connection) == SMTP_IDLE)
        set_state(engine, lane, LANE_FREE);
    else
        close_lane(engine, lane);
}

static void on_loss(struct engine *engine, struct engine_lane *lane)
{
    struct delivery_result result;
    struct error error;
    bool again;
    int done = smtp_connection_take_loss(lane->connection, &result, &again, &error);

    if (again && !lane->is_second) {
        lane->is_second = true;
        open_connection(engine, lane);
        return;
    }
    tell_result(engine, lane, done, &result, &error);
    close_lane(engine, lane);
}

static void on_refusal(struct engine *engine, struct engine_lane *lane)
{
    struct delivery_result result;
    struct error error;

    smtp_connection_failure(lane->connection, &result, &error);
    if (lane->has_message) {
        push_event(engine, ENGINE_UNSENT, lane, &result);
        forget_message(engine, lane);
    }
    close_lane(engine, lane);
    engine_relay_failed(engine, lane->relay, &error);
}

static void look_at(struct engine *engine, struct engine_lane *lane)
{
    if (!lane->connection)
        return;
    switch (smtp_connection_state(lane->connection)) {
    case SMTP_OPENING:
    case SMTP_BUSY:
        break;
    case SMTP_IDLE:
        on_idle(engine, lane);
        break;
    case SMTP_READY:
        if (!lane->was_ready)
            push_event(engine, ENGINE_READY, lane, NULL);
        lane->was_ready = true;
        break;
    case SMTP_ANSWERED:
        on_answer(engine, lane);
        break;
    case SMTP_LOST:
        on_loss(engine, lane);
        break;
    case SMTP_REFUSED:
        on_refusal(engine, lane);
        break;
    case SMTP_CLOSED:
        close_lane(engine, lane);
        break;
    }
}

/* ---- messages ---- */

void engine_want(struct engine *engine, size_t waiting)
{
    engine->waiting = waiting;
    open_wanted(engine);
}

struct engine_lane *engine_free_lane(struct engine *engine)
{
    struct engine_relay *relay = engine_relay_to_use(engine);

    return relay ? relay->free : NULL;
}

const char *engine_lane_relay(const struct engine_lane *lane)
{
    return lane->relay->name;
}

static void refuse_message(struct engine *engine, struct engine_lane *lane, const char *stage,
                           const char *what, const char *why)
{
    struct delivery_result result = {.kind = RESULT_FAILED};

    snprintf(result.stage, sizeof(result.stage), "%s", stage);
    snprintf(result.reply, sizeof(result.reply), "%s %s", what, why);
    push_event(engine, ENGINE_ANSWERED, lane, &result);
}

static const char *take_bytes(struct engine_lane *lane, struct view bytes)
{
    const char *fault;

    buffer_clear(&lane->bytes);
    if (lane->relay->smtp)
        return wire_add(bytes, &lane->bytes);
    fault = wire_find_fault(bytes);
    if (!fault)
        buffer_add_view(&lane->bytes, bytes);
    return fault;
}

static void start(struct engine *engine, struct engine_lane *lane)
{
    lane->has_message = true;
    engine->busy++;
    lane->relay->given += 1 / lane->relay->weight;
    set_state(engine, lane, LANE_BUSY);
    if (lane->connection) {
        smtp_connection_start(lane->connection, lane->sender, lane->recipient,
                              buffer_view(&lane->bytes), false, engine_now_ms(engine));
        return;
    }
    lane->was_ready = true;
    push_event(engine, ENGINE_READY, lane, NULL);
}

int engine_give(struct engine *engine, struct engine_lane *lane, const struct message *message,
                void *user, struct error *error)
{
    const char *fault;

    lane->user = user;
    if (!message->envelope_sender ||
        (message->envelope_sender[0] && !wire_is_safe_address(message->envelope_sender)))
        return error_set(error, ERROR_CONFIGURATION,
                         "the envelope sender \"%s\" is no usable mail address",
                         message->envelope_sender ? message->envelope_sender : "");
    if (!wire_is_safe_address(message->recipient)) {
        refuse_message(engine, lane, "address", "the recipient", "is no usable mail address");
        return 0;
    }
    fault = take_bytes(lane, message->bytes);
    if (fault) {
        refuse_message(engine, lane, "message", "the message", fault);
        return 0;
    }
    snprintf(lane->sender, sizeof(lane->sender), "%s", message->envelope_sender);
    snprintf(lane->recipient, sizeof(lane->recipient), "%s", message->recipient);
    start(engine, lane);
    return 0;
}

static void put_into_maildir(struct engine *engine, struct engine_lane *lane)
{
    const struct message message = {lane->sender, lane->recipient, buffer_view(&lane->bytes)};
    struct delivery_result result;
    struct error error;
    int done = transport_send(lane->relay->transport, &message, NULL, &result, &error);

    if (done < 0 && !result.reply[0])
        snprintf(result.reply, sizeof(result.reply), "%.*s",
                 VIEW_ARGUMENTS(utf8_prefix(view_of(error.text), sizeof(result.reply) - 1)));
    tell_result(engine, lane, done, &result, &error);
    set_state(engine, lane, LANE_FREE);
}

void engine_go(struct engine *engine, struct engine_lane *lane)
{
    lane->is_begun = true;
    if (lane->connection)
        smtp_connection_go(lane->connection, engine_now_ms(engine));
    else
        put_into_maildir(engine, lane);
}

/* After 354 there is no way back but to leave: an empty message would arrive. */
void engine_drop(struct engine *engine, struct engine_lane *lane)
{
    forget_message(engine, lane);
    if (lane->connection)
        close_lane(engine, lane);
    else
        set_state(engine, lane, LANE_FREE);
}

void engine_drop_all(struct engine *engine)
{
    for (size_t i = 0; i < engine->used; i++)
        if (engine->lanes[i].has_message)
            engine_drop(engine, &engine->lanes[i]);
    engine->event_next = engine->event_count = 0;
    engine->waiting = 0;
}

/* ---- time ---- */

static int64_t scan(struct engine *engine, int64_t now_ms)
{
    int64_t next_ms = now_ms + SCAN_MS;

    for (size_t i = 0; i < engine->used; i++) {
        struct engine_lane *lane = &engine->lanes[i];
        int64_t deadline_ms;

        if (lane->state == LANE_FREE &&
            (lane->relay->state == RELAY_STOPPED || now_ms - lane->free_since_ms >= IDLE_MS))
            leave(engine, lane);
        if (!lane->connection)
            continue;
        if (smtp_connection_deadline_ms(lane->connection) <= now_ms ||
            lane->state == LANE_OPENING) {
            smtp_connection_tick(lane->connection, now_ms);
            look_at(engine, lane);
        }
        deadline_ms = lane->connection ? smtp_connection_deadline_ms(lane->connection) : INT64_MAX;
        if (deadline_ms < next_ms)
            next_ms = deadline_ms;
    }
    return next_ms;
}

static void wait_for_events(struct engine *engine, int timeout_ms)
{
    struct epoll_event events[EVENTS_A_TURN];
    int64_t now_ms = engine_now_ms(engine), wait_ms = timeout_ms;
    int count;

    if (engine->event_next < engine->event_count)
        wait_ms = 0;
    else if ((engine->opening || engine->busy) && engine->scan_ms - now_ms < wait_ms)
        wait_ms = engine->scan_ms > now_ms ? engine->scan_ms - now_ms : 0;
    count = epoll_wait(engine->epoll, events, EVENTS_A_TURN, (int)wait_ms);
    now_ms = engine_now_ms(engine);
    for (int i = 0; i < count; i++) {
        struct engine_lane *lane = &engine->lanes[events[i].data.u64 >> 32];

        if (!lane->connection)
            continue;
        smtp_connection_handle(lane->connection, (int)(uint32_t)events[i].data.u64,
                               events[i].events, now_ms);
        look_at(engine, lane);
    }
    if (engine->scan_ms <= now_ms)
        engine->scan_ms = scan(engine, now_ms);
}

int engine_turn(struct engine *engine, int timeout_ms, struct error *error)
{
    open_wanted(engine);
    if (engine_relays_working(engine) || engine->busy ||
        engine->event_next < engine->event_count)
        wait_for_events(engine, timeout_ms);
    if (engine_relays_working(engine) || engine->busy ||
        engine->event_next < engine->event_count)
        return 0;
    if (error)
        *error = engine->relays[0].failure;
    return -1;
}

bool engine_next(struct engine *engine, struct engine_event *ret_event)
{
    if (engine->event_next == engine->event_count) {
        engine->event_next = engine->event_count = 0;
        return false;
    }
    *ret_event = engine->events[engine->event_next++];
    return true;
}

bool engine_take_news(struct engine *engine, struct error *ret_news)
{
    for (size_t i = 0; i < engine->relay_count; i++)
        if (engine->relays[i].has_news) {
            engine->relays[i].has_news = false;
            *ret_news = engine->relays[i].news;
            return true;
        }
    return false;
}

size_t engine_under_way(const struct engine *engine)
{
    return engine->busy + (engine->event_count - engine->event_next);
}

size_t engine_connections(const struct engine *engine)
{
    return engine->open;
}

/* ---- the whole ---- */

int engine_open(const struct engine_options *options, struct engine **ret_engine,
                struct error *error)
{
    struct engine *engine = memory_new(1, sizeof(*engine));

    engine->lane_count = options->connections > 0 ? (size_t)options->connections : 1;
    engine->lanes = memory_new(engine->lane_count, sizeof(engine->lanes[0]));
    engine->patience_ms = options->patience_ms;
    engine->timer = timer_system();
    engine->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (engine->epoll < 0)
        error_set_errno(error, errno, "epoll");
    if (engine->epoll < 0 || engine_relays_open(engine, options, error) < 0) {
        engine_close(&engine);
        return -1;
    }
    *ret_engine = engine;
    return 0;
}

static void say_goodbye(struct engine *engine)
{
    int64_t until_ms = engine_now_ms(engine) + GOODBYE_MS;
    bool is_left;

    engine->waiting = 0;
    do {
        is_left = false;
        for (size_t i = 0; i < engine->used; i++) {
            if (engine->lanes[i].state == LANE_FREE)
                leave(engine, &engine->lanes[i]);
            is_left = is_left || engine->lanes[i].state == LANE_LEAVING;
        }
        if (is_left)
            wait_for_events(engine, 20);
    } while (is_left && engine_now_ms(engine) < until_ms);
}

void engine_close(struct engine **engine)
{
    struct engine *closed = *engine;

    if (!closed)
        return;
    say_goodbye(closed);
    for (size_t i = 0; i < closed->used; i++) {
        smtp_connection_close(&closed->lanes[i].connection);
        buffer_free(&closed->lanes[i].bytes);
    }
    engine_relays_free(closed);
    if (closed->epoll >= 0)
        close(closed->epoll);
    free(closed->lanes);
    free(closed->events);
    free(closed);
    *engine = NULL;
}
