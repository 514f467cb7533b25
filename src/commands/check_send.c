/* check --send: a test digest through the real relay. Neither the outbox nor what
 * subscribers were shown is touched. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/memory.h"
#include "commands/check.h"
#include "commands/compose.h"
#include "commands/edition_source.h"
#include "commands/relay.h"
#include "store/subscribers.h"
#include "subscribers/address.h"

/* A person waits. */
enum { CONNECT_MS = 10 * 1000, REPLY_MS = 120 * 1000, TOTAL_MS = 300 * 1000 };
enum { TEST_PAPERS = 5, SLOT_BYTES = 64 };

/* For an installation that has fetched nothing yet. It says that it is none. */
static void add_sample(struct papers *papers)
{
    static struct view authors[] = {{"Paperboy", 8}};
    static struct view categories[] = {{"cs.DL", 5}};
    static const struct paper sample = {
        .id = {"0000.00000", 10},
        .source_title = {"A Sample That Is No Paper", 25},
        .source_abstract = {"Nothing has been fetched here yet, so this test digest shows one "
                            "made-up entry where papers will be. That you read it means that mail "
                            "from here arrives.",
                            0},
        .authors = authors,
        .author_count = 1,
        .categories = categories,
        .category_count = 1,
    };
    struct paper copy = sample;

    copy.source_abstract.size = strlen(sample.source_abstract.data);
    papers_add(papers, &copy, NULL);
}

static int read_papers(struct site *site, struct input *ret_input, struct error *error)
{
    static const struct strings none = {NULL, 0};
    struct error problem = {.kind = ERROR_MISSING};

    /* Without a store there is none to be made for a test. */
    if (site->store && edition_source_read(site, &none, (struct date){0}, ret_input, &problem) == 0)
        return 0;
    if (problem.kind != ERROR_MISSING) {
        if (error)
            *error = problem;
        return -1;
    }
    *ret_input = (struct input){.complete = true};
    papers_init(&ret_input->papers);
    add_sample(&ret_input->papers);
    return 0;
}

/* "Test: " before the digest's own subject. */
static void mark_subject(struct composer *composer)
{
    struct buffer *subject = &composer->output.subject;
    char *own = memory_copy_string(buffer_string(subject));

    buffer_clear(subject);
    buffer_printf(subject, "Test: %s", own);
    free(own);
}

static int compose(struct composer *composer, const struct profile *profile,
                   const struct input *input, struct error *error)
{
    struct ranking_index *index = ranking_index_new(&input->papers, NULL);
    int64_t now_utc = site_now();
    char slot[SLOT_BYTES];
    struct compose_request request = {
        .profile = profile,
        .index = index,
        .editions = &input->date,
        .edition_count = date_is_set(input->date),
        .date = date_is_set(input->date) ? input->date : site_arxiv_date(composer->site, now_utc),
        .slot = slot,
        .now_utc = now_utc,
    };
    struct ranking ranking;
    int result;

    /* Each test is a message of its own, and never one of the subscriber's. */
    snprintf(slot, sizeof(slot), "check-%lld-%08x", (long long)now_utc, (unsigned)site_random());
    result = composer_render(composer, &request, &ranking, error);
    if (result == 0 && !ranking.count)
        result = error_set(error, ERROR_BUG, "the test digest came out empty");
    if (result == 0) {
        mark_subject(composer);
        result = composer_write(composer, &request, error);
    }
    ranking_index_free(&index);
    return result;
}

static void report(const struct delivery_result *result, const char *address, const char *relay,
                   struct findings *findings)
{
    const char *code = result->enhanced, *space = result->enhanced[0] ? " " : "";

    switch (result->kind) {
    case RESULT_SENT:
        if (result->code)
            findings_ok(findings, "%s took the test digest to %s: %d %s%s%s", relay, address,
                        result->code, code, space, result->reply);
        else
            findings_ok(findings, "the test digest to %s is in %s", address, relay);
        break;
    case RESULT_FAILED:
        findings_fail(findings, EX_UNAVAILABLE, "%s refused the test digest to %s at %s: %d %s%s%s",
                      relay, address, result->stage, result->code, code, space, result->reply);
        break;
    case RESULT_UNCERTAIN:
        findings_fail(findings, EX_TEMPFAIL,
                      "%s gave no answer to the test digest to %s, which may arrive or not", relay,
                      address);
        break;
    case RESULT_DEFERRED:
    case RESULT_RELAY_DOWN:
    case RESULT_STOPPED:
        findings_fail(findings, EX_TEMPFAIL,
                      "%s does not take the test digest to %s now, at %s: %d %s%s%s", relay, address,
                      result->stage, result->code, code, space, result->reply);
        break;
    }
}

static void send_message(struct site *site, const struct composer *composer, const char *address,
                         struct findings *findings)
{
    static const struct relay_patience patience = {CONNECT_MS, REPLY_MS, TOTAL_MS};
    const struct configuration_relay *relay = &site->configuration.delivery.relay;
    struct message message = {buffer_string(&composer->envelope), address,
                              buffer_view(&composer->message)};
    struct transport *transport = NULL;
    struct delivery_result result;
    struct error problem;

    if (relay_open(&site->configuration, relay, "delivery", &patience, &transport, &problem) < 0)
        findings_problem(findings, &problem);
    else if (transport_send(transport, &message, NULL, &result, &problem) < 0)
        findings_server_problem(findings, &problem);
    else
        report(&result, address, relay->url, findings);
    transport_close(&transport);
}

/* Whoever complained or left is not mailed for a test either. */
static bool may_mail(struct site *site, const char *address, struct findings *findings)
{
    struct suppression_found found = {0};
    struct error problem;

    if (site->store && suppression_find(site->store, address, &found, &problem) < 0) {
        findings_problem(findings, &problem);
        return false;
    }
    if (found.found)
        findings_fail(findings, EX_CONFIG,
                      "%s is suppressed (%s) and not mailed; paperboy subscriber unsuppress lifts it",
                      address, suppression_reason_name(found.reason));
    return !found.found;
}

void check_send(struct site *site, const char *address, struct findings *findings)
{
    struct profile profile;
    struct composer composer;
    struct input input = {0};
    struct error problem;

    if (!site->configuration.sender.address || !site->templates) {
        findings_warn(findings, "no test digest before sender.address and templates are mended");
        return;
    }
    profile_init(&profile);
    profile.email = address_canonical(view_of(address));
    profile.max_papers = TEST_PAPERS;
    composer_init(&composer, site);
    if (may_mail(site, profile.email, findings)) {
        if (site_open_key_unkept(site, &problem) < 0 || read_papers(site, &input, &problem) < 0 ||
            compose(&composer, &profile, &input, &problem) < 0)
            findings_problem(findings, &problem);
        else
            send_message(site, &composer, profile.email, findings);
    }
    input_free(&input);
    composer_free(&composer);
    profile_free(&profile);
}
