/* How rare words are in the papers of past months (retention.papers_days): the
 * stored editions, counted month by month, each edition once and only what it
 * gained since. The months' sum is a snapshot, named by the edition that it was made
 * for. A digest's snapshot is that of its latest edition and is written down
 * with the first digest, so that a retry, also on another machine, ranks with the same
 * numbers. A new one is made only when the archive has grown or shrunk by a
 * sixteenth: between, rarities hardly move and compiled profiles stay good. */
#ifndef COMMANDS_ARCHIVE_H
#define COMMANDS_ARCHIVE_H

#include "commands/site.h"
#include "papers/paper.h"
#include "ranking/rarity.h"
#include "store/derived.h"

enum {
    ARCHIVE_LOADED = 80,           /* snapshots in use at once: by shelves of a library */
    ARCHIVE_SNAPSHOTS = 3,         /* stay in the store */
    ARCHIVE_MONTH_TERMS = 1 << 19, /* of 12 bytes each */
    ARCHIVE_TERMS = 1 << 20,       /* of a snapshot */
    ARCHIVE_GROWTH = 16            /* a sixteenth */
};

/* Zeroed but for `site`. For one thread at a time. */
struct archive {
    struct site *site; /* borrowed; its store is open */
    /* A dry run's edition, which is not in the store; borrowed or NULL. Then nothing
     * is written, nor for a date in the future, which must be wrong. */
    const struct papers *unstored;
    struct date unstored_date;
    bool writes; /* private */
    struct archive_snapshot {
        char name[DERIVED_NAME_BYTES + 1];
        struct rarity rarity;
        size_t users;
    } snapshots[ARCHIVE_LOADED];
};

/* The rarities for digests whose latest edition is of `date`. Borrowed until they
 * are given back; at most ARCHIVE_LOADED at a time. */
int archive_take(struct archive *archive, struct date date, int64_t now_utc,
                 const struct rarity **ret_rarity, struct error *error);
void archive_give_back(struct archive *archive, const struct rarity *rarity); /* NULL is fine */
void archive_free(struct archive *archive); /* zeroed is fine */

#endif
