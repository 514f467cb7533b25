#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/postgres_server.h"
#include "unit/world.h"

/* Killed at each step of the journal, on both stores. `die_at` counts the calls to the clock,
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
    return world_compose(user, delivery, ret_composed, error);
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
    world_connect(world, url);
    if (worker_run(world->store, world->engine, &options, &world->summary, &world->error) < 0)
        _exit(3);
    _exit(0);
}

/* Returns whether the worker was still alive at the end. */
static bool kill_at(struct world *world, int die_at, int count)
{
    char url[100];
    int status;
    pid_t child;

    world_start_relay(world, NULL, 0);
    snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", smtp_server_port(world->server));
    world_add_many(world, count);
    /* The child opens the store anew: a connection must not cross a fork. */
    store_close(&world->store);
    child = fork();
    if (child == 0) {
        world->engine = NULL;
        run_to_death(world, url, die_at);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    world_reopen(world);
    if (WIFEXITED(status))
        assert_int_equal(WEXITSTATUS(status), 0);
    return WIFEXITED(status);
}

/* Slow builds kill at fewer places: PAPERBOY_KILL_STEP=5 at every fifth of them. */
static int steps_between(void)
{
    const char *step = getenv("PAPERBOY_KILL_STEP");
    long count = step ? strtol(step, NULL, 10) : 1;

    return count >= 1 && count <= 10 ? (int)count : 1;
}

/* Killed at every `step`-th call: each has one message at least, and no more than
 * `in_flight` could be under way. */
static void kill_everywhere(struct world *world, int count, int step, int in_flight)
{
    bool survived = false;
    int die_at;

    step *= steps_between();
    for (die_at = 1; !survived; die_at += step) {
        int doubles = 0;

        survived = kill_at(world, die_at, count);
        world->now_utc = NOW + OUTBOX_LEASE_SECONDS;
        MUST(world_run(world), world->error);
        for (int i = 0; i < count; i++) {
            char name[40];
            int times;

            snprintf(name, sizeof(name), "reader%d@example.test", i);
            times = world_times_taken(world, name);
            if (times < 1)
                fail_msg("killed at %d: %s got nothing", die_at, name);
            doubles += times - 1;
        }
        if (doubles > in_flight)
            fail_msg("killed at %d: %d doubles", die_at, doubles);
        assert_int_equal(world_count(world, DELIVERY_SENT), count);
        world_forget(world);
    }
    assert_in_range(die_at, 12, 5000);
}

static void a_killed_worker_loses_nothing(void **state)
{
    kill_everywhere(*state, 4, 1, 1);
}

static void many_connections_lose_nothing(void **state)
{
    struct world *world = *state;

    world->connections = 4;
    world->pipelining = SMTP_PIPELINING;
    kill_everywhere(world, 40, 11, 4);
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

        world_start_relay(world, &rule, 1);
        snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", smtp_server_port(world->server));
        world_add_many(world, 1);
        store_close(&world->store);
        child = fork();
        if (child == 0) {
            world->engine = NULL;
            run_to_death(world, url, 0);
        }
        MUST(store_open(world->store_url, NULL, &world->store, &world->error), world->error);
        for (int wait_ms = 0; wait_ms < 5000; wait_ms += 10) {
            usleep(10000);
            if (begun ? world_count(world, DELIVERY_SENDING) == 1 &&
                            (int)smtp_server_taken_count(world->server) == cases[i].before
                      : smtp_server_heard(world->server, cases[i].stage[0] == 'm' ? "MAIL"
                                                                                  : "DATA") == 1)
                break;
        }
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        assert_int_equal(world_count(world, begun ? DELIVERY_SENDING : DELIVERY_CLAIMED), 1);
        assert_int_equal(smtp_server_taken_count(world->server), cases[i].before);
        MUST(outbox_recover(world->store, NOW + OUTBOX_LEASE_SECONDS, UNCERTAIN_HOLD, &recovered,
                            &world->error),
             world->error);
        assert_int_equal(recovered.queued, !begun);
        assert_int_equal(recovered.uncertain, begun);
        world->now_utc = NOW + OUTBOX_LEASE_SECONDS;
        MUST(world_run(world), world->error);
        world_check_summary(world, "sent 1");
        assert_int_equal(smtp_server_taken_count(world->server), cases[i].before + 1);
        world_forget(world);
    }
}

/* cmocka gives what a group's set-up makes to each test of it. */
static int set_up_on_server(void **state)
{
    return world_set_up_on(state, *state);
}

#define ON(SET_UP) \
    { \
        cmocka_unit_test_setup_teardown(a_killed_worker_loses_nothing, SET_UP, world_tear_down), \
        cmocka_unit_test_setup_teardown(many_connections_lose_nothing, SET_UP, world_tear_down), \
        cmocka_unit_test_setup_teardown(killed_in_flight_is_uncertain, SET_UP, world_tear_down), \
    }

static struct postgres_server *server_of_group;

static int give_server(void **state)
{
    *state = server_of_group;
    return 0;
}

int main(void)
{
    const struct CMUnitTest in_a_file[] = ON(world_set_up), on_a_server[] = ON(set_up_on_server);
    int failed = cmocka_run_group_tests(in_a_file, NULL, NULL);

    server_of_group = postgres_server_start();
    if (server_of_group) {
        failed += cmocka_run_group_tests(on_a_server, give_server, NULL);
        postgres_server_stop(&server_of_group);
    }
    return failed;
}
