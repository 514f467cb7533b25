#include "base/http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/http_form.h"
#include "base/loopback.h"
#include "base/memory.h"

enum { HEADER_BYTES = 8192, BEARER_BYTES = 4096 };

struct http_client {
    CURL *easy;
    CURLU *url;
};

/* One transfer while it runs. */
struct transfer {
    const struct http_request *request;
    struct http_response *response;
    struct curl_slist *headers;
    char *first_origin; /* scheme, host and port that were asked first */
    char *first_host;
    bool was_stopped;
    bool header_ended;
    char date[HTTP_FIELD_BYTES];
    char location[2048];
    char retry_after[HTTP_FIELD_BYTES];
    char curl_error[CURL_ERROR_SIZE];
};

/* A part of a URL, for curl_free; NULL when it has none. */
static char *url_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;

    return curl_url_get(url, part, &text, 0) == CURLUE_OK ? text : NULL;
}

/* Sets `url` from `text`, or, when it has a value, moves it to where a Location
 * leads. */
static int set_url(CURLU *url, const char *text, enum error_kind kind, struct error *error)
{
    CURLUcode code = curl_url_set(url, CURLUPART_URL, text, 0);
    char *scheme, *host, *user;
    int result = 0;

    if (code != CURLUE_OK)
        return error_set(error, kind, "%s: not a URL (%s)", text, curl_url_strerror(code));
    scheme = url_part(url, CURLUPART_SCHEME);
    host = url_part(url, CURLUPART_HOST);
    user = url_part(url, CURLUPART_USER);
    if (!scheme || (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
        result = error_set(error, kind, "%s: only http:// and https:// are fetched", text);
    else if (!host || !host[0])
        result = error_set(error, kind, "%s: a URL needs a host", text);
    else if (user)
        result = error_set(error, kind, "%s: a user name has no place in this URL", text);
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    return result;
}

int http_check_url(const char *url, struct error *error)
{
    CURLU *parsed = curl_url();
    int result = set_url(parsed, url, ERROR_CONFIGURATION, error);

    curl_url_cleanup(parsed);
    return result;
}

struct http_client *http_client_new(struct error *error)
{
    struct http_client *client;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        error_set(error, ERROR_TEMPORARY, "libcurl cannot start");
        return NULL;
    }
    client = memory_new(1, sizeof *client);
    client->easy = curl_easy_init();
    client->url = curl_url();
    if (!client->easy || !client->url) {
        error_set(error, ERROR_TEMPORARY, "libcurl cannot start");
        http_client_free(&client);
    }
    return client;
}

void http_client_free(struct http_client **client)
{
    if (!*client)
        return;
    curl_easy_cleanup((*client)->easy);
    curl_url_cleanup((*client)->url);
    free(*client);
    *client = NULL;
}

void http_response_free(struct http_response *response)
{
    buffer_free(&response->body);
    memset(response, 0, sizeof *response);
}

/* The value of a header line called `name`; false when it is another one. */
static bool header_value(struct view line, const char *name, struct view *ret_value)
{
    size_t colon = view_find_char(line, ':', 0);

    if (colon == line.size || !view_equal_nocase(view_slice(line, 0, colon), view_of(name)))
        return false;
    *ret_value = view_trim(view_slice(line, colon + 1, line.size));
    return true;
}

/* What is too long, or could break a line when it is sent again, is left out. */
static void keep_field(char *room, size_t room_bytes, struct view value)
{
    bool is_clean = value.size < room_bytes;

    for (size_t i = 0; is_clean && i < value.size; i++)
        is_clean = (unsigned char)value.data[i] >= ' ' && value.data[i] != 0x7F;
    if (!is_clean)
        value.size = 0;
    if (value.size)
        memcpy(room, value.data, value.size);
    room[value.size] = '\0';
}

/* The answers of a chain (100 Continue, a proxy's CONNECT) begin anew. */
static void forget_fields(struct transfer *transfer)
{
    struct http_response *response = transfer->response;

    response->content_type[0] = response->etag[0] = response->last_modified[0] = '\0';
    transfer->date[0] = transfer->location[0] = transfer->retry_after[0] = '\0';
}

static size_t take_header(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    struct http_response *response = transfer->response;
    struct {
        const char *name;
        char *room;
        size_t bytes;
    } fields[] = {{"Content-Type", response->content_type, sizeof response->content_type},
                  {"ETag", response->etag, sizeof response->etag},
                  {"Last-Modified", response->last_modified, sizeof response->last_modified},
                  {"Retry-After", transfer->retry_after, sizeof transfer->retry_after},
                  {"Location", transfer->location, sizeof transfer->location},
                  {"Date", transfer->date, sizeof transfer->date}};
    struct view line = {data, size * count}, value;

    if (view_starts_with(line, VIEW("HTTP/")))
        forget_fields(transfer);
    transfer->header_ended = view_trim(line).size == 0;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (header_value(line, fields[i].name, &value))
            keep_field(fields[i].room, fields[i].bytes, value);
    return line.size;
}

static int take_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                         curl_off_t up)
{
    struct transfer *transfer = context;

    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    transfer->was_stopped = transfer->request->should_stop(transfer->request->user);
    return transfer->was_stopped ? 1 : 0;
}

/* Takes what fits below the cap; less than all ends the transfer. */
static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    struct buffer *body = &transfer->response->body;
    size_t bytes = size * count, room = body->max - body->size;

    buffer_add(body, data, bytes < room ? bytes : room);
    return bytes <= room ? bytes : 0;
}

/* Seconds to wait, from a number or from a date seen against the server's own
 * clock (RFC 9110, 10.2.3). */
static long retry_after_seconds(const struct transfer *transfer)
{
    struct view text = view_of(transfer->retry_after);
    time_t then, now;
    long seconds;

    if (view_to_long(text, &seconds))
        return seconds;
    then = curl_getdate(transfer->retry_after, NULL);
    now = curl_getdate(transfer->date, NULL);
    if (!text.size || then == -1 || now == -1)
        return -1;
    return then > now ? (long)(then - now) : 0;
}

static void set_options(CURL *easy, const struct http_request *request, struct transfer *transfer)
{
    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L); /* followed here, with our own rules */
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, request->user_agent);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     request->connect_timeout_ms ? request->connect_timeout_ms
                                                 : (long)HTTP_CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                     request->low_speed_seconds ? request->low_speed_seconds
                                                : (long)HTTP_LOW_SPEED_SECONDS);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->curl_error);
    if (request->ca_file) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* Debian's libcurl has one, too */
    }
    if (request->should_stop) {
        curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, take_progress);
        curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer);
        /* Else a name server that is silent would be waited for even then. */
        curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    }
}

/* What depends on where the request goes now. */
static void set_target(struct http_client *client)
{
    char *host = url_part(client->url, CURLUPART_HOST);
    char *url = url_part(client->url, CURLUPART_URL);

    curl_easy_setopt(client->easy, CURLOPT_URL, url);
    curl_easy_setopt(client->easy, CURLOPT_NOPROXY, host && host_is_loopback(host) ? "*" : NULL);
    curl_free(host);
    curl_free(url);
}

static bool is_listed(const char *host, const char *const *hosts)
{
    for (; hosts && *hosts; hosts++)
        if (strcasecmp(host, *hosts) == 0)
            return true;
    return false;
}

/* Moves `url`, on its way from the host that was asked first, to where a
 * Location leads. The error names nothing but why. */
static int move_url(CURLU *url, const char *location, const char *first_host,
                    const char *const *hosts, struct error *error)
{
    char *old_scheme = url_part(url, CURLUPART_SCHEME), *scheme = NULL, *host = NULL;
    int result = -1;

    if (set_url(url, location, ERROR_PERMANENT, error) < 0)
        goto out;
    scheme = url_part(url, CURLUPART_SCHEME);
    host = url_part(url, CURLUPART_HOST);
    if (strcasecmp(host, first_host) != 0 && !is_listed(host, hosts))
        error_set(error, ERROR_PERMANENT, "to another host (%s), not followed", host);
    else if (strcmp(old_scheme, "https") == 0 && strcmp(scheme, "https") != 0)
        error_set(error, ERROR_PERMANENT, "from https to http, not followed");
    else
        result = 0;
out:
    curl_free(old_scheme);
    curl_free(scheme);
    curl_free(host);
    return result;
}

int http_check_redirect(const char *url, const char *location, const char *const *hosts,
                        struct error *error)
{
    CURLU *parsed = curl_url();
    char *host = NULL;
    int result = set_url(parsed, url, ERROR_CONFIGURATION, error);

    if (result == 0) {
        host = url_part(parsed, CURLUPART_HOST);
        result = move_url(parsed, location, host, hosts, error);
    }
    curl_free(host);
    curl_url_cleanup(parsed);
    return result;
}

static bool is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* What a certificate or the URL itself causes does not mend by waiting. */
static enum error_kind kind_of(CURLcode code)
{
    switch (code) {
    case CURLE_URL_MALFORMAT: case CURLE_PEER_FAILED_VERIFICATION: case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM: case CURLE_SSL_ISSUER_ERROR:
        return ERROR_CONFIGURATION;
    default:
        return ERROR_TEMPORARY;
    }
}

static void mark_truncated(struct http_response *response, CURLcode code, const char *detail)
{
    response->truncated = true;
    switch (code) {
    case CURLE_WRITE_ERROR:
        response->too_large = true;
        snprintf(response->why, sizeof response->why, "larger than %zu bytes", response->body.max);
        break;
    case CURLE_OPERATION_TIMEDOUT:
        snprintf(response->why, sizeof response->why, "too slow, given up after %zu bytes",
                 response->body.size);
        break;
    case CURLE_BAD_CONTENT_ENCODING:
        snprintf(response->why, sizeof response->why, "the compressed data are broken after %zu bytes",
                 response->body.size);
        break;
    default:
        snprintf(response->why, sizeof response->why, "cut off after %zu bytes (%.160s)",
                 response->body.size, detail);
    }
}

/* One request without redirects. -1 when not even the header came whole. */
static int perform(struct http_client *client, struct transfer *transfer, struct error *error)
{
    struct http_response *response = transfer->response;
    CURLcode code;
    const char *detail;
    char *effective = NULL;

    set_target(client);
    forget_fields(transfer);
    transfer->header_ended = false;
    response->status = 0;
    transfer->curl_error[0] = '\0';
    code = curl_easy_perform(client->easy);
    detail = transfer->curl_error[0] ? transfer->curl_error : curl_easy_strerror(code);
    curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &response->status);
    curl_easy_getinfo(client->easy, CURLINFO_EFFECTIVE_URL, &effective);
    keep_field(response->url, sizeof response->url, view_of(effective));
    if (transfer->was_stopped)
        return error_set(error, ERROR_TEMPORARY, "%s: stopped", response->url);
    if (response->status < 200) /* "100 Continue" announces an answer and is none */
        transfer->header_ended = false;
    if (code == CURLE_OK && transfer->header_ended)
        return 0;
    if (code == CURLE_OK)
        detail = "the answer ended within its header";
    if (transfer->header_ended) {
        mark_truncated(response, code, detail);
        return 0;
    }
    return error_set(error, kind_of(code), "%s: %s", response->url, detail);
}

static void add_header(struct curl_slist **headers, const char *name, const char *value)
{
    struct buffer line;

    if (!value)
        return;
    buffer_init(&line, HEADER_BYTES);
    buffer_printf(&line, "%s: %s", name, value);
    *headers = curl_slist_append(*headers, buffer_string(&line));
    buffer_free(&line);
}

/* The request's own fields; its secret only for those whom it is meant for. */
static void set_headers(struct http_client *client, struct transfer *transfer, bool with_bearer,
                        const char *content_type)
{
    const struct http_request *request = transfer->request;
    struct curl_slist *headers = NULL;
    struct buffer secret;

    add_header(&headers, "If-None-Match", request->etag);
    add_header(&headers, "If-Modified-Since", request->if_modified_since);
    add_header(&headers, "Content-Type", content_type);
    for (const char *const *header = request->headers; header && *header; header++)
        headers = curl_slist_append(headers, *header);
    if (request->bearer && with_bearer) {
        buffer_init(&secret, HEADER_BYTES);
        buffer_printf(&secret, "Bearer %s", request->bearer);
        add_header(&headers, "Authorization", buffer_string(&secret));
        buffer_free(&secret);
    }
    curl_easy_setopt(client->easy, CURLOPT_HTTPHEADER, headers);
    curl_slist_free_all(transfer->headers);
    transfer->headers = headers;
}

/* "https://host:443", for free(3). */
static char *origin_of(CURLU *url)
{
    char *scheme = url_part(url, CURLUPART_SCHEME), *host = url_part(url, CURLUPART_HOST), *port = NULL;
    struct buffer origin;

    curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
    buffer_init(&origin, 4096);
    buffer_printf(&origin, "%s://%s:%s", scheme, host, port ? port : "");
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    return buffer_steal(&origin);
}

/* A redirect away from the origin leaves the secret behind, also on the way back. */
static void keep_secret(struct http_client *client, struct transfer *transfer)
{
    char *origin = origin_of(client->url);

    if (transfer->request->bearer && strcasecmp(origin, transfer->first_origin) != 0)
        set_headers(client, transfer, false, NULL);
    free(origin);
}

/* The request and those that redirects lead to, within one deadline. */
static int perform_all(struct http_client *client, struct transfer *transfer, struct error *error)
{
    const struct http_request *request = transfer->request;
    long left_ms = request->deadline_ms ? request->deadline_ms : (long)HTTP_DEADLINE_MS;
    curl_off_t used_us = 0;

    for (int i = 0; i <= HTTP_REDIRECTS; i++) {
        curl_easy_setopt(client->easy, CURLOPT_TIMEOUT_MS, left_ms);
        if (perform(client, transfer, error) < 0)
            return -1;
        if (!is_redirect(transfer->response->status) || !transfer->location[0])
            return 0;
        if (move_url(client->url, transfer->location, transfer->first_host, request->redirect_hosts,
                     error) < 0)
            return error_add(error, "%s: redirected", request->url);
        curl_easy_getinfo(client->easy, CURLINFO_TOTAL_TIME_T, &used_us);
        left_ms -= (long)(used_us / 1000);
        if (left_ms <= 0)
            return error_set(error, ERROR_TEMPORARY, "%s: too slow, given up", request->url);
        keep_secret(client, transfer);
        buffer_clear(&transfer->response->body);
        transfer->response->truncated = transfer->response->too_large = false;
        transfer->response->why[0] = '\0';
    }
    return error_set(error, ERROR_PERMANENT, "%s: redirected too often, not followed", request->url);
}

/* One word of printable ASCII (RFC 6750, 2.1), over TLS or to this machine. */
static int check_bearer(CURLU *url, const char *bearer, struct error *error)
{
    char *scheme = url_part(url, CURLUPART_SCHEME), *host = url_part(url, CURLUPART_HOST);
    size_t size = strlen(bearer);
    int result = 0;

    for (size_t i = 0; i < size; i++)
        if (bearer[i] <= ' ' || bearer[i] >= 0x7F)
            result = -1;
    if (result < 0 || !size || size > BEARER_BYTES)
        result = error_set(error, ERROR_CONFIGURATION, "the key is not one word of ASCII");
    else if (strcmp(scheme, "https") != 0 && !host_is_loopback(host))
        result = error_set(error, ERROR_CONFIGURATION,
                           "a key is sent by https only, or to this machine, not to http://%s", host);
    curl_free(scheme);
    curl_free(host);
    return result;
}

int http_check_bearer(const char *url, const char *bearer, struct error *error)
{
    CURLU *parsed = curl_url();
    int result = set_url(parsed, url, ERROR_CONFIGURATION, error);

    if (result == 0)
        result = check_bearer(parsed, bearer, error);
    curl_url_cleanup(parsed);
    return result;
}

static void set_sending(CURL *easy, const struct http_request *request,
                        const struct http_sending *sending, struct http_form *form)
{
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                     request->deadline_ms ? request->deadline_ms : (long)HTTP_DEADLINE_MS);
    if (sending->method == HTTP_DELETE) {
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "DELETE");
    } else if (form) {
        curl_easy_setopt(easy, CURLOPT_MIMEPOST, http_form_mime(form));
    } else {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)sending->body.size);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, sending->body.data ? sending->body.data : "");
    }
}

/* `sending` NULL: a GET. */
static int transfer_all(struct http_client *client, const struct http_request *request,
                        const struct http_sending *sending, struct http_response *ret_response,
                        struct error *error)
{
    struct http_response response = {.retry_after_seconds = -1};
    struct transfer transfer = {.request = request, .response = &response};
    struct http_form *form = NULL;
    int result = -1;

    curl_url_set(client->url, CURLUPART_URL, NULL, 0);
    if (set_url(client->url, request->url, ERROR_CONFIGURATION, error) < 0 ||
        (request->bearer && check_bearer(client->url, request->bearer, error) < 0))
        return -1;
    buffer_init(&response.body, request->max_bytes ? request->max_bytes : (size_t)HTTP_MAX_BYTES);
    transfer.first_host = url_part(client->url, CURLUPART_HOST);
    transfer.first_origin = origin_of(client->url);
    set_options(client->easy, request, &transfer);
    set_headers(client, &transfer, true, sending ? sending->content_type : NULL);
    if (sending && sending->part_count)
        form = http_form_new(client->easy, sending->parts, sending->part_count);
    if (sending)
        set_sending(client->easy, request, sending, form);
    if ((sending ? perform : perform_all)(client, &transfer, error) == 0) {
        response.retry_after_seconds = retry_after_seconds(&transfer);
        http_response_free(ret_response);
        *ret_response = response;
        buffer_init(&response.body, 0);
        result = 0;
    }
    /* Nothing of this call may be referred to by the kept handle. */
    curl_easy_reset(client->easy);
    http_form_free(&form);
    curl_slist_free_all(transfer.headers);
    curl_free(transfer.first_host);
    free(transfer.first_origin);
    buffer_free(&response.body);
    return result;
}

int http_client_get(struct http_client *client, const struct http_request *request,
                    struct http_response *ret_response, struct error *error)
{
    return transfer_all(client, request, NULL, ret_response, error);
}

int http_client_send(struct http_client *client, const struct http_request *request,
                     const struct http_sending *sending, struct http_response *ret_response,
                     struct error *error)
{
    return transfer_all(client, request, sending, ret_response, error);
}
