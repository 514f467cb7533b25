/* Clients of arXiv's services as the configuration has them, all at one pace:
 * that of the store, when it is open, else their own. */
#ifndef COMMANDS_ASKING_H
#define COMMANDS_ASKING_H

#include "commands/wanted.h"
#include "papers/arxiv.h"

/* The day's feeds of these categories, as arxiv_fetch. */
int asking_fetch(struct site *site, const struct strings *categories, struct arxiv_result *ret_result,
                 struct error *error);

#endif
