/* The stage of summaries: which papers of an edition a model is asked about, and asking it,
 * several at a time; what another process is asking just now is waited for. Between fetching
 * and planning, so that digests have them; never longer than summaries.deadline_seconds since
 * the edition's first was asked, whatever the endpoint does, and nothing more is asked once
 * summaries.token_budget is spent, or after failures in a row that have one reason. */
#ifndef COMMANDS_SUMMARIZING_H
#define COMMANDS_SUMMARIZING_H

#include "base/error.h"
#include "commands/site.h"

/* For the newest edition. Says in lines what became of it; nothing when there is nothing to
 * do. No failure of it is the caller's: all are told, and digests go out without. Ends early
 * on a signal (site_catch_signals). The site's templates and store are open. */
void summarizing_work(struct site *site);

#endif
