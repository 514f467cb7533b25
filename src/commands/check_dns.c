/* check: what receivers find in DNS about the sender. Three names count: the
 * domain of sender.address, which readers see and DMARC judges; the domain of the
 * envelope sender, which SPF judges and bounces go to; and list.id. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/resolver.h"
#include "commands/check.h"
#include "delivery/sender_policy.h"
#include "subscribers/address.h"

enum {
    NAME_BYTES = 320, /* "_dmarc." and a domain of an address */
    LABELS_MAX = 8,   /* of a domain, when a record is looked for further up */
    TEXT_SHOWN = 100
};

struct dns_check {
    struct findings *findings;
    struct resolver *resolver;
    struct arena *arena;
    char sender[NAME_BYTES];
    char envelope[NAME_BYTES];
    bool is_offline;
    struct spf_record spf;
    bool has_spf;
    struct dmarc_record dmarc;
    char dmarc_domain[NAME_BYTES]; /* where the record was found; "" for nowhere */
};

static void copy_domain(const char *address, char domain[NAME_BYTES])
{
    snprintf(domain, NAME_BYTES, "%.*s", VIEW_ARGUMENTS(address_domain(view_of(address))));
}

/* False, and the one warning, when DNS does not answer. */
static bool ask(struct dns_check *check, const char *name, enum resolver_type type,
                struct resolver_answer *ret_answer)
{
    struct error problem;

    if (check->is_offline)
        return false;
    if (resolver_ask(check->resolver, name, type, check->arena, ret_answer, &problem) == 0)
        return true;
    check->is_offline = true;
    findings_warn(check->findings, "%s; the rest of sender DNS is not checked", problem.text);
    return false;
}

/* ---- SPF ---- */

static void report_spf(const struct dns_check *check, struct view text)
{
    const char *domain = check->envelope;

    switch (check->spf.rest) {
    case SPF_REST_PASS:
        findings_fail(check->findings, EX_CONFIG,
                      "SPF of %s ends in +all, by which everybody may send in its name; end it in "
                      "~all or -all",
                      domain);
        return;
    case SPF_REST_NEUTRAL:
        findings_warn(check->findings,
                      "SPF of %s says nothing about hosts that it does not list; end it in ~all or "
                      "-all",
                      domain);
        break;
    case SPF_REST_SOFTFAIL:
    case SPF_REST_FAIL:
    case SPF_REST_REDIRECT:
        break;
    }
    if (check->spf.uses_ptr)
        findings_warn(check->findings, "SPF of %s uses \"ptr\", which receivers ignore", domain);
    findings_ok(check->findings,
                "SPF of %s: %.*s; whether it lists the relay's addresses, a test digest shows",
                domain, (int)(text.size < TEXT_SHOWN ? text.size : TEXT_SHOWN), text.data);
}

static void check_spf(struct dns_check *check)
{
    struct resolver_answer answer;
    const struct resolver_record *record = NULL;
    size_t count = 0;
    struct error problem;

    if (!ask(check, check->envelope, RESOLVER_TXT, &answer))
        return;
    for (size_t i = 0; i < answer.count; i++)
        if (spf_is_record(answer.items[i].text)) {
            record = &answer.items[i];
            count++;
        }
    if (!count)
        findings_warn(check->findings,
                      "SPF: %s has no record; many receivers ask for one: publish the TXT that the "
                      "relay's provider names (v=spf1 ... -all)",
                      check->envelope);
    else if (count > 1)
        findings_fail(check->findings, EX_CONFIG,
                      "SPF: %s has %zu records, and receivers then take none: make them one",
                      check->envelope, count);
    else if (spf_parse(record->text, &check->spf, &problem) < 0)
        findings_fail(check->findings, EX_CONFIG, "SPF of %s: %s", check->envelope, problem.text);
    else {
        check->has_spf = true;
        report_spf(check, record->text);
    }
}

/* ---- DMARC ---- */

static void report_dmarc(const struct dns_check *check)
{
    const struct dmarc_record *dmarc = &check->dmarc;
    bool is_own = strcmp(check->dmarc_domain, check->sender) == 0;

    if (dmarc->percent < 100)
        findings_warn(check->findings, "DMARC of %s holds for %ld%% of the mail only (pct)",
                      check->dmarc_domain, dmarc->percent);
    findings_ok(check->findings, "DMARC of %s%s%s: %s%s", check->sender, is_own ? "" : ", from ",
                is_own ? "" : check->dmarc_domain,
                dmarc_policy_name(is_own ? dmarc->policy : dmarc->subdomain_policy),
                dmarc->has_reports ? "" : "; without rua nobody is told what fails");
}

/* Whether something was found at this domain, sound or not. */
static bool check_dmarc_at(struct dns_check *check, const char *domain)
{
    char name[NAME_BYTES + sizeof("_dmarc.")];
    struct resolver_answer answer;
    const struct resolver_record *record = NULL;
    size_t count = 0;
    struct error problem;

    snprintf(name, sizeof(name), "_dmarc.%s", domain);
    if (!ask(check, name, RESOLVER_TXT, &answer))
        return true;
    for (size_t i = 0; i < answer.count; i++)
        if (dmarc_is_record(answer.items[i].text)) {
            record = &answer.items[i];
            count++;
        }
    if (!count)
        return false;
    if (count > 1) {
        findings_fail(check->findings, EX_CONFIG,
                      "DMARC: %s has %zu records, and receivers then take none: make them one", name,
                      count);
    } else if (dmarc_parse(record->text, &check->dmarc, &problem) < 0) {
        findings_fail(check->findings, EX_CONFIG, "DMARC: the record at %s %s", name, problem.text);
    } else {
        snprintf(check->dmarc_domain, sizeof(check->dmarc_domain), "%s", domain);
        report_dmarc(check);
    }
    return true;
}

/* Which of the names above is the organisation's cannot be known without a list
 * of all registries; walking up, never to a name of one label, finds its record. */
static void check_dmarc(struct dns_check *check)
{
    const char *domain = check->is_offline ? NULL : check->sender;

    for (int i = 0; i < LABELS_MAX && domain && strchr(domain, '.'); i++) {
        if (check_dmarc_at(check, domain))
            return;
        domain = strchr(domain, '.') + 1;
    }
    if (check->is_offline)
        return;
    findings_warn(check->findings,
                  "DMARC: neither %s nor a domain above it has a record; large receivers ask bulk "
                  "senders for one: publish the TXT v=DMARC1; p=none at _dmarc.%s",
                  check->sender, check->sender);
}

/* A name server that is cut off from the world knows no name at all; that says
 * nothing about the sender. */
static bool is_cut_off(struct dns_check *check)
{
    struct resolver_answer answer;

    if (!ask(check, "org", RESOLVER_TXT, &answer))
        return true;
    if (answer.has_name)
        return false;
    check->is_offline = true;
    findings_warn(check->findings,
                  "DNS: the name server does not even know the domain \"org\", so that it is cut "
                  "off; sender DNS is not checked");
    return true;
}

/* ---- where mail to it goes ---- */

static void check_mail_host(struct dns_check *check, const char *domain, const char *use)
{
    struct resolver_answer answer, four, six;

    if (!ask(check, domain, RESOLVER_MX, &answer) || (!answer.has_name && is_cut_off(check)))
        return;
    if (answer.count == 1 && !answer.items[0].text.size) {
        findings_fail(check->findings, EX_CONFIG,
                      "MX: %s, %s, says that it takes no mail at all (null MX)", domain, use);
        return;
    }
    if (answer.count) {
        const struct resolver_record *best = &answer.items[0];

        for (size_t i = 1; i < answer.count; i++)
            if (answer.items[i].preference < best->preference)
                best = &answer.items[i];
        findings_ok(check->findings, "MX: mail to %s, %s, goes to %.*s", domain, use,
                    VIEW_ARGUMENTS(best->text));
        return;
    }
    if (!ask(check, domain, RESOLVER_A, &four) || !ask(check, domain, RESOLVER_AAAA, &six))
        return;
    if (four.count || six.count)
        findings_warn(check->findings,
                      "MX: %s, %s, has none; mail goes to its own address, where something must "
                      "listen",
                      domain, use);
    else
        findings_fail(check->findings, EX_CONFIG,
                      "MX: %s, %s, %s; publish an MX, for receivers refuse senders that cannot be "
                      "answered",
                      domain, use, answer.has_name ? "has neither MX nor address" : "is not in DNS");
}

/* ---- whether they fit together ---- */

/* RFC 7489 3.1: strict is the same domain, relaxed the same organisation's. */
static void check_alignment(const struct dns_check *check)
{
    struct view sender = view_of(check->sender), envelope = view_of(check->envelope);
    bool is_same = view_equal_nocase(sender, envelope);
    struct view organisation = view_of(check->dmarc_domain);

    if (is_same)
        findings_ok(check->findings, "sender and envelope are both of %s", check->sender);
    else if (check->dmarc_domain[0] && check->dmarc.strict_spf)
        findings_warn(check->findings,
                      "the envelope is of %s and not of %s, whose DMARC asks for the same (aspf=s): "
                      "only DKIM of %s makes it pass",
                      check->envelope, check->sender, check->sender);
    else if (domain_is_within(sender, envelope) || domain_is_within(envelope, sender) ||
             (organisation.size && domain_is_within(sender, organisation) &&
              domain_is_within(envelope, organisation)))
        findings_ok(check->findings, "the envelope's %s belongs together with the sender's %s",
                    check->envelope, check->sender);
    else
        findings_warn(check->findings,
                      "the envelope is of %s (inbox.address) and the sender of %s: SPF cannot make "
                      "DMARC pass, only DKIM of %s can",
                      check->envelope, check->sender, check->sender);
}

static void check_list_id(const struct dns_check *check, const char *id)
{
    if (!domain_is_within(view_of(id), view_of(check->sender)) &&
        !domain_is_within(view_of(id), view_of(check->envelope)))
        findings_warn(check->findings,
                      "list.id %s lies below neither %s nor %s; RFC 2919 wants a domain that is "
                      "yours",
                      id, check->sender, check->envelope);
}

static void check_names(struct dns_check *check, const struct configuration *configuration)
{
    bool is_same = strcmp(check->sender, check->envelope) == 0;

    check_mail_host(check, check->envelope, "where bounces go");
    if (!is_same)
        check_mail_host(check, check->sender, "the sender's domain");
    check_spf(check);
    check_dmarc(check);
    if (check->is_offline)
        return;
    check_alignment(check);
    if (configuration->list.id)
        check_list_id(check, configuration->list.id);
    findings_warn(check->findings,
                  "DKIM is not checked: the relay signs, by a selector that DNS does not tell; send "
                  "a test digest (--send) and look for dkim=pass with header.d=%s in its "
                  "Authentication-Results",
                  check->sender);
}

void check_dns(struct site *site, struct findings *findings)
{
    const struct configuration *configuration = &site->configuration;
    struct dns_check check = {.findings = findings};
    const char *server = getenv("PAPERBOY_RESOLVER");
    bool is_verp = configuration->inbox.address && !configuration->delivery.fixed_envelope;
    struct error problem;

    if (!check_has_relay(site)) {
        findings_ok(findings, "no mail leaves this machine, so that nobody asks for it");
        return;
    }
    if (!configuration->sender.address)
        return; /* reported with the configuration */
    copy_domain(configuration->sender.address, check.sender);
    copy_domain(is_verp ? configuration->inbox.address : configuration->sender.address,
                check.envelope);
    if (resolver_open(server && server[0] ? server : NULL, &check.resolver, &problem) < 0) {
        error_add(&problem, "PAPERBOY_RESOLVER");
        findings_problem(findings, &problem);
        return;
    }
    check.arena = arena_new();
    check_names(&check, configuration);
    arena_free(&check.arena);
    resolver_close(&check.resolver);
}
