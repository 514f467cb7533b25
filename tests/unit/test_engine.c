/* Many connections and several relays at once, seen through the worker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "unit/world.h"

enum { MANY = 80, CONNECTIONS = 8 };

static int times_taken(struct smtp_server *server, const char *recipient, bool answered)
{
    int times = 0;

    for (size_t i = 0; i < smtp_server_taken_count(server); i++)
        times += strcmp(smtp_server_taken(server, i)->recipient, recipient) == 0 &&
                 (!answered || smtp_server_taken(server, i)->answered);
    return times;
}

/* Bad answers again and again, over all connections: in the end everybody who was not
 * refused for good has the message, and `doubles` at most were sent more. */
static const struct storm {
    const char *name;
    struct smtp_rule rule;
    int failed;
    int doubles;
} storms[] = {
    {"none", {"none", "", 0, 0, NULL}, 0, 0},
    {"4xx at MAIL", {"mail", "451 4.3.0 later\r\n", 9, 4, NULL}, 0, 0},
    {"421 at MAIL", {"mail", "421 4.3.2 bye\r\n" SMTP_DROP, 9, 20, NULL}, 0, 0},
    {"drop at MAIL", {"mail", SMTP_DROP, 9, 20, NULL}, 0, 0},
    {"garbage at MAIL", {"mail", "banana\r\n", 9, 20, NULL}, 0, 0},
    {"4xx at RCPT", {"rcpt", "450 4.2.0 greylisted\r\n", 9, 40, NULL}, 0, 0},
    {"5xx at RCPT", {"rcpt", "550 5.1.1 no such user\r\n", 9, 40, NULL}, 40, 0},
    {"421 at RCPT", {"rcpt", "421 4.7.0 bye\r\n" SMTP_DROP, 9, 20, NULL}, 0, 0},
    {"drop at RCPT", {"rcpt", SMTP_DROP, 9, 20, NULL}, 0, 0},
    {"4xx at DATA", {"data", "451 4.3.0 later\r\n", 9, 40, NULL}, 0, 0},
    {"drop at DATA", {"data", SMTP_DROP, 9, 20, NULL}, 0, 0},
    {"250 at DATA", {"data", "250 what?\r\n", 9, 20, NULL}, 0, 0},
    {"drop in the body", {"body", SMTP_DROP, 9, 20, NULL}, 0, 20},
    {"4xx at the end", {"end", "452 4.3.1 full\r\n", 9, 40, NULL}, 0, 0},
    {"5xx at the end", {"end", "554 5.6.0 content\r\n", 9, 40, NULL}, 40, 0},
    {"421 at the end", {"end", "421 4.3.2 bye\r\n", 9, 4, NULL}, 0, 0},
    {"drop before the 250", {"end", SMTP_DROP, 9, 20, NULL}, 0, 20},
    {"drop after the 250", {"end", "250 2.0.0 ok\r\n" SMTP_DROP, 9, 40, NULL}, 0, 0},
    {"421 after the 250", {"end", "250 2.0.0 ok\r\n421 4.4.2 idle\r\n", 9, 40, NULL}, 0, 0},
    {"garbage at the end", {"end", "thanks!\r\n", 9, 20, NULL}, 0, 20},
    {"several lines", {"rcpt", "450-4.2.0 a\r\n450-4.2.0 b\r\n450 4.2.0 c\r\n", 9, 40, NULL}, 0, 0},
};

static int count_doubles(struct world *world, const struct storm *storm)
{
    int doubles = 0;

    for (int i = 0; i < MANY; i++) {
        char name[40];
        int times;

        snprintf(name, sizeof(name), "reader%d@example.test", i);
        times = world_times_taken(world, name);
        if (times < 1 && !storm->failed)
            fail_msg("%s: %s got nothing", storm->name, name);
        doubles += times > 1 ? times - 1 : 0;
    }
    return doubles;
}

static void weather(struct world *world, const struct storm *storm)
{
    int doubles;

    world_start_relay(world, &storm->rule, 1);
    world_add_many(world, MANY);
    for (int round = 0; round == 0 || (world->summary.left && round < 10); round++) {
        if (world_run(world) < 0 && world->error.kind != ERROR_TEMPORARY)
            fail_msg("%s: %s", storm->name, world->error.text);
        /* A relay that was stopped is a new one's work. */
        if (world->error.kind)
            world_reconnect(world);
        world->now_utc += 3700;
    }
    if (world_count(world, DELIVERY_SENT) != MANY - storm->failed ||
        world_count(world, DELIVERY_FAILED) != storm->failed)
        fail_msg("%s: %d sent, %d failed", storm->name, (int)world_count(world, DELIVERY_SENT),
                 (int)world_count(world, DELIVERY_FAILED));
    doubles = count_doubles(world, storm);
    /* What a relay read and then refused it has not taken. */
    if (strcmp(storm->rule.stage, "end") == 0 && storm->rule.reply[0] >= '4')
        doubles -= doubles > storm->rule.times ? storm->rule.times : doubles;
    if (doubles > storm->doubles)
        fail_msg("%s: %d doubles", storm->name, doubles);
}

static void storms_pass(void **state)
{
    struct world *world = *state;

    world->connections = CONNECTIONS;
    for (enum smtp_pipelining pipelining = SMTP_PLAIN; pipelining <= SMTP_EMPTY_BODY; pipelining += 2)
        for (size_t i = 0; i < sizeof(storms) / sizeof(storms[0]); i++) {
            world->pipelining = pipelining;
            weather(world, &storms[i]);
            world_forget(world);
        }
}

static void connections_come_with_the_work(void **state)
{
    struct world *world = *state;

    world->connections = CONNECTIONS;
    world->pipelining = SMTP_PIPELINING;
    world_start_relay(world, NULL, 0);
    world_add_many(world, 7);
    MUST(world_run(world), world->error);
    assert_int_equal(smtp_server_connections(world->server), 1);
    world_forget(world);
    world_start_relay(world, NULL, 0);
    world_add_many(world, 400);
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 400");
    assert_in_range(smtp_server_connections(world->server), 2, CONNECTIONS);
}

static void a_relay_that_wants_few_connections_gets_few(void **state)
{
    static const struct smtp_rule rule = {
        "greeting", "421 4.7.0 too many connections from you\r\n" SMTP_DROP, 2, 0, NULL};
    struct world *world = *state;

    world->connections = CONNECTIONS;
    world_start_relay(world, &rule, 1);
    world_add_many(world, 200);
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 200");
    assert_in_range(smtp_server_connections(world->server), 2, 6);
}

static void a_signal_ends_what_is_under_way_and_no_more(void **state)
{
    struct world *world = *state;

    world->connections = CONNECTIONS;
    world->pipelining = SMTP_PIPELINING;
    world_start_relay(world, NULL, 0);
    world_add_many(world, 300);
    world->stop_after = 50;
    MUST(world_run(world), world->error);
    assert_in_range(world->summary.sent, 50, 50 + CONNECTIONS);
    assert_int_equal(world->summary.left, 300 - world->summary.sent);
    assert_int_equal(world_count(world, DELIVERY_QUEUED), world->summary.left);
    assert_int_equal(smtp_server_taken_count(world->server), world->summary.sent);
    world->stop = 0;
    MUST(world_run(world), world->error);
    assert_int_equal(world_count(world, DELIVERY_SENT), 300);
    assert_int_equal(smtp_server_taken_count(world->server), 300);
}

/* ---- several relays ---- */

struct pair {
    struct smtp_server *servers[2];
    char urls[2][100];
};

/* The second relay gets `weight` times as much. A rule's server is not asked again once
 * it is stopped, however long it is waited for. */
static struct pair play_pair(struct world *world, const struct smtp_rule *rule, long weight,
                             int64_t patience_ms)
{
    struct smtp_server_options server = {.rules = rule, .rule_count = rule ? 1 : 0};
    struct engine_relay_options relays[2] = {{.name = "first"}, {.name = "second"}};
    struct engine_options options = {.relays = relays, .relay_count = 2,
                                     .connections = CONNECTIONS, .patience_ms = patience_ms};
    struct pair pair;

    server.pipelining = SMTP_PIPELINING;
    for (int i = 0; i < 2; i++) {
        pair.servers[i] = smtp_server_start(&server);
        server.rule_count = 0;
        snprintf(pair.urls[i], sizeof(pair.urls[i]), "smtp://127.0.0.1:%d",
                 smtp_server_port(pair.servers[i]));
        relays[i].transport =
            (struct transport_options){.url = pair.urls[i], .reply_timeout_ms = 5000};
    }
    relays[1].weight = weight;
    engine_close(&world->engine);
    MUST(engine_open(&options, &world->engine, &world->error), world->error);
    return pair;
}

static void end_pair(struct world *world, struct pair *pair)
{
    engine_close(&world->engine);
    smtp_server_free(&pair->servers[0]);
    smtp_server_free(&pair->servers[1]);
}

static void a_relay_that_refuses_us_leaves_all_to_the_other(void **state)
{
    static const struct {
        const char *name;
        struct smtp_rule rule;
        const char *told;
        int deferred;
    } cases[] = {
        {"greeting", {"greeting", "554 5.3.2 go away\r\n", 0, 0, NULL}, "go away", 0},
        {"login", {"mail", "530 5.7.0 Authentication required\r\n", 0, 0, NULL}, "wants a login", 0},
        {"relaying", {"rcpt", "554 5.7.1 Relay access denied\r\n", 0, 0, NULL}, "in a row", 12},
        {"away", {"greeting", "421 4.3.2 busy\r\n" SMTP_DROP, 0, 0, NULL}, "busy", 0},
    };
    struct world *world = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pair pair = play_pair(world, &cases[i].rule, 1, 0);
        const char *told;

        world_add_many(world, MANY);
        MUST(world_run(world), world->error);
        if (world->summary.sent + world->summary.deferred != MANY ||
            world->summary.deferred > cases[i].deferred)
            fail_msg("%s: %d sent", cases[i].name, (int)world->summary.sent);
        assert_int_equal(smtp_server_taken_count(pair.servers[0]), 0);
        assert_int_equal(smtp_server_taken_count(pair.servers[1]), world->summary.sent);
        told = strstr(buffer_string(&world->news), cases[i].told);
        if (!told || strstr(told + 1, cases[i].told))
            fail_msg("%s: told %s", cases[i].name, buffer_string(&world->news));
        end_pair(world, &pair);
        world_forget(world);
    }
}

static void relays_share_by_weight(void **state)
{
    struct world *world = *state;
    struct pair pair = play_pair(world, NULL, 3, 0);
    size_t first;

    world_add_many(world, 400);
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 400");
    first = smtp_server_taken_count(pair.servers[0]);
    assert_int_equal(first + smtp_server_taken_count(pair.servers[1]), 400);
    assert_in_range(first, 50, 180);
    end_pair(world, &pair);
}

/* One of two goes down in the middle: what it was not given yet the other takes. */
static void a_relay_that_goes_down_in_the_middle(void **state)
{
    static const struct smtp_rule rule = {"mail", "421 4.3.2 closing down\r\n" SMTP_DROP, 30, 0,
                                          NULL};
    struct world *world = *state;
    struct pair pair = play_pair(world, &rule, 1, 0);
    int doubles = 0;

    world_add_many(world, MANY);
    MUST(world_run(world), world->error);
    assert_int_equal(world->summary.failed, 0);
    assert_int_equal(world->summary.sent + world->summary.deferred, MANY);
    assert_true(world->summary.sent >= MANY - CONNECTIONS - 5);
    for (int i = 0; i < MANY; i++) {
        char name[40];

        snprintf(name, sizeof(name), "reader%d@example.test", i);
        doubles += times_taken(pair.servers[0], name, true) +
                       times_taken(pair.servers[1], name, true) > 1;
    }
    assert_int_equal(doubles, 0);
    end_pair(world, &pair);
}

static void both_down_is_said_once(void **state)
{
    static const struct smtp_rule rule = {"greeting", "554 5.3.2 go away\r\n", 0, 0, NULL};
    struct world *world = *state;
    struct pair pair = play_pair(world, &rule, 1, 0);

    smtp_server_stop(pair.servers[1]);
    world_add_many(world, 10);
    assert_int_equal(world_run(world), -1);
    assert_int_equal(world->error.kind, ERROR_CONFIGURATION);
    assert_non_null(strstr(world->error.text, "go away"));
    world_check_summary(world, "left 10");
    assert_int_equal(world_count(world, DELIVERY_QUEUED), 10);
    end_pair(world, &pair);
}

static void a_relay_that_comes_back_is_used_again(void **state)
{
    static const struct smtp_rule rule = {"greeting", "421 4.3.2 starting\r\n" SMTP_DROP, 0, 1, NULL};
    struct world *world = *state;
    struct engine_relay_options relay = {.name = "relay"};
    char url[100];

    world_start_relay(world, &rule, 1);
    snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", smtp_server_port(world->server));
    relay.transport = (struct transport_options){.url = url, .reply_timeout_ms = 5000};
    engine_close(&world->engine);
    MUST(engine_open(&(struct engine_options){.relays = &relay, .relay_count = 1,
                                              .connections = 2, .patience_ms = 10000},
                     &world->engine, &world->error),
         world->error);
    world_add_many(world, 5);
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 5");
    assert_non_null(strstr(buffer_string(&world->news), "it is tried again"));
    assert_non_null(strstr(buffer_string(&world->news), "is back"));
    assert_non_null(strstr(buffer_string(&world->waits), "reconnect in 1 s"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(storms_pass),
        TEST(connections_come_with_the_work),
        TEST(a_relay_that_wants_few_connections_gets_few),
        TEST(a_signal_ends_what_is_under_way_and_no_more),
        TEST(a_relay_that_refuses_us_leaves_all_to_the_other),
        TEST(relays_share_by_weight),
        TEST(a_relay_that_goes_down_in_the_middle),
        TEST(both_down_is_said_once),
        TEST(a_relay_that_comes_back_is_used_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
