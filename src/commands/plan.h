/* Which digests are due (DESIGN.md, Due): looks through the profiles, compares with
 * the editions stored and those already shown, and adds the deliveries whose slot
 * has come. Reads first and then adds some hundred at a time, so that others who
 * write wait for milliseconds. Cheap when nothing is due (quiet.h). */
#ifndef COMMANDS_PLAN_H
#define COMMANDS_PLAN_H

#include "commands/edition_cache.h"
#include "commands/roster.h"
#include "commands/site.h"
#include "store/editions.h"
#include "store/outbox.h"

enum { PLAN_CATCH_UP_DAYS = 31 }; /* editions older than this before the latest are let go */

struct plan_summary {
    size_t profiles;  /* read, the bad ones included */
    size_t bad;       /* profiles that could not be read */
    size_t added;     /* digests */
    size_t notes;     /* lines that say that there is nothing */
    size_t suppressed;  /* those that were erased included */
    size_t forgotten;
    size_t paused;
    int64_t next_due_utc; /* of the slots still to come; 0: none is known */
};

struct plan_options {
    const char *only; /* the one address looked at; NULL: all */
    int64_t now_utc;
    /* A dry run: nothing stays in the store, what would be added is given in
     * `planned`. `unstored` and its papers, when not NULL, count as stored. */
    struct planned_list *planned;
    /* A weekday on which arXiv has announced nothing: those who want to hear of it
     * get a line. Zero: it is none. */
    struct date silent_day;
    const struct edition *unstored;
    const struct papers *unstored_papers;
};

/* An edition that a digest takes. */
struct plan_edition {
    struct date date;
    size_t from;       /* so many of its papers were dealt with by an earlier digest */
    bool is_new;       /* none has dealt with it; else only what came late is taken */
    bool is_late;      /* one has dealt with a later edition */
    bool is_estimated;
};

/* What a dry run would have added. */
struct planned {
    char *address;
    struct date slot;
    bool is_note;
    struct plan_edition *editions;
    size_t edition_count;
};
struct planned_list {
    struct planned *items;
    size_t count;
    size_t capacity;
};

/* Bad profiles are logged and counted. No profile of `only` is kind missing; with it
 * the roster is left alone. */
int plan_digests(struct site *site, struct roster *roster, const struct plan_options *options,
                 struct plan_summary *ret_summary, struct error *error);
void planned_list_free(struct planned_list *list);
/* What is said of a bad profile. */
#define PLAN_PROBLEM(TEXT) TEXT "; its owner gets no digest until it is mended"

/* The editions that a digest of this slot takes, ascending: those with papers up
 * to the slot's day that no other digest has shown or is about to, and those that
 * gained papers since one has. None without a new one. In `arena`. */
int plan_editions(struct site *site, struct edition_cache *cache, const char *address,
                  struct date slot, struct arena *arena, struct plan_edition **ret_editions,
                  size_t *ret_count, struct error *error);
/* How the editions of a digest that was composed before were taken then. */
int plan_editions_again(struct site *site, const struct delivery *delivery, struct arena *arena,
                        struct plan_edition **ret_editions, size_t *ret_count,
                        struct error *error);

#endif
