/* paperboy status: what is stored, what is under way, what went wrong. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "commands/catching_up.h"
#include "commands/command.h"
#include "commands/profile_source.h"
#include "commands/site.h"
#include "commands/status_summaries.h"
#include "commands/trouble.h"
#include "store/editions.h"
#include "store/holds.h"
#include "store/outbox.h"
#include "store/pace.h"
#include "store/patience.h"
#include "store/subscribers.h"

enum { EDITIONS_SHOWN = 14, PROBLEMS_SHOWN = 10 };

/* What arXiv's services have said, of those that last failed. */
static const struct {
    const char *endpoint;
    const char *name;
} SERVICES[] = {{"rss", "the feeds"}, {"oai", "OAI-PMH"}, {"pdf", "PDFs"}};

enum { SERVICES_COUNT = sizeof(SERVICES) / sizeof(SERVICES[0]) };

struct status {
    struct pace_turn fetching[SERVICES_COUNT];
    int64_t now_utc;
    int64_t catching_up_utc; /* missed days are not asked for before it; 0: when there are any */
    struct edition_list editions;
    struct outbox_problems problems;
    struct suppression_list suppressions;
    struct hold_list holds;
    struct patience_list patience;
    int64_t counts[DELIVERY_STATES];
    struct outbox_left left;
    struct trouble trouble; /* of sending */
    int64_t suppressed;
    size_t subscribers;
    struct arena *arena; /* of the next */
    struct summaries_report summaries;
};

static int gather(struct site *site, struct status *status, struct error *error)
{
    struct profile_source profiles;

    status->now_utc = site_now();
    status->arena = arena_new();
    for (size_t i = 0; i < SERVICES_COUNT; i++) {
        const struct pace_request request = {
            .service = "arxiv", .endpoint = SERVICES[i].endpoint, .now_ms = status->now_utc * 1000};

        if (pace_find_backoff(site->store, &request, &status->fetching[i], error) < 0)
            return -1;
    }
    if (catching_up_find_wait(site, &status->catching_up_utc, error) < 0 ||
        store_list_editions(site->store, (struct date){0}, EDITIONS_SHOWN, &status->editions,
                            error) < 0 ||
        outbox_list_problems(site->store, PROBLEMS_SHOWN, &status->problems, error) < 0 ||
        outbox_count(site->store, status->counts, error) < 0 ||
        outbox_find_left(site->store, &status->left, error) < 0 ||
        trouble_find(site, &status->trouble, error) < 0 ||
        suppression_list_all(site->store, &status->suppressions, error) < 0 ||
        suppression_count(site->store, &status->suppressed, error) < 0 ||
        hold_list(site->store, status->now_utc, &status->holds, error) < 0 ||
        patience_list(site->store, &status->patience, error) < 0 ||
        summaries_report(site->store, status->now_utc, status->arena, &status->summaries, error) < 0 ||
        profile_source_open(site, &profiles, error) < 0)
        return -1;
    return profile_source_count(&profiles, &status->subscribers, error);
}

static void status_free(struct status *status)
{
    edition_list_free(&status->editions);
    outbox_problems_free(&status->problems);
    suppression_list_free(&status->suppressions);
    hold_list_free(&status->holds);
    patience_list_free(&status->patience);
    arena_free(&status->arena);
}

static bool is_complete(const struct edition *edition)
{
    return edition->state == EDITION_COMPLETE || edition->state == EDITION_EMPTY;
}

static json_t *edition_to_json(const struct edition *edition)
{
    json_t *categories = json_object();
    char date[DATE_TEXT_BYTES], fetched[TIME_TEXT_BYTES];

    for (size_t i = 0; i < edition->category_count; i++) {
        const struct edition_category *category = &edition->categories[i];

        json_object_set_new(categories, category->name,
                            json_pack("{ss sI so}", "state", edition_state_name(category->state),
                                      "received", (json_int_t)category->received, "known",
                                      category->known < 0 ? json_null()
                                                          : json_integer(category->known)));
    }
    date_format(edition->date, date);
    time_format_rfc3339(edition->fetched_utc, fetched);
    return json_pack("{ss sI sb ss sb ss so}", "date", date, "papers",
                     (json_int_t)edition->paper_count, "complete", is_complete(edition), "state",
                     edition_state_name(edition->state), "estimated", edition->estimated, "fetched",
                     fetched, "categories", categories);
}

/* When it may be asked next, which the timer then does. */
static int64_t again_utc(const struct status *status, size_t service)
{
    int64_t again = status->now_utc + (status->fetching[service].wait_ms + 999) / 1000;

    if (strcmp(SERVICES[service].endpoint, "oai") == 0 && status->catching_up_utc > again)
        again = status->catching_up_utc;
    return again;
}

static bool has_failed(const struct pace_turn *turn)
{
    return turn->failures > 0;
}

static json_t *fetching_to_json(const struct status *status)
{
    json_t *list = json_array();

    for (size_t i = 0; i < SERVICES_COUNT; i++) {
        const struct pace_turn *turn = &status->fetching[i];
        char when[TIME_TEXT_BYTES], again[TIME_TEXT_BYTES];

        if (!has_failed(turn))
            continue;
        time_format_rfc3339(turn->failed_ms / 1000, when);
        time_format_rfc3339(again_utc(status, i), again);
        json_array_append_new(list, json_pack("{ss ss si ss ss}", "service", SERVICES[i].endpoint,
                                              "when", when, "failures", turn->failures, "reason",
                                              turn->reason, "again", again));
    }
    return list;
}

static void add_fetching(struct buffer *out, const struct status *status)
{
    bool is_headed = false;

    for (size_t i = 0; i < SERVICES_COUNT; i++) {
        const struct pace_turn *turn = &status->fetching[i];
        char when[TIME_TEXT_BYTES], again[TIME_TEXT_BYTES];

        if (!has_failed(turn))
            continue;
        if (!is_headed)
            buffer_add_string(out, "\nFetching\n");
        is_headed = true;
        time_format_rfc3339(turn->failed_ms / 1000, when);
        time_format_rfc3339(again_utc(status, i), again);
        buffer_printf(out, "  %s  %s failed", when, SERVICES[i].name);
        if (turn->failures > 1)
            buffer_printf(out, ", %d times in a row", turn->failures);
        buffer_printf(out, ", not asked again before %s: %s\n", again,
                      turn->reason[0] ? turn->reason : "no reason kept");
    }
}

static json_t *problem_to_json(const struct outbox_problem *problem)
{
    char when[TIME_TEXT_BYTES];

    time_format_rfc3339(problem->when_utc, when);
    return json_pack("{ss ss ss ss ss* ss* ss* ss*}", "when", when, "subscriber",
                     problem->subscriber, "kind", delivery_kind_name(problem->kind), "state",
                     delivery_state_name(problem->state), "stage", problem->stage, "enhanced",
                     problem->enhanced, "reply", problem->reply, "reason", problem->reason);
}

static json_t *time_or_null(int64_t utc)
{
    char text[TIME_TEXT_BYTES];

    if (!utc)
        return json_null();
    time_format_rfc3339(utc, text);
    return json_string(text);
}

static json_t *trouble_to_json(const struct trouble *trouble)
{
    if (!trouble->text[0])
        return json_null();
    return json_pack("{so so ss}", "when", time_or_null(trouble->when_utc), "until",
                     time_or_null(trouble->until_utc), "reason", trouble->text);
}

static json_t *left_to_json(const struct outbox_left *left)
{
    return json_pack("{sI so sI so}", "held", (json_int_t)left->held, "held_until",
                     time_or_null(left->held_until_utc), "waiting", (json_int_t)left->waiting,
                     "next", time_or_null(left->next_utc));
}

static json_t *held_to_json(const struct hold_list *holds)
{
    json_t *list = json_array();

    for (size_t i = 0; i < holds->count; i++) {
        const struct hold *hold = &holds->items[i];
        char since[TIME_TEXT_BYTES], until[TIME_TEXT_BYTES];

        time_format_rfc3339(hold->since_utc, since);
        time_format_rfc3339(hold->until_utc, until);
        json_array_append_new(list, json_pack("{ss ss ss sI ss*}", "domain", hold->domain, "since",
                                              since, "until", until, "refused",
                                              (json_int_t)hold->failed, "evidence",
                                              hold->evidence));
    }
    return list;
}

static json_t *patience_to_json(const struct patience_list *patience)
{
    json_t *list = json_array();

    for (size_t i = 0; i < patience->count; i++) {
        const struct patience *item = &patience->items[i];
        char until[TIME_TEXT_BYTES];

        time_format_rfc3339(item->not_before_ms / 1000, until);
        json_array_append_new(list,
                              json_pack("{ss ss* ss sI ss}", "relay", item->relay, "domain",
                                        item->domain[0] ? item->domain : NULL, "until", until,
                                        "connections", (json_int_t)item->connections, "reply",
                                        item->reply));
    }
    return list;
}

static int print_json(struct log *log, const struct status *status)
{
    json_t *editions = json_array(), *deliveries = json_object(), *problems = json_array();
    struct buffer out;
    json_t *root;
    char *text;
    int exit_status;

    for (size_t i = 0; i < status->editions.count; i++)
        json_array_append_new(editions, edition_to_json(&status->editions.items[i]));
    for (int i = 0; i < DELIVERY_STATES; i++)
        json_object_set_new(deliveries, delivery_state_name((enum delivery_state)i),
                            json_integer(status->counts[i]));
    for (size_t i = 0; i < status->problems.count; i++)
        json_array_append_new(problems, problem_to_json(&status->problems.items[i]));
    root = json_pack("{so so sI sI so so so so so so so}", "editions", editions, "deliveries", deliveries,
                     "suppressed", (json_int_t)status->suppressed, "subscribers",
                     (json_int_t)status->subscribers, "errors", problems, "fetching",
                     fetching_to_json(status), "held", held_to_json(&status->holds), "slowed",
                     patience_to_json(&status->patience), "sending",
                     trouble_to_json(&status->trouble), "left", left_to_json(&status->left),
                     "summaries", status_summaries_json(&status->summaries));
    text = json_dumps(root, JSON_COMPACT);
    buffer_init(&out, SIZE_MAX);
    buffer_printf(&out, "%s\n", text);
    exit_status = command_print(log, NULL, buffer_view(&out));
    buffer_free(&out);
    free(text);
    json_decref(root);
    return exit_status;
}

static void add_edition(struct buffer *out, const struct edition *edition)
{
    char date[DATE_TEXT_BYTES];

    date_format(edition->date, date);
    buffer_printf(out, "  %s  %5zu papers  %s%s", date, edition->paper_count,
                  edition_state_name(edition->state), edition->estimated ? ", estimated" : "");
    for (size_t i = 0; i < edition->category_count; i++) {
        const struct edition_category *category = &edition->categories[i];

        if (category->state != EDITION_COMPLETE)
            buffer_printf(out, "; %s %s%s", category->name, edition_state_name(category->state),
                          category->state == EDITION_EMPTY && category->known < 0 ? " as far as known"
                                                                                  : "");
    }
    if (edition->note)
        buffer_printf(out, "; %s", edition->note);
    buffer_add_char(out, '\n');
}

static void add_problem(struct buffer *out, const struct outbox_problem *problem)
{
    char when[TIME_TEXT_BYTES];

    time_format_rfc3339(problem->when_utc, when);
    buffer_printf(out, "  %s  %s  %s %s", when, problem->subscriber,
                  delivery_kind_name(problem->kind), delivery_state_name(problem->state));
    if (problem->stage)
        buffer_printf(out, " at %s", problem->stage);
    buffer_printf(out, ": %s%s%s%s%s\n", problem->reason ? problem->reason : "",
                  problem->reason ? ": " : "", problem->enhanced ? problem->enhanced : "",
                  problem->enhanced ? " " : "", problem->reply ? problem->reply : "no reason kept");
}

static void add_trouble(struct buffer *out, const struct trouble *trouble)
{
    char when[TIME_TEXT_BYTES], until[TIME_TEXT_BYTES];

    if (!trouble->text[0])
        return;
    time_format_rfc3339(trouble->when_utc, when);
    buffer_printf(out, "\nSending\n  %s  %s", when, trouble->text);
    if (trouble->until_utc) {
        time_format_rfc3339(trouble->until_utc, until);
        buffer_printf(out, "; not before %s", until);
    }
    buffer_add_string(out, "\n");
}

static void add_deliveries(struct buffer *out, const struct status *status)
{
    const struct outbox_left *left = &status->left;
    char when[TIME_TEXT_BYTES];
    bool any = false;

    buffer_add_string(out, "\nDeliveries\n ");
    for (int i = 0; i < DELIVERY_STATES; i++)
        if (status->counts[i]) {
            buffer_printf(out, " %s %lld", delivery_state_name((enum delivery_state)i),
                          (long long)status->counts[i]);
            any = true;
        }
    buffer_add_string(out, any ? "\n" : " none yet\n");
    if (left->held) {
        time_format_rfc3339(left->held_until_utc, when);
        buffer_printf(out, "  %lld held by a worker; if it is dead, they are sent after %s\n",
                      (long long)left->held, when);
    }
    if (left->waiting) {
        time_format_rfc3339(left->next_utc, when);
        buffer_printf(out, "  %lld to be sent by the next run, the first %s%s\n",
                      (long long)left->waiting, left->next_utc > status->now_utc ? "after " : "",
                      left->next_utc > status->now_utc ? when : "at once");
    }
}

static void add_holds(struct buffer *out, const struct hold_list *holds)
{
    for (size_t i = 0; i < holds->count; i++) {
        const struct hold *hold = &holds->items[i];
        char until[TIME_TEXT_BYTES];

        time_format_rfc3339(hold->until_utc, until);
        if (i == 0)
            buffer_add_string(out, "\nHeld domains (paperboy subscriber unsuppress @DOMAIN sends"
                                   " again)\n");
        buffer_printf(out, "  %s  until %s, %lld refused; the last: %s\n", hold->domain, until,
                      (long long)hold->failed, hold->evidence ? hold->evidence : "");
    }
}

static void add_patience(struct buffer *out, const struct status *status)
{
    for (size_t i = 0; i < status->patience.count; i++) {
        const struct patience *item = &status->patience.items[i];
        char until[TIME_TEXT_BYTES];

        time_format_rfc3339(item->not_before_ms / 1000, until);
        if (i == 0)
            buffer_add_string(out, "\nSlowed down, as they asked\n");
        buffer_printf(out, "  %s%s%s  ", item->domain, item->domain[0] ? " by " : "", item->relay);
        if (item->not_before_ms > status->now_utc * 1000)
            buffer_printf(out, "left alone until %s, then ", until);
        buffer_printf(out, "%lld connection%s: %s\n", (long long)item->connections,
                      item->connections == 1 ? "" : "s", item->reply);
    }
}

static void add_suppression(struct buffer *out, const struct suppression *suppression)
{
    char since[TIME_TEXT_BYTES];

    time_format_rfc3339(suppression->since_utc, since);
    buffer_printf(out, "  %s  %s since %s%s%s\n", suppression->address,
                  suppression_reason_name(suppression->reason), since,
                  suppression->evidence ? ": " : "",
                  suppression->evidence ? suppression->evidence : "");
}

static int print_text(struct log *log, const struct status *status)
{
    struct buffer out;
    int exit_status;

    buffer_init(&out, SIZE_MAX);
    buffer_printf(&out, "%zu subscriber%s, %lld suppressed address%s\n\nEditions\n",
                  status->subscribers, status->subscribers == 1 ? "" : "s",
                  (long long)status->suppressed, status->suppressed == 1 ? "" : "es");
    for (size_t i = 0; i < status->editions.count; i++)
        add_edition(&out, &status->editions.items[i]);
    if (!status->editions.count)
        buffer_add_string(&out, "  none yet\n");
    add_fetching(&out, status);
    add_deliveries(&out, status);
    add_trouble(&out, &status->trouble);
    status_summaries_add(&out, &status->summaries);
    if (status->problems.count)
        buffer_add_string(&out, "\nLast errors\n");
    for (size_t i = 0; i < status->problems.count; i++)
        add_problem(&out, &status->problems.items[i]);
    add_holds(&out, &status->holds);
    add_patience(&out, status);
    if (status->suppressions.count)
        buffer_add_string(&out, "\nSuppressed\n");
    for (size_t i = 0; i < status->suppressions.count; i++)
        add_suppression(&out, &status->suppressions.items[i]);
    exit_status = command_print(log, NULL, buffer_view(&out));
    buffer_free(&out);
    return exit_status;
}

static int run(struct log *log, const struct options *options)
{
    struct status status = {0};
    struct site site = {0};
    struct error error;
    int exit_status;

    if (site_open(&site, log, options->config, false, &error) < 0 ||
        site_open_store(&site, &error) < 0 ||
        gather(&site, &status, &error) < 0)
        exit_status = command_fail(log, &error);
    else if (options_given(options, "--json"))
        exit_status = print_json(log, &status);
    else
        exit_status = print_text(log, &status);
    status_free(&status);
    site_close(&site);
    return exit_status;
}

static const struct option OPTIONS[] = {{"--json", OPTION_FLAG}, {NULL, 0}};

const struct command command_status = {
    .name = "status",
    .summary = "editions, outbox, suppressed addresses, last errors",
    .help = "Usage: paperboy status [--json]\n"
            "Prints the last editions and how complete they are, the outbox by state, the\n"
            "last errors of fetching, with the time when it is tried again, what keeps mail\n"
            "back, the last errors of the relay in its words with the reason, which domains\n"
            "are held or slowed down, who is suppressed and why, and what AI summaries of\n"
            "the last 30 days have cost and the last that failed.\n\n"
            "  --json  one object instead\n",
    .options = OPTIONS,
    .min_words = 0,
    .max_words = 0,
    .run = run,
};
