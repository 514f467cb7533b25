#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/world.h"

/* More than what the buffers between here and the relay hold. */
static void add_long_answer(struct world *world)
{
    struct buffer bytes;

    buffer_init(&bytes, 1 << 24);
    buffer_add_string(&bytes, "Subject: long\r\n\r\n");
    while (bytes.size < (size_t)2 << 20)
        buffer_add_string(&bytes, "a line like many others in this very long answer, and more\r\n");
    world_add_as(world, DELIVERY_ANSWER, "ada@example.test", buffer_view(&bytes));
    buffer_free(&bytes);
}

static void a_long_message_survives_a_lost_connection(void **state)
{
    static const struct smtp_rule rule = {"body", SMTP_DROP, 0, 1, NULL};
    struct world *world = *state;

    world_start_relay(world, &rule, 1);
    add_long_answer(world);
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 1");
    assert_int_equal(smtp_server_taken_count(world->server), 1);
    assert_int_equal(smtp_server_connections(world->server), 2);
}

static void a_relay_that_blocks_us_fails_nobody(void **state)
{
    static const struct smtp_rule rules[] = {
        {"end", "550 5.7.1 your address is on a list of the blocked\r\n", 0, 0, NULL}};
    struct world *world = *state;

    world_start_relay(world, rules, 1);
    world_add_many(world, 30);
    assert_int_equal(world_run(world), -1);
    assert_non_null(strstr(world->error.text, "list of the blocked"));
    world_check_summary(world, "deferred 5 left 30");
    assert_int_equal(world_count(world, DELIVERY_FAILED), 0);
}

/* The 250 is known to this worker alone. */
static void what_the_relay_said_outlasts_a_locked_store(void **state)
{
    struct world *world = *state;

    world_start_relay(world, NULL, 0);
    world_add_many(world, 2);
    world->after_answer = world_lock;
    world->unlock_after = 7;
    world->stop_after = 1;
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 1 left 1");
    assert_int_equal(world->pauses, 7);
    assert_int_equal(world_count(world, DELIVERY_SENT), 1);
    assert_int_equal(world_count(world, DELIVERY_SENDING), 0);
}

static void a_store_that_stays_locked_ends_the_work_with_the_lease(void **state)
{
    struct world *world = *state;

    world_start_relay(world, NULL, 0);
    world_add_many(world, 2);
    world->after_answer = world_lock;
    assert_int_equal(world_run(world), -1);
    assert_int_equal(world->error.kind, ERROR_TEMPORARY);
    assert_int_equal(world->pauses, OUTBOX_LEASE_SECONDS);
    world_unlock(world);
    world->after_answer = NULL;
    MUST(world_run_with(world, UNCERTAIN_HOLD, 0), world->error);
    world_check_summary(world, "sent 1");
    assert_int_equal(world_count(world, DELIVERY_UNCERTAIN), 1);
}

/* Between two deliveries, when a third of the lease has passed. */
static void lock_after_the_first(struct world *world)
{
    if (world->composed > 1)
        return;
    world->now_utc += 150;
    world_lock(world);
}

static void a_lease_that_cannot_be_renewed_just_now_is_renewed_later(void **state)
{
    struct world *world = *state;

    world_start_relay(world, NULL, 0);
    world_add_many(world, 3);
    world->after_delivery = lock_after_the_first;
    world->while_composing = world_unlock;
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 3");
}

static void only_one_subscriber_counts(void **state)
{
    struct world *world = *state;

    world_start_relay(world, NULL, 0);
    world_add_many(world, 3);
    world->only = "reader1@example.test";
    MUST(world_run(world), world->error);
    world_check_summary(world, "sent 1");
    world->now_utc += DAY;
    MUST(world_run(world), world->error);
    world_check_summary(world, "");
    world->only = NULL;
    MUST(world_run(world), world->error);
    world_check_summary(world, "expired 2");
}

static void the_uncertain_are_left_until_they_expire(void **state)
{
    static const struct smtp_rule rule = {"end", SMTP_DROP, 0, 0, NULL};
    struct world *world = *state;

    world_start_relay(world, &rule, 1);
    world_add_many(world, 1);
    MUST(world_run(world), world->error);
    world_check_summary(world, "uncertain 1 left 1");
    MUST(world_run_with(world, UNCERTAIN_HOLD, 0), world->error);
    world_check_summary(world, "");
    world->now_utc += DAY;
    MUST(world_run(world), world->error);
    world_check_summary(world, "expired 1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_long_message_survives_a_lost_connection),
        TEST(a_relay_that_blocks_us_fails_nobody),
        TEST(what_the_relay_said_outlasts_a_locked_store),
        TEST(a_store_that_stays_locked_ends_the_work_with_the_lease),
        TEST(a_lease_that_cannot_be_renewed_just_now_is_renewed_later),
        TEST(only_one_subscriber_counts),
        TEST(the_uncertain_are_left_until_they_expire),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
