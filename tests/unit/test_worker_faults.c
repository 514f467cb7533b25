#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/store_backend.h"
#include "store/subscribers.h"
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

/* ---- commits whose reply is not heard ---- */

/* A store whose commits are kept; of the journal's next `unheard` ones the worker is told
 * nothing, and each of them takes `seconds`. */
static struct {
    struct store_backend backend;
    const struct store_backend *real;
    struct world *world;
    bool is_journal;
    int unheard;
    int slow; /* heard in the end */
    int seconds;
    bool is_taken_over; /* meanwhile, by another that recovers what is under no lease */
} deaf;

static void take_over(struct world *world)
{
    struct store *rival = NULL;
    struct outbox_recovered recovered;

    MUST(store_open(world->store_url, NULL, &rival, &world->error), world->error);
    MUST(outbox_recover(rival, world->now_utc, UNCERTAIN_RESEND, &recovered, &world->error),
         world->error);
    assert_int_equal(recovered.uncertain, 1);
    store_close(&rival);
}

static int deaf_commit(void *connection, struct error *error)
{
    MUST(deaf.real->commit(connection, error), *error);
    if (!deaf.is_journal || (!deaf.unheard && !deaf.slow))
        return 0;
    deaf.world->now_utc += deaf.seconds;
    if (deaf.is_taken_over)
        take_over(deaf.world);
    if (deaf.slow) {
        deaf.slow--;
        return 0;
    }
    deaf.unheard--;
    return error_set(error, ERROR_TEMPORARY, "store: whether it was made is not known");
}

static void note_journal(void *user, bool begins)
{
    (void)user;
    deaf.is_journal = begins;
}

static void be_deaf(struct world *world, int unheard, int slow, int seconds)
{
    deaf.world = world;
    deaf.real = world->store->backend;
    deaf.backend = *deaf.real;
    deaf.backend.commit = deaf_commit;
    deaf.unheard = unheard;
    deaf.slow = slow;
    deaf.seconds = seconds;
    deaf.is_taken_over = false;
    world->store->backend = &deaf.backend;
}

static void hear_no_begin(struct world *world)
{
    if (world->composed == 1)
        be_deaf(world, 2, 0, 11);
}

static int attempts_of_first(struct world *world)
{
    struct delivery_batch batch;
    int attempts;

    MUST(outbox_claim(world->store, "a rival", world->now_utc + DAY / 2, 300, 1, &batch,
                      &world->error),
         world->error);
    assert_int_equal(batch.count, 1);
    attempts = batch.items[0].attempts;
    delivery_batch_free(&batch);
    return attempts;
}

static void a_begin_that_was_kept_unheard_goes_on(void **state)
{
    static const struct smtp_rule rule = {"end", "451 4.3.0 not now\r\n", 0, 1, NULL};
    struct world *world = *state;

    world_start_relay(world, &rule, 1);
    world_add_many(world, 1);
    world->writing = note_journal;
    world->while_composing = hear_no_begin;
    MUST(world_run_with(world, UNCERTAIN_HOLD, 0), world->error);
    assert_int_equal(deaf.unheard, 0);
    assert_int_equal(world->pauses, 2);
    world_check_summary(world, "deferred 1 left 1");
    assert_int_equal(attempts_of_first(world), 1);
}

static void hear_it_too_late(struct world *world)
{
    if (world->composed == 1)
        be_deaf(world, 0, 1, OUTBOX_LEASE_SECONDS);
}

static void nothing_goes_out_after_the_lease(void **state)
{
    struct world *world = *state;

    world_start_relay(world, NULL, 0);
    world_add_many(world, 1);
    world->writing = note_journal;
    world->while_composing = hear_it_too_late;
    MUST(world_run_with(world, UNCERTAIN_HOLD, 0), world->error);
    assert_int_equal(deaf.slow, 0);
    world_check_summary(world, "sent 1 deferred 1");
    assert_int_equal(world->composed, 2);
    assert_int_equal(world_times_taken(world, "reader0@example.test"), 1);
    assert_int_equal(world_count(world, DELIVERY_SENT), 1);
}

static void hear_it_when_another_has_it(struct world *world)
{
    hear_it_too_late(world);
    deaf.is_taken_over = true;
}

static void what_another_has_taken_over_is_sent_once(void **state)
{
    struct world *world = *state;

    world_start_relay(world, NULL, 0);
    world_add_many(world, 1);
    world->writing = note_journal;
    world->while_composing = hear_it_when_another_has_it;
    MUST(world_run_with(world, UNCERTAIN_HOLD, 0), world->error);
    assert_int_equal(deaf.slow, 0);
    assert_int_equal(world_times_taken(world, "reader0@example.test"), 1);
    assert_int_equal(world_count(world, DELIVERY_SENT), 1);
}

/* The refusal counts, although the store says that it is written already. */
static void an_end_that_was_kept_unheard_is_learnt_from(void **state)
{
    static const struct smtp_rule rule = {"rcpt", "550 5.1.1 no such user\r\n", 0, 0, NULL};
    struct world *world = *state;
    int64_t count = 0;

    world_start_relay(world, &rule, 1);
    world_add_many(world, 1);
    world->writing = note_journal;
    world->while_composing = hear_no_begin;
    MUST(world_run(world), world->error);
    assert_int_equal(deaf.unheard, 0);
    world_check_summary(world, "failed 1");
    MUST(suppression_count(world->store, &count, &world->error), world->error);
    assert_int_equal(count, 1);
}

/* ---- a store that is away ---- */

static struct {
    struct store_backend backend;
    int asked;
} away;

static int away_begin(void *connection, const struct store_beginning *how, struct error *error)
{
    (void)connection, (void)how;
    away.asked++;
    return error_set(error, ERROR_TEMPORARY, "store: cannot be reached");
}

static int away_step(void *connection, void *statement, struct error *error)
{
    (void)statement;
    return away_begin(connection, NULL, error);
}

static void take_store_away(struct world *world)
{
    away.backend = *world->store->backend;
    away.backend.begin = away_begin;
    away.backend.step = away_step;
    away.asked = 0;
    world->store->backend = &away.backend;
}

/* Each time it is asked takes as long as a connection that does not come. */
static void a_store_that_is_away_is_not_asked_for_each(void **state)
{
    struct world *world = *state;

    world_start_relay(world, NULL, 0);
    world_add_many(world, 40);
    world->after_delivery = take_store_away;
    world->stop_after = 1;
    assert_int_equal(world_run(world), -1);
    assert_in_range(away.asked, 1, 5);
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
        TEST(a_begin_that_was_kept_unheard_goes_on),
        TEST(nothing_goes_out_after_the_lease),
        TEST(what_another_has_taken_over_is_sent_once),
        TEST(an_end_that_was_kept_unheard_is_learnt_from),
        TEST(a_store_that_is_away_is_not_asked_for_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
