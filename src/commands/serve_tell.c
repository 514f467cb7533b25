/* serve: what it tells of itself: /health, /metrics and /config. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "commands/serve_kept.h"
#include "commands/serve_state.h"
#include "store/editions.h"

static void set_time(json_t *object, const char *key, int64_t utc)
{
    char text[TIME_TEXT_BYTES];

    if (!utc)
        return;
    time_format_rfc3339(utc, text);
    json_object_set_new(object, key, json_string(text));
}

static void take_json(json_t *root, struct web_answer *answer)
{
    char *text = json_dumps(root, JSON_INDENT(2));

    buffer_printf(&answer->body, "%s\n", text);
    answer->type = "application/json";
    free(text);
    json_decref(root);
}

/* ---- /health ---- */

static json_t *to_list(const char *const texts[], size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(texts[i]));
    return list;
}

static json_t *edition_of(const struct state *state)
{
    json_t *edition = json_object();
    char date[DATE_TEXT_BYTES];

    if (!state->has_edition) {
        json_decref(edition);
        return json_null();
    }
    date_format(state->date, date);
    json_object_set_new(edition, "date", json_string(date));
    json_object_set_new(edition, "state", json_string(edition_state_name(state->edition)));
    json_object_set_new(edition, "papers", json_integer((json_int_t)state->papers));
    set_time(edition, "fetched", state->fetched_utc);
    json_object_set_new(edition, "age_seconds",
                        json_integer(state->taken_utc - state->fetched_utc));
    return edition;
}

static json_t *outbox_of(const struct state *state)
{
    json_t *outbox = json_object();

    json_object_set_new(outbox, "waiting", json_integer(state->waiting));
    json_object_set_new(outbox, "held_by_workers", json_integer(state->held));
    json_object_set_new(outbox, "held_domains", json_integer((json_int_t)state->held_domains));
    if (state->waiting)
        set_time(outbox, "oldest", state->next_utc);
    return outbox;
}

static json_t *fetching_of(const struct state *state)
{
    json_t *fetching = json_object();

    for (size_t i = 0; i < STATE_SERVICES; i++) {
        json_t *service = json_object();

        json_object_set_new(service, "failures", json_integer(state->services[i].failures));
        set_time(service, "failed", state->services[i].failures ? state->services[i].failed_utc : 0);
        json_object_set_new(fetching, state->services[i].name, service);
    }
    return fetching;
}

static json_t *sending_of(const struct state *state)
{
    json_t *sending = json_object();

    json_object_set_new(sending, "works", json_boolean(!state->sending_failed_utc));
    set_time(sending, "failed", state->sending_failed_utc);
    return sending;
}

/* Who watches wants to know it also when the store cannot be read, and not why. */
static int tell_unreachable(struct serve_desk *desk, const struct error *problem,
                            struct web_answer *answer)
{
    json_t *root = json_object();

    log_line(desk->site.log, LOG_LEVEL_ERROR, "/health: %s", problem->text);
    json_object_set_new(root, "status", json_string("failing"));
    json_object_set_new(root, "store", json_string("unreachable"));
    answer->status = 503;
    take_json(root, answer);
    return 0;
}

int page_health(struct serve_desk *desk, const struct web_request *request, struct view rest,
                struct web_answer *answer, struct error *error)
{
    struct error problem;
    struct state state;
    json_t *root;

    (void)request;
    (void)rest;
    (void)error;
    if (state_get(desk, &state, &problem) < 0)
        return tell_unreachable(desk, &problem, answer);
    root = json_object();
    json_object_set_new(root, "status",
                        json_string(state.failing_count ? "failing"
                                    : state.late_count  ? "late"
                                                        : "ok"));
    set_time(root, "now", state.taken_utc);
    json_object_set_new(root, "store", json_string("ok"));
    json_object_set_new(root, "late", to_list(state.late, state.late_count));
    json_object_set_new(root, "failing", to_list(state.failing, state.failing_count));
    json_object_set_new(root, "edition", edition_of(&state));
    json_object_set_new(root, "fetching", fetching_of(&state));
    json_object_set_new(root, "sending", sending_of(&state));
    json_object_set_new(root, "outbox", outbox_of(&state));
    answer->status = state.failing_count ? 503 : 200;
    take_json(root, answer);
    return 0;
}

/* ---- /metrics: Prometheus' text format, version 0.0.4 ---- */

static void head(struct buffer *out, const char *name, const char *type, const char *help)
{
    buffer_printf(out, "# HELP paperboy_%s %s\n# TYPE paperboy_%s %s\n", name, help, name, type);
}

static void one(struct buffer *out, const char *name, const char *type, const char *help,
                int64_t value)
{
    head(out, name, type, help);
    buffer_printf(out, "paperboy_%s %lld\n", name, (long long)value);
}

static void add_server(struct serve_desk *desk, struct buffer *out)
{
    const struct web_server_counts counts = web_server_count(desk->serving->server);
    const struct serve_kept_counts kept = serve_kept_count(desk->serving->kept);

    head(out, "http_responses_total", "counter", "Answers by the class of their status.");
    for (int i = 1; i < 6; i++)
        buffer_printf(out, "paperboy_http_responses_total{class=\"%dxx\"} %llu\n", i,
                      (unsigned long long)counts.by_class[i]);
    one(out, "http_requests_total", "counter", "Requests whose header was read.",
        (int64_t)counts.requests);
    one(out, "http_unanswered_total", "counter", "Requests whose connection ended before.",
        (int64_t)counts.by_class[0]);
    one(out, "http_turned_away_total", "counter", "Requests refused since too many waited.",
        (int64_t)counts.turned_away);
    one(out, "http_waiting", "gauge", "Requests that wait for a thread.", (int64_t)counts.waiting);
    one(out, "http_connections", "gauge", "Connections open.", (int64_t)counts.guard.connections);
    one(out, "http_connections_busy", "gauge", "Connections with a request.",
        (int64_t)counts.guard.busy);
    one(out, "http_connections_total", "counter", "Connections accepted.",
        (int64_t)counts.guard.accepted);
    one(out, "http_connections_refused_total", "counter",
        "Connections refused since their client had too many.", (int64_t)counts.guard.refused);
    one(out, "http_connections_cut_off_total", "counter",
        "Connections ended since they were too slow, or to make room.",
        (int64_t)counts.guard.cut_off);
    one(out, "kept_items", "gauge", "Pages and feeds kept in memory.", (int64_t)kept.items);
    one(out, "kept_bytes", "gauge", "Bytes of these.", (int64_t)kept.bytes);
    one(out, "kept_found_total", "counter", "Requests answered from memory.", (int64_t)kept.found);
    one(out, "kept_made_total", "counter", "Pages and feeds made.", (int64_t)kept.made);
}

static void add_editions(const struct state *state, struct buffer *out)
{
    if (state->has_edition) {
        one(out, "edition_age_seconds", "gauge", "Since the newest edition was last fetched.",
            state->taken_utc - state->fetched_utc);
        one(out, "edition_papers", "gauge", "Papers of the newest edition.",
            (int64_t)state->papers);
        one(out, "last_fetch_timestamp_seconds", "gauge", "When an edition was last fetched.",
            state->fetched_utc);
        head(out, "edition_state", "gauge", "1 for the state of the newest edition.");
        for (int i = 0; i < EDITION_STATES; i++)
            buffer_printf(out, "paperboy_edition_state{state=\"%s\"} %d\n",
                          edition_state_name((enum edition_state)i),
                          state->edition == (enum edition_state)i);
    }
    head(out, "fetch_failures", "gauge", "Failures in a row of arXiv's services.");
    for (size_t i = 0; i < STATE_SERVICES; i++)
        buffer_printf(out, "paperboy_fetch_failures{service=\"%s\"} %d\n", state->services[i].name,
                      state->services[i].failures);
}

static void add_outbox(const struct state *state, struct buffer *out)
{
    head(out, "deliveries", "gauge", "Deliveries in the store by their state.");
    for (int i = 0; i < DELIVERY_STATES; i++)
        buffer_printf(out, "paperboy_deliveries{state=\"%s\"} %lld\n",
                      delivery_state_name((enum delivery_state)i),
                      (long long)state->deliveries[i]);
    one(out, "outbox_waiting", "gauge", "Deliveries still to be sent.", state->waiting);
    one(out, "held_domains", "gauge", "Domains that are sent nothing for now.",
        (int64_t)state->held_domains);
    one(out, "sending_failing", "gauge", "1 while something keeps all mail back.",
        state->sending_failed_utc != 0);
    one(out, "suppressed_addresses", "gauge", "Addresses that are not mailed.", state->suppressed);
    one(out, "subscribers", "gauge", "Profiles.", (int64_t)state->subscribers);
}

/* Of the last month. */
static void add_summaries(const struct state *state, struct buffer *out)
{
    const struct {
        const char *name;
        int64_t count;
    } states[] = {{"good", state->summaries_good},
                  {"refused", state->summaries_refused},
                  {"failed", state->summaries_failed},
                  {"asking", state->summaries_asking}};

    if (!state->has_summaries)
        return;
    head(out, "summaries", "gauge", "AI summaries of 30 days by what became of them.");
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        buffer_printf(out, "paperboy_summaries{state=\"%s\"} %lld\n", states[i].name,
                      (long long)states[i].count);
    head(out, "summary_tokens", "gauge", "Tokens that they cost in 30 days.");
    buffer_printf(out, "paperboy_summary_tokens{kind=\"prompt\"} %lld\n",
                  (long long)state->prompt_tokens);
    buffer_printf(out, "paperboy_summary_tokens{kind=\"completion\"} %lld\n",
                  (long long)state->completion_tokens);
}

int page_metrics(struct serve_desk *desk, const struct web_request *request, struct view rest,
                 struct web_answer *answer, struct error *error)
{
    struct buffer *out = &answer->body;
    struct state state;
    struct error problem;
    bool is_read = state_get(desk, &state, &problem) == 0;

    (void)rest;
    (void)error;
    head(out, "build_info", "gauge", "Always 1.");
    buffer_printf(out, "paperboy_build_info{version=\"%s\"} 1\n", PAPERBOY_VERSION);
    one(out, "start_time_seconds", "gauge", "When the server was started.",
        desk->serving->started_utc);
    one(out, "uptime_seconds", "gauge", "Since then.",
        request->now_utc - desk->serving->started_utc);
    one(out, "store_up", "gauge", "1 when the store can be read.", is_read);
    add_server(desk, out);
    if (is_read) {
        one(out, "late", "gauge", "How many things are late (/health says which).",
            (int64_t)state.late_count);
        one(out, "failing", "gauge", "How many things are failing.", (int64_t)state.failing_count);
        add_editions(&state, out);
        add_outbox(&state, out);
        add_summaries(&state, out);
    } else {
        log_line(desk->site.log, LOG_LEVEL_ERROR, "/metrics: %s", problem.text);
    }
    answer->type = "text/plain; version=0.0.4; charset=utf-8";
    return 0;
}

/* ---- /config: the Python bot's keys, from publish.profile alone ---- */

static json_t *strings_of(const struct strings *strings)
{
    json_t *list = json_array();

    for (size_t i = 0; i < strings->count; i++)
        json_array_append_new(list, json_string(strings->items[i]));
    return list;
}

static int load_profile(const struct configuration *configuration, struct profile *ret_profile,
                        struct error *error)
{
    const char *file = configuration->publish.profile;
    struct buffer text;
    int result;

    buffer_init(&text, PROFILE_FILE_BYTES);
    result = file_read(file, &text, error);
    if (result == 0)
        result = profile_read(file, buffer_view(&text), ret_profile, error);
    buffer_free(&text);
    if (result < 0)
        error->kind = ERROR_CONFIGURATION; /* it is the owner's to mend, and no visitor's */
    return result;
}

int page_config(struct serve_desk *desk, const struct web_request *request, struct view rest,
                struct web_answer *answer, struct error *error)
{
    const struct configuration *configuration = &desk->site.configuration;
    json_t *root, *keywords = json_array();
    struct profile profile;

    (void)request;
    (void)rest;
    if (!configuration->publish.profile) {
        profile_init(&profile);
    } else if (load_profile(configuration, &profile, error) < 0) {
        json_decref(keywords);
        return -1;
    }
    for (size_t i = 0; i < profile.keywords.count; i++)
        json_array_append_new(keywords, json_string(profile.keywords.items[i].term));
    root = json_object();
    json_object_set_new(root, "categories",
                        strings_of(profile.categories.count ? &profile.categories
                                                            : &configuration->arxiv.categories));
    json_object_set_new(root, "keywords", keywords);
    json_object_set_new(root, "exclude_keywords", strings_of(&profile.exclude_keywords));
    json_object_set_new(root, "max_papers", json_integer(profile.max_papers));
    json_object_set_new(root, "ai_summary", json_boolean(configuration->summaries.enabled &&
                                                         profile.summaries));
    take_json(root, answer);
    profile_free(&profile);
    return 0;
}
