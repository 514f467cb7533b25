/* Editions read from the store and indexed, kept for the next delivery that takes the
 * same ones: nearly all of a morning's digests share one index. One library serves all
 * threads of a process; each is its reader, with scratch memory of its own. */
#ifndef COMMANDS_LIBRARY_H
#define COMMANDS_LIBRARY_H

#include <pthread.h>

#include "commands/archive.h"
#include "commands/choosing.h"
#include "commands/site.h"
#include "commands/summaries_kept.h"
#include "ranking/ranking.h"

enum { LIBRARY_SHELVES = 4 }; /* that no one reads just now are kept */

/* Some editions' papers together, unchanged once filled. `dates` in ascending order. */
struct shelf {
    struct date *dates;
    size_t date_count;
    struct papers papers;
    struct choosing_edition *editions; /* one per date; `from` is 0 */
    unsigned char *is_known; /* by paper: another edition lists it, so it may have been shown */
    struct ranking_index *index;
    const struct rarity *rarity; /* the archive's, as of the last date */
    struct summaries_kept *summaries; /* of the papers; has a lock of its own */
    uint64_t serial; /* of no other filling of a shelf */

    /* The library's, under its lock. */
    size_t readers;
    uint64_t used; /* when it was last asked for */
    struct ranker **rankers; /* of the index, in nobody's hands */
    size_t ranker_count, ranker_capacity;
    struct shelf *next;
};

struct library {
    pthread_mutex_t lock;
    struct archive archive; /* its site is that of whoever fills a shelf */
    struct shelf *shelves;
    uint64_t clock;
    uint64_t fillings;
};

/* One thread's. */
struct library_reader {
    struct library *library; /* borrowed */
    struct site *site;       /* borrowed; with the thread's store */
    struct shelf *shelf;     /* that is read just now; NULL: none */
    struct ranker *ranker;   /* of its index */
};

void library_init(struct library *library);
/* A dry run's edition; borrowed. */
void library_add_unstored(struct library *library, const struct papers *papers, struct date date);
/* The shelf of these editions, and a ranker of its index in reader->ranker; both until the
 * reader's next call. While a shelf is filled other readers that change theirs wait. */
int library_get(struct library_reader *reader, const struct date *dates, size_t count,
                const struct shelf **ret_shelf, struct error *error);
void library_leave(struct library_reader *reader); /* zeroed is fine */
void library_free(struct library *library); /* which all have left */

#endif
