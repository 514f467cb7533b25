/* Bringing an edition: which categories are wanted, whether one is expected
 * now, and reading it from arXiv or from given feeds. Used by fetch and run. */
#ifndef COMMANDS_FETCHING_H
#define COMMANDS_FETCHING_H

#include "commands/input.h"
#include "store/editions.h"

/* The names of all categories that profiles and configuration ask for, sorted,
 * each once. Owned. */
struct wanted {
    struct strings categories;
    size_t bad_profiles;
};

int fetching_find_wanted(struct site *site, struct wanted *ret_wanted, struct error *error);
void wanted_free(struct wanted *wanted); /* zeroed is fine */

/* Whether arXiv should be asked now: a weekday in New York whose edition is not
 * stored, is not complete, or lacks a wanted category. */
int fetching_is_expected(struct site *site, const struct wanted *wanted, int64_t now_utc,
                         bool *ret_is_expected, struct error *error);

/* An edition that was read and not yet stored. */
struct fetched {
    struct input input;
    struct edition edition; /* views into `arena` */
    struct arena *arena;
};

/* `date` zero: the feed's own, or today in New York when it has none. */
int fetching_from_sources(struct site *site, const struct strings *sources, struct date date,
                          int64_t now_utc, struct fetched *ret_fetched, struct error *error);
/* Partly answered requests are logged and make the edition late. */
int fetching_from_arxiv(struct site *site, const struct wanted *wanted, struct date date,
                        int64_t now_utc, struct fetched *ret_fetched, struct error *error);
void fetched_free(struct fetched *fetched); /* zeroed is fine */

/* Stores it and logs one line about what came. */
int fetching_store(struct site *site, const struct fetched *fetched, struct error *error);

#endif
