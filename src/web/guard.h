/* Watches a server's connections, so that slow or greedy clients keep nobody else out:
 * what sends its request a byte at a time or never reads its answer is cut off at a
 * deadline, a client has at most so many connections, and when nearly all are taken the one
 * that has waited longest without a request goes. Safe among threads; sockets are shut down,
 * never closed: that is left to whoever owns them. */
#ifndef WEB_GUARD_H
#define WEB_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GUARD_WAIT_MS = 15 * 1000,     /* for a whole request header, and between requests */
    GUARD_REQUEST_MS = 120 * 1000, /* from there to the end of the answer */
    GUARD_PER_CLIENT = 64
};

struct guard;
struct guard_connection; /* known from its begin to its end */

/* `most`: connections of the server. */
struct guard *guard_new(size_t most);
void guard_free(struct guard **guard); /* NULL is fine; leaves NULL */

/* NULL: refused, the client has too many. `group` as client.h makes it; NULL: a proxy,
 * whose clients are many. */
struct guard_connection *guard_begin(struct guard *guard, int socket, const char *group,
                                     int64_t now_ms);
void guard_busy(struct guard *guard, struct guard_connection *connection, int64_t now_ms);
void guard_waits(struct guard *guard, struct guard_connection *connection, int64_t now_ms);
void guard_end(struct guard *guard, struct guard_connection **connection);

/* To be called about every second: cuts off what is past its deadline. */
void guard_tick(struct guard *guard, int64_t now_ms);
/* Shuts down all that wait for a request: the server is about to stop. Returns how many
 * are still busy. */
size_t guard_quiesce(struct guard *guard);

struct guard_counts {
    size_t connections, busy;
    uint64_t accepted, refused, cut_off;
};
struct guard_counts guard_count(struct guard *guard);

#endif
