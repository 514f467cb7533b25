#include "summaries/endpoint.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/http.h"
#include "base/memory.h"
#include "summaries/protocol.h"

enum {
    FIRST_WAIT_MS = 1000, /* before the second try; doubled for each one behind it */
    NAP_MS = 200,         /* how often a wait looks up whether it is to end */
    SMALL_BYTES = 64 * 1024,
    URL_BYTES = 4096,
    BASE_URL_BYTES = 2048,
    DELETE_MS = 15 * 1000,
    LATE_MS = 50 /* so near to its end a try has ended for being slow */
};

struct endpoint {
    struct endpoint_settings settings;
    struct http_client *http;
    struct http_response response; /* the last one */
    char *base_url;                /* without a slash at its end */
    size_t uploads;                /* that are not deleted */
};

/* One call of ours, in all its tries. */
struct call {
    const char *path;
    struct http_sending sending;
    size_t max_bytes;
    bool is_file; /* about uploads */
    bool is_tidying;
};

/* --- making one --- */

static int check_settings(const struct endpoint_settings *settings, struct error *error)
{
    const char *url = settings->base_url;

    if (!settings->model || !settings->model[0])
        return error_set(error, ERROR_CONFIGURATION, "summaries.model: a model has to be named");
    if (!url || !url[0])
        return error_set(error, ERROR_CONFIGURATION, "summaries.base_url: an endpoint has to be named");
    if (strpbrk(url, "?#"))
        return error_set(error, ERROR_CONFIGURATION,
                         "summaries.base_url: it ends before \"?\" and \"#\", as in https://host/v1");
    if (view_ends_with(view_of(url), VIEW("/chat/completions")))
        return error_set(error, ERROR_CONFIGURATION,
                         "summaries.base_url: it ends before \"/chat/completions\", as in https://host/v1");
    if (strlen(url) > BASE_URL_BYTES)
        return error_set(error, ERROR_CONFIGURATION, "summaries.base_url: longer than %d bytes",
                         BASE_URL_BYTES);
    if (http_check_url(url, error) < 0)
        return error_add(error, "summaries.base_url");
    if (settings->api_key && http_check_bearer(url, settings->api_key, error) < 0)
        return error_add(error, "summaries.base_url and summaries.api_key_file");
    return 0;
}

struct endpoint *endpoint_new(const struct endpoint_settings *settings, struct error *error)
{
    struct endpoint *endpoint;

    if (check_settings(settings, error) < 0)
        return NULL;
    if (!settings->random && sodium_init() < 0) {
        error_set(error, ERROR_TEMPORARY, "libsodium cannot start");
        return NULL;
    }
    endpoint = memory_new(1, sizeof *endpoint);
    endpoint->settings = *settings;
    endpoint->base_url = memory_copy_string(settings->base_url);
    for (size_t size = strlen(settings->base_url); size && endpoint->base_url[size - 1] == '/'; size--)
        endpoint->base_url[size - 1] = '\0';
    endpoint->http = http_client_new(error);
    if (!endpoint->http)
        endpoint_free(&endpoint);
    return endpoint;
}

void endpoint_free(struct endpoint **endpoint)
{
    if (!*endpoint)
        return;
    http_client_free(&(*endpoint)->http);
    http_response_free(&(*endpoint)->response);
    free((*endpoint)->base_url);
    free(*endpoint);
    *endpoint = NULL;
}

void endpoint_answer_free(struct endpoint_answer *answer)
{
    buffer_free(&answer->content);
    memset(answer, 0, sizeof *answer);
}

/* --- time --- */

static bool is_stopping(const struct endpoint *endpoint)
{
    return endpoint->settings.is_stopping && endpoint->settings.is_stopping();
}

static int64_t now_ms(const struct endpoint *endpoint)
{
    const struct timer *timer = &endpoint->settings.timer;

    return timer->now_ms(timer->context);
}

/* Until when this call may take, counted from now; below 1: not at all. While something is
 * uploaded the end is kept for deleting it. */
static int64_t left_ms(const struct endpoint *endpoint, const struct call *call)
{
    int64_t left = INT64_MAX, kept;

    if (!endpoint->settings.deadline_ms)
        return left;
    left = endpoint->settings.deadline_ms - now_ms(endpoint);
    if (call->is_tidying || (!endpoint->uploads && !call->is_file))
        return left;
    kept = left / 4 < ENDPOINT_TIDY_MS ? left / 4 : ENDPOINT_TIDY_MS;
    return left - kept;
}

/* The same for one try. */
static long try_ms(const struct endpoint *endpoint, const struct call *call)
{
    long most = endpoint->settings.answer_ms ? endpoint->settings.answer_ms : (long)ENDPOINT_ANSWER_MS;
    int64_t left = left_ms(endpoint, call);

    if (call->is_tidying && most > DELETE_MS)
        most = DELETE_MS;
    if (call->is_tidying && is_stopping(endpoint) && most > ENDPOINT_TIDY_MS)
        most = ENDPOINT_TIDY_MS;
    return left < most ? (long)left : most;
}

/* A try while it runs. */
struct trying {
    const struct endpoint *endpoint;
    const struct call *call;
    int64_t begun_ms;
};

static bool should_stop(void *user)
{
    const struct trying *trying = user;

    return is_stopping(trying->endpoint) &&
           (!trying->call->is_tidying ||
            now_ms(trying->endpoint) - trying->begun_ms >= ENDPOINT_TIDY_MS);
}

/* It ended because its time was over: asking again would only cost as much again. */
static bool is_late(const struct trying *trying, long limit_ms)
{
    return now_ms(trying->endpoint) - trying->begun_ms >= limit_ms - LATE_MS;
}

/* Between half of it and all of it, so that what failed together does not come back together. */
static int64_t spread(const struct endpoint *endpoint, int64_t wait_ms)
{
    uint32_t random = endpoint->settings.random ? endpoint->settings.random() : randombytes_random();

    return wait_ms / 2 + (int64_t)(random % (uint64_t)(wait_ms / 2 + 1));
}

/* Before the next try: false when it is not worth waiting for, or no longer. `error` has
 * why the last one failed. */
static bool wait_for_next(const struct endpoint *endpoint, const struct call *call, int tries,
                          long retry_after_seconds, struct error *error)
{
    const struct timer *timer = &endpoint->settings.timer;
    int64_t backoff = (int64_t)FIRST_WAIT_MS << (tries - 1), wait = spread(endpoint, backoff);
    struct error told = *error;
    int64_t until;

    if (retry_after_seconds > ENDPOINT_PATIENCE_SECONDS) {
        error_set(error, ERROR_TEMPORARY, "%s; it asks to wait %ld seconds", told.text,
                  retry_after_seconds);
        return false;
    }
    if (retry_after_seconds > 0)
        wait += (int64_t)retry_after_seconds * 1000;
    if (wait >= left_ms(endpoint, call)) {
        error_set(error, ERROR_TEMPORARY, "%s; no time is left to try again", told.text);
        return false;
    }
    until = now_ms(endpoint) + wait;
    while (!is_stopping(endpoint) && (wait = until - now_ms(endpoint)) > 0)
        timer->sleep_ms(timer->context, wait < NAP_MS ? wait : NAP_MS);
    return !is_stopping(endpoint);
}

/* --- one call --- */

/* One try. 0 when there is an answer of status 200, whole; `*ret_may_help` when the same
 * once more may help, after `*ret_retry_after` seconds. */
static int try_once(struct endpoint *endpoint, const struct call *call, const char *url,
                    bool *ret_may_help, long *ret_retry_after, struct error *error)
{
    static const char *const headers[] = {"Accept: application/json", NULL};
    const char *method = call->sending.method == HTTP_DELETE ? "DELETE" : "POST";
    struct trying trying = {endpoint, call, now_ms(endpoint)};
    const long limit = try_ms(endpoint, call);
    const struct http_request request = {
        .url = url,
        .user_agent = "paperboy/" PAPERBOY_VERSION,
        .headers = headers,
        .bearer = endpoint->settings.api_key,
        .ca_file = endpoint->settings.ca_file,
        .max_bytes = call->max_bytes,
        .deadline_ms = limit,
        .low_speed_seconds = limit / 1000 + 1, /* a model thinks in silence */
        .should_stop = endpoint->settings.is_stopping ? should_stop : NULL,
        .user = &trying,
    };
    struct http_response *response = &endpoint->response;
    struct buffer what;

    *ret_may_help = false;
    *ret_retry_after = -1;
    if (limit < 1)
        return error_set(error, ERROR_TEMPORARY, "%s %s: no time is left for it", method, url);
    if (http_client_send(endpoint->http, &request, &call->sending, response, error) < 0) {
        *ret_may_help = error->kind == ERROR_TEMPORARY && !is_late(&trying, limit);
        return error->kind == ERROR_CONFIGURATION
                   ? error_add(error, "mend summaries.base_url or summaries.ca_file")
                   : -1;
    }
    *ret_retry_after = response->retry_after_seconds;
    if (response->status != 200 && response->status != 201 && response->status != 204) {
        buffer_init(&what, URL_BYTES);
        buffer_printf(&what, "%s %s", method, url);
        protocol_complain(buffer_string(&what), response->status, buffer_view(&response->body),
                          call->is_file, endpoint->settings.api_key, error);
        buffer_free(&what);
        *ret_may_help = error->kind == ERROR_TEMPORARY;
        return -1;
    }
    if (response->too_large)
        return error_set(error, ERROR_INPUT, "%s %s: an answer %s", method, url, response->why);
    if (response->truncated) {
        *ret_may_help = !is_late(&trying, limit);
        return error_set(error, ERROR_TEMPORARY, "%s %s: %s", method, url, response->why);
    }
    return 0;
}

static int make_call(struct endpoint *endpoint, const struct call *call, struct error *error)
{
    struct buffer url;
    struct error why = {0};
    bool may_help = true;
    long retry_after = -1;
    int result = -1;

    buffer_init(&url, URL_BYTES);
    buffer_printf(&url, "%s%s", endpoint->base_url, call->path);
    for (int tries = 1; result < 0 && may_help; tries++) {
        if (is_stopping(endpoint) && !call->is_tidying) {
            error_set(&why, ERROR_TEMPORARY, "%s: stopped", buffer_string(&url));
            break;
        }
        result = try_once(endpoint, call, buffer_string(&url), &may_help, &retry_after, &why);
        if (result == 0 || tries == ENDPOINT_TRIES || !may_help ||
            !wait_for_next(endpoint, call, tries, retry_after, &why))
            break;
    }
    buffer_free(&url);
    if (result < 0 && error)
        *error = why;
    return result;
}

/* --- the calls --- */

int endpoint_upload(struct endpoint *endpoint, struct view file, const char *name,
                    char ret_id[ENDPOINT_ID_BYTES], struct error *error)
{
    const struct http_part parts[] = {{.name = "purpose", .content = VIEW("file-extract")},
                                      {.name = "file", .file_name = name, .content = file}};
    const struct call call = {.path = "/files", .sending = {.parts = parts, .part_count = 2},
                              .max_bytes = SMALL_BYTES, .is_file = true};
    char id[ENDPOINT_ID_BYTES];
    int result;

    if (make_call(endpoint, &call, error) < 0)
        return -1;
    result = protocol_read_file(buffer_view(&endpoint->response.body), endpoint->settings.api_key, id,
                                error);
    if (id[0])
        endpoint->uploads++;
    if (result == 0)
        memcpy(ret_id, id, sizeof id);
    else if (id[0])
        endpoint_delete(endpoint, id, NULL);
    return result < 0 ? error_add(error, "%s/files", endpoint->base_url) : 0;
}

int endpoint_delete(struct endpoint *endpoint, const char *id, struct error *error)
{
    struct call call = {.sending = {.method = HTTP_DELETE}, .max_bytes = SMALL_BYTES,
                        .is_file = true, .is_tidying = true};
    struct buffer path;
    int result;

    if (!protocol_is_id(id))
        return error_set(error, ERROR_BUG, "no id of a file to delete");
    buffer_init(&path, URL_BYTES);
    buffer_printf(&path, "/files/%s", id);
    call.path = buffer_string(&path);
    http_response_free(&endpoint->response);
    result = make_call(endpoint, &call, error);
    if (result < 0 && endpoint->response.status == 404)
        result = 0; /* what is gone need not be deleted */
    if (endpoint->uploads)
        endpoint->uploads--;
    buffer_free(&path);
    return result;
}

int endpoint_ask(struct endpoint *endpoint, const struct endpoint_question *question,
                 struct endpoint_answer *ret_answer, struct error *error)
{
    struct call call = {.path = "/chat/completions",
                        .sending = {.content_type = "application/json"},
                        .max_bytes = ENDPOINT_ANSWER_BYTES};
    const char *model = endpoint->settings.model;
    struct buffer body;
    int result;

    endpoint_answer_free(ret_answer);
    buffer_init(&body, PROTOCOL_QUESTION_BYTES);
    result = protocol_write_question(model, question, &body, error);
    call.sending.body = buffer_view(&body);
    if (result == 0)
        result = make_call(endpoint, &call, error);
    if (result == 0) {
        result = protocol_read_answer(buffer_view(&endpoint->response.body),
                                      endpoint->response.content_type, endpoint->settings.api_key,
                                      ret_answer, error);
        if (result < 0)
            error_add(error, "%s/chat/completions", endpoint->base_url);
        else if (!ret_answer->model[0] && strlen(model) < sizeof ret_answer->model)
            memcpy(ret_answer->model, model, strlen(model) + 1);
    }
    buffer_free(&body);
    return result;
}
