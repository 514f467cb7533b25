/* One connection to a relay: libcurl opens it, secures it and logs in; then MAIL,
 * RCPT and DATA are spoken over it by smtp_dialogue.h, message after message.
 * Never blocks: its owner waits with epoll and calls handle and tick. For the
 * sources of this folder only.
 *
 * The sockets are watched in the epoll instance that is given, with
 * data.u64 = id << 32 | socket. Instants are of a clock that only goes forward.
 * Needs SIGPIPE ignored. */
#ifndef DELIVERY_SMTP_CONNECTION_H
#define DELIVERY_SMTP_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "delivery/smtp_relay.h"

enum smtp_connection_state {
    SMTP_OPENING,
    SMTP_IDLE,     /* takes a message: smtp_connection_start */
    SMTP_BUSY,
    SMTP_READY,    /* the relay waits for the message: smtp_connection_go, or close it */
    SMTP_ANSWERED, /* smtp_connection_take_result */
    SMTP_LOST,     /* in the midst of a message: smtp_connection_take_loss, then close it */
    SMTP_REFUSED,  /* could not be opened: smtp_connection_failure, then close it */
    SMTP_CLOSED    /* without a message: close it */
};

struct smtp_connection;

/* The relay must outlive it. -1: libcurl cannot. */
int smtp_connection_open(const struct smtp_relay *relay, int epoll, uint32_t id, int64_t now_ms,
                         struct smtp_connection **ret_connection, struct error *error);
/* At once; smtp_connection_quit before it is politer. NULL is fine. */
void smtp_connection_close(struct smtp_connection **connection);

enum smtp_connection_state smtp_connection_state(const struct smtp_connection *connection);

/* Only when idle. Addresses and wire bytes (wire.h) are borrowed until it is answered,
 * lost or closed. `is_begun`: its body was begun on an earlier connection; then READY
 * is left out. */
void smtp_connection_start(struct smtp_connection *connection, const char *sender,
                           const char *recipient, struct view wire, bool is_begun,
                           int64_t now_ms);
void smtp_connection_go(struct smtp_connection *connection, int64_t now_ms);
/* When idle: says QUIT; is CLOSED once that is answered. */
void smtp_connection_quit(struct smtp_connection *connection, int64_t now_ms);

/* `events`: epoll's, of this socket. */
void smtp_connection_handle(struct smtp_connection *connection, int socket, uint32_t events,
                            int64_t now_ms);
/* Now and then, at the latest when the deadline has come: while opening every 50 ms. */
void smtp_connection_tick(struct smtp_connection *connection, int64_t now_ms);
int64_t smtp_connection_deadline_ms(const struct smtp_connection *connection);

/* What was answered; the connection is idle or closed then. -1: the relay does not serve us
 * at all (RESULT_RELAY_DOWN), and `error` says why. */
int smtp_connection_take_result(struct smtp_connection *connection,
                                struct delivery_result *ret_result, struct error *error);
/* As above, of a message whose connection was lost. `*ret_again`: it was the connection's
 * fault, and another may be tried with this message at once. */
int smtp_connection_take_loss(const struct smtp_connection *connection,
                              struct delivery_result *ret_result, bool *ret_again,
                              struct error *error);
/* Always -1: why it could not be opened, temporary or of kind configuration. */
int smtp_connection_failure(const struct smtp_connection *connection,
                            struct delivery_result *ret_result, struct error *error);

#endif
