/* What a run remembers of a planning that found nothing to do, so that the next one
 * need not read a hundred thousand profiles to find that out again. It is believed only
 * while everything that planning looks at is as it was: the profiles, the editions, who may
 * be mailed, what is awaited; and until the first slot, the end of a pause or some
 * hours have come. Any doubt, and everything is read. */
#ifndef COMMANDS_QUIET_H
#define COMMANDS_QUIET_H

#include "commands/fetching.h"
#include "commands/plan.h"

enum { QUIET_SECONDS = 6 * 3600, QUIET_PROBLEMS = 16 };

/* Of what planning depends on, but for the time. */
struct quiet {
    unsigned char key[32];
    bool is_sure;
    int64_t now_utc;
};

int quiet_begin(struct site *site, struct roster *roster, const struct awaited *awaited,
                const struct plan_options *options, struct quiet *ret_quiet,
                struct error *error);
/* Whether nothing can be due; then the summary is the remembered one, and what was
 * wrong with profiles then is logged again. */
int quiet_find(struct site *site, const struct quiet *quiet, struct plan_summary *ret_summary,
               bool *ret_found, struct error *error);
/* Remembers it if nothing was added, and nothing is in the outbox that may yet come to
 * nothing and be due again. `changes_utc`: when time alone may change the plan. */
int quiet_keep(struct site *site, const struct quiet *quiet, const struct roster *roster,
               const struct plan_summary *summary, int64_t changes_utc, struct error *error);

/* With somebody's erasure: it may name them among the problems. */
int quiet_forget(struct store *store, struct error *error);

#endif
