/* The relays of the configuration, opened: passwords read, TLS understood. Used by run
 * and send, and by check. */
#ifndef COMMANDS_RELAY_H
#define COMMANDS_RELAY_H

#include "commands/site.h"
#include "delivery/engine.h"
#include "delivery/transport.h"

/* Other than the transport's own; 0: those. */
struct relay_patience {
    long connect_ms;
    long reply_ms;
    long total_ms;
};

/* Nothing is connected yet. `name` is the configuration's ("delivery",
 * "delivery.relays[0]") for messages; `patience` may be NULL. */
int relay_open(const struct configuration *configuration, const struct configuration_relay *relay,
               const char *name, const struct relay_patience *patience,
               struct transport **ret_transport, struct error *error);

/* All of them, with up to `connections`; delivery.url is left out when it is a Maildir
 * and there are others. `patience_ms` as in struct engine_options. */
int relay_open_engine(const struct configuration *configuration, int connections,
                      int64_t patience_ms, struct engine **ret_engine, struct error *error);

#endif
