/* Whether what came for a day is the day's announcement, and all of it: judged
 * from the papers, from what earlier editions had, and from what became of the
 * requests. Also when to ask again. Called by fetching. Pure.
 *
 * A feed in which nothing is unseen is yesterday's batch under today's date:
 * stale. A category that a fresh feed says nothing of is empty. */
#ifndef PAPERS_COMPLETENESS_H
#define PAPERS_COMPLETENESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "papers/holidays.h"
#include "papers/paper.h"

/* How much of a category, or of all of them, an edition holds. */
enum edition_state {
    EDITION_COMPLETE, EDITION_LATE, EDITION_STALE, EDITION_EMPTY, EDITION_FAILED,
    EDITION_STATES
};

/* What the request that asked for a category came to. */
enum completeness_answer {
    ANSWER_WHOLE, ANSWER_CUT, ANSWER_FAILED,
    ANSWER_UNCHANGED /* the server says that it has nothing new, or gave an earlier day's feed */
};

struct completeness_category {
    const char *name;  /* "cs.LG", or "cs" for all of cs.* */
    size_t request;    /* categories of one request have the same number */
    enum completeness_answer answer;
    /* Out: */
    long received;
    long known; /* -1: not known, since the answer was no whole one */
    enum edition_state state;
};

/* `seen` has a byte for each paper: not 0 says that an earlier edition had it
 * in this very announcement; NULL: none. Fills the outputs of the categories
 * and gives the state of them all. */
enum edition_state completeness_judge(const struct papers *papers, const unsigned char *seen,
                                      struct completeness_category *categories, size_t count);

/* Whether a seen paper is only there because of categories that are stale: it
 * is not of this day. */
bool completeness_is_left_over(const struct paper *paper,
                               const struct completeness_category *categories, size_t count);

bool completeness_is_in_category(const struct paper *paper, struct view category);

/* Of one category, or edition, when it was asked for again: what came once does
 * not go away. */
enum edition_state completeness_merge(enum edition_state before, enum edition_state now);
/* Of an edition from the states of its categories. */
enum edition_state completeness_of_all(const enum edition_state *states, size_t count);

/* ---- when to ask ---- */

enum { COMPLETENESS_NOON_MINUTE = 12 * 60 };

struct completeness_moment {
    struct date date;   /* of now in New York */
    int minutes;        /* since midnight there */
    int64_t now_utc;
    bool has_edition;   /* of that date; else the rest says nothing */
    enum edition_state state;
    int64_t fetched_utc;
    bool lacks_category; /* one is wanted that was never asked for on that day */
};

/* From five past midnight in New York on weekdays. Again soon while
 * something failed, and until two o'clock while a part is missing, then hourly;
 * half-hourly while the feed is stale, hourly while it is empty, and four-hourly
 * when that is what the calendar says. */
bool completeness_is_due(const struct completeness_moment *moment,
                         const struct holiday_table *holidays);
/* Whether the day's papers may still come, none of them being there: not on
 * weekends and holidays, and an empty feed is believed after noon. */
bool completeness_is_awaited(const struct completeness_moment *moment,
                             const struct holiday_table *holidays);
bool completeness_is_weekend(struct date date);

#endif
