#include "delivery/transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "delivery/transport_type.h"
#include "delivery/wire.h"

struct transport {
    const struct transport_type *type;
    void *state;
};

int transport_open(const struct transport_options *options, struct transport **ret_transport,
                   struct error *error)
{
    struct view url = view_of(options->url);
    const struct transport_type *type;
    struct transport *transport;
    void *state = NULL;

    if (view_starts_with(url, VIEW("maildir:")))
        type = &transport_maildir;
    else if (view_starts_with(url, VIEW("smtp://")) || view_starts_with(url, VIEW("smtps://")))
        type = &transport_smtp;
    else
        return error_set(error, ERROR_CONFIGURATION,
                         "delivery.url \"%s\": must be smtp://HOST, smtps://HOST or maildir:FOLDER",
                         options->url ? options->url : "");
    if (type->open(options, &state, error) < 0)
        return -1;
    transport = memory_new(1, sizeof(*transport));
    transport->type = type;
    transport->state = state;
    *ret_transport = transport;
    return 0;
}

void transport_close(struct transport **transport)
{
    if (!*transport)
        return;
    (*transport)->type->close((*transport)->state);
    free(*transport);
    *transport = NULL;
}

int transport_check(struct transport *transport, struct error *error)
{
    return transport->type->check(transport->state, error);
}

static void set_refused(struct delivery_result *result, const char *stage, const char *what,
                        const char *why)
{
    result->kind = RESULT_FAILED;
    snprintf(result->stage, sizeof(result->stage), "%s", stage);
    snprintf(result->reply, sizeof(result->reply), "%s %s", what, why);
}

int transport_send(struct transport *transport, const struct message *message,
                   const struct transport_hooks *hooks, struct delivery_result *ret_result,
                   struct error *error)
{
    static const struct transport_hooks no_hooks = {0};
    struct delivery_result result = {0};
    const char *fault;
    int done = 0;

    if (!message->envelope_sender ||
        (message->envelope_sender[0] && !wire_is_safe_address(message->envelope_sender))) {
        result.kind = RESULT_RELAY_DOWN;
        done = error_set(error, ERROR_CONFIGURATION,
                         "the envelope sender \"%s\" is no usable mail address",
                         message->envelope_sender ? message->envelope_sender : "");
    } else if (!wire_is_safe_address(message->recipient)) {
        set_refused(&result, "address", "the recipient", "is no usable mail address");
    } else if ((fault = wire_find_fault(message->bytes)) != NULL) {
        set_refused(&result, "message", "the message", fault);
    } else {
        done = transport->type->send(transport->state, message, hooks ? hooks : &no_hooks, &result,
                                     error);
    }
    *ret_result = result;
    return done;
}
