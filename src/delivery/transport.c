#include "delivery/transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "delivery/transport_type.h"

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

/* What may stand between < and > of a command. libcurl passes line breaks on,
 * and takes what follows a '>' for parameters; so this is the last gate,
 * whatever was checked before. */
static bool is_safe_address(const char *address)
{
    size_t size = address ? strlen(address) : 0;

    if (size < 3 || size > 254 || !strchr(address, '@'))
        return false;
    for (size_t i = 0; i < size; i++)
        if (address[i] <= ' ' || address[i] >= 0x7F || strchr("<>()\\\",;:", address[i]))
            return false;
    return true;
}

/* RFC 5321 2.3.8: CR and LF only together; 4.5.3.1.6: lines of at most 998.
 * A bare LF before a dot is how one message is made into two. */
static const char *find_message_fault(struct view bytes)
{
    size_t at = 0;

    if (bytes.size == 0)
        return "is empty";
    while (at < bytes.size) {
        const char *line = bytes.data + at;
        const char *end = memchr(line, '\n', bytes.size - at);
        size_t size = end ? (size_t)(end - line) : bytes.size - at;

        if (!end)
            return "does not end in a line break";
        if (size == 0 || line[size - 1] != '\r')
            return "has a line feed without carriage return";
        if (size - 1 > 998)
            return "has a line of more than 998 bytes";
        if (memchr(line, '\r', size - 1))
            return "has a carriage return without line feed";
        at += size + 1;
    }
    if (memchr(bytes.data, '\0', bytes.size))
        return "holds a NUL byte";
    return NULL;
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
        (message->envelope_sender[0] && !is_safe_address(message->envelope_sender))) {
        result.kind = RESULT_RELAY_DOWN;
        done = error_set(error, ERROR_CONFIGURATION,
                         "the envelope sender \"%s\" is no usable mail address",
                         message->envelope_sender ? message->envelope_sender : "");
    } else if (!is_safe_address(message->recipient)) {
        set_refused(&result, "address", "the recipient", "is no usable mail address");
    } else if ((fault = find_message_fault(message->bytes)) != NULL) {
        set_refused(&result, "message", "the message", fault);
    } else {
        done = transport->type->send(transport->state, message, hooks ? hooks : &no_hooks, &result,
                                     error);
    }
    *ret_result = result;
    return done;
}
