/* Editions read from the store and indexed, kept for the next delivery that
 * takes the same ones: nearly all of a morning's digests share one index. */
#ifndef COMMANDS_LIBRARY_H
#define COMMANDS_LIBRARY_H

#include "commands/archive.h"
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
    struct ranker *ranker; /* of the index, for whoever has the library */
    const struct rarity *rarity; /* the archive's, as of the last date */
    uint64_t serial; /* of no other filling of this shelf */
    uint64_t used; /* when it was last asked for */
};

struct library {
    struct site *site; /* borrowed */
    struct archive archive;
    struct shelf shelves[LIBRARY_SHELVES];
    uint64_t clock;
    uint64_t fillings;
};

void library_init(struct library *library, struct site *site);
/* A dry run's edition; borrowed. */
void library_add_unstored(struct library *library, const struct papers *papers, struct date date);
/* The shelf of these editions, borrowed until the next call. */
int library_get(struct library *library, const struct date *dates, size_t count,
                const struct shelf **ret_shelf, struct error *error);
void library_free(struct library *library); /* zeroed is fine */

#endif
