/* Bytes that are served many times: made once, compressed once, and answered from
 * memory, with what caches need to ask again for nothing (RFC 9110 8.8, 13). Unchanged once
 * made; counted references, so that one can be replaced while others still send it. */
#ifndef WEB_CONTENT_H
#define WEB_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/clock.h"

enum { WEB_ETAG_BYTES = 40 };

struct web_content;

/* Takes the bytes out of `body`. `type` and `cache` are literals; `modified_utc` 0: not
 * known. One reference, the caller's. */
struct web_content *web_content_new(struct buffer *body, const char *type, const char *cache,
                                    int64_t modified_utc);
struct web_content *web_content_hold(struct web_content *content);
void web_content_free(struct web_content **content); /* lets go; NULL is fine; leaves NULL */

struct view web_content_bytes(const struct web_content *content);
/* Empty when it would not be smaller. */
struct view web_content_gzip(const struct web_content *content);
/* With its quotes; strong, and another one for the compressed bytes. */
const char *web_content_etag(const struct web_content *content, bool is_gzip);
const char *web_content_type(const struct web_content *content);
const char *web_content_cache(const struct web_content *content); /* Cache-Control */
int64_t web_content_modified(const struct web_content *content);

/* What a server made of it for sending, kept with it: by the server's own means, once for
 * each form, whichever thread comes first. NULL when there is none yet. */
typedef void web_prepared_free(void *prepared);
void *web_content_prepared(const struct web_content *content, bool is_gzip);
/* Keeps it; another thread's wins when it was quicker, and `prepared` is freed. Returns the
 * one that is kept. */
void *web_content_keep_prepared(struct web_content *content, bool is_gzip, void *prepared,
                                web_prepared_free *release);

/* Whether the client has it already: If-None-Match decides, and If-Modified-Since only
 * without it (RFC 9110 13.2.2). */
bool web_content_is_known(const struct web_content *content, struct view if_none_match,
                          struct view if_modified_since);

/* "Sat, 28 Nov 2026 23:06:55 GMT" (RFC 9110 5.6.7). */
void web_date_format(int64_t utc, char ret_text[TIME_TEXT_BYTES]);

#endif
