#include "commands/holding.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/clock.h"
#include "commands/command.h"
#include "commands/owner_notice.h"
#include "store/holds.h"
#include "subscribers/address.h"

enum { TEXT_BYTES = 16 * 1024, SLOT_BYTES = 320, SUBJECT_BYTES = 400 };

static void write_text(const struct gate_held *held, double percent, const char *until,
                       struct buffer *text)
{
    buffer_printf(text,
                  "Mail to %s is held: %lld of its %lld recipients were refused in this run,\n"
                  "more than bounces.domain_hold_percent (%g). The last refusal:\n\n"
                  "    %s\n\n"
                  "So many dead addresses at once are unlikely; the fault may be the domain's, the\n"
                  "relay's or ours. Nobody of it is suppressed",
                  held->domain, (long long)held->failed, (long long)held->recipients, percent,
                  held->evidence);
    if (held->lifted)
        buffer_printf(text, " (%lld suppression%s of this run taken back)", (long long)held->lifted,
                      held->lifted == 1 ? " is" : "s are");
    buffer_printf(text,
                  ", and what waits for it\n"
                  "is tried again at %s. To send at once, when it is mended:\n\n"
                  "    paperboy subscriber unsuppress @%s\n\n"
                  "`paperboy status` lists the held domains and the refusals.\n",
                  until, held->domain);
}

static int tell_owner(void *user, const struct gate_held *held, struct error *error)
{
    struct site *site = user;
    int64_t now_utc = site_now();
    char date[DATE_TEXT_BYTES], until[TIME_TEXT_BYTES], slot[SLOT_BYTES], subject[SUBJECT_BYTES];
    struct owner_notice notice = {.slot = slot, .subject = subject};
    struct buffer text;
    int result;

    date_format(time_to_date(now_utc, NULL), date);
    time_format_rfc3339(held->until_utc, until);
    /* One a day and domain, however often it is held. */
    snprintf(slot, sizeof(slot), "held %s %s", held->domain, date);
    snprintf(subject, sizeof(subject), "%s: mail to %s is held",
             site->configuration.list.name ? site->configuration.list.name : "paperboy",
             held->domain);
    buffer_init(&text, TEXT_BYTES);
    write_text(held, site->configuration.bounces.domain_hold_percent, until, &text);
    notice.text = buffer_view(&text);
    result = owner_notice_add(site, held->store, &notice, now_utc, error);
    buffer_free(&text);
    if (result < 0)
        return -1;
    log_line(site->log, LOG_LEVEL_ERROR,
             "%s is held until %s: %lld of %lld recipients were refused, so nobody of it is "
             "suppressed; the last: %s",
             held->domain, until, (long long)held->failed, (long long)held->recipients,
             held->evidence);
    return 0;
}

void holding_limits(struct site *site, struct gate_options *ret_limits)
{
    const struct configuration *configuration = &site->configuration;

    *ret_limits = (struct gate_options){
        .per_second = configuration->delivery.per_second,
        .per_hour = configuration->delivery.per_hour,
        .per_domain = configuration->delivery.per_domain,
        .domain_connections = configuration->delivery.domain_connections,
        .hard = (int)configuration->bounces.hard,
        .hold_percent = configuration->bounces.domain_hold_percent,
        .held = tell_owner,
        .user = site,
    };
}

int holding_release(struct site *site, const char *at_domain)
{
    char *domain = address_canonical(view_of(at_domain + 1));
    bool was_held = false;
    struct error error;
    int status = EX_OK;

    if (site_open_store(site, &error) < 0 ||
        hold_release(site->store, domain, site_now(), &was_held, &error) < 0) {
        status = command_fail(site->log, &error);
    } else if (!was_held) {
        log_line(site->log, LOG_LEVEL_ERROR, "%s is not held", domain);
        status = EX_NOINPUT;
    } else {
        log_line(site->log, LOG_LEVEL_NOTICE, "%s is no longer held; its mail is due now", domain);
    }
    free(domain);
    return status;
}
