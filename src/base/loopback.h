/* Hosts that are this machine: what goes there needs no TLS and no proxy. */
#ifndef BASE_LOOPBACK_H
#define BASE_LOOPBACK_H

#include <stdbool.h>

/* Of a URL's host: "localhost", an address of 127.0.0.0/8, "[::1]". A name that only begins
 * with "127." is somebody else's. */
bool host_is_loopback(const char *host);

#endif
