/* How a ranking is printed. Pure. */
#ifndef COMMANDS_RANK_OUTPUT_H
#define COMMANDS_RANK_OUTPUT_H

#include "base/bytes.h"
#include "base/clock.h"
#include "ranking/ranking.h"

/* One line, subscriber, edition (null without a date)
 * and papers with their reasons. */
void rank_output_json(struct buffer *out, const char *subscriber, struct date date,
                      const struct ranking *ranking);
void rank_output_table(struct buffer *out, const char *subscriber, struct date date,
                       const struct ranking *ranking);

#endif
