/* A small HTTP client over libcurl for fetching documents of a bounded size, and
 * for sending to those who take what is posted. Used by papers/polite and
 * summaries/endpoint. Blocking, one transfer at a time per client, connections
 * reused. It never decides what a status means: 404 and 503 come back as
 * responses, the caller judges. */
#ifndef BASE_HTTP_H
#define BASE_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"

struct http_client;

struct http_request {
    const char *url;               /* http or https, with a host, no user or password */
    const char *user_agent;        /* NULL: none is sent */
    const char *etag;              /* sent as If-None-Match; NULL: none */
    const char *if_modified_since; /* an HTTP date, sent as it is; NULL: none */
    const char *const *headers;    /* "Name: value", NULL-terminated; NULL: none */
    /* A secret sent as "Authorization: Bearer …" to the URL's own scheme, host and port,
     * nowhere behind a redirect that leaves them, and over plain http to a loopback host only:
     * anything else is a configuration error. It stands in no message. NULL: none. */
    const char *bearer;
    /* Hosts (compared without case, no port) that a redirect may lead to beside
     * the URL's own; NULL-terminated; NULL: none. A redirect elsewhere, from
     * https to http, or beyond HTTP_REDIRECTS is a permanent error. */
    const char *const *redirect_hosts;
    const char *ca_file;     /* authorities in PEM, instead of the system's; NULL: the system's */
    size_t max_bytes;        /* of the body, inflated; 0: HTTP_MAX_BYTES */
    long deadline_ms;        /* for the whole request, redirects included; 0: HTTP_DEADLINE_MS */
    long connect_timeout_ms; /* 0: HTTP_CONNECT_TIMEOUT_MS */
    long low_speed_seconds;  /* give up after so long below 1 byte/s; 0: HTTP_LOW_SPEED_SECONDS */
    /* Asked at least once a second while the transfer runs: true ends it, with a
     * temporary error whatever has come by then. NULL: it is never ended so. */
    bool (*should_stop)(void *user);
    void *user;
};

enum http_method { HTTP_POST, HTTP_DELETE };

/* A field of a form. */
struct http_part {
    const char *name;
    const char *file_name; /* makes it a file, whose ending tells its type; NULL: a plain value */
    struct view content;
};

/* What is sent: a body, or a form as multipart/form-data, or nothing. All borrowed. */
struct http_sending {
    enum http_method method;
    const char *content_type; /* of the body */
    struct view body;
    const struct http_part *parts;
    size_t part_count; /* not 0: the form, not the body */
};

enum {
    HTTP_MAX_BYTES = 64 * 1024 * 1024,
    HTTP_DEADLINE_MS = 120 * 1000,
    HTTP_CONNECT_TIMEOUT_MS = 20 * 1000,
    HTTP_LOW_SPEED_SECONDS = 30,
    HTTP_REDIRECTS = 5,
    HTTP_FIELD_BYTES = 256,
    HTTP_WHY_BYTES = 256
};

/* Of the last response, when there were redirects. A field that is absent or
 * longer than its room is empty. */
struct http_response {
    long status;
    struct buffer body;
    char url[2048]; /* where it came from in the end */
    char content_type[HTTP_FIELD_BYTES];
    char etag[HTTP_FIELD_BYTES];
    char last_modified[HTTP_FIELD_BYTES];
    long retry_after_seconds; /* from Retry-After, a date made relative to the response's own
                                 Date; -1 when it is absent or unreadable */
    /* The body is only the beginning: the peer closed too early, the deadline
     * came, the cap was reached or the compressed stream is broken. */
    bool truncated;
    bool too_large; /* truncated for the cap */
    char why[HTTP_WHY_BYTES]; /* one line when truncated, else empty */
};

/* A URL as struct http_request wants it; else a configuration error. */
int http_check_url(const char *url, struct error *error);

/* May this secret be sent there? Else a configuration error, which does not quote it. */
int http_check_bearer(const char *url, const char *bearer, struct error *error);

/* Would this Location in an answer from `url` be followed? 0, or -1 with why not. */
int http_check_redirect(const char *url, const char *location, const char *const *hosts,
                        struct error *error);

/* NULL with `error` when libcurl cannot start. A client belongs to one thread;
 * the first one must be made before other threads start. The usual variables
 * (http_proxy, https_proxy, no_proxy) choose a proxy as with any curl; a
 * loopback host is never asked for through one. */
struct http_client *http_client_new(struct error *error);
void http_client_free(struct http_client **client); /* NULL is fine; leaves NULL */

/* 0 when a header came whole, whatever it says, even if the body is truncated.
 * -1 without one: temporary for the network, configuration for a malformed
 * URL, an unknown scheme or a certificate that is refused, permanent for a
 * refused redirect. `ret_response` is zeroed or initialised by the caller
 * before the first use and may be used again; on failure it is untouched. */
int http_client_get(struct http_client *client, const struct http_request *request,
                    struct http_response *ret_response, struct error *error);
/* The same for what is sent, but that no redirect is followed: it is the response. What
 * is sent may arrive twice when the connection fails before an answer begins. */
int http_client_send(struct http_client *client, const struct http_request *request,
                     const struct http_sending *sending, struct http_response *ret_response,
                     struct error *error);
void http_response_free(struct http_response *response); /* leaves it zeroed */

#endif
