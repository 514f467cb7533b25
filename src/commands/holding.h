/* The configuration's limits for the gate, and domains that are held: the owner is told, and
 * may release them. */
#ifndef COMMANDS_HOLDING_H
#define COMMANDS_HOLDING_H

#include "commands/site.h"
#include "delivery/gate.h"

/* All but `holder`. The site must outlive the gate. */
void holding_limits(struct site *site, struct gate_options *ret_limits);

/* "@example.org", for `subscriber unsuppress`. An exit status; logs. */
int holding_release(struct site *site, const char *at_domain);

#endif
