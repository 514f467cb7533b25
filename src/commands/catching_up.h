/* Days that were missed, brought over OAI-PMH: it tells what was submitted and
 * changed when, but neither when nor as what it was announced. The dates are
 * estimates; an unseen paper whose first version is older than the gap is not
 * new, a later version of one is a replacement. Used by fetch and run.
 *
 * One category after the other, each stored in a transaction of its own when its
 * list was read to the end: a kill, or a service that stops answering, costs
 * what was under way and no more. */
#ifndef COMMANDS_CATCHING_UP_H
#define COMMANDS_CATCHING_UP_H

#include "commands/wanted.h"

/* Asks for everything since that day, and stores what it finds of those days
 * before today that are not complete. A category that could not be read to its
 * end stays as it was, or is late. -1 when there was nothing at all. */
int catching_up_since(struct site *site, const struct wanted *wanted, struct date since,
                      int64_t now_utc, struct error *error);

enum catching_up_need {
    CATCHING_UP_MISSED, /* days before today of which papers are missing */
    CATCHING_UP_ALL     /* also what a feed said nothing of, which is taken for empty */
};

/* What run does by itself: finds, over the last PLAN_CATCH_UP_DAYS and not before
 * arXiv was first asked, the days without edition and the categories that failed,
 * were cut or stayed stale, and asks for those. A failure that may pass ends the
 * round; the next one begins with the category behind it, after a while that
 * grows (CATCHING_UP_WAIT_SECONDS to _MAX). No category is begun after `until_ms`
 * of timer_system(); 0: no bound. Cheap when nothing is missing. */
enum { CATCHING_UP_WAIT_SECONDS = 14 * 60, CATCHING_UP_WAIT_MAX_SECONDS = 6 * 3600 };

int catching_up_due(struct site *site, const struct wanted *wanted, enum catching_up_need need,
                    int64_t now_utc, int64_t until_ms, struct error *error);

/* When it will ask again after failures; 0: as soon as there is a need. */
int catching_up_find_wait(struct site *site, int64_t *ret_until_utc, struct error *error);

#endif
