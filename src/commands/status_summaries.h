/* What `status` says of summaries: what was asked, for how many tokens, what went wrong. */
#ifndef COMMANDS_STATUS_SUMMARIES_H
#define COMMANDS_STATUS_SUMMARIES_H

#include <jansson.h>

#include "base/bytes.h"
#include "store/summaries.h"

json_t *status_summaries_json(const struct summaries_report *report);
/* Appends nothing when none was ever asked for. */
void status_summaries_add(struct buffer *out, const struct summaries_report *report);

#endif
