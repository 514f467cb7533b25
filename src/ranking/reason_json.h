/* Reasons as JSON, for `rank --json` and papers.json. Pure. */
#ifndef RANKING_REASON_JSON_H
#define RANKING_REASON_JSON_H

#include "base/json_text.h"
#include "ranking/ranking.h"

/* [{"term":"LLM","field":"title","score":1.5}] */
void reason_write_json(const struct reason *reasons, size_t count, struct buffer *out);

#endif
