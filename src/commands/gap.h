/* Which days lack which categories, and where a paper of OAI-PMH belongs among
 * them. Used by catching up alone. It asks nobody; what it stores is a category
 * at a time. */
#ifndef COMMANDS_GAP_H
#define COMMANDS_GAP_H

#include "commands/site.h"
#include "papers/announcement.h"
#include "papers/paper.h"
#include "store/editions.h"

/* The days from `since` to today, the last one. */
struct gap {
    struct site *site;
    const struct strings *categories; /* borrowed */
    struct date since;
    struct date today;
    int minutes; /* of today, in New York */
    struct holiday_table holidays;
    struct edition_list editions;
    struct arena *arena;
    size_t days;
    unsigned char *open;   /* by category and day: whether it lacks any */
    size_t category;       /* the one that is being listed */
    struct papers *papers; /* of it, by day */
};

int gap_open(struct gap *gap, struct site *site, const struct strings *categories,
             struct date since, int64_t now_utc, struct error *error);
void gap_close(struct gap *gap);

/* Opens what an owner may mean: every day before today that is not complete. */
void gap_find_incomplete(struct gap *gap);
/* Opens what was missed: days without edition, and categories that were asked for
 * and failed, were cut or stayed stale; with `doubts` also those that no feed spoke
 * of, after noon today's as well. */
void gap_find_missed(struct gap *gap, bool doubts);
bool gap_is_open(const struct gap *gap, size_t category);
bool gap_is_any_open(const struct gap *gap);

/* Stores that the days without edition were missed, so that what is left of them
 * when this is interrupted is known. */
int gap_note_missed(struct gap *gap, int64_t now_utc, struct error *error);

/* Begins with a category that has an open day; gives the first one. */
struct date gap_begin(struct gap *gap, size_t category);
/* A paper of its list: kept when it belongs to an open day and no edition has
 * announced it so, or in this version. What is of another category first is a
 * cross-list in this one. */
int gap_take(struct gap *gap, const struct paper *paper, struct error *error);
/* Stores what was taken, in one transaction; `*papers` grows by the number. */
int gap_store(struct gap *gap, bool is_whole, int64_t now_utc, size_t *papers,
              struct error *error);

#endif
