#include "commands/retention.h"

#include "commands/compiling.h"
#include "store/bounces.h"
#include "store/derived.h"
#include "store/holds.h"
#include "store/mail_log.h"
#include "store/patience.h"
#include "store/pending.h"
#include "store/prune.h"
#include "store/rates.h"
#include "store/validators.h"

#define LAST_FACT "pruned"

enum { DAY_SECONDS = 86400, COMPILED_DAYS = 60 /* written anew long before, when still used */ };

static long at_least(long days)
{
    return days < RETENTION_DAYS_MIN ? RETENTION_DAYS_MIN : days;
}

/* Old addresses stay: links in digests name them. */
static int prune_inbox(struct store *store, int64_t now_utc, struct error *error)
{
    if (mail_log_prune(store, now_utc - MAIL_LOG_DAYS * DAY_SECONDS, error) < 0 ||
        pending_prune(store, now_utc, error) < 0)
        return -1;
    return bounce_prune(store, now_utc - BOUNCE_DAYS * DAY_SECONDS, error);
}

static int is_done(struct site *site, struct view today, bool *ret_is_done, struct error *error)
{
    struct buffer last;
    bool found = false;
    int result;

    buffer_init(&last, DATE_TEXT_BYTES);
    result = fact_get(site->store, LAST_FACT, &last, &found, error);
    *ret_is_done = found && view_equal(buffer_view(&last), today);
    buffer_free(&last);
    return result;
}

int retention_apply(struct site *site, int64_t now_utc, struct error *error)
{
    const struct configuration *configuration = &site->configuration;
    struct date today = time_to_date(now_utc, NULL);
    struct prune_limits limits = {
        .editions_before = date_from_days(date_to_days(today) -
                                          at_least(configuration->retention.papers_days)),
        .deliveries_before_utc =
            now_utc - at_least(configuration->retention.deliveries_days) * DAY_SECONDS,
    };
    char text[DATE_TEXT_BYTES];
    struct pruned pruned;
    bool done;

    date_format(today, text);
    if (is_done(site, view_of(text), &done, error) < 0)
        return -1;
    if (done)
        return 0;
    if (store_prune(site->store, &limits, &pruned, error) < 0 ||
        derived_prune(site->store, COMPILING_KIND, now_utc - COMPILED_DAYS * DAY_SECONDS, error) < 0)
        return -1;
    if (pruned.editions || pruned.papers || pruned.deliveries)
        log_line(site->log, LOG_LEVEL_NOTICE,
                 "retention: %lld editions, %lld papers and %lld deliveries were old enough to go",
                 (long long)pruned.editions, (long long)pruned.papers,
                 (long long)pruned.deliveries);
    if (validators_prune(site->store, limits.deliveries_before_utc, error) < 0 ||
        hold_prune(site->store, limits.deliveries_before_utc, error) < 0 ||
        patience_prune(site->store, now_utc * 1000, error) < 0 ||
        rate_prune(site->store, now_utc * 1000, error) < 0 ||
        prune_inbox(site->store, now_utc, error) < 0)
        return -1;
    return fact_put(site->store, LAST_FACT, view_of(text), error);
}
