/* Clients of arXiv's services as the configuration has them, all at one pace:
 * that of the store, when it is open, else their own. */
#ifndef COMMANDS_ASKING_H
#define COMMANDS_ASKING_H

#include "commands/site.h"
#include "papers/arxiv.h"
#include "papers/oai.h"
#include "store/pace_keeper.h"

/* The store's pace for one of arXiv's endpoints ("rss", "oai", "pdf"), each with a back-off
 * of its own; the pace borrows the keeper. */
void asking_init_pace(struct site *site, const char *endpoint, struct pace_keeper *keeper,
                      struct polite_pace *ret_pace);

/* The day's feeds of these categories, as arxiv_fetch. With `only_news` a feed
 * that is the same as when it was last stored is answered with 304. */
int asking_fetch(struct site *site, const struct strings *categories, bool only_news,
                 struct arxiv_result *ret_result, struct error *error);

/* Over OAI-PMH, category after category; the site's store must be open. */
struct asking_list;

struct asking_list *asking_list_open(struct site *site, struct error *error);
void asking_list_close(struct asking_list **asking); /* NULL is fine; leaves NULL */
/* The records of one category changed since a day, as oai_list_records.
 * `*ret_is_whole` is false when pages were cut. A category whose archive OAI-PMH
 * does not have is kind input. */
int asking_list_category(struct asking_list *asking, const char *category, struct date from,
                         oai_take take, void *user, bool *ret_is_whole, struct error *error);

#endif
