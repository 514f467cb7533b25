/* Editions read from the store and indexed, kept for the next delivery that
 * takes the same ones: nearly all of a morning's digests share one index. */
#ifndef COMMANDS_LIBRARY_H
#define COMMANDS_LIBRARY_H

#include "commands/choosing.h"
#include "commands/site.h"
#include "ranking/ranking.h"

enum { LIBRARY_SHELVES = 4 };

/* Some editions' papers together. `dates` in ascending order. */
struct shelf {
    struct date *dates;
    size_t date_count;
    struct papers papers;
    struct choosing_edition *editions; /* one per date; `from` is 0 */
    unsigned char *is_known; /* by paper: another edition lists it, so it may have been shown */
    struct ranking_index *index;
    uint64_t used; /* when it was last asked for */
};

struct library {
    struct store *store; /* borrowed */
    struct shelf shelves[LIBRARY_SHELVES];
    uint64_t clock;
    /* A dry run's edition, which is not in the store; borrowed or NULL. */
    const struct papers *unstored;
    struct date unstored_date;
};

/* The shelf of these editions, borrowed until the next call. */
int library_get(struct library *library, const struct date *dates, size_t count,
                const struct shelf **ret_shelf, struct error *error);
void library_free(struct library *library); /* zeroed is fine */

#endif
