#include "commands/input.h"

#include <string.h>

#include "base/file.h"
#include "base/http.h"
#include "papers/feed.h"

static bool is_url(const char *source)
{
    return strncmp(source, "http://", 7) == 0 || strncmp(source, "https://", 8) == 0;
}

void input_user_agent(const struct site *site, struct buffer *out)
{
    const char *contact = site->configuration.arxiv.contact;

    buffer_printf(out, "paperboy/%s", PAPERBOY_VERSION);
    if (contact)
        buffer_printf(out, " (+mailto:%s)", contact);
}

static int download(struct site *site, const char *url, struct buffer *bytes, struct error *error)
{
    struct http_client *client = http_client_new(error);
    struct http_response response = {0};
    struct buffer agent;
    int result = -1;

    if (!client)
        return -1;
    buffer_init(&agent, 1024);
    input_user_agent(site, &agent);
    if (http_client_get(client,
                        &(struct http_request){.url = url,
                                               .user_agent = buffer_string(&agent),
                                               .max_bytes = FEED_BYTES},
                        &response, error) < 0) {
        /* Nothing asks again by itself: to this command it cannot be read. */
        if (error && error->kind == ERROR_TEMPORARY)
            error->kind = ERROR_PERMANENT;
        goto out;
    }
    if (response.status != 200) {
        error_set(error, ERROR_PERMANENT, "%s: the server answered with status %ld", url,
                  response.status);
        goto out;
    }
    if (response.truncated)
        log_line(site->log, LOG_LEVEL_WARNING, "%s: %s; what came is used", url, response.why);
    buffer_add_view(bytes, buffer_view(&response.body));
    result = 0;
out:
    http_response_free(&response);
    buffer_free(&agent);
    http_client_free(&client);
    return result;
}

static void log_report(struct site *site, const char *source, size_t papers,
                       const struct feed_report *report)
{
    if (report->truncated)
        log_line(site->log, LOG_LEVEL_WARNING, "%s: %s; the %zu papers before it are used",
                 source, report->truncation, papers);
    if (report->skipped)
        log_line(site->log, LOG_LEVEL_WARNING, "%s: %zu of %zu items cannot be used; the first: %s",
                 source, report->skipped, report->items, report->skip_reason);
    if (report->repaired)
        log_line(site->log, LOG_LEVEL_WARNING,
                 "%s: %zu papers are kept without a key of theirs; the first: %s", source,
                 report->repaired, report->repair_reason);
    if (report->replaced)
        log_line(site->log, LOG_LEVEL_WARNING,
                 "%s: %zu damaged bytes or control characters were replaced", source,
                 report->replaced);
    if (report->resumption_token[0])
        log_line(site->log, LOG_LEVEL_NOTICE, "%s: is one page of a longer list", source);
    if (report->items == 0 && !report->truncated)
        log_line(site->log, LOG_LEVEL_NOTICE,
                 "%s: %s without papers; on weekends and holidays that is as it should be", source,
                 feed_format_name(report->format));
}

static int read_source(struct site *site, const char *source, struct input *input,
                       struct error *error)
{
    struct feed_report report = {0};
    struct buffer bytes;
    struct date date;
    size_t before = input->papers.count;
    int result;

    buffer_init(&bytes, FEED_BYTES);
    result = is_url(source) ? download(site, source, &bytes, error)
                            : file_read(source, &bytes, error);
    if (result == 0) {
        result = feed_parse(buffer_view(&bytes), FEED_BYTES, &input->papers, &report, error);
        if (result < 0)
            error_add(error, "%s", strcmp(source, "-") == 0 ? "standard input" : source);
    }
    buffer_free(&bytes);
    if (result < 0)
        return -1;
    log_report(site, source, input->papers.count - before, &report);
    date = report.has_instant ? site_arxiv_date(site, report.instant_utc) : report.date;
    if (date_is_set(date) && (!date_is_set(input->date) || date_compare(date, input->date) > 0))
        input->date = date;
    input->estimated = input->estimated || report.estimated;
    input->complete = input->complete && report.complete;
    return 0;
}

int input_read(struct site *site, const struct strings *sources, struct input *ret_input,
               struct error *error)
{
    struct input input = {.complete = true};

    papers_init(&input.papers);
    for (size_t i = 0; i < sources->count; i++)
        if (read_source(site, sources->items[i], &input, error) < 0) {
            input_free(&input);
            return -1;
        }
    *ret_input = input;
    return 0;
}

void input_free(struct input *input)
{
    papers_free(&input->papers);
    *input = (struct input){0};
}
