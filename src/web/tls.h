/* A certificate and its key, before a server is started with them. */
#ifndef WEB_TLS_H
#define WEB_TLS_H

#include "base/error.h"

/* PEM, as web_server_options has them. Kind configuration when they cannot be used, or do not
 * belong together. */
int web_tls_check(const char *certificate, const char *key, struct error *error);

#endif
