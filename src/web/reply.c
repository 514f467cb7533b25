/* Answers as the library sends them, with the headers that all of them carry. */
#include <stdint.h>
#include <stdio.h>

#include "web/server_type.h"

/* No script but ours, no frame around us, no address of a page told to others: addresses
 * here hold what opens them. To ourselves it is told, or a browser would send no Origin with
 * a form. */
static const struct {
    const char *name, *value;
} ALWAYS[] = {
    {"Content-Security-Policy",
     "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
     "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
};

static void add(struct MHD_Response *response, const char *name, const char *value)
{
    if (value)
        MHD_add_response_header(response, name, value);
}

static void add_always(const struct web_server *server, struct MHD_Response *response)
{
    for (size_t i = 0; i < sizeof(ALWAYS) / sizeof(*ALWAYS); i++)
        add(response, ALWAYS[i].name, ALWAYS[i].value);
    if (server->options.certificate)
        add(response, "Strict-Transport-Security", "max-age=31536000");
}

static void add_content(struct MHD_Response *response, const struct web_content *content,
                        bool is_gzip)
{
    char date[TIME_TEXT_BYTES];

    add(response, "ETag", web_content_etag(content, is_gzip));
    add(response, "Cache-Control", web_content_cache(content));
    if (web_content_gzip(content).size)
        add(response, "Vary", "Accept-Encoding");
    if (web_content_modified(content)) {
        web_date_format(web_content_modified(content), date);
        add(response, "Last-Modified", date);
    }
}

static void destroy(void *response)
{
    MHD_destroy_response(response);
}

static struct MHD_Response *make_kept(const struct web_server *server,
                                      struct web_content *content, bool is_gzip)
{
    struct view bytes = is_gzip ? web_content_gzip(content) : web_content_bytes(content);
    struct MHD_Response *response = MHD_create_response_from_buffer(
        bytes.size, (void *)(uintptr_t)bytes.data, MHD_RESPMEM_PERSISTENT);

    if (!response)
        return NULL;
    add_always(server, response);
    add_content(response, content, is_gzip);
    add(response, "Content-Type", web_content_type(content));
    if (is_gzip)
        add(response, "Content-Encoding", "gzip");
    return web_content_keep_prepared(content, is_gzip, response, destroy);
}

static enum MHD_Result send_content(const struct web_server *server, struct exchange *exchange)
{
    struct web_content *content = exchange->answer.content;
    bool is_gzip = exchange->request.takes_gzip && web_content_gzip(content).size;
    struct MHD_Response *response;

    if (web_content_is_known(content, exchange->request.if_none_match,
                             exchange->request.if_modified_since))
        exchange->answer.status = MHD_HTTP_NOT_MODIFIED;
    response = web_content_prepared(content, is_gzip);
    if (!response)
        response = make_kept(server, content, is_gzip);
    if (!response)
        return MHD_NO;
    /* With 304 the library sends no body, and the Content-Length that one would have: a cache
     * takes a 0 for the length of what it keeps (RFC 9110 8.6). */
    return MHD_queue_response(exchange->connection, exchange->answer.status, response);
}

static enum MHD_Result send_body(const struct web_server *server, struct exchange *exchange)
{
    struct web_answer *answer = &exchange->answer;
    size_t size = answer->body.size;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        size, buffer_steal(&answer->body), MHD_RESPMEM_MUST_FREE);
    enum MHD_Result result;
    char number[24];

    if (!response)
        return MHD_NO;
    add_always(server, response);
    add(response, "Content-Type", answer->type ? answer->type : "text/plain; charset=utf-8");
    add(response, "Cache-Control", "no-store");
    add(response, "Allow", answer->allow);
    add(response, "Connection", exchange->is_last ? "close" : NULL);
    if (!answer->is_indexed)
        add(response, "X-Robots-Tag", "noindex");
    if (answer->retry_after_seconds) {
        snprintf(number, sizeof(number), "%ld", answer->retry_after_seconds);
        add(response, "Retry-After", number);
    }
    result = MHD_queue_response(exchange->connection, answer->status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result reply_send(struct web_server *server, struct exchange *exchange)
{
    struct web_answer *answer = &exchange->answer;
    enum MHD_Result result;

    if (!answer->status)
        answer->status = MHD_HTTP_OK;
    if (answer->body.failed)
        web_answer_plain(answer, MHD_HTTP_INTERNAL_SERVER_ERROR, "this page grew too large");
    result = answer->content && answer->status == MHD_HTTP_OK ? send_content(server, exchange)
                                                              : send_body(server, exchange);
    exchange->state = EXCHANGE_ANSWERED;
    atomic_fetch_add(&server->by_class[answer->status / 100 % 6], 1);
    return result;
}
