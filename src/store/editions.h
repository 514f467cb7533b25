/* Editions and papers as the store keeps them: each paper once, each edition
 * as an ordered list of them. Written by fetching, read by everything else. */
#ifndef STORE_EDITIONS_H
#define STORE_EDITIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "papers/completeness.h"
#include "papers/paper.h"
#include "store/store.h"

struct edition_category {
    const char *name; /* "cs.LG" */
    long received;
    long known; /* how many there are as far as anybody told; -1: not known */
    enum edition_state state;
};

struct edition {
    struct date date;
    bool estimated;
    int64_t fetched_utc; /* in: now; out: the last fetch */
    enum edition_state state;
    const char *note; /* a line for people; NULL for none */
    const struct edition_category *categories;
    size_t category_count;
    size_t paper_count; /* out only */
};

struct edition_list {
    struct arena *arena; /* owned */
    struct edition *items;
    size_t count;
};

const char *edition_state_name(enum edition_state state); /* "complete" */
/* NULL: the edition says nothing of it. */
const struct edition_category *edition_find_category(const struct edition *edition,
                                                     const char *name);

/* One transaction. An edition that is there is merged into: papers not yet in
 * it are appended and keep `fetched_utc` as the time they came (late ones), the
 * others are merged as papers_add does; state, note and the categories named
 * are replaced, other categories stay. `ret_added`, when not NULL, gets how
 * many papers the edition gained. */
int store_put_edition(struct store *store, const struct edition *edition,
                      const struct papers *papers, size_t *ret_added, struct error *error);

/* Adds the edition's papers to `ret_papers` in feed order, each with the type
 * and version of that announcement and the edition's date. No such edition is
 * kind missing. */
int store_load_edition(struct store *store, struct date date, struct papers *ret_papers,
                       struct error *error);
/* Only those papers of the edition that came after `after_utc`. */
int store_load_late_papers(struct store *store, struct date date, int64_t after_utc,
                           struct papers *ret_papers, struct error *error);
/* When the last of them came that were not there with the first; 0: all came at once. */
int store_find_last_late(struct store *store, struct date date, int64_t *ret_utc,
                         struct error *error);

/* Those behind the edition's first `from` papers that no earlier edition lists: over
 * all editions each paper once. */
int store_load_first_listed(struct store *store, struct date date, size_t from,
                            struct papers *ret_papers, struct error *error);

/* From `from` (zero: all) on, newest first, at most `max`. */
int store_list_editions(struct store *store, struct date from, size_t max,
                        struct edition_list *ret_list, struct error *error);
/* When an edition was last put, 0 for never: papers are as they were then. */
int store_last_fetched(struct store *store, int64_t *ret_utc, struct error *error);
void edition_list_free(struct edition_list *list); /* zeroed is fine */

/* The one of that date, or none. */
int store_find_edition(struct store *store, struct date date, struct edition_list *ret_list,
                       struct error *error);

/* Which of `papers` an edition before `date` lists in this very announcement:
 * with the same type and version, in categories that are all known. One byte
 * per paper. */
int store_find_seen(struct store *store, const struct papers *papers, struct date date,
                    unsigned char *ret_seen, struct error *error);

/* In how many editions each of `papers` stands; one number per paper. */
int store_count_listings(struct store *store, const struct papers *papers, size_t *ret_counts,
                         struct error *error);

/* What all editions together say of a paper: the announcement that is newest to a
 * reader (new, cross, replace, replace-cross) and the highest version. False when
 * none lists it. */
struct listing {
    enum announce_type type;
    int version;
};
int store_find_listing(struct store *store, struct view id, struct listing *ret_listing,
                       bool *ret_found, struct error *error);

/* Adds the paper to `ret_papers` as it was last seen; false when the store does
 * not know it. */
int store_find_paper(struct store *store, struct view id, struct papers *ret_papers,
                     bool *ret_found, struct error *error);

#endif
