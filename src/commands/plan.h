/* Which digests are due (DESIGN.md, Due): walks the profiles, compares with the
 * editions stored and those already shown, and adds the deliveries whose slot
 * has come. Cheap when nothing is due. */
#ifndef COMMANDS_PLAN_H
#define COMMANDS_PLAN_H

#include "commands/site.h"
#include "store/editions.h"

enum { PLAN_CATCH_UP_DAYS = 31 }; /* editions older than this before the latest are let go */

struct plan_summary {
    size_t profiles;  /* read, the bad ones included */
    size_t bad;       /* profiles that could not be read */
    size_t added;     /* deliveries */
    size_t suppressed;
    size_t paused;
    int64_t next_due_utc; /* of the slots still to come; 0: none is known */
};

struct plan_options {
    const char *only; /* the one address looked at; NULL: all */
    int64_t now_utc;
    /* A dry run: nothing stays in the store, what would be added is given in
     * `planned`. `unstored` and its papers, when not NULL, count as stored. */
    struct planned_list *planned;
    const struct edition *unstored;
    const struct papers *unstored_papers;
};

/* What a dry run would have added. */
struct planned {
    char *address;
    struct date slot;
    struct date *editions;
    size_t edition_count;
};
struct planned_list {
    struct planned *items;
    size_t count;
    size_t capacity;
};

/* Bad profiles are logged and counted. No profile of `only` is kind missing. */
int plan_digests(struct site *site, const struct plan_options *options,
                 struct plan_summary *ret_summary, struct error *error);
void planned_list_free(struct planned_list *list);

/* The editions that a digest of this slot takes, ascending: those with papers up
 * to the slot's day that no other digest has shown or is about to. In `arena`. */
int plan_editions(struct site *site, const char *address, struct date slot, struct arena *arena,
                  struct date **ret_dates, size_t *ret_count, struct error *error);

#endif
