/* Which editions somebody can still be shown. For plan.c; composing calls
 * plan_editions of plan.h, which is made of this. */
#ifndef COMMANDS_PLAN_UNSHOWN_H
#define COMMANDS_PLAN_UNSHOWN_H

#include "commands/plan.h"

/* The editions with papers that matter, the newest first, and the latest of them
 * (zero: none). In `arena`, with views into `all`. */
void plan_window(const struct edition_list *all, struct date today, struct arena *arena,
                 struct edition_list *ret_window, struct date *ret_latest);

struct unshown {
    struct plan_edition *editions; /* ascending, in the arena */
    size_t count;
    struct date latest_shown; /* zero: none */
};

/* Those of the window from `first` on that no digest to this address has dealt with,
 * or not with all of them. */
int plan_find_unshown(struct store *store, const struct edition_list *window, const char *address,
                      struct date first, struct arena *arena, struct unshown *ret_unshown,
                      struct error *error);
/* Those up to the slot's day, which is where they are cut; 0 without a new one. */
size_t plan_count_up_to(const struct unshown *unshown, struct date slot);
bool plan_is_late(struct date date, struct date latest_shown);

#endif
