/* A relay of the configuration, opened: its password read, its TLS understood.
 * Used by run and send, and by check. */
#ifndef COMMANDS_RELAY_H
#define COMMANDS_RELAY_H

#include "commands/site.h"
#include "delivery/transport.h"

/* Other than the transport's own; 0: those. */
struct relay_patience {
    long connect_ms;
    long reply_ms;
    long total_ms;
};

/* Nothing is connected yet. `name` is the configuration's ("delivery",
 * "delivery.relays[0]") for messages; `patience` may be NULL. */
int relay_open(const struct configuration_relay *relay, const char *name,
               const struct relay_patience *patience, struct transport **ret_transport,
               struct error *error);

#endif
