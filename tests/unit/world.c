#include "unit/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/data.h"
#include "unit/postgres_server.h"

int64_t world_now(void *user)
{
    struct world *world = user;

    if (world->after_answer && smtp_server_taken_count(world->server) > world->answers) {
        world->answers = smtp_server_taken_count(world->server);
        world->after_answer(world);
    }
    return world->now_utc;
}

static int64_t world_now_ms(void *user)
{
    struct world *world = user;

    world->looked_ms += world->look_ms;
    return world->now_utc * 1000 + world->looked_ms;
}

static void world_pause(void *user, int seconds)
{
    struct world *world = user;

    world->pauses++;
    world->now_utc += seconds;
    if (world->unlock_after && world->pauses == world->unlock_after)
        world_unlock(world);
}

uint32_t world_random(void *user)
{
    (void)user;
    return 0;
}

static const struct edition_shown edition = {{2026, 2, 17}, 9};

static bool is_named(const char *subscriber, const char *part)
{
    return part && strstr(subscriber, part);
}

int world_compose(void *user, const struct delivery *delivery, struct composed *ret_composed,
                  struct error *error)
{
    struct world *world = user;

    world->composed++;
    world->retries += delivery->edition_count == 1 && view_equal_string(delivery->shown, "list");
    world->now_utc += world->compose_seconds;
    if (world->while_composing)
        world->while_composing(world);
    if (is_named(delivery->subscriber, world->broken))
        return error_set(error, ERROR_INPUT, "digest.html:7: bad template");
    snprintf(ret_composed->reason, sizeof(ret_composed->reason), "a reason");
    ret_composed->verdict = is_named(delivery->subscriber, world->defer)  ? COMPOSE_DEFER
                            : is_named(delivery->subscriber, world->fail) ? COMPOSE_FAIL
                            : is_named(delivery->subscriber, world->skip) ? COMPOSE_SKIP
                                                                          : COMPOSE_MESSAGE;
    buffer_clear(&world->bytes);
    buffer_printf(&world->bytes, "To: %s\r\n\r\nHello.\r\n", delivery->subscriber);
    ret_composed->message = (struct message){"news@example.org", delivery->subscriber,
                                             buffer_view(&world->bytes)};
    ret_composed->editions = &edition;
    ret_composed->edition_count = 1;
    ret_composed->shown = VIEW("list");
    return 0;
}

static void world_progress(void *user, const struct worker_summary *summary,
                           const struct delivery *delivery, const struct delivery_result *result)
{
    struct outbox_recovered recovered;
    struct world *world = user;

    (void)summary;
    buffer_printf(&world->told, "%s %s%s%s; ", delivery->subscriber,
                  delivery_state_name(delivery->state), result ? " at " : "",
                  result ? result->stage : "");
    if (world->after_delivery)
        world->after_delivery(world);
    if (world->stop_after && --world->stop_after == 0)
        world->stop = 1;
    if (world->taken_over >= 0) {
        MUST(outbox_recover(world->store, world->now_utc, UNCERTAIN_RESEND, &recovered,
                            &world->error),
             world->error);
        world->taken_over += recovered.queued + recovered.uncertain;
    }
}

static void world_news(void *user, const char *text)
{
    buffer_printf(&((struct world *)user)->news, "%s; ", text);
}

static void world_waits(void *user, const char *text)
{
    struct world *world = user;

    buffer_printf(&world->waits, "%s; ", text);
    if (world->while_waiting)
        world->while_waiting(world);
}

static bool is_file(const struct world *world)
{
    return strncmp(world->store_url, "sqlite:", strlen("sqlite:")) == 0;
}

/* A file's lock is another program's of the test's; a server does its work meanwhile. */
static void open_store(struct world *world)
{
    const struct store_options options = {.busy_timeout_ms = is_file(world) ? 20 : 0};

    MUST(store_open(world->store_url, &options, &world->store, &world->error), world->error);
}

void world_reopen(struct world *world)
{
    if (!is_file(world))
        postgres_server_await_idle(world->store_url);
    open_store(world);
}

static int set_up(void **state, const char *url)
{
    struct world *world = calloc(1, sizeof(*world));

    signal(SIGPIPE, SIG_IGN);
    world->folder = data_temporary_folder();
    if (url)
        snprintf(world->store_url, sizeof(world->store_url), "%s", url);
    else
        snprintf(world->store_url, sizeof(world->store_url), "sqlite:%s/store.db", world->folder);
    world->now_utc = NOW;
    world->taken_over = -1;
    buffer_init(&world->told, 1 << 20);
    buffer_init(&world->bytes, 1 << 20);
    buffer_init(&world->news, 1 << 20);
    buffer_init(&world->waits, 1 << 20);
    open_store(world);
    *state = world;
    return 0;
}

int world_set_up(void **state)
{
    return set_up(state, NULL);
}

int world_set_up_on(void **state, struct postgres_server *server)
{
    char url[600];

    postgres_server_new_schema(server, url);
    return set_up(state, url);
}

static void world_end_relay(struct world *world)
{
    engine_close(&world->engine);
    smtp_server_free(&world->server);
}

int world_tear_down(void **state)
{
    struct world *world = *state;

    world_end_relay(world);
    store_close(&world->rival);
    store_close(&world->store);
    buffer_free(&world->told);
    buffer_free(&world->bytes);
    buffer_free(&world->news);
    buffer_free(&world->waits);
    data_remove_folder(&world->folder);
    free(world);
    return 0;
}

void world_connect(struct world *world, const char *url)
{
    const struct engine_relay_options relay = {
        .name = "relay",
        .transport = {.url = url, .now = world_now, .user = world, .reply_timeout_ms = 5000}};
    const struct engine_options options = {
        .relays = &relay, .relay_count = 1, .connections = world->connections};

    MUST(engine_open(&options, &world->engine, &world->error), world->error);
}

void world_start_relay(struct world *world, const struct smtp_rule *rules, size_t count)
{
    struct smtp_server_options options = {.rules = rules, .rule_count = count};

    world_end_relay(world);
    options.pipelining = world->pipelining;
    world->server = smtp_server_start(&options);
    world_reconnect(world);
}

void world_reconnect(struct world *world)
{
    char url[100];

    engine_close(&world->engine);
    snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", smtp_server_port(world->server));
    world_connect(world, url);
}

void world_forget(struct world *world)
{
    store_close(&world->store);
    if (is_file(world))
        unlink(world->store_url + strlen("sqlite:"));
    else
        postgres_server_empty(world->store_url);
    world->now_utc = NOW;
    open_store(world);
}

void world_add_as(struct world *world, enum delivery_kind kind, const char *subscriber,
                  struct view message)
{
    const struct delivery_request request = {
        .kind = kind, .subscriber = subscriber, .slot = "2026-02-17", .created_utc = NOW,
        .not_before_utc = NOW, .expires_utc = NOW + DAY, .message = message,
        .envelope_sender = ""};

    MUST(outbox_add(world->store, &request, NULL, &world->error), world->error);
}

void world_add_many(struct world *world, int count)
{
    char name[40];

    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "reader%d@example.test", i);
        world_add_as(world, DELIVERY_DIGEST, name, (struct view){0});
    }
}

int world_run_with(struct world *world, enum uncertain_policy policy, size_t batch)
{
    const struct worker_options options = {
        .name = "worker", .only = world->only, .uncertain = policy, .batch = batch, .compose = world_compose,
        .now = world_now, .now_ms = world->look_ms ? world_now_ms : NULL,
        .limits = {.per_second = world->per_second}, .random = world_random, .progress = world_progress, .user = world,
        .news = world_news, .waits = world_waits,
        .writing = world->writing, .pause = world_pause, .stop = &world->stop};

    world->error = (struct error){0};
    buffer_clear(&world->told);
    buffer_clear(&world->news);
    buffer_clear(&world->waits);
    return worker_run(world->store, world->engine, &options, &world->summary, &world->error);
}

int world_run(struct world *world)
{
    return world_run_with(world, UNCERTAIN_RESEND, 0);
}

void world_check_summary(const struct world *world, const char *want)
{
    const struct worker_summary *summary = &world->summary;
    const struct {
        const char *name;
        int64_t count;
    } counts[] = {
        {"sent", summary->sent},       {"deferred", summary->deferred},
        {"failed", summary->failed},   {"skipped", summary->skipped},
        {"uncertain", summary->uncertain}, {"expired", summary->expired},
        {"left", summary->left},
    };
    struct buffer text;

    buffer_init(&text, 1000);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        if (counts[i].count)
            buffer_printf(&text, "%s%s %lld", text.size ? " " : "", counts[i].name,
                          (long long)counts[i].count);
    assert_string_equal(buffer_string(&text), want);
    buffer_free(&text);
}

void world_lock(struct world *world)
{
    MUST(store_open(world->store_url, NULL, &world->rival, &world->error), world->error);
    MUST(store_begin(world->rival, &world->error), world->error);
}

void world_unlock(struct world *world)
{
    store_close(&world->rival);
}

int64_t world_count(struct world *world, enum delivery_state state)
{
    int64_t counts[DELIVERY_STATES];

    MUST(outbox_count(world->store, counts, &world->error), world->error);
    return counts[state];
}

int world_times_taken(struct world *world, const char *recipient)
{
    int times = 0;

    for (size_t i = 0; i < smtp_server_taken_count(world->server); i++)
        times += strcmp(smtp_server_taken(world->server, i)->recipient, recipient) == 0;
    return times;
}
