/* A small HTTP server in a thread of the test, on 127.0.0.1 and a port of its
 * own. It does no HTTP: for every request that it reads it sends the next of
 * the answers it was given, byte for byte, and keeps what it was asked. */
#ifndef TESTS_UNIT_LOOPBACK_H
#define TESTS_UNIT_LOOPBACK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

struct loopback_answer {
    struct view bytes;   /* status line, header, body */
    long byte_delay_ms;  /* before each byte, when not 0 */
    bool close;          /* the connection, behind it */
    bool reset;          /* likewise, by a TCP reset */
};

struct loopback;

/* The answers are borrowed. Past the last one it closes what is asked. */
struct loopback *loopback_start(const struct loopback_answer *answers, size_t count);
void loopback_stop(struct loopback **server);

int loopback_port(const struct loopback *server);
void loopback_url(const struct loopback *server, const char *path, char ret_url[256]);
/* What was received, header and body, as far as its room goes (a NUL as '?'); "" when it
 * never was. */
const char *loopback_request(struct loopback *server, size_t index);
size_t loopback_requests(struct loopback *server);
size_t loopback_connections(struct loopback *server);

#endif
