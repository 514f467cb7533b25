#include "commands/working.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "commands/compose.h"
#include "commands/relay.h"
#include "store/outbox.h"

struct working {
    struct composer composer; /* first: the worker's `user` is this struct */
    struct site *site;
    int64_t started_utc;
};

static int compose(void *user, const struct delivery *delivery, struct composed *ret_composed,
                   struct error *error)
{
    struct working *working = user;

    return composer_compose(&working->composer, delivery, ret_composed, error);
}

static int64_t now(void *user)
{
    (void)user;
    return site_now();
}

static uint32_t draw(void *user)
{
    (void)user;
    return site_random();
}

static void log_result(struct log *log, const struct delivery *delivery,
                       const struct delivery_result *result)
{
    static const char *const words[] = {
        [RESULT_DEFERRED] = "deferred", [RESULT_FAILED] = "refused", [RESULT_UNCERTAIN] = "uncertain"};

    if (!result || result->kind == RESULT_SENT || (size_t)result->kind >= sizeof(words) / sizeof(words[0]) ||
        !words[result->kind])
        return;
    log_line(log, result->kind == RESULT_FAILED ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
             "%s %s at %s: %s%s%s", delivery->subscriber, words[result->kind], result->stage,
             result->enhanced, result->enhanced[0] ? " " : "", result->reply);
}

static void progress(void *user, const struct worker_summary *summary,
                     const struct delivery *delivery, const struct delivery_result *result)
{
    struct working *working = user;
    int64_t seconds = site_now() - working->started_utc;

    log_result(working->site->log, delivery, result);
    log_progress(working->site->log, "sent %lld, deferred %lld, failed %lld, %lld per second",
                 (long long)summary->sent, (long long)summary->deferred, (long long)summary->failed,
                 (long long)(seconds > 0 ? summary->sent / seconds : summary->sent));
}

static int open_transport(struct site *site, struct transport **ret_transport, struct error *error)
{
    if (site->configuration.delivery.relay_count)
        log_line(site->log, LOG_LEVEL_WARNING,
                 "%s: delivery.relays: this version sends by delivery.url alone",
                 site->configuration.file);
    return relay_open(&site->configuration.delivery.relay, "delivery", NULL, ret_transport, error);
}

static void log_recovered(void *user, const struct outbox_recovered *recovered)
{
    const struct working *working = user;
    struct log *log = working->site->log;

    if (recovered->queued)
        log_line(log, LOG_LEVEL_NOTICE, "%lld deliveries of a dead worker are queued again",
                 (long long)recovered->queued);
    if (recovered->uncertain)
        log_line(log, LOG_LEVEL_WARNING,
                 "%lld deliveries were under way when a worker died and are uncertain; %s",
                 (long long)recovered->uncertain,
                 working->site->configuration.delivery.hold_uncertain ? "they are held"
                                                                      : "they are sent again");
    if (recovered->expired)
        log_line(log, LOG_LEVEL_ERROR, "%lld deliveries expired before they could be sent",
                 (long long)recovered->expired);
}

/* Unique among all that work on this outbox. */
static void name_worker(char *name, size_t size)
{
    char host[256] = "localhost";

    gethostname(host, sizeof(host) - 1);
    snprintf(name, size, "%s:%ld:%08x", host, (long)getpid(), (unsigned)site_random());
}

int working_send_due(struct site *site, const char *only, struct worker_summary *ret_summary,
                     struct error *error)
{
    enum uncertain_policy policy =
        site->configuration.delivery.hold_uncertain ? UNCERTAIN_HOLD : UNCERTAIN_RESEND;
    struct working working = {.site = site, .started_utc = site_now()};
    struct transport *transport = NULL;
    char name[320];
    struct worker_options options = {
        .name = name,
        .only = only,
        .uncertain = policy,
        .compose = compose,
        .now = now,
        .random = draw,
        .progress = progress,
        .recovered = log_recovered,
        .user = &working,
        .stop = site_stop_flag(),
    };
    int result = -1;

    *ret_summary = (struct worker_summary){0};
    name_worker(name, sizeof(name));
    composer_init(&working.composer, site);
    if (open_transport(site, &transport, error) == 0)
        result = worker_run(site->store, transport, &options, ret_summary, error);
    transport_close(&transport);
    composer_free(&working.composer);
    log_progress_end(site->log);
    return result;
}

void working_log_summary(struct log *log, const struct worker_summary *summary)
{
    char expired[40] = "";

    if (summary->expired)
        snprintf(expired, sizeof(expired), "expired %lld, ", (long long)summary->expired);
    log_line(log, LOG_LEVEL_NOTICE,
             "sent %lld, deferred %lld, failed %lld, uncertain %lld, skipped %lld, %sleft %lld",
             (long long)summary->sent, (long long)summary->deferred, (long long)summary->failed,
             (long long)summary->uncertain, (long long)summary->skipped, expired,
             (long long)summary->left);
}

int working_exit_status(const struct worker_summary *summary)
{
    /* Expired mail is neither done nor refused: its editions come with a later
     * digest, so that it counts as left. What is held as uncertain waits for a
     * person and not for a later run. */
    return summary->left || summary->expired ? EX_TEMPFAIL : EX_OK;
}
