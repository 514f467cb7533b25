/* Addresses that others wrote, before anybody is led there. Pure. */
#ifndef SUMMARIES_LINK_H
#define SUMMARIES_LINK_H

#include <stdbool.h>

#include "base/bytes.h"

enum { LINK_BYTES = 2000 };

/* Adds the address and gives true when it is one that a link may lead to: http:// or
 * https://, a host of ASCII letters, digits, '-' and '.' (or an IPv6 address), perhaps a
 * port; no user, no blank, backslash, control character or ill-formed byte; at most
 * LINK_BYTES. It comes out in ASCII: the scheme in lower case, in what follows the host
 * everything that RFC 3986 has no place for percent-encoded. Else adds nothing.
 * `out` still escapes it for where it goes. */
bool link_add(struct buffer *out, struct view address);

/* Does a link's text pretend to be the address of another host than `address`, which
 * link_add made? */
bool link_is_disguised(struct view text, struct view address);

#endif
