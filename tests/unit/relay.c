#include "unit/relay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

void relay_open(struct relay *relay, const struct transport_options *given,
                const char *scheme, const char *host)
{
    struct transport_options options = *given;
    struct error error = {0};
    char url[200];

    snprintf(url, sizeof(url), "%s://%s:%d", scheme, host, smtp_server_port(relay->server));
    options.url = url;
    if (!options.reply_timeout_ms)
        options.reply_timeout_ms = 5000;
    if (transport_open(&options, &relay->transport, &error) < 0)
        fail_msg("%s", error.text);
}

struct relay relay_play(const struct smtp_rule *rules, size_t count)
{
    return relay_play_as(rules, count, SMTP_PLAIN);
}

struct relay relay_play_as(const struct smtp_rule *rules, size_t count,
                           enum smtp_pipelining pipelining)
{
    struct smtp_server_options options = {.rules = rules, .rule_count = count};
    struct relay relay = {0};

    options.pipelining = pipelining;
    relay.server = smtp_server_start(&options);
    relay_open(&relay, &(struct transport_options){0}, "smtp", "127.0.0.1");
    return relay;
}

void relay_end(struct relay *relay)
{
    transport_close(&relay->transport);
    smtp_server_free(&relay->server);
}

int relay_send(struct relay *relay, const char *recipient, struct delivery_result *result,
               struct error *error)
{
    const struct message message = {"news+token@example.org", recipient,
                                    VIEW(RELAY_MESSAGE)};

    return transport_send(relay->transport, &message, NULL, result, error);
}

void relay_must_send(struct relay *relay, const char *recipient)
{
    struct delivery_result result;
    struct error error = {0};

    if (relay_send(relay, recipient, &result, &error) < 0)
        fail_msg("%s", error.text);
    if (result.kind != RESULT_SENT)
        fail_msg("to %s: %s: %s", recipient, result.stage, result.reply);
}
