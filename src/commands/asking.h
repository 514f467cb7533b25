/* Clients of arXiv's services as the configuration has them, all at one pace:
 * that of the store, when it is open, else their own. */
#ifndef COMMANDS_ASKING_H
#define COMMANDS_ASKING_H

#include "commands/wanted.h"
#include "papers/arxiv.h"
#include "papers/completeness.h"
#include "papers/oai.h"

/* The day's feeds of these categories, as arxiv_fetch. */
int asking_fetch(struct site *site, const struct strings *categories, struct arxiv_result *ret_result,
                 struct error *error);

/* The records of all wanted categories changed since a day, category after
 * category, as oai_list_records. `ret_categories`, one per category, gets name,
 * request and answer. -1 when there was nothing at all. */
int asking_list(struct site *site, const struct wanted *wanted, struct date from, oai_take take,
                void *user, struct completeness_category *ret_categories, struct error *error);

#endif
