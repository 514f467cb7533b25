/* Whom a request comes from: the other end of its connection, or, when that is a proxy that
 * is trusted, whom the proxy names (X-Forwarded-For, read from its right end: what stands
 * further left than a trusted proxy's word was written by anybody). Pure. */
#ifndef WEB_CLIENT_H
#define WEB_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"

enum { WEB_CLIENT_BYTES = 48 }; /* INET6_ADDRSTRLEN, and "/64" */

/* What a peer is called that came through a Unix socket: it has no address, and is a proxy
 * of this machine. */
#define WEB_CLIENT_LOCAL "unix:"

/* Addresses and networks: "127.0.0.1", "10.0.0.0/8", "2001:db8::/32"; or "unix:". */
struct web_networks {
    struct web_network *items; /* owned */
    size_t count;
    bool has_local;
};
/* Kind configuration names what is no address. */
int web_networks_add(struct web_networks *networks, const char *text, struct error *error);
/* An IPv4 address written in IPv6 (::ffff:192.0.2.1) is that IPv4 address. */
bool web_networks_have(const struct web_networks *networks, const char *address);
void web_networks_free(struct web_networks *networks);

/* `peer` is the connection's other end, `forwarded` the header's value (several joined by
 * commas) or empty. What is no address ends the walk. */
void web_client_find(const struct web_networks *trusted, const char *peer, struct view forwarded,
                     char ret_client[WEB_CLIENT_BYTES]);
/* What limits count by: an IPv4 address, or the /64 of an IPv6 one, since a household has
 * that many of them. */
void web_client_group(const char *client, char ret_group[WEB_CLIENT_BYTES]);

#endif
