#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "delivery/worker.h"
#include "store/subscribers.h"
#include "unit/data.h"
#include "unit/smtp_server.h"
#include "unit/store_suite.h"

enum { NOW = 1000000, DAY = 86400 };

/* Everything that a run needs, and what it told. */
struct world {
    char *folder;
    char store_url[600];
    struct store *store;
    struct smtp_server *server;
    struct transport *transport;
    int64_t now_utc;
    volatile sig_atomic_t stop;
    int stop_after;       /* deliveries; 0: never */
    int compose_seconds;  /* that pass while composing */
    int composed;
    int retries;          /* composed again with a list */
    const char *defer;    /* subscribers whose composing ends otherwise */
    const char *fail;
    const char *skip;
    const char *broken;
    struct buffer told;
    struct buffer bytes;
    struct worker_summary summary;
    struct error error;
};

static int64_t world_now(void *user)
{
    return ((struct world *)user)->now_utc;
}

static uint32_t world_random(void *user)
{
    (void)user;
    return 0;
}

static const struct date edition = {2026, 2, 17};

static bool is_named(const char *subscriber, const char *part)
{
    return part && strstr(subscriber, part);
}

static int compose(void *user, const struct delivery *delivery, struct composed *ret_composed,
                   struct error *error)
{
    struct world *world = user;

    world->composed++;
    world->retries += delivery->edition_count == 1 && view_equal_string(delivery->shown, "list");
    world->now_utc += world->compose_seconds;
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

static void progress(void *user, const struct worker_summary *summary,
                     const struct delivery *delivery, const struct delivery_result *result)
{
    struct world *world = user;

    (void)summary;
    buffer_printf(&world->told, "%s %s%s%s; ", delivery->subscriber,
                  delivery_state_name(delivery->state), result ? " at " : "",
                  result ? result->stage : "");
    if (world->stop_after && --world->stop_after == 0)
        world->stop = 1;
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    signal(SIGPIPE, SIG_IGN);
    world->folder = data_temporary_folder();
    snprintf(world->store_url, sizeof(world->store_url), "sqlite:%s/store.db", world->folder);
    world->now_utc = NOW;
    buffer_init(&world->told, 1 << 20);
    buffer_init(&world->bytes, 1 << 20);
    MUST(store_open(world->store_url, NULL, &world->store, &world->error), world->error);
    *state = world;
    return 0;
}

static void end_relay(struct world *world)
{
    transport_close(&world->transport);
    smtp_server_free(&world->server);
}

static int tear_down(void **state)
{
    struct world *world = *state;

    end_relay(world);
    store_close(&world->store);
    buffer_free(&world->told);
    buffer_free(&world->bytes);
    data_remove_folder(&world->folder);
    free(world);
    return 0;
}

static void connect_to(struct world *world, const char *url)
{
    const struct transport_options options = {.url = url, .now = world_now, .user = world,
                                              .reply_timeout_ms = 5000};

    MUST(transport_open(&options, &world->transport, &world->error), world->error);
}

static void start_relay(struct world *world, const struct smtp_rule *rules, size_t count)
{
    char url[100];

    end_relay(world);
    world->server = smtp_server_start(
        &(struct smtp_server_options){.rules = rules, .rule_count = count});
    snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", smtp_server_port(world->server));
    connect_to(world, url);
}

static void add_as(struct world *world, enum delivery_kind kind, const char *subscriber,
                   struct view message)
{
    const struct delivery_request request = {
        .kind = kind, .subscriber = subscriber, .slot = "2026-02-17", .created_utc = NOW,
        .not_before_utc = NOW, .expires_utc = NOW + DAY, .message = message,
        .envelope_sender = ""};

    MUST(outbox_add(world->store, &request, NULL, &world->error), world->error);
}

static void add_many(struct world *world, int count)
{
    char name[40];

    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "reader%d@example.test", i);
        add_as(world, DELIVERY_DIGEST, name, (struct view){0});
    }
}

static int run_with(struct world *world, enum uncertain_policy policy, size_t batch)
{
    const struct worker_options options = {
        .name = "worker", .uncertain = policy, .batch = batch, .compose = compose,
        .now = world_now, .random = world_random, .progress = progress, .user = world,
        .stop = &world->stop};

    world->error = (struct error){0};
    buffer_clear(&world->told);
    return worker_run(world->store, world->transport, &options, &world->summary, &world->error);
}

static int run(struct world *world)
{
    return run_with(world, UNCERTAIN_RESEND, 0);
}

static void check_summary(const struct world *world, const char *want)
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

static int64_t count_state(struct world *world, enum delivery_state state)
{
    int64_t counts[DELIVERY_STATES];

    MUST(outbox_count(world->store, counts, &world->error), world->error);
    return counts[state];
}

/* How often the relay has taken a message to this address. */
static int times_taken(struct world *world, const char *recipient)
{
    int times = 0;

    for (size_t i = 0; i < smtp_server_taken_count(world->server); i++)
        times += strcmp(smtp_server_taken(world->server, i)->recipient, recipient) == 0;
    return times;
}

static void all_that_is_due_is_sent_once(void **state)
{
    struct world *world = *state;

    start_relay(world, NULL, 0);
    add_many(world, 250);
    MUST(run(world), world->error);
    check_summary(world, "sent 250");
    MUST(run(world), world->error);
    check_summary(world, "");
    assert_int_equal(smtp_server_taken_count(world->server), 250);
    assert_int_equal(smtp_server_connections(world->server), 1);
    assert_int_equal(world->composed, 250);
}

static void a_refused_recipient_does_not_stop_the_others(void **state)
{
    static const struct smtp_rule rules[] = {
        {"rcpt", "550 5.1.1 no such user\r\n", 0, 0, "reader1@"},
        {"rcpt", "450 4.2.0 greylisted\r\n", 0, 1, "reader2@"},
    };
    struct world *world = *state;
    struct outbox_problems problems;

    start_relay(world, rules, 2);
    add_many(world, 4);
    MUST(run(world), world->error);
    check_summary(world, "sent 2 deferred 1 failed 1 left 1");
    assert_string_equal(buffer_string(&world->told),
                        "reader0@example.test sent at end-of-data; "
                        "reader1@example.test failed at rcpt; "
                        "reader2@example.test deferred at rcpt; "
                        "reader3@example.test sent at end-of-data; ");
    MUST(outbox_list_problems(world->store, 9, &problems, &world->error), world->error);
    assert_int_equal(problems.count, 2);
    assert_string_equal(problems.items[0].stage, "rcpt");
    outbox_problems_free(&problems);
    world->now_utc += 269; /* 5 minutes less a tenth, less a second */
    MUST(run(world), world->error);
    check_summary(world, "left 1");
    world->now_utc += 1;
    MUST(run(world), world->error);
    check_summary(world, "sent 1");
    assert_int_equal(world->retries, 1);
    assert_int_equal(smtp_server_taken_count(world->server), 3);
}

static void a_greylisted_one_expires_after_its_time(void **state)
{
    static const struct smtp_rule rule = {"rcpt", "450 4.2.0 greylisted\r\n", 0, 0, NULL};
    struct world *world = *state;
    int attempts = 0;

    start_relay(world, &rule, 1);
    add_many(world, 1);
    while (world->now_utc < NOW + DAY + 3600 && count_state(world, DELIVERY_EXPIRED) == 0) {
        MUST(run(world), world->error);
        attempts += world->summary.deferred > 0;
        world->now_utc += 60;
    }
    assert_int_equal(count_state(world, DELIVERY_EXPIRED), 1);
    assert_in_range(world->now_utc, NOW + DAY, NOW + DAY + 120);
    /* 5, 15, 30, 60 minutes and then hourly. */
    assert_in_range(attempts, 25, 30);
}

static void composing_can_end_in_other_ways(void **state)
{
    struct world *world = *state;

    start_relay(world, NULL, 0);
    world->skip = "reader0";
    world->defer = "reader1";
    world->fail = "reader2";
    add_many(world, 4);
    MUST(run(world), world->error);
    check_summary(world, "sent 1 deferred 1 failed 1 skipped 1 left 1");
    world->broken = "reader1";
    world->now_utc += 600;
    assert_int_equal(run(world), -1);
    assert_string_equal(world->error.text, "digest.html:7: bad template");
    check_summary(world, "left 1");
    assert_int_equal(count_state(world, DELIVERY_QUEUED), 1);
}

static void kept_messages_are_sent_as_they_are(void **state)
{
    struct world *world = *state;

    start_relay(world, NULL, 0);
    add_as(world, DELIVERY_ANSWER, "ada@example.test", VIEW("Subject: answer\r\n\r\n.\r\n"));
    MUST(run(world), world->error);
    check_summary(world, "sent 1");
    assert_int_equal(world->composed, 0);
    assert_true(view_equal_string(smtp_server_taken(world->server, 0)->bytes,
                                  "Subject: answer\r\n\r\n.\r\n"));
    assert_string_equal(smtp_server_taken(world->server, 0)->sender, "");
}

static void a_relay_that_is_down_leaves_everything_queued(void **state)
{
    static const struct smtp_rule rule = {"greeting", "554 5.3.2 go away\r\n", 0, 0, NULL};
    struct world *world = *state;

    start_relay(world, &rule, 1);
    add_many(world, 30);
    assert_int_equal(run(world), -1);
    assert_int_equal(world->error.kind, ERROR_CONFIGURATION);
    assert_non_null(strstr(world->error.text, "go away"));
    check_summary(world, "left 30");
    assert_int_equal(count_state(world, DELIVERY_QUEUED), 30);
    assert_int_equal(smtp_server_connections(world->server), 1);
    start_relay(world, NULL, 0);
    MUST(run(world), world->error);
    check_summary(world, "sent 30");
}

static void a_relay_that_refuses_all_is_not_asked_for_each(void **state)
{
    static const struct smtp_rule rules[] = {
        {"rcpt", "554 5.7.1 Relay access denied\r\n", 3, 0, NULL},
    };
    struct world *world = *state;

    start_relay(world, rules, 1);
    add_many(world, 30);
    assert_int_equal(run(world), -1);
    assert_int_equal(world->error.kind, ERROR_CONFIGURATION);
    assert_non_null(strstr(world->error.text, "Relay access denied"));
    check_summary(world, "sent 3 deferred 5 left 27");
    assert_int_equal(count_state(world, DELIVERY_QUEUED), 22);
    assert_int_equal(count_state(world, DELIVERY_FAILED), 0);
}

static void one_suspect_does_not_stop_the_others(void **state)
{
    static const struct smtp_rule rules[] = {
        {"rcpt", "554 5.7.1 Relay access denied\r\n", 0, 0, "5@"},
        {"rcpt", SMTP_DROP, 0, 0, "7@"},
    };
    struct world *world = *state;

    start_relay(world, rules, 2);
    add_many(world, 30);
    MUST(run(world), world->error);
    check_summary(world, "sent 24 deferred 6 left 6");
}

static void an_uncertain_one_waits_and_is_sent_again(void **state)
{
    static const struct smtp_rule rule = {"end", SMTP_DROP, 1, 1, NULL};
    struct world *world = *state;

    start_relay(world, &rule, 1);
    add_many(world, 3);
    MUST(run_with(world, UNCERTAIN_HOLD, 0), world->error);
    check_summary(world, "sent 2 uncertain 1");
    assert_int_equal(times_taken(world, "reader1@example.test"), 1);
    world->now_utc += 3600;
    MUST(run_with(world, UNCERTAIN_HOLD, 0), world->error);
    check_summary(world, "");
    MUST(run_with(world, UNCERTAIN_RESEND, 0), world->error);
    check_summary(world, "sent 1");
    assert_int_equal(times_taken(world, "reader1@example.test"), 2);
    assert_int_equal(world->retries, 1);
}

static void a_signal_stops_between_messages(void **state)
{
    struct world *world = *state;

    start_relay(world, NULL, 0);
    add_many(world, 10);
    world->stop_after = 4;
    MUST(run(world), world->error);
    check_summary(world, "sent 4 left 6");
    assert_int_equal(count_state(world, DELIVERY_QUEUED), 6);
    world->stop = 0;
    MUST(run(world), world->error);
    check_summary(world, "sent 6");
}

static void a_slow_worker_keeps_its_lease(void **state)
{
    struct world *world = *state;
    struct outbox_recovered recovered;

    start_relay(world, NULL, 0);
    add_many(world, 20);
    world->compose_seconds = 90;
    world->stop_after = 15;
    MUST(run(world), world->error);
    check_summary(world, "sent 15 left 5");
    MUST(outbox_recover(world->store, world->now_utc, UNCERTAIN_RESEND, &recovered, &world->error),
         world->error);
    assert_int_equal(recovered.queued, 0);
    assert_int_equal(smtp_server_taken_count(world->server), 15);
}

/* Another worker takes over while the first is stuck in composing. */
static void a_worker_that_lost_its_lease_sends_nothing_twice(void **state)
{
    struct world *world = *state;
    struct delivery_batch batch;
    struct outbox_recovered recovered;
    struct world thief = {.now_utc = NOW + 1000};

    start_relay(world, NULL, 0);
    add_many(world, 5);
    MUST(outbox_claim(world->store, "stuck", NOW, 300, 100, &batch, &world->error), world->error);
    MUST(outbox_recover(world->store, thief.now_utc, UNCERTAIN_RESEND, &recovered, &world->error),
         world->error);
    world->now_utc = thief.now_utc;
    MUST(run(world), world->error);
    check_summary(world, "sent 5");
    for (size_t i = 0; i < batch.count; i++) {
        assert_int_equal(outbox_begin(world->store, &batch.items[i], &world->error), -1);
        assert_int_equal(world->error.kind, ERROR_CONFLICT);
    }
    delivery_batch_free(&batch);
}

static void what_expired_while_working_is_not_sent(void **state)
{
    struct world *world = *state;

    start_relay(world, NULL, 0);
    add_many(world, 3);
    world->compose_seconds = DAY / 2;
    MUST(run(world), world->error);
    check_summary(world, "sent 2 expired 1");
}

static void a_locked_store_stops_the_work_cleanly(void **state)
{
    const struct store_options impatient = {.busy_timeout_ms = 100};
    struct world *world = *state;
    struct store *holder = world->store;

    start_relay(world, NULL, 0);
    add_many(world, 3);
    MUST(store_begin(holder, &world->error), world->error);
    add_as(world, DELIVERY_NOTICE, "x@example.test", (struct view){0});
    MUST(store_open(world->store_url, &impatient, &world->store, &world->error), world->error);
    assert_int_equal(run(world), -1);
    assert_int_equal(world->error.kind, ERROR_TEMPORARY);
    assert_non_null(strstr(world->error.text, "locked"));
    store_close(&holder);
    MUST(run(world), world->error);
    check_summary(world, "sent 3");
}

/* Killed at each step of the journal. `die_at` counts the calls to the clock,
 * which is asked before every step. */
static struct {
    int calls;
    int die_at;
} fate;

static int64_t fatal_now(void *user)
{
    if (fate.die_at && ++fate.calls >= fate.die_at)
        kill(getpid(), SIGKILL);
    return world_now(user);
}

static int fatal_compose(void *user, const struct delivery *delivery,
                         struct composed *ret_composed, struct error *error)
{
    fatal_now(user);
    return compose(user, delivery, ret_composed, error);
}

/* A hook of its own, because the transport's comes right after the journal. */
static void fatal_progress(void *user, const struct worker_summary *summary,
                           const struct delivery *delivery, const struct delivery_result *result)
{
    (void)summary, (void)delivery, (void)result;
    fatal_now(user);
}

static void run_to_death(struct world *world, const char *url, int die_at)
{
    struct worker_options options = {
        .name = "doomed", .compose = fatal_compose, .now = fatal_now, .random = world_random,
        .progress = fatal_progress, .user = world};

    fate.calls = 0;
    fate.die_at = die_at;
    store_close(&world->store);
    if (store_open(world->store_url, NULL, &world->store, &world->error) < 0)
        _exit(2);
    connect_to(world, url);
    if (worker_run(world->store, world->transport, &options, &world->summary, &world->error) < 0)
        _exit(3);
    _exit(0);
}

/* Returns whether the worker was still alive at the end. */
static bool kill_at(struct world *world, int die_at, int count)
{
    char url[100];
    int status;
    pid_t child;

    start_relay(world, NULL, 0);
    snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", smtp_server_port(world->server));
    add_many(world, count);
    /* The child opens the store anew: a connection must not cross a fork. */
    store_close(&world->store);
    child = fork();
    if (child == 0) {
        world->transport = NULL;
        run_to_death(world, url, die_at);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    MUST(store_open(world->store_url, NULL, &world->store, &world->error), world->error);
    if (WIFEXITED(status))
        assert_int_equal(WEXITSTATUS(status), 0);
    return WIFEXITED(status);
}

static void a_killed_worker_loses_nothing(void **state)
{
    enum { COUNT = 4 };
    struct world *world = *state;
    bool survived = false;
    int die_at;

    for (die_at = 1; !survived; die_at++) {
        int doubles = 0;

        survived = kill_at(world, die_at, COUNT);
        world->now_utc = NOW + OUTBOX_LEASE_SECONDS;
        MUST(run(world), world->error);
        for (int i = 0; i < COUNT; i++) {
            char name[40];
            int times;

            snprintf(name, sizeof(name), "reader%d@example.test", i);
            times = times_taken(world, name);
            if (times < 1)
                fail_msg("killed at %d: %s got nothing", die_at, name);
            doubles += times - 1;
        }
        /* One message at most was in flight. */
        if (doubles > 1)
            fail_msg("killed at %d: %d doubles", die_at, doubles);
        assert_int_equal(count_state(world, DELIVERY_SENT), COUNT);
        store_close(&world->store);
        unlink(world->store_url + strlen("sqlite:"));
        world->now_utc = NOW;
        MUST(store_open(world->store_url, NULL, &world->store, &world->error), world->error);
    }
    assert_in_range(die_at, 12, 100);
}

/* Killed with a message under way: after DATA was asked for, and after the relay
 * has taken it but not answered. */
static void killed_in_flight_is_uncertain(void **state)
{
    static const struct {
        const char *stage;
        int before; /* times the relay has the message then */
    } cases[] = {{"mail", 0}, {"data", 0}, {"body", 0}, {"end", 1}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct smtp_rule rule = {cases[i].stage, SMTP_SILENCE, 0, 1, NULL};
        struct world *world = *state;
        struct outbox_recovered recovered;
        bool begun = i >= 2;
        char url[100];
        pid_t child;

        start_relay(world, &rule, 1);
        snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", smtp_server_port(world->server));
        add_many(world, 1);
        store_close(&world->store);
        child = fork();
        if (child == 0) {
            world->transport = NULL;
            run_to_death(world, url, 0);
        }
        MUST(store_open(world->store_url, NULL, &world->store, &world->error), world->error);
        for (int wait_ms = 0; wait_ms < 5000; wait_ms += 10) {
            usleep(10000);
            if (begun ? count_state(world, DELIVERY_SENDING) == 1 &&
                            (int)smtp_server_taken_count(world->server) == cases[i].before
                      : smtp_server_heard(world->server, cases[i].stage[0] == 'm' ? "MAIL"
                                                                                  : "DATA") == 1)
                break;
        }
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        assert_int_equal(count_state(world, begun ? DELIVERY_SENDING : DELIVERY_CLAIMED), 1);
        assert_int_equal(smtp_server_taken_count(world->server), cases[i].before);
        MUST(outbox_recover(world->store, NOW + OUTBOX_LEASE_SECONDS, UNCERTAIN_HOLD, &recovered,
                            &world->error),
             world->error);
        assert_int_equal(recovered.queued, !begun);
        assert_int_equal(recovered.uncertain, begun);
        world->now_utc = NOW + OUTBOX_LEASE_SECONDS;
        MUST(run(world), world->error);
        check_summary(world, "sent 1");
        assert_int_equal(smtp_server_taken_count(world->server), cases[i].before + 1);
        store_close(&world->store);
        unlink(world->store_url + strlen("sqlite:"));
        world->now_utc = NOW;
        MUST(store_open(world->store_url, NULL, &world->store, &world->error), world->error);
    }
}

static void a_maildir_takes_what_is_due(void **state)
{
    struct world *world = *state;
    struct dirent *entry;
    char url[700], path[700];
    int files = 0;
    DIR *folder;

    snprintf(url, sizeof(url), "maildir:%s/outbox", world->folder);
    connect_to(world, url);
    add_many(world, 20);
    MUST(run(world), world->error);
    check_summary(world, "sent 20");
    MUST(run(world), world->error);
    check_summary(world, "");
    snprintf(path, sizeof(path), "%s/outbox/new", world->folder);
    folder = opendir(path);
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL)
        files += entry->d_name[0] != '.';
    closedir(folder);
    assert_int_equal(files, 20);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(all_that_is_due_is_sent_once),
        TEST(a_refused_recipient_does_not_stop_the_others),
        TEST(a_greylisted_one_expires_after_its_time),
        TEST(composing_can_end_in_other_ways),
        TEST(kept_messages_are_sent_as_they_are),
        TEST(a_relay_that_is_down_leaves_everything_queued),
        TEST(a_relay_that_refuses_all_is_not_asked_for_each),
        TEST(one_suspect_does_not_stop_the_others),
        TEST(an_uncertain_one_waits_and_is_sent_again),
        TEST(a_signal_stops_between_messages),
        TEST(a_slow_worker_keeps_its_lease),
        TEST(a_worker_that_lost_its_lease_sends_nothing_twice),
        TEST(what_expired_while_working_is_not_sent),
        TEST(a_locked_store_stops_the_work_cleanly),
        TEST(a_killed_worker_loses_nothing),
        TEST(killed_in_flight_is_uncertain),
        TEST(a_maildir_takes_what_is_due),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
