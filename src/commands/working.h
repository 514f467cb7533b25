/* Working the outbox: opens the relays, sends what is due with one worker or several
 * threads, and tells people how far it is, what it waits for and what was found of
 * dead workers. Used by run and send. */
#ifndef COMMANDS_WORKING_H
#define COMMANDS_WORKING_H

#include "commands/site.h"
#include "delivery/worker.h"

enum {
    WORKING_THREADS_MAX = 64,
    WORKING_LEFT_UNKNOWN = -1 /* a summary's `left`, when the store could not be asked */
};

struct working_options {
    const char *only; /* for this address and nobody else; NULL: all */
    int threads;      /* 0: one, or one per core when there is much to do */
    bool is_patient;  /* waits for relays that are away for as long as it takes */
};

/* Everything that is due now. `ret_summary` is filled also on failure. */
int working_send_due(struct site *site, const struct working_options *options,
                     struct worker_summary *ret_summary, struct error *error);

/* Adds what another run has done; what is left is the last one's. */
void working_add_summary(struct worker_summary *total, const struct worker_summary *summary);
/* One line: "sent 12, deferred 1, failed 0, …", and what it is that the rest waits for. */
void working_log_summary(struct site *site, const struct worker_summary *summary);

/* EX_OK, or EX_TEMPFAIL when something is left for later or has expired unsent. */
int working_exit_status(const struct worker_summary *summary);

#endif
