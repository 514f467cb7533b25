/* OAI-PMH 2.0, ListRecords with metadataPrefix arXivRaw: what changed in a set
 * since a day, for catching up on days that were missed. Called by fetch
 * --since and by the daily job. A list is read page by page, and no more than
 * one page is held; the pace is papers/polite.h's.
 *
 * OAI-PMH tells when a record was changed, not when or as what it was
 * announced: papers come with their first and their last version's submission
 * (struct paper), which papers/announcement.h turns into a date. */
#ifndef PAPERS_OAI_H
#define PAPERS_OAI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/timer.h"
#include "papers/feed.h"
#include "papers/paper.h"
#include "papers/polite.h"

enum {
    OAI_SET_BYTES = 64,
    OAI_PAGES_MAX = 2000 /* of a list that does not end */
};

/* Borrowed for as long as the client lives. */
struct oai_settings {
    const char *oai; /* "https://oaipmh.arxiv.org/oai" */
    const char *contact;
    long interval_ms;   /* without a pace */
    size_t max_bytes;   /* per page, inflated; 0: HTTP_MAX_BYTES */
    long deadline_ms;   /* per page; 0: HTTP_DEADLINE_MS */
    size_t max_pages;   /* 0: OAI_PAGES_MAX */
    struct timer timer; /* without a pace */
    const struct polite_pace *pace;
};

struct oai_report {
    size_t pages;
    size_t records;     /* papers handed over */
    size_t deleted;     /* records that are only a notice of deletion */
    size_t skipped;     /* not usable */
    char skip_reason[FEED_NOTE_BYTES];
    size_t restarts;    /* lists begun again because a token had expired: 0 or 1 */
    bool complete;      /* the list was read to its end, and no page was cut */
};

struct oai_client;

struct oai_client *oai_client_new(const struct oai_settings *settings, struct error *error);
void oai_client_free(struct oai_client **client); /* NULL is fine; leaves NULL */

/* The set of a category or of a whole archive: "cs.AI" is "cs:cs:AI", "cs" is
 * "cs", "hep-th" is "physics:hep-th", "astro-ph.EP" is "physics:astro-ph:EP".
 * Kind input for an archive that is not known. Pure. */
int oai_find_set(struct view category, char ret_set[OAI_SET_BYTES], struct error *error);

/* One page's papers, which live until it returns. -1 with an error ends the list. */
typedef int (*oai_take)(void *user, const struct papers *papers, struct error *error);

/* The records of `set` changed on or after `from` (UTC; zero: all), without an
 * end, since arXiv's datestamps move on while one reads. An expired token begins
 * the list again, once; papers of it are then handed over twice. A page that is
 * cut off is asked for again as a failure is; when that does not help it is
 * handed over as it is and the list ends, not complete. 0 for a list without
 * records too. -1: temporary (network, 503 beyond the patience of the pace, what
 * is not OAI-PMH, a token that expires twice or comes again, more than max_pages),
 * permanent (badArgument and the like, in the server's words), or what `take`
 * said; `ret_report` is filled in either case. */
int oai_list_records(struct oai_client *client, const char *set, struct date from, oai_take take,
                     void *user, struct oai_report *ret_report, struct error *error);

#endif
