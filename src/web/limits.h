/* How often a client may do what costs: a bucket of tokens for each, filled steadily. In
 * memory, bounded: of too many clients those go that were away longest, and they are full
 * again by then. Safe among threads. */
#ifndef WEB_LIMITS_H
#define WEB_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct web_limits;

/* At most `burst` at once and then one each `interval_ms`; of at most `clients`. */
struct web_limits *web_limits_new(size_t clients, long burst, int64_t interval_ms);
void web_limits_free(struct web_limits **limits); /* NULL is fine; leaves NULL */

/* True takes one. False: `*ret_wait_seconds`, unless NULL, says when to come again, at
 * least 1. `client` is a group as client.h makes it, cut at 63 bytes. */
bool web_limits_take(struct web_limits *limits, const char *client, int64_t now_ms,
                     long *ret_wait_seconds);

#endif
