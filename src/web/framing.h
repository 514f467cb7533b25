/* Whether a request says in one way only where it ends and whom it is for. What a proxy in
 * front may read differently is refused, or the rest of one client's request would be the
 * beginning of another's (request smuggling; RFC 9112 3.2, 5.1, 6.1, 6.3). Pure. */
#ifndef WEB_FRAMING_H
#define WEB_FRAMING_H

#include <stdbool.h>

#include "base/bytes.h"

struct web_framing { /* zeroed */
    unsigned hosts, lengths, codings;
    bool has_bad_name;       /* of a header: "Content-Length :" */
    bool has_unknown_coding; /* other than "chunked" alone */
};

/* To be called with every header. */
void web_framing_see(struct web_framing *framing, struct view name, struct view value);
/* 0: it is sound; else the status to refuse it with, and nothing more must be read from
 * its connection. `version` as sent: "HTTP/1.1". */
unsigned web_framing_judge(const struct web_framing *framing, const char *version);

/* The target as sent, in origin form or absolute form (RFC 9112 3.2.2): where its path
 * begins. `*ret_authority` is that of the absolute form, which stands for the Host header;
 * else empty. */
struct view web_framing_origin_form(struct view target, struct view *ret_authority);

#endif
