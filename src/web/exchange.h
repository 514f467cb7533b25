/* One HTTP request as a handler sees it, and its answer: nothing of the library or the
 * sockets underneath (web/server.h brings them). Handlers are pure but for what their desk
 * holds. Everything in a request is borrowed until its answer is sent. */
#ifndef WEB_EXCHANGE_H
#define WEB_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "web/content.h"

enum {
    WEB_BODY_BYTES = 64 * 1024,   /* of a request; more is refused with 413 */
    WEB_FIELDS = 256,             /* of a query or a form; more are left out */
    WEB_ANSWER_BYTES = 32 * 1024 * 1024
};

enum web_method { WEB_GET, WEB_HEAD, WEB_POST, WEB_OTHER };

struct web_field {
    struct view name, value; /* decoded, valid UTF-8 without control characters but LF */
};
struct web_fields {
    const struct web_field *items;
    size_t count;
};
/* The first one of that name; empty when there is none, as when its value is. */
struct view web_fields_find(struct web_fields fields, const char *name);
bool web_fields_has(struct web_fields fields, const char *name);

struct web_request {
    enum web_method method;
    struct view path;        /* decoded, begins with '/'; valid UTF-8 without control characters */
    struct web_fields query;
    struct web_fields form;  /* of a POST of either form type */
    bool is_form;
    struct view host, origin, fetch_site; /* headers; empty when not sent */
    struct view if_none_match, if_modified_since;
    bool takes_gzip;
    bool is_secure;          /* it came over TLS, to us or to a proxy that is trusted */
    const char *client;      /* the address it comes from, behind trusted proxies */
    int64_t now_utc;
    struct arena *arena;     /* lives as long as the request */
};

/* Zeroed: 200 and an empty body. */
struct web_answer {
    unsigned status;              /* 0: 200 */
    const char *type;             /* Content-Type; NULL: text/plain in UTF-8 */
    struct buffer body;           /* owned */
    struct web_content *content;  /* instead of a body; a reference, owned */
    const char *allow;            /* the methods, with 405 */
    long retry_after_seconds;     /* 0: not said */
    bool is_indexed;              /* search engines may keep it; else noindex */
};

void web_answer_init(struct web_answer *answer);
void web_answer_free(struct web_answer *answer);

/* A few bytes of text for what has no page: "404 Not Found" and the like. */
void web_answer_plain(struct web_answer *answer, unsigned status, const char *text);

#endif
