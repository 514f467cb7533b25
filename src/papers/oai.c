#include "papers/oai.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct oai_client {
    const struct oai_settings *settings;
    struct polite *polite;
};

/* One oai_list_records while it runs. */
struct listing {
    struct oai_client *client;
    const char *set;
    struct date from;
    struct oai_report *report;
    char token[FEED_TOKEN_BYTES]; /* of the next page; "" for the first */
    struct papers papers;         /* of the page */
    struct feed_report page;
    bool token_expired;
    bool has_page; /* `papers` and `page` are those of the last answer */
    bool is_cut;   /* a page was handed over that lacks records */
};

struct oai_client *oai_client_new(const struct oai_settings *settings, struct error *error)
{
    const struct polite_settings polite = {
        .url = settings->oai,
        .contact = settings->contact,
        .interval_ms = settings->interval_ms,
        .max_bytes = settings->max_bytes,
        .deadline_ms = settings->deadline_ms,
        .timer = settings->timer,
        .pace = settings->pace,
    };
    struct oai_client *client;

    if (http_check_url(settings->oai, error) < 0) {
        error_add(error, "arxiv.oai");
        return NULL;
    }
    client = memory_new(1, sizeof *client);
    client->settings = settings;
    client->polite = polite_new(&polite, error);
    if (!client->polite)
        oai_client_free(&client);
    return client;
}

void oai_client_free(struct oai_client **client)
{
    if (!*client)
        return;
    polite_free(&(*client)->polite);
    free(*client);
    *client = NULL;
}

/* RFC 3986, 2.3: what is not unreserved is written as %XX. */
static void add_escaped(struct buffer *url, const char *text)
{
    for (const char *c = text; *c; c++) {
        bool is_plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                        (*c >= '0' && *c <= '9') || strchr("-._~", *c);

        if (is_plain)
            buffer_add_char(url, *c);
        else
            buffer_printf(url, "%%%02X", (unsigned)(unsigned char)*c);
    }
}

/* A token stands for all the other arguments (OAI-PMH 2.0, 3.5). */
static void make_url(const struct listing *listing, struct buffer *url)
{
    char from[DATE_TEXT_BYTES];

    buffer_clear(url);
    buffer_printf(url, "%s?verb=ListRecords", listing->client->settings->oai);
    if (listing->token[0]) {
        buffer_add_string(url, "&resumptionToken=");
        add_escaped(url, listing->token);
        return;
    }
    buffer_add_string(url, "&metadataPrefix=arXivRaw&set=");
    add_escaped(url, listing->set);
    if (date_is_set(listing->from)) {
        date_format(listing->from, from);
        buffer_printf(url, "&from=%s", from);
    }
}

static size_t max_bytes(const struct listing *listing)
{
    size_t bytes = listing->client->settings->max_bytes;

    return bytes ? bytes : (size_t)HTTP_MAX_BYTES;
}

static void drop_page(struct listing *listing)
{
    papers_free(&listing->papers);
    papers_init(&listing->papers);
    listing->page = (struct feed_report){0};
    listing->has_page = false;
}

/* What the document says, into the listing; `error` in the server's words. */
static int read_document(struct listing *listing, const struct http_response *response,
                         struct error *error)
{
    struct error why = {0};

    drop_page(listing);
    if (feed_parse(buffer_view(&response->body), max_bytes(listing), &listing->papers,
                   &listing->page, &why) < 0) {
        listing->token_expired = why.kind == ERROR_TEMPORARY;
        if (why.kind != ERROR_INPUT)
            return error_set(error, ERROR_PERMANENT, "%s: %s", response->url, why.text);
        return error_set(error, ERROR_TEMPORARY, "%s: HTTP status %ld, but not OAI-PMH: %s",
                         response->url, response->status, why.text);
    }
    if (listing->page.format != FEED_OAI && listing->page.format != FEED_OAI_RAW) {
        drop_page(listing);
        return error_set(error, ERROR_TEMPORARY, "%s: HTTP status %ld, but not OAI-PMH",
                         response->url, response->status);
    }
    listing->has_page = true;
    return 0;
}

/* A page that was cut has lost its token, so it is better asked for again, but
 * not when it is its size that cuts it. */
static int judge(void *user, const struct http_response *response, struct error *error)
{
    struct listing *listing = user;
    bool is_too_large = response->body.size >= max_bytes(listing);

    if (read_document(listing, response, error) < 0)
        return -1;
    if (response->truncated) {
        listing->page.truncated = true;
        snprintf(listing->page.truncation, sizeof listing->page.truncation, "%s", response->why);
    }
    if (!listing->page.truncated || is_too_large)
        return 0;
    return error_set(error, ERROR_TEMPORARY, "%s: %s", response->url, listing->page.truncation);
}

/* Gets one page. The server may dress an answer of the protocol as a status of
 * HTTP; then its words are worth more than the number. */
static int get_page(struct listing *listing, const char *url, struct error *error)
{
    const struct polite_request request = {.url = url, .judge = judge, .user = listing};
    const struct http_response *response = NULL;
    struct error said = {0};

    drop_page(listing);
    listing->token_expired = false;
    if (polite_get(listing->client->polite, &request, &response, error) == 0)
        return 0;
    if (listing->has_page && response && response->status == 200)
        return 0; /* cut, and cut again */
    if (!response || response->status == 200 || response->status >= 500 || !response->body.size)
        return -1;
    if (read_document(listing, response, &said) == 0)
        return 0;
    if (said.kind == ERROR_PERMANENT && error)
        *error = said;
    return -1;
}

static int restart(struct listing *listing, struct error *error)
{
    if (listing->report->restarts) {
        if (error)
            error->kind = ERROR_TEMPORARY;
        return -1;
    }
    listing->report->restarts++;
    listing->token[0] = '\0';
    return 0;
}

static int take_page(struct listing *listing, oai_take take, void *user, struct error *error)
{
    struct oai_report *report = listing->report;

    report->pages++;
    report->records += listing->papers.count;
    report->deleted += listing->page.deleted;
    if (listing->page.skipped && !report->skipped)
        snprintf(report->skip_reason, sizeof report->skip_reason, "%s",
                 listing->page.skip_reason);
    report->skipped += listing->page.skipped;
    listing->is_cut |= listing->page.truncated;
    return listing->papers.count ? take(user, &listing->papers, error) : 0;
}

/* Whether there is another page, whose token it then notes. */
static int move_on(struct listing *listing, bool *ret_more, struct error *error)
{
    const char *next = listing->page.resumption_token;
    size_t most = listing->client->settings->max_pages;

    *ret_more = next[0] != '\0';
    if (!next[0]) {
        listing->report->complete = !listing->is_cut;
        return 0;
    }
    if (strcmp(next, listing->token) == 0)
        return error_set(error, ERROR_TEMPORARY,
                         "%s: OAI-PMH gave the same resumption token twice", listing->set);
    if (listing->report->pages >= (most ? most : (size_t)OAI_PAGES_MAX))
        return error_set(error, ERROR_TEMPORARY, "%s: OAI-PMH's list does not end after %zu pages",
                         listing->set, listing->report->pages);
    memcpy(listing->token, next, sizeof listing->token);
    return 0;
}

static int list_pages(struct listing *listing, oai_take take, void *user, struct error *error)
{
    struct buffer url;
    bool more = true;
    int result = 0;

    buffer_init(&url, 4 * FEED_TOKEN_BYTES + 4096);
    while (more && result == 0) {
        make_url(listing, &url);
        result = get_page(listing, buffer_string(&url), error);
        if (result < 0 && listing->token_expired && listing->token[0]) {
            result = restart(listing, error);
            continue;
        }
        if (result == 0)
            result = take_page(listing, take, user, error);
        if (result == 0)
            result = move_on(listing, &more, error);
    }
    buffer_free(&url);
    return result;
}

int oai_list_records(struct oai_client *client, const char *set, struct date from, oai_take take,
                     void *user, struct oai_report *ret_report, struct error *error)
{
    struct listing listing = {.client = client, .set = set, .from = from, .report = ret_report};
    struct error own = {0};
    int result;

    *ret_report = (struct oai_report){0};
    papers_init(&listing.papers);
    result = list_pages(&listing, take, user, error ? error : &own);
    papers_free(&listing.papers);
    return result;
}
