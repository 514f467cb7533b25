/* Asks arXiv for the day's announcements: the combined RSS feed of many
 * categories, in as few requests as their names fit, at a polite pace
 * (papers/polite.h), each answer read by papers/feed.h into one list. A feed
 * that arXiv's limit has cut is asked for again in halves. Called by fetch and
 * run. It keeps nothing between days. */
#ifndef PAPERS_ARXIV_H
#define PAPERS_ARXIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/timer.h"
#include "papers/feed.h"
#include "papers/paper.h"
#include "papers/polite.h"

enum { ARXIV_CATEGORIES_PER_REQUEST = 100, ARXIV_FEED_ITEMS = 2000, ARXIV_REFUSALS_MAX = 12 };

/* What an earlier answer of a URL said of itself; "" for none. */
struct arxiv_validators {
    char etag[HTTP_FIELD_BYTES];
    char last_modified[HTTP_FIELD_BYTES];
};

/* Borrowed for as long as the client lives. */
struct arxiv_settings {
    const char *rss;     /* "https://rss.arxiv.org/rss/"; any http or https server */
    const char *contact; /* mail address for the User-Agent; NULL or "": none is told */
    long interval_ms;    /* from one request's start to the next one's */
    size_t max_bytes;    /* per answer, inflated; 0: HTTP_MAX_BYTES */
    long deadline_ms;    /* per request; 0: HTTP_DEADLINE_MS */
    size_t categories_per_request; /* 0: ARXIV_CATEGORIES_PER_REQUEST */
    size_t feed_items;             /* a feed of so many may be cut; 0: ARXIV_FEED_ITEMS */
    struct timer timer;            /* without a pace */
    const struct polite_pace *pace; /* NULL: the client's own interval, no request made twice */
    /* Fills in what is kept of `url`, which must be left as it is when nothing
     * is. NULL: every request is unconditional. */
    int (*find_validators)(void *user, const char *url, struct arxiv_validators *ret_validators,
                           struct error *error);
    void *user;
};

/* What became of one request. Views live in the result's papers' arena. A
 * request that was split has no report, those it was split into have theirs. */
struct arxiv_report {
    struct view categories; /* "cs.LG+cs.AI" */
    struct view url;
    bool was_asked;           /* false: not tried, because of an error before it */
    long status;              /* 0 when there was no answer */
    long retry_after_seconds; /* -1: not told */
    struct feed_report feed;  /* what the answer held; its `truncated` also tells a cut that
                                 HTTP noticed */
    bool unchanged;           /* 304: nothing new since the validators were kept */
    bool at_limit;            /* one category's feed, as long as feeds get: it may lack papers */
    /* To be kept once the papers are stored, in the same transaction; "" when the
     * answer does not stand for all that it was asked for. */
    struct arxiv_validators validators;
    struct error error;       /* kind ERROR_NONE when the answer was a feed, or 304 */
};

struct arxiv_result {
    struct papers papers;
    struct arxiv_report *reports; /* in the order asked */
    size_t report_count;
    size_t splits;          /* requests that were made again in halves */
    size_t failed_count;    /* reports with an error: more than 0 means that papers are missing */
    struct date date;       /* of the feeds, the latest; zero when none says */
    bool has_instant;
    int64_t instant_utc;    /* likewise */
};

struct arxiv_client;

/* A malformed base URL, or a contact that is no plain address, is a
 * configuration error. One client is one connection and one pace. */
struct arxiv_client *arxiv_client_new(const struct arxiv_settings *settings, struct error *error);
void arxiv_client_free(struct arxiv_client **client); /* NULL is fine; leaves NULL */

/* Letters, digits, '.' and '-', at most 32, a letter first: "cs.LG", "hep-th". */
int arxiv_check_category(struct view category, struct error *error);

/* Asks for all `categories` (doubles once; one that arxiv_check_category refuses
 * fails the call). 0 when at least one request was answered with a feed or with
 * 304; a request that failed then says so in its report, and those after it are
 * not made, since 429 and 503 mean stop. A feed of many categories that reaches
 * the limit, or that arXiv refuses with 400, 404 or 414, is asked for in halves,
 * so that one name costs no other its papers; after ARXIV_REFUSALS_MAX in a row
 * the name is not what is wrong. -1 when there is nothing at all: the first
 * request's error, which names status and URL and how long Retry-After asks to
 * wait. Temporary: network, 408, 429, 5xx, an answer that is no feed (an HTML
 * page with status 200) or that is cut off before its first paper; permanent: other statuses, refused redirects. */
int arxiv_fetch(struct arxiv_client *client, const char *const *categories, size_t count,
                struct arxiv_result *ret_result, struct error *error);
void arxiv_result_free(struct arxiv_result *result); /* zeroed is fine */

#endif
