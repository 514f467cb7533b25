#include "papers/arxiv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/http.h"
#include "base/memory.h"

enum { CATEGORY_BYTES = 32 };

struct arxiv_client {
    const struct arxiv_settings *settings;
    struct http_client *http;
    struct http_response response; /* kept for its memory */
    char *user_agent;
    bool is_arxiv; /* the base URL is one of arXiv's own hosts */
    bool has_asked;
    int64_t asked_ms; /* when the last request began */
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
    return view_equal_string(host, "arxiv.org") || view_ends_with(host, VIEW(".arxiv.org"));
}

struct arxiv_client *arxiv_client_new(const struct arxiv_settings *settings, struct error *error)
{
    struct arxiv_client *client;

    if (http_check_url(settings->rss, error) < 0) {
        error_add(error, "arxiv.rss");
        return NULL;
    }
    if (settings->contact && settings->contact[0] && check_contact(settings->contact, error) < 0)
        return NULL;
    client = memory_new(1, sizeof *client);
    client->settings = settings;
    client->user_agent = make_user_agent(settings->contact);
    client->is_arxiv = is_arxiv_host(settings->rss);
    client->http = http_client_new(error);
    if (!client->http)
        arxiv_client_free(&client);
    return client;
}

void arxiv_client_free(struct arxiv_client **client)
{
    if (!*client)
        return;
    http_client_free(&(*client)->http);
    http_response_free(&(*client)->response);
    free((*client)->user_agent);
    free(*client);
    *client = NULL;
}

int arxiv_check_category(struct view category, struct error *error)
{
    bool is_good = category.size > 0 && category.size <= CATEGORY_BYTES;

    for (size_t i = 0; i < category.size && is_good; i++) {
        char c = category.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        is_good = is_letter || (i && ((c >= '0' && c <= '9') || c == '.' || c == '-'));
    }
    if (is_good)
        return 0;
    return error_set(error, ERROR_INPUT,
                     "\"%.*s\" is not an arXiv category; they look like cs.LG, astro-ph.EP, hep-th",
                     (int)(category.size < 100 ? category.size : 100),
                     category.size ? category.data : "");
}

/* The categories once each, in order; for free(3). */
static const char **list_once(const char *const *categories, size_t count, size_t *ret_count,
                              struct error *error)
{
    const char **list = memory_new(count, sizeof *list);
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        bool is_double = false;

        if (arxiv_check_category(view_of(categories[i]), error) < 0) {
            free(list);
            return NULL;
        }
        for (size_t k = 0; k < kept && !is_double; k++)
            is_double = strcmp(list[k], categories[i]) == 0;
        if (!is_double)
            list[kept++] = categories[i];
    }
    *ret_count = kept;
    return list;
}

static void keep_pace(struct arxiv_client *client)
{
    const struct timer *timer = &client->settings->timer;
    int64_t now = timer->now_ms(timer->context);
    int64_t due = client->asked_ms + client->settings->interval_ms;

    if (client->has_asked && now < due) {
        timer->sleep_ms(timer->context, due - now);
        now = timer->now_ms(timer->context);
    }
    client->has_asked = true;
    client->asked_ms = now;
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

/* Whatever is wrong with an answer of status 200, the next one may be right. */
static int read_answer(struct arxiv_client *client, struct papers *papers,
                       struct arxiv_report *report, struct error *error)
{
    const struct http_response *response = &client->response;
    struct error why = {0};

    if (feed_parse(buffer_view(&response->body), client->settings->max_bytes
                       ? client->settings->max_bytes : (size_t)HTTP_MAX_BYTES,
                   papers, &report->feed, &why) < 0) {
        const char *cut = response->truncated ? response->why : "";

        return error_set(error, ERROR_TEMPORARY, "%s: HTTP status 200, but not a feed: %s%s%s",
                         response->url, why.text, cut[0] ? "; " : "", cut);
    }
    if (response->truncated) {
        report->feed.complete = false;
        report->feed.truncated = true;
        if (report->feed.items == report->feed.skipped)
            return error_set(error, ERROR_TEMPORARY, "%s: cut off before the first paper: %s",
                             response->url, response->why);
        snprintf(report->feed.truncation, sizeof report->feed.truncation, "%s", response->why);
    }
    return 0;
}

static int ask(struct arxiv_client *client, struct papers *papers, struct arxiv_report *report,
               struct error *error)
{
    static const char *const own_hosts[] = {"rss.arxiv.org", "export.arxiv.org", "arxiv.org", NULL};
    const struct http_request request = {
        .url = report->url.data,
        .user_agent = client->user_agent,
        .redirect_hosts = client->is_arxiv ? own_hosts : NULL,
        .max_bytes = client->settings->max_bytes,
        .deadline_ms = client->settings->deadline_ms,
    };

    keep_pace(client);
    report->was_asked = true;
    if (http_client_get(client->http, &request, &client->response, error) < 0)
        return -1;
    report->status = client->response.status;
    report->retry_after_seconds = client->response.retry_after_seconds;
    if (check_status(&client->response, error) < 0)
        return -1;
    return read_answer(client, papers, report, error);
}

/* "BASE/cs.LG+cs.AI" for `count` categories, in the papers' arena. */
static void name_request(struct arxiv_client *client, const char *const *categories, size_t count,
                         struct arena *arena, struct arxiv_report *report)
{
    const char *base = client->settings->rss;
    struct buffer text;

    buffer_init(&text, (count + 1) * (CATEGORY_BYTES + 1));
    for (size_t i = 0; i < count; i++) {
        buffer_add_string(&text, i ? "+" : "");
        buffer_add_string(&text, categories[i]);
    }
    report->categories = arena_copy(arena, buffer_view(&text));
    buffer_free(&text);
    buffer_init(&text, strlen(base) + 1 + report->categories.size);
    buffer_printf(&text, "%s%s%s", base, view_ends_with(view_of(base), VIEW("/")) ? "" : "/",
                  report->categories.data);
    report->url = arena_copy(arena, buffer_view(&text));
    buffer_free(&text);
    report->retry_after_seconds = -1;
}

static void note_date(struct arxiv_result *result, const struct feed_report *feed)
{
    if (date_is_set(feed->date) &&
        (!date_is_set(result->date) || date_compare(feed->date, result->date) > 0))
        result->date = feed->date;
    if (feed->has_instant && (!result->has_instant || feed->instant_utc > result->instant_utc)) {
        result->has_instant = true;
        result->instant_utc = feed->instant_utc;
    }
}

/* Makes the requests in order until one fails. */
static void ask_all(struct arxiv_client *client, struct arxiv_result *result)
{
    const struct error *failure = NULL;

    for (size_t i = 0; i < result->report_count; i++) {
        struct arxiv_report *report = &result->reports[i];

        if (failure) {
            error_set(&report->error, failure->kind, "not asked for, since %s", failure->text);
            result->failed_count++;
        } else if (ask(client, &result->papers, report, &report->error) < 0) {
            failure = &report->error;
            result->failed_count++;
        } else {
            note_date(result, &report->feed);
        }
    }
}

int arxiv_fetch(struct arxiv_client *client, const char *const *categories, size_t count,
                struct arxiv_result *ret_result, struct error *error)
{
    size_t each = client->settings->categories_per_request, once = 0;
    struct arxiv_result result = {0};
    const char **list;

    if (!count)
        return error_set(error, ERROR_CONFIGURATION, "there is no category to ask arXiv for");
    list = list_once(categories, count, &once, error);
    if (!list)
        return -1;
    if (!each)
        each = ARXIV_CATEGORIES_PER_REQUEST;
    papers_init(&result.papers);
    result.report_count = (once + each - 1) / each;
    result.reports = memory_new(result.report_count, sizeof *result.reports);
    for (size_t i = 0; i < result.report_count; i++)
        name_request(client, list + i * each, once - i * each < each ? once - i * each : each,
                     result.papers.arena, &result.reports[i]);
    free(list);
    ask_all(client, &result);
    if (result.failed_count == result.report_count) {
        if (error)
            *error = result.reports[0].error;
        arxiv_result_free(&result);
        return -1;
    }
    *ret_result = result;
    return 0;
}

void arxiv_result_free(struct arxiv_result *result)
{
    papers_free(&result->papers);
    free(result->reports);
    memset(result, 0, sizeof *result);
}
