#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/world.h"

static void all_that_is_due_is_sent_once(void **state)
{
    struct world *world = *state;

    world_start_relay(world, NULL, 0);
    world_add_many(world, 250);
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 250");
    MUST(world_run(world), world->error);
    world_check_summary(world, "");
    assert_int_equal(smtp_server_taken_count(world->server), 250);
    assert_int_equal(smtp_server_connections(world->server), 1);
    assert_int_equal(world->composed, 250);
}

/* One claim of 100 alone is worth 14. */
static void a_long_outbox_earns_all_its_connections(void **state)
{
    enum { CONNECTIONS = 24, MESSAGES = 1500 };
    struct world *world = *state;

    world->connections = CONNECTIONS;
    world_start_relay(world, NULL, 0);
    world_add_many(world, MESSAGES);
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 1500");
    assert_int_equal(smtp_server_connections(world->server), CONNECTIONS);
}

static void a_refused_recipient_does_not_stop_the_others(void **state)
{
    static const struct smtp_rule rules[] = {
        {"rcpt", "550 5.1.1 no such user\r\n", 0, 0, "reader1@"},
        {"rcpt", "450 4.2.0 greylisted\r\n", 0, 1, "reader2@"},
    };
    struct world *world = *state;
    struct outbox_problems problems;

    world_start_relay(world, rules, 2);
    world_add_many(world, 4);
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 2 deferred 1 failed 1 left 1");
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
    MUST(world_run(world), world->error);
    world_check_summary(world, "left 1");
    world->now_utc += 1;
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 1");
    assert_int_equal(world->retries, 1);
    assert_int_equal(smtp_server_taken_count(world->server), 3);
}

static void a_greylisted_one_expires_after_its_time(void **state)
{
    static const struct smtp_rule rule = {"rcpt", "450 4.2.0 greylisted\r\n", 0, 0, NULL};
    struct world *world = *state;
    int attempts = 0;

    world_start_relay(world, &rule, 1);
    world_add_many(world, 1);
    while (world->now_utc < NOW + DAY + 3600 && world_count(world, DELIVERY_EXPIRED) == 0) {
        MUST(world_run(world), world->error);
        attempts += world->summary.deferred > 0;
        world->now_utc += 60;
    }
    assert_int_equal(world_count(world, DELIVERY_EXPIRED), 1);
    assert_in_range(world->now_utc, NOW + DAY, NOW + DAY + 120);
    /* 5, 15, 30, 60 minutes and then hourly. */
    assert_in_range(attempts, 25, 30);
}

static void composing_can_end_in_other_ways(void **state)
{
    struct world *world = *state;

    world_start_relay(world, NULL, 0);
    world->skip = "reader0";
    world->defer = "reader1";
    world->fail = "reader2";
    world_add_many(world, 4);
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 1 deferred 1 failed 1 skipped 1 left 1");
    world->broken = "reader1";
    world->now_utc += 600;
    assert_int_equal(world_run(world), -1);
    assert_string_equal(world->error.text, "digest.html:7: bad template");
    world_check_summary(world, "left 1");
    assert_int_equal(world_count(world, DELIVERY_QUEUED), 1);
}

static void kept_messages_are_sent_as_they_are(void **state)
{
    struct world *world = *state;

    world_start_relay(world, NULL, 0);
    world_add_as(world, DELIVERY_ANSWER, "ada@example.test", VIEW("Subject: answer\r\n\r\n.\r\n"));
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 1");
    assert_int_equal(world->composed, 0);
    assert_true(view_equal_string(smtp_server_taken(world->server, 0)->bytes,
                                  "Subject: answer\r\n\r\n.\r\n"));
    assert_string_equal(smtp_server_taken(world->server, 0)->sender, "");
}

static void a_relay_that_is_down_leaves_everything_queued(void **state)
{
    static const struct smtp_rule rule = {"greeting", "554 5.3.2 go away\r\n", 0, 0, NULL};
    struct world *world = *state;

    world_start_relay(world, &rule, 1);
    world_add_many(world, 30);
    assert_int_equal(world_run(world), -1);
    assert_int_equal(world->error.kind, ERROR_CONFIGURATION);
    assert_non_null(strstr(world->error.text, "go away"));
    world_check_summary(world, "left 30");
    assert_int_equal(world_count(world, DELIVERY_QUEUED), 30);
    assert_int_equal(smtp_server_connections(world->server), 1);
    world_start_relay(world, NULL, 0);
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 30");
}

static void a_relay_that_refuses_all_is_not_asked_for_each(void **state)
{
    static const struct smtp_rule rules[] = {
        {"rcpt", "554 5.7.1 Relay access denied\r\n", 3, 0, NULL},
    };
    struct world *world = *state;

    world_start_relay(world, rules, 1);
    world_add_many(world, 30);
    assert_int_equal(world_run(world), -1);
    assert_int_equal(world->error.kind, ERROR_CONFIGURATION);
    assert_non_null(strstr(world->error.text, "Relay access denied"));
    world_check_summary(world, "sent 3 deferred 5 left 27");
    assert_int_equal(world_count(world, DELIVERY_QUEUED), 22);
    assert_int_equal(world_count(world, DELIVERY_FAILED), 0);
}

static void one_suspect_does_not_stop_the_others(void **state)
{
    static const struct smtp_rule rules[] = {
        {"rcpt", "554 5.7.1 Relay access denied\r\n", 0, 0, "5@"},
        {"rcpt", SMTP_DROP, 0, 0, "7@"},
    };
    struct world *world = *state;

    world_start_relay(world, rules, 2);
    world_add_many(world, 30);
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 24 deferred 6 left 6");
}

static void an_uncertain_one_waits_and_is_sent_again(void **state)
{
    static const struct smtp_rule rule = {"end", SMTP_DROP, 1, 1, NULL};
    struct world *world = *state;

    world_start_relay(world, &rule, 1);
    world_add_many(world, 3);
    MUST(world_run_with(world, UNCERTAIN_HOLD, 0), world->error);
    world_check_summary(world, "sent 2 uncertain 1");
    assert_int_equal(world_times_taken(world, "reader1@example.test"), 1);
    world->now_utc += 3600;
    MUST(world_run_with(world, UNCERTAIN_HOLD, 0), world->error);
    world_check_summary(world, "");
    MUST(world_run_with(world, UNCERTAIN_RESEND, 0), world->error);
    world_check_summary(world, "sent 1");
    assert_int_equal(world_times_taken(world, "reader1@example.test"), 2);
    assert_int_equal(world->retries, 1);
}

static void a_signal_stops_between_messages(void **state)
{
    struct world *world = *state;

    world_start_relay(world, NULL, 0);
    world_add_many(world, 10);
    world->stop_after = 4;
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 4 left 6");
    assert_int_equal(world_count(world, DELIVERY_QUEUED), 6);
    world->stop = 0;
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 6");
}

static void a_slow_worker_keeps_its_lease(void **state)
{
    struct world *world = *state;

    world_start_relay(world, NULL, 0);
    world_add_many(world, 20);
    world->compose_seconds = 90;
    world->taken_over = 0;
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 20");
    assert_int_equal(world->taken_over, 0);
    assert_int_equal(smtp_server_taken_count(world->server), 20);
}

/* The gate says until when, and then it is that late already. */
static void a_wait_that_is_over_at_once_loses_nobody(void **state)
{
    struct world *world = *state;

    world_start_relay(world, NULL, 0);
    world_add_many(world, 20);
    world->look_ms = 3;
    world->per_second = 20;
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 20");
}

static void seven_minutes_pass(struct world *world)
{
    world->now_utc += 7 * 60;
}

/* A machine that slept, or a clock that was set: with others still under way. */
static void a_clock_that_jumps_ahead_doubles_nothing(void **state)
{
    struct world *world = *state;

    world->connections = 8;
    world_start_relay(world, NULL, 0);
    world->after_delivery = seven_minutes_pass;
    for (size_t round = 1; round <= 4; round++) {
        world_forget(world);
        world_add_many(world, 64);
        MUST(world_run_with(world, UNCERTAIN_RESEND, 32), world->error);
        world_check_summary(world, "sent 64");
        assert_int_equal(smtp_server_taken_count(world->server), 64 * round);
    }
}

static void an_hour_goes_back_once(struct world *world)
{
    world->now_utc -= 3600;
    world->while_waiting = NULL;
}

static void a_clock_that_goes_back_keeps_nobody_waiting(void **state)
{
    struct world *world = *state;

    world_start_relay(world, NULL, 0);
    world_add_many(world, 6);
    world->look_ms = 6;
    world->per_second = 4;
    world->while_waiting = an_hour_goes_back_once;
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 6");
    assert_int_equal(world->now_utc, NOW - 3600);
}

/* Another worker takes over while the first is stuck in composing. */
static void a_worker_that_lost_its_lease_sends_nothing_twice(void **state)
{
    struct world *world = *state;
    struct delivery_batch batch;
    struct outbox_recovered recovered;

    world_start_relay(world, NULL, 0);
    world_add_many(world, 5);
    MUST(outbox_claim(world->store, "stuck", NOW, 300, 100, &batch, &world->error), world->error);
    MUST(outbox_recover(world->store, NOW + 1000, UNCERTAIN_RESEND, &recovered, &world->error),
         world->error);
    world->now_utc = NOW + 1000;
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 5");
    for (size_t i = 0; i < batch.count; i++) {
        assert_int_equal(outbox_begin(world->store, &batch.items[i], &world->error), -1);
        assert_int_equal(world->error.kind, ERROR_CONFLICT);
    }
    delivery_batch_free(&batch);
}

static void what_expired_while_working_is_not_sent(void **state)
{
    struct world *world = *state;

    world_start_relay(world, NULL, 0);
    world_add_many(world, 3);
    world->compose_seconds = DAY / 2;
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 2 expired 1");
}

static void a_locked_store_stops_the_work_cleanly(void **state)
{
    const struct store_options impatient = {.busy_timeout_ms = 100};
    struct world *world = *state;
    struct store *holder = world->store;

    world_start_relay(world, NULL, 0);
    world_add_many(world, 3);
    MUST(store_begin(holder, &world->error), world->error);
    world_add_as(world, DELIVERY_NOTICE, "x@example.test", (struct view){0});
    MUST(store_open(world->store_url, &impatient, &world->store, &world->error), world->error);
    assert_int_equal(world_run(world), -1);
    assert_int_equal(world->error.kind, ERROR_TEMPORARY);
    assert_non_null(strstr(world->error.text, "locked"));
    store_close(&holder);
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 3");
}

static void a_maildir_takes_what_is_due(void **state)
{
    struct world *world = *state;
    struct dirent *entry;
    char url[700], path[700];
    int files = 0;
    DIR *folder;

    snprintf(url, sizeof(url), "maildir:%s/outbox", world->folder);
    world_connect(world, url);
    world_add_many(world, 20);
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 20");
    MUST(world_run(world), world->error);
    world_check_summary(world, "");
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
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(all_that_is_due_is_sent_once),
        TEST(a_long_outbox_earns_all_its_connections),
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
        TEST(a_wait_that_is_over_at_once_loses_nobody),
        TEST(a_clock_that_jumps_ahead_doubles_nothing),
        TEST(a_clock_that_goes_back_keeps_nobody_waiting),
        TEST(a_worker_that_lost_its_lease_sends_nothing_twice),
        TEST(what_expired_while_working_is_not_sent),
        TEST(a_locked_store_stops_the_work_cleanly),
        TEST(a_maildir_takes_what_is_due),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
