/* What is published: editions ranked for publish.profile, newest first, and from them the
 * page of a day and the feeds. Shared by `publish` and `serve`. One thread's; what it gives
 * is borrowed until publishing_close.
 *
 * publish.profile is a profile file of the owner's, null means its defaults: all categories
 * in feed order. Of a day its max_papers are published, without a profile the first
 * PROFILE_PAPERS_MAX; of a category those of the category, so many again. */
#ifndef COMMANDS_PUBLISHING_H
#define COMMANDS_PUBLISHING_H

#include <jansson.h>

#include "commands/archive.h"
#include "commands/compiling.h"
#include "commands/input.h"
#include "commands/site.h"
#include "commands/summaries_kept.h"
#include "digest/digest.h"
#include "store/editions.h"
#include "web/publication.h"

enum { PUBLISHING_CATEGORIES = 200 }; /* that have feeds; more have none */

struct published_day {
    struct digest_edition edition;
    int64_t announced_utc; /* midnight in New York */
    int64_t changed_utc;   /* that, or when its last late paper came */
    struct ranking ranking; /* what is kept of it: those shown, then more for categories */
    size_t shown;
    struct papers papers; /* those of the ranking in its order, for struct digest */
    const struct stored_summary **summaries; /* likewise; NULL: there are none */
    const struct digest_summary **shown_summaries; /* the same for struct digest */
};

/* A category that is looked at, and what of it was kept for its feed. */
struct published_category {
    struct view name;
    size_t kept, kept_today;
};

struct publishing {
    struct site *site; /* its templates are open */
    struct profile profile;
    const struct words *words;
    struct arena *arena;
    struct archive archive;
    struct compiling compiling;
    struct published_day *days; /* newest first */
    size_t day_count, day_capacity;
    struct published_category categories[PUBLISHING_CATEGORIES];
    size_t category_count;
};

/* Where pages and feeds are: names of files, or paths of a server. */
struct publishing_place {
    const char *base_url; /* ends in '/'; NULL: not known */
    const char *home;
    const char *archive;              /* NULL: none */
    const char *day[2];               /* before and behind the date */
    const char *rss, *atom;
    const char *category_rss[2];      /* before and behind the category */
    const char *category_atom[2];
};

extern const struct publishing_place publishing_files;  /* beside each other, as `publish` writes */
extern const struct publishing_place publishing_server; /* of `serve`, behind its root */

int publishing_open(struct site *site, struct publishing *ret_publishing, struct error *error);
void publishing_close(struct publishing *publishing); /* zeroed is fine */

/* Adds the stored editions with papers, from `newest` back (zero: the latest) through
 * `days` days. No such edition is kind missing. How several days were ranked is kept in the
 * store (publishing_kept.h). */
int publishing_add_stored(struct publishing *publishing, struct date newest, long days,
                          struct error *error);
/* Adds one of papers that are not the store's. */
int publishing_add_input(struct publishing *publishing, const struct input *input,
                         struct error *error);

/* The categories of an edition that is not added, whose papers need not be there. */
void publishing_find_categories(struct publishing *publishing, const struct edition *edition);
/* A category's name is safe in addresses and as a folder. */
bool publishing_is_name(struct view category);

/* publishing_feed.c: the edition of a day, as README.md and papers.json have it. */
void publishing_edition(const struct publishing *publishing, const struct publishing_place *place,
                        size_t day, struct publication *ret_publication);
/* All days together: at most PUBLICATION_FEED_PAPERS of the newest PUBLICATION_FEED_DAYS,
 * each version of a paper once. `category` empty: all. */
void publishing_feed(const struct publishing *publishing, const struct publishing_place *place,
                     struct view category, bool is_atom, struct publication *ret_publication);

/* publishing_page.c: adds the keys of a day's page to a layout's context (web/layout.h):
 * those of a digest that are not a subscriber's, and feeds. */
void publishing_set_feeds(const struct publishing *publishing,
                          const struct publishing_place *place, json_t *context);
void publishing_set_edition(const struct publishing *publishing,
                            const struct publishing_place *place, size_t day, json_t *context);
/* days, previous_day and next_day among `dates`, newest first, for the page of `date`. */
void publishing_set_days(const struct publishing *publishing, const struct publishing_place *place,
                         const struct date *dates, size_t count, struct date date,
                         json_t *context);

#endif
