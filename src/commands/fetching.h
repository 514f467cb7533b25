/* Bringing an edition: whether one is expected now, reading it from arXiv or from
 * given feeds, judging whether it is the day's and all of it, and storing it.
 * Used by fetch and run. */
#ifndef COMMANDS_FETCHING_H
#define COMMANDS_FETCHING_H

#include "commands/input.h"
#include "commands/wanted.h"
#include "papers/arxiv.h"
#include "store/editions.h"

/* Whether arXiv should be asked now (papers/completeness.h): on a weekday in New
 * York whose edition is not complete or lacks a wanted category, unless it was
 * asked a short time ago. */
int fetching_is_expected(struct site *site, const struct wanted *wanted, int64_t now_utc,
                         bool *ret_is_expected, struct error *error);

/* Whether today's papers may still come (papers/completeness.h). */
struct awaited {
    struct date today; /* in New York */
    bool is_open;      /* they may */
    bool is_soon;      /* and it is worth it to hold a digest of other days for them */
};
int fetching_find_awaited(struct site *site, int64_t now_utc, struct awaited *ret_awaited,
                          struct error *error);

/* Whether it is known that arXiv announced nothing on this weekday: its papers are
 * no longer awaited, and nobody failed to bring them. */
int fetching_find_silence(struct site *site, struct date date, int64_t now_utc,
                          bool *ret_is_silent, struct error *error);

/* What a URL's answer said of itself. */
struct fetched_kept {
    const char *url;
    struct arxiv_validators validators;
};

/* An edition that was read and not yet stored. With an open store it is judged by
 * what that has of earlier days. */
struct fetched {
    struct input input;     /* all that was read */
    struct papers day;      /* those of them that are of the edition's day */
    struct edition edition; /* views into `arena` */
    struct date asked_for;  /* the day that arXiv was asked for; zero: given feeds */
    struct fetched_kept *kept; /* stored with the papers */
    size_t kept_count;
    bool is_unchanged; /* arXiv had nothing new at all */
    struct arena *arena;
};

/* `date` zero: the feed's own, or today in New York when it has none. */
int fetching_from_sources(struct site *site, const struct strings *sources, struct date date,
                          int64_t now_utc, struct fetched *ret_fetched, struct error *error);
/* Partly answered requests are logged and make the edition late. With `only_news`
 * what is stored already need not be sent again. */
int fetching_from_arxiv(struct site *site, const struct wanted *wanted, struct date date,
                        bool only_news, int64_t now_utc, struct fetched *ret_fetched,
                        struct error *error);
void fetched_free(struct fetched *fetched); /* zeroed is fine */

/* Merges it with what the store has of that day, and logs one line about what
 * came. One transaction, which also keeps the validators of the answers. */
int fetching_store(struct site *site, const struct fetched *fetched, struct error *error);
/* Merges an edition of OAI-PMH and its papers with what the store has of that day;
 * within the caller's transaction when there is one. A category with a known
 * number was listed to its end: with what feeds have brought it is complete, or
 * empty for good. */
int fetching_merge(struct site *site, const struct edition *edition, const struct papers *papers,
                   struct error *error);
/* The first day that arXiv was asked for; zero: none yet. */
int fetching_asked_since(struct site *site, struct date *ret_date, struct error *error);
/* That arXiv was asked for `date` (zero: today) and gave nothing. */
int fetching_store_failure(struct site *site, const struct wanted *wanted, struct date date,
                           int64_t now_utc, const struct error *failure, struct error *error);

#endif
