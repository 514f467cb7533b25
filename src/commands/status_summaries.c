#include "commands/status_summaries.h"

static json_t *failure_json(const struct summary_failure *failure)
{
    char when[TIME_TEXT_BYTES];

    if (!failure->paper_id)
        return json_null();
    time_format_rfc3339(failure->utc, when);
    return json_pack("{ss ss si ss ss ss ss}", "when", when, "paper", failure->paper_id, "version",
                     failure->version, "model", failure->model, "language", failure->language,
                     "state", failure->state == SUMMARY_REFUSED ? "refused" : "failed", "reason",
                     failure->why ? failure->why : "");
}

json_t *status_summaries_json(const struct summaries_report *report)
{
    return json_pack("{si sI sI sI sI s{sI sI} so}", "days", SUMMARIES_REPORT_DAYS, "good",
                     (json_int_t)report->good, "refused", (json_int_t)report->refused, "failed",
                     (json_int_t)report->failed, "asking", (json_int_t)report->asking, "tokens",
                     "prompt", (json_int_t)report->prompt_tokens, "completion",
                     (json_int_t)report->completion_tokens, "last_failure",
                     failure_json(&report->last_failure));
}

void status_summaries_add(struct buffer *out, const struct summaries_report *report)
{
    const struct summary_failure *failure = &report->last_failure;
    char when[TIME_TEXT_BYTES];

    if (report->good + report->refused + report->failed + report->asking == 0)
        return;
    buffer_printf(out, "\nSummaries (%d days)\n  good %lld", SUMMARIES_REPORT_DAYS,
                  (long long)report->good);
    if (report->refused)
        buffer_printf(out, " not to be had %lld", (long long)report->refused);
    if (report->failed)
        buffer_printf(out, " failed %lld", (long long)report->failed);
    if (report->asking)
        buffer_printf(out, " being asked %lld", (long long)report->asking);
    buffer_printf(out, "; tokens read %lld, written %lld\n", (long long)report->prompt_tokens,
                  (long long)report->completion_tokens);
    if (!failure->paper_id)
        return;
    time_format_rfc3339(failure->utc, when);
    buffer_printf(out, "  %s  %sv%d in %s by %s %s: %s\n", when, failure->paper_id,
                  failure->version, failure->language, failure->model,
                  failure->state == SUMMARY_REFUSED ? "is not to be had" : "failed",
                  failure->why ? failure->why : "no reason kept");
}
