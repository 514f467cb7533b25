/* The certificate and the key of our own TLS, for `serve` and `check`. */
#ifndef COMMANDS_SERVE_TLS_H
#define COMMANDS_SERVE_TLS_H

#include "commands/configuration.h"

/* Appends both as PEM; nothing when none is configured. Kind configuration: one without the
 * other, no PEM, or a key that others can read. The caller wipes the key. */
int serve_tls_read(const struct configuration *configuration, struct buffer *ret_certificate,
                   struct buffer *ret_key, struct error *error);

#endif
