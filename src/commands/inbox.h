/* The mailbox worked: each mail fetched, read in a confined child, acted on, and moved
 * once what it asked for is durable. */
#ifndef COMMANDS_INBOX_H
#define COMMANDS_INBOX_H

#include <stdbool.h>

#include "base/log.h"

/* Once, or with `stays` until a signal. An exit status; logs. */
int inbox_work(struct log *log, const char *config, bool stays);

#endif
