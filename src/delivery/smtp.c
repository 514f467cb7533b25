/* SMTP one message after the other, for whoever sends one: a test digest, a check.
 * The engine sends many (engine.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/timer.h"
#include "delivery/smtp_connection.h"
#include "delivery/transport_type.h"
#include "delivery/wire.h"

enum { TICK_MS = 1000 };

struct smtp {
    struct smtp_relay *relay;
    struct smtp_connection *connection; /* NULL: none is open */
    int epoll;
    struct timer timer;
    struct buffer wire;
};

static void smtp_close(void *closed)
{
    struct smtp *smtp = closed;

    smtp_connection_close(&smtp->connection);
    smtp_relay_free(&smtp->relay);
    if (smtp->epoll >= 0)
        close(smtp->epoll);
    buffer_free(&smtp->wire);
    free(smtp);
}

static int smtp_open(const struct transport_options *options, void **ret_state,
                     struct error *error)
{
    struct smtp *smtp = memory_new(1, sizeof(*smtp));

    buffer_init(&smtp->wire, WIRE_MESSAGE_BYTES);
    smtp->timer = timer_system();
    smtp->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (smtp_relay_new(options, &smtp->relay, error) < 0) {
        smtp_close(smtp);
        return -1;
    }
    if (smtp->epoll < 0) {
        error_set_errno(error, errno, "epoll");
        smtp_close(smtp);
        return -1;
    }
    *ret_state = smtp;
    return 0;
}

static int64_t now_ms(const struct smtp *smtp)
{
    return smtp->timer.now_ms(smtp->timer.context);
}

/* One wait; `hooks` may be NULL. */
static void turn(struct smtp *smtp, const struct transport_hooks *hooks)
{
    struct epoll_event events[8];
    int64_t wait_ms = smtp_connection_deadline_ms(smtp->connection) - now_ms(smtp);
    int count;

    if (wait_ms < 0)
        wait_ms = 0;
    count = epoll_wait(smtp->epoll, events, 8, wait_ms < TICK_MS ? (int)wait_ms : TICK_MS);
    for (int i = 0; i < count; i++)
        smtp_connection_handle(smtp->connection, (int)(uint32_t)events[i].data.u64,
                               events[i].events, now_ms(smtp));
    smtp_connection_tick(smtp->connection, now_ms(smtp));
    if (hooks && hooks->tick)
        hooks->tick(hooks->user);
}

/* A usable connection, the one that is open or a new one. */
static int connect_relay(struct smtp *smtp, const struct transport_hooks *hooks,
                         struct delivery_result *result, struct error *error)
{
    if (smtp->connection && smtp_connection_state(smtp->connection) == SMTP_IDLE) {
        /* What the relay may have said meanwhile. */
        struct epoll_event event;

        if (epoll_wait(smtp->epoll, &event, 1, 0) > 0)
            smtp_connection_handle(smtp->connection, (int)(uint32_t)event.data.u64, event.events,
                                   now_ms(smtp));
        if (smtp_connection_state(smtp->connection) == SMTP_IDLE)
            return 0;
    }
    smtp_connection_close(&smtp->connection);
    result->kind = RESULT_RELAY_DOWN;
    if (smtp_connection_open(smtp->relay, smtp->epoll, 0, now_ms(smtp), &smtp->connection,
                             error) < 0)
        return -1;
    while (smtp_connection_state(smtp->connection) == SMTP_OPENING)
        turn(smtp, hooks);
    if (smtp_connection_state(smtp->connection) == SMTP_IDLE)
        return 0;
    smtp_connection_failure(smtp->connection, result, error);
    smtp_connection_close(&smtp->connection);
    return -1;
}

/* 1: the connection was lost and another may be tried; else as transport_send. */
static int attempt(struct smtp *smtp, const struct message *message,
                   const struct transport_hooks *hooks, bool *begun,
                   struct delivery_result *result, struct error *error)
{
    struct smtp_connection *connection = smtp->connection;
    bool again = false;
    int done;

    smtp_connection_start(connection, message->envelope_sender, message->recipient,
                          buffer_view(&smtp->wire), *begun, now_ms(smtp));
    while (smtp_connection_state(connection) == SMTP_BUSY)
        turn(smtp, hooks);
    if (smtp_connection_state(connection) == SMTP_READY) {
        if (hooks->begin && hooks->begin(hooks->user) != 0) {
            result->kind = RESULT_STOPPED;
            smtp_connection_close(&smtp->connection);
            return 0;
        }
        *begun = true;
        smtp_connection_go(connection, now_ms(smtp));
        while (smtp_connection_state(connection) == SMTP_BUSY)
            turn(smtp, hooks);
    }
    done = smtp_connection_state(connection) == SMTP_ANSWERED
               ? smtp_connection_take_result(connection, result, error)
               : smtp_connection_take_loss(connection, result, &again, error);
    if (smtp_connection_state(connection) != SMTP_IDLE)
        smtp_connection_close(&smtp->connection);
    return again ? 1 : done;
}

static int smtp_send(void *state, const struct message *message,
                     const struct transport_hooks *hooks, struct delivery_result *result,
                     struct error *error)
{
    struct smtp *smtp = state;
    bool begun = false;
    int done = 1;

    buffer_clear(&smtp->wire);
    wire_add(message->bytes, &smtp->wire); /* was checked */
    /* A kept connection may have been closed meanwhile: once more on a new one. A
     * message that had begun to go out has begun: that is said once. */
    for (int tries = 0; tries < 2 && done > 0; tries++) {
        done = connect_relay(smtp, hooks, result, error);
        if (done == 0)
            done = attempt(smtp, message, hooks, &begun, result, error);
    }
    return done < 0 ? -1 : 0;
}

static int smtp_check(void *state, struct error *error)
{
    struct smtp *smtp = state;
    struct delivery_result result = {0};

    smtp_connection_close(&smtp->connection);
    return connect_relay(smtp, NULL, &result, error);
}

const struct transport_type transport_smtp = {
    .open = smtp_open,
    .close = smtp_close,
    .send = smtp_send,
    .check = smtp_check,
};
