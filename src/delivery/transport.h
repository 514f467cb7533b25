/* Takes the bytes of one message to where it goes, and says what became of it.
 * Two transports: SMTP over libcurl, on one connection that is kept, and a
 * Maildir. Called by the worker and by check; knows no paper and no store.
 * One transport belongs to one thread. Needs SIGPIPE ignored. */
#ifndef DELIVERY_TRANSPORT_H
#define DELIVERY_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

/* TRANSPORT_TLS_DEFAULT: required, but off when the host is this machine. With
 * a password `optional` means required: it is not sent in the clear. */
enum transport_tls {
    TRANSPORT_TLS_DEFAULT, TRANSPORT_TLS_REQUIRED, TRANSPORT_TLS_OPTIONAL, TRANSPORT_TLS_OFF
};

struct transport_options {
    const char *url; /* "smtp://HOST[:PORT]", "smtps://…", "maildir:FOLDER" */
    const char *username; /* NULL: no login */
    const char *password;
    enum transport_tls tls;
    const char *ca_file;  /* NULL: the system's */
    const char *ehlo;     /* the name to say in EHLO; NULL: this host's */
    long connect_timeout_ms; /* 0: 30 seconds */
    long reply_timeout_ms;   /* for each reply, in whole seconds; 0: 5 minutes (RFC 5321 4.5.3.2) */
    long total_timeout_ms;   /* for one message; 0: 20 minutes */
    int64_t (*now)(void *user); /* Maildir: part of the file's name */
    void *user;
};

struct message {
    const char *envelope_sender; /* "" is the null sender */
    const char *recipient;
    struct view bytes; /* CRLF line ends, dots not doubled */
};

enum delivery_result_kind {
    RESULT_SENT,
    RESULT_DEFERRED,   /* not sent; may work later */
    RESULT_FAILED,     /* not sent; this recipient or message is refused for good */
    RESULT_UNCERTAIN,  /* all bytes went out and no answer came */
    RESULT_RELAY_DOWN, /* nothing to do with the recipient: stop */
    RESULT_STOPPED     /* `begin` said no; not sent */
};

struct delivery_result {
    enum delivery_result_kind kind;
    int code;          /* SMTP reply code; 0: there was no reply */
    char enhanced[12]; /* "4.7.1" or "" */
    char stage[16];    /* address, connect, ehlo, tls, auth, mail, rcpt, data, body, end-of-data, maildir */
    char reply[512];   /* the reply in one line, or what went wrong in words */
    /* Deferred only because it could be our own relay that is set up wrongly
     * (sender refused, relaying denied, our address blocked): several in a row should stop the work. */
    bool suspect_relay;
};

/* Called while a message is under way. `begin`: right before the first byte of
 * it goes out, once, also when a lost connection makes it go out again; not 0
 * gives it up. `tick`: about once a second. Either may be NULL. */
struct transport_hooks {
    int (*begin)(void *user);
    void (*tick)(void *user);
    void *user;
};

struct transport;

/* Nothing is connected yet. A bad URL or folder is kind configuration. */
int transport_open(const struct transport_options *options, struct transport **ret_transport,
                   struct error *error);
void transport_close(struct transport **transport); /* NULL is fine */

/* 0: `ret_result` says what became of this message. -1: the relay does not work
 * (RESULT_RELAY_DOWN; nothing was sent), and `error` says why: temporary when it
 * cannot be reached, configuration when a person has to mend login, TLS or
 * address. A lost connection is opened again by itself. */
int transport_send(struct transport *transport, const struct message *message,
                   const struct transport_hooks *hooks, struct delivery_result *ret_result,
                   struct error *error);

/* Connects, secures and logs in, and sends nothing. */
int transport_check(struct transport *transport, struct error *error);

#endif
