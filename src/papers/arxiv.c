#include "papers/arxiv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/http.h"
#include "base/memory.h"

enum { CATEGORY_BYTES = 32 };

struct arxiv_client {
    const struct arxiv_settings *settings;
    struct polite *polite;
};

struct arxiv_client *arxiv_client_new(const struct arxiv_settings *settings, struct error *error)
{
    const struct polite_settings polite = {
        .url = settings->rss,
        .contact = settings->contact,
        .interval_ms = settings->interval_ms,
        .max_bytes = settings->max_bytes,
        .deadline_ms = settings->deadline_ms,
        .timer = settings->timer,
        .pace = settings->pace,
    };
    struct arxiv_client *client;

    if (http_check_url(settings->rss, error) < 0) {
        error_add(error, "arxiv.rss");
        return NULL;
    }
    client = memory_new(1, sizeof *client);
    client->settings = settings;
    client->polite = polite_new(&polite, error);
    if (!client->polite)
        arxiv_client_free(&client);
    return client;
}

void arxiv_client_free(struct arxiv_client **client)
{
    if (!*client)
        return;
    polite_free(&(*client)->polite);
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

/* A run of the categories that is asked for in one request. */
struct part {
    size_t first;
    size_t count;
};

/* One arxiv_fetch while it runs. */
struct fetch {
    struct arxiv_client *client;
    const char **categories;
    struct part *parts; /* still to be asked for, the next one last */
    size_t part_count;
    size_t part_room;
    size_t report_room;
    size_t refusals; /* in a row */
    struct arxiv_result result;
};

/* What reading one answer needs. */
struct reading {
    struct fetch *fetch;
    struct arxiv_report *report;
};

/* Whatever is wrong with an answer of status 200, the next one may be right. */
static int read_answer(void *user, const struct http_response *response, struct error *error)
{
    const struct reading *reading = user;
    struct feed_report *feed = &reading->report->feed;
    size_t max_bytes = reading->fetch->client->settings->max_bytes;
    struct error why = {0};

    if (feed_parse(buffer_view(&response->body), max_bytes ? max_bytes : (size_t)HTTP_MAX_BYTES,
                   &reading->fetch->result.papers, feed, &why) < 0) {
        const char *cut = response->truncated ? response->why : "";

        return error_set(error, ERROR_TEMPORARY, "%s: HTTP status 200, but not a feed: %s%s%s",
                         response->url, why.text, cut[0] ? "; " : "", cut);
    }
    if (response->truncated) {
        feed->complete = false;
        feed->truncated = true;
        if (feed->items == feed->skipped)
            return error_set(error, ERROR_TEMPORARY, "%s: cut off before the first paper: %s",
                             response->url, response->why);
        snprintf(feed->truncation, sizeof feed->truncation, "%s", response->why);
    }
    return 0;
}

/* "BASE/cs.LG+cs.AI" for the part's categories, in the papers' arena. */
static void name_request(struct fetch *fetch, struct part part, struct arxiv_report *report)
{
    const char *base = fetch->client->settings->rss;
    struct arena *arena = fetch->result.papers.arena;
    struct buffer text;

    buffer_init(&text, (part.count + 1) * (CATEGORY_BYTES + 1));
    for (size_t i = 0; i < part.count; i++) {
        buffer_add_string(&text, i ? "+" : "");
        buffer_add_string(&text, fetch->categories[part.first + i]);
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

static int find_validators(const struct arxiv_settings *settings, const char *url,
                           struct arxiv_validators *validators, struct error *error)
{
    if (!settings->find_validators)
        return 0;
    return settings->find_validators(settings->user, url, validators, error);
}

static int ask(struct fetch *fetch, struct arxiv_report *report, struct error *error)
{
    struct reading reading = {fetch, report};
    struct arxiv_validators known = {0};
    const struct http_response *response = NULL;
    struct polite_request request = {.url = report->url.data, .judge = read_answer,
                                     .user = &reading};
    int result;

    if (find_validators(fetch->client->settings, request.url, &known, error) < 0)
        return -1;
    request.etag = known.etag;
    request.last_modified = known.last_modified;
    result = polite_get(fetch->client->polite, &request, &response, error);
    report->was_asked = true;
    if (response) {
        report->status = response->status;
        report->retry_after_seconds = response->retry_after_seconds;
    }
    if (result < 0)
        return -1;
    report->unchanged = response->status == 304;
    if (!report->unchanged && report->feed.complete) {
        memcpy(report->validators.etag, response->etag, sizeof response->etag);
        memcpy(report->validators.last_modified, response->last_modified,
               sizeof response->last_modified);
    }
    return 0;
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

static void add_part(struct fetch *fetch, struct part part)
{
    fetch->parts = memory_grow(fetch->parts, &fetch->part_room, fetch->part_count + 1,
                               sizeof *fetch->parts);
    fetch->parts[fetch->part_count++] = part;
}

static void add_report(struct fetch *fetch, const struct arxiv_report *report)
{
    struct arxiv_result *result = &fetch->result;

    result->reports = memory_grow(result->reports, &fetch->report_room, result->report_count + 1,
                                  sizeof *result->reports);
    result->reports[result->report_count++] = *report;
    result->failed_count += report->error.kind != ERROR_NONE;
}

/* The server may refuse the whole because of one name it does not know, or
 * because of the length. */
static bool is_refused(const struct arxiv_report *report)
{
    return report->error.kind == ERROR_PERMANENT &&
           (report->status == 400 || report->status == 404 || report->status == 414);
}

static bool reaches_limit(const struct fetch *fetch, const struct arxiv_report *report)
{
    size_t limit = fetch->client->settings->feed_items;

    return report->error.kind == ERROR_NONE &&
           report->feed.items >= (limit ? limit : (size_t)ARXIV_FEED_ITEMS);
}

/* Asks for the next part; what it gave of a feed that has to be split stays. */
static void ask_next(struct fetch *fetch)
{
    struct part part = fetch->parts[--fetch->part_count];
    struct arxiv_report report = {0};
    bool limited;

    name_request(fetch, part, &report);
    if (ask(fetch, &report, &report.error) == 0)
        note_date(&fetch->result, &report.feed);
    limited = reaches_limit(fetch, &report);
    fetch->refusals = is_refused(&report) ? fetch->refusals + 1 : 0;
    if (part.count > 1 &&
        (limited || (fetch->refusals && fetch->refusals < ARXIV_REFUSALS_MAX))) {
        size_t half = (part.count + 1) / 2;

        fetch->result.splits++;
        add_part(fetch, (struct part){part.first + half, part.count - half});
        add_part(fetch, (struct part){part.first, half});
        return;
    }
    report.at_limit = limited;
    if (limited)
        report.validators = (struct arxiv_validators){0};
    add_report(fetch, &report);
}

/* Whether the last request means that the others are better not made. */
static bool must_stop(const struct fetch *fetch, const struct arxiv_report *last)
{
    if (last->error.kind == ERROR_NONE)
        return false;
    return !is_refused(last) || fetch->refusals >= ARXIV_REFUSALS_MAX;
}

/* Makes the requests in order until one fails. */
static void ask_all(struct fetch *fetch)
{
    struct arxiv_result *result = &fetch->result;
    struct error failure = {0};

    while (fetch->part_count) {
        struct arxiv_report report = {0};
        size_t before = result->report_count;

        if (failure.kind == ERROR_NONE) {
            ask_next(fetch);
            if (result->report_count > before && must_stop(fetch, &result->reports[before]))
                failure = result->reports[before].error;
            continue;
        }
        name_request(fetch, fetch->parts[--fetch->part_count], &report);
        error_set(&report.error, failure.kind, "not asked for, since %s", failure.text);
        add_report(fetch, &report);
    }
}

int arxiv_fetch(struct arxiv_client *client, const char *const *categories, size_t count,
                struct arxiv_result *ret_result, struct error *error)
{
    size_t each = client->settings->categories_per_request, once = 0, parts;
    struct fetch fetch = {.client = client};
    int status = 0;

    if (!count)
        return error_set(error, ERROR_CONFIGURATION, "there is no category to ask arXiv for");
    fetch.categories = list_once(categories, count, &once, error);
    if (!fetch.categories)
        return -1;
    if (!each)
        each = ARXIV_CATEGORIES_PER_REQUEST;
    papers_init(&fetch.result.papers);
    parts = (once + each - 1) / each;
    for (size_t i = parts; i-- > 0;)
        add_part(&fetch, (struct part){i * each, once - i * each < each ? once - i * each : each});
    ask_all(&fetch);
    free(fetch.categories);
    free(fetch.parts);
    /* A feed that was split has given papers, whatever became of its halves. */
    if (fetch.result.failed_count == fetch.result.report_count && !fetch.result.papers.count) {
        if (error)
            *error = fetch.result.reports[0].error;
        status = -1;
    }
    if (status < 0)
        arxiv_result_free(&fetch.result);
    else
        *ret_result = fetch.result;
    return status;
}

void arxiv_result_free(struct arxiv_result *result)
{
    papers_free(&result->papers);
    free(result->reports);
    memset(result, 0, sizeof *result);
}
