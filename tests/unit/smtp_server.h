/* An SMTP server on loopback that does, by a script, what real ones do only on
 * bad days, and remembers what it took. One thread per connection. */
#ifndef TESTS_UNIT_SMTP_SERVER_H
#define TESTS_UNIT_SMTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

/* At the end of a reply, or alone. */
#define SMTP_DROP "(drop)"       /* then close the connection */
#define SMTP_SILENCE "(silence)" /* say nothing more until the client goes */

/* The first rule that fits is played instead of the usual reply. */
struct smtp_rule {
    /* greeting, ehlo, starttls, auth, mail, rcpt, data, body (before the message
     * is read), end (it was read, and counts as taken) */
    const char *stage;
    const char *reply; /* as sent, line ends included */
    int skip;          /* so many times it does not fit yet */
    int times;         /* 0: always */
    const char *address; /* for rcpt: only this recipient */
};

enum smtp_pipelining { SMTP_PLAIN, SMTP_PIPELINING, SMTP_EMPTY_BODY };

struct smtp_server_options {
    const struct smtp_rule *rules;
    size_t rule_count;
    const char *certificate; /* PEM files; with them STARTTLS is offered */
    const char *key;
    bool tls_from_start; /* as smtps:// */
    /* PIPELINING is offered. With SMTP_EMPTY_BODY a DATA without recipient is answered by
     * 354, as RFC 2920 3.1 lets a server do. */
    enum smtp_pipelining pipelining;
    const char *login;   /* Base64 of AUTH PLAIN that is let in; offered when not NULL */
};

struct smtp_taken {
    char *sender;
    char *recipient;
    struct view bytes; /* dots undoubled */
    int connection;
    bool answered; /* the 250 was sent */
};

struct smtp_server;

struct smtp_server *smtp_server_start(const struct smtp_server_options *options);
/* Stops it; what it took stays readable until smtp_server_free. */
void smtp_server_stop(struct smtp_server *server);
void smtp_server_free(struct smtp_server **server);

int smtp_server_port(const struct smtp_server *server);
int smtp_server_connections(struct smtp_server *server);
size_t smtp_server_taken_count(struct smtp_server *server);
const struct smtp_taken *smtp_server_taken(struct smtp_server *server, size_t index);
/* How many command lines began so ("MAIL FROM"). */
int smtp_server_heard(struct smtp_server *server, const char *start);

#endif
