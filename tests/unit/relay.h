/* A scripted relay and a transport that sends to it. */
#ifndef TESTS_UNIT_RELAY_H
#define TESTS_UNIT_RELAY_H

#include "delivery/transport.h"
#include "unit/smtp_server.h"

#define RELAY_MESSAGE "Subject: hello\r\n\r\nHello.\r\n"

struct relay {
    struct smtp_server *server;
    struct transport *transport;
};

/* `relay->server` runs; the URL is made from the two. Waits 5 s for a reply
 * unless `given` says otherwise. */
void relay_open(struct relay *relay, const struct transport_options *given, const char *scheme,
                const char *host);
/* In the clear, without login. */
struct relay relay_play(const struct smtp_rule *rules, size_t count);
struct relay relay_play_as(const struct smtp_rule *rules, size_t count,
                           enum smtp_pipelining pipelining);
void relay_end(struct relay *relay);
/* RELAY_MESSAGE from news+token@example.org. */
int relay_send(struct relay *relay, const char *recipient, struct delivery_result *result,
               struct error *error);
void relay_must_send(struct relay *relay, const char *recipient);

#endif
