/* Days that were missed, brought over OAI-PMH: it tells what was submitted and
 * changed when, but neither when nor as what it was announced. The dates are
 * estimates; an unseen paper whose first version is older than the gap is not
 * new, a later version of one is a replacement. Used by fetch. */
#ifndef COMMANDS_CATCHING_UP_H
#define COMMANDS_CATCHING_UP_H

#include "commands/wanted.h"

/* Asks for everything since that day, and stores the editions of those days
 * before today that are not complete. One transaction for all of them. A
 * category that could not be read to its end is late. */
int catching_up_since(struct site *site, const struct wanted *wanted, struct date since,
                      int64_t now_utc, struct error *error);

#endif
