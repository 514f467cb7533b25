#include "papers/polite.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct polite {
    struct polite_settings settings;
    struct http_client *http;
    struct http_response response; /* kept for its memory */
    char *user_agent;
    bool is_arxiv; /* the URL is on one of arXiv's own hosts */
    bool has_asked;
    int64_t asked_ms; /* without a pace: when the last request began */
};

/* "ada@example.org", without what would end the comment of a User-Agent. */
static int check_contact(const char *contact, struct error *error)
{
    const char *at = strchr(contact, '@');
    bool is_plain = at && at > contact && at[1];

    for (const char *c = contact; *c && is_plain; c++)
        is_plain = *c > ' ' && *c < 0x7F && !strchr("()<>\\\",;", *c);
    if (is_plain)
        return 0;
    return error_set(error, ERROR_CONFIGURATION,
                     "arxiv.contact: \"%s\" is not a plain mail address", contact);
}

static char *make_user_agent(const char *contact)
{
    struct buffer text;

    buffer_init(&text, 4096);
    buffer_printf(&text, "paperboy/%s", PAPERBOY_VERSION);
    if (contact && contact[0])
        buffer_printf(&text, " (+mailto:%s)", contact);
    return buffer_steal(&text);
}

static bool is_arxiv_host(const char *url)
{
    struct view rest = view_of(url), host;
    size_t start = view_find(rest, VIEW("://"), 0) + 3, end = start;

    while (end < rest.size && !strchr("/:?#", rest.data[end]))
        end++;
    host = view_slice(rest, start, end);
    return view_equal_nocase(host, VIEW("arxiv.org")) ||
           (host.size > 10 &&
            view_equal_nocase(view_slice(host, host.size - 10, host.size), VIEW(".arxiv.org")));
}

struct polite *polite_new(const struct polite_settings *settings, struct error *error)
{
    struct polite *polite;

    if (http_check_url(settings->url, error) < 0)
        return NULL;
    if (settings->contact && settings->contact[0] && check_contact(settings->contact, error) < 0)
        return NULL;
    polite = memory_new(1, sizeof *polite);
    polite->settings = *settings;
    polite->user_agent = make_user_agent(settings->contact);
    polite->is_arxiv = is_arxiv_host(settings->url);
    polite->http = http_client_new(error);
    if (!polite->http)
        polite_free(&polite);
    return polite;
}

void polite_free(struct polite **polite)
{
    if (!*polite)
        return;
    http_client_free(&(*polite)->http);
    http_response_free(&(*polite)->response);
    free((*polite)->user_agent);
    free(*polite);
    *polite = NULL;
}

static void keep_own_interval(struct polite *polite)
{
    const struct timer *timer = &polite->settings.timer;
    int64_t now = timer->now_ms(timer->context);
    int64_t due = polite->asked_ms + polite->settings.interval_ms;

    if (polite->has_asked && now < due) {
        timer->sleep_ms(timer->context, due - now);
        now = timer->now_ms(timer->context);
    }
    polite->has_asked = true;
    polite->asked_ms = now;
}

static int check_status(const struct http_response *response, struct error *error)
{
    long status = response->status;
    bool is_temporary = status == 408 || status == 429 || status >= 500;

    if (status == 200)
        return 0;
    error_set(error, is_temporary ? ERROR_TEMPORARY : ERROR_PERMANENT, "%s: HTTP status %ld%s",
              response->url, status,
              status == 429 ? " (too many requests)" : status == 503 ? " (not available now)" : "");
    if (response->retry_after_seconds >= 0) {
        struct error told = *error;

        error_set(error, told.kind, "%s; it asks to wait %ld seconds", told.text,
                  response->retry_after_seconds);
    }
    return -1;
}

static const char *some(const char *text)
{
    return text && text[0] ? text : NULL;
}

/* One request. `*ret_answered` when at least a header came. */
static int ask(struct polite *polite, const struct polite_request *request, bool *ret_answered,
               struct error *error)
{
    static const char *const own_hosts[] = {"rss.arxiv.org", "oaipmh.arxiv.org",
                                            "export.arxiv.org", "arxiv.org", NULL};
    const struct http_request asked = {
        .url = request->url,
        .user_agent = polite->user_agent,
        .etag = some(request->etag),
        .if_modified_since = some(request->last_modified),
        .redirect_hosts = polite->is_arxiv ? own_hosts : NULL,
        .max_bytes = polite->settings.max_bytes,
        .deadline_ms = request->find_deadline_ms ? request->find_deadline_ms(request->user)
                                                 : polite->settings.deadline_ms,
    };

    *ret_answered = false;
    if (http_client_get(polite->http, &asked, &polite->response, error) < 0)
        return -1;
    *ret_answered = true;
    if (polite->response.status == 304 && (asked.etag || asked.if_modified_since))
        return 0;
    if (check_status(&polite->response, error) < 0)
        return -1;
    return request->judge ? request->judge(request->user, &polite->response, error) : 0;
}

/* An answer that was cut off is of use, and yet no sign of good health. */
static struct polite_outcome outcome_of(const struct polite *polite, int result, bool answered,
                                        const struct error *error)
{
    struct polite_outcome outcome = {.result = POLITE_GOOD, .retry_after_seconds = -1};

    if (answered)
        outcome.retry_after_seconds = polite->response.retry_after_seconds;
    if (result < 0 && error->kind == ERROR_TEMPORARY) {
        outcome.result = POLITE_FAILED;
        outcome.why = error->text;
    } else if (result == 0 && polite->response.truncated) {
        outcome.result = POLITE_FAILED;
        outcome.why = polite->response.why;
    } else if (result < 0 && !answered) {
        outcome.result = POLITE_NOT_ASKED;
    }
    return outcome;
}

int polite_get(struct polite *polite, const struct polite_request *request,
               const struct http_response **ret_response, struct error *error)
{
    const struct polite_pace *pace = polite->settings.pace;
    bool answered = false;
    struct error why = {0};
    int result = -1;

    *ret_response = NULL;
    for (int tries = 0; tries < (pace ? POLITE_TRIES : 1); tries++) {
        struct polite_outcome outcome;
        struct error refused = {0};

        if (!pace) {
            keep_own_interval(polite);
        } else if (pace->wait_turn(pace->user, &refused) < 0) {
            if (tries == 0)
                why = refused; /* else what was answered says more */
            break;
        }
        result = ask(polite, request, &answered, &why);
        *ret_response = answered ? &polite->response : NULL;
        outcome = outcome_of(polite, result, answered, &why);
        if (pace)
            pace->done(pace->user, &outcome);
        if (result == 0 || why.kind != ERROR_TEMPORARY)
            break;
    }
    if (result < 0 && error)
        *error = why;
    return result;
}
