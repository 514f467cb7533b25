/* Working the outbox: opens the relay, sends what is due, and tells people how far
 * it is and what was found of dead workers. Used by run and send. */
#ifndef COMMANDS_WORKING_H
#define COMMANDS_WORKING_H

#include "commands/site.h"
#include "delivery/worker.h"

/* Everything that is due now (for `only`, when not NULL, and nobody else).
 * `ret_summary` is filled also on failure. */
int working_send_due(struct site *site, const char *only, struct worker_summary *ret_summary,
                     struct error *error);

/* One line: "sent 12, deferred 1, failed 0, …". */
void working_log_summary(struct log *log, const struct worker_summary *summary);

/* EX_OK, or EX_TEMPFAIL when something is left for later or has expired unsent. */
int working_exit_status(const struct worker_summary *summary);

#endif
