/* Limits, patience, holds and dead addresses in the store. */
#include "unit/store_suite_parts.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "store/holds.h"
#include "store/patience.h"
#include "store/rates.h"

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE };
#define NOW_MS ((int64_t)1791400000 * 1000)

static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)(*seed >> 8) * below) >> 24);
}

/* ---- per hour ---- */

static struct rate_grant take(struct store *store, int64_t per_hour, int64_t want, int64_t now_ms)
{
    struct rate_grant grant;
    struct error error = {0};

    MUST(rate_take(store, "", per_hour, want, now_ms, &grant, &error), error);
    assert_in_range(grant.count, 0, want);
    if (!grant.count)
        assert_in_range(grant.wait_ms, 1, RATE_WAIT_MAX_MS);
    return grant;
}

static void the_hour_is_shared_and_what_is_left_goes_back(void **state)
{
    struct store *store = suite_open(state), *other = suite_open_again(state);
    struct rate_grant grant;
    struct error error = {0};

    assert_int_equal(take(store, 10, 7, NOW_MS).count, 7);
    grant = take(other, 10, 7, NOW_MS + MINUTE);
    assert_int_equal(grant.count, 3);
    assert_int_equal(take(store, 10, 1, NOW_MS + MINUTE).count, 0);
    MUST(rate_give_back(other, "", grant.minute, 2, &error), error);
    assert_int_equal(take(store, 10, 7, NOW_MS + 2 * MINUTE).count, 2);
    /* What is not there is not given back. */
    MUST(rate_give_back(other, "", grant.minute + 5, 2, &error), error);
    MUST(rate_give_back(other, "", grant.minute, 200, &error), error);
    assert_int_equal(take(store, 10, 7, NOW_MS + 2 * MINUTE).count, 0);
    /* Another scope is another limit. */
    MUST(rate_take(store, "example.org", 10, 5, NOW_MS, &grant, &error), error);
    assert_int_equal(grant.count, 5);
    MUST(rate_prune(store, NOW_MS + 30 * (int64_t)HOUR, &error), error);
    assert_int_equal(take(store, 10, 10, NOW_MS + 30 * (int64_t)HOUR).count, 10);
    store_close(&store);
    store_close(&other);
}

enum { USES_MAX = 6000 };

struct uses {
    int64_t at_ms[USES_MAX]; /* in real time, ascending */
    size_t count;
};

/* Of those used in the hour that ends with the last one. */
static void check_hour(const struct uses *uses, int64_t limit)
{
    int64_t last = uses->at_ms[uses->count - 1];
    size_t within = 0;

    for (size_t i = uses->count; i > 0 && uses->at_ms[i - 1] > last - HOUR; i--)
        within++;
    if ((int64_t)within > limit)
        fail_msg("%zu in an hour, of %lld", within, (long long)limit);
}

static void use(struct uses *uses, int64_t count, int64_t at_ms, int64_t limit)
{
    for (int64_t i = 0; i < count && uses->count < USES_MAX; i++) {
        uses->at_ms[uses->count++] = at_ms;
        check_hour(uses, limit);
    }
}

/* Portions that are used up to a minute after they were taken, and a clock that is set back
 * now and then: never more than the limit in any hour of real time. */
static void no_hour_has_more_than_its_limit(void **state)
{
    uint32_t seed = 4;

    for (int round = 0; round < 12; round++) {
        struct store *store = suite_open(state);
        struct uses *uses = calloc(1, sizeof(*uses));
        int64_t limit = 1 + draw(&seed, 60), real_ms = NOW_MS, behind_ms = 0, held = 0;
        struct error error = {0};

        MUST(store_begin(store, &error), error); /* quicker; it is only one that takes */
        for (int step = 0; step < 400; step++) {
            uint32_t pace = draw(&seed, 4);

            real_ms += pace == 0 ? draw(&seed, 20 * MINUTE) : draw(&seed, RATE_PORTION_MS);
            if (pace && held)
                use(uses, held, real_ms, limit); /* late, but not too late */
            held = 0;
            if (round % 2 && draw(&seed, 30) == 0)
                behind_ms += draw(&seed, 3 * HOUR);
            held = take(store, limit, 1 + draw(&seed, 20), real_ms - behind_ms).count;
            if (draw(&seed, 2)) {
                use(uses, held, real_ms, limit);
                held = 0;
            }
        }
        assert_true((int64_t)uses->count > limit);
        free(uses);
        store_close(&store);
    }
}

/* Whatever the clock does: who waits as long as was told gets something, if it then stands
 * right, at the first or at the second try. */
static void a_jumping_clock_stops_nobody(void **state)
{
    struct store *store = suite_open(state);
    uint32_t seed = 9;
    int64_t now_ms = NOW_MS;
    struct error error = {0};

    MUST(store_begin(store, &error), error);
    for (int jump = 0; jump < 300; jump++) {
        int64_t far = (int64_t)draw(&seed, 1000) * (jump % 3 ? MINUTE : 24 * HOUR), waited = 0;

        now_ms += draw(&seed, 2) || now_ms < far ? far : -far;
        while (take(store, 5, 5, now_ms).count == 5)
            now_ms += 1;
        for (int tries = 0;; tries++) {
            struct rate_grant grant = take(store, 5, 5, now_ms);

            if (grant.count)
                break;
            assert_true(tries < 5);
            now_ms += grant.wait_ms;
            waited += grant.wait_ms;
        }
        assert_true(waited <= RATE_WAIT_MAX_MS);
    }
    store_close(&store);
}

/* ---- per second ---- */

static void instants_are_given_to_one_only(void **state)
{
    struct store *store = suite_open(state), *other = suite_open_again(state);
    int64_t end_us = 0, now_ms = NOW_MS, given = 0;
    struct error error = {0};
    uint32_t seed = 3;

    for (int i = 0; i < 500; i++) {
        int64_t count = 1 + draw(&seed, 20), interval_us = 500 + draw(&seed, 50000);
        struct rate_grant grant;

        MUST(rate_reserve(i % 2 ? store : other, "", interval_us, count, now_ms, &grant, &error),
             error);
        if (grant.count) {
            assert_int_equal(grant.count, count);
            assert_true(grant.start_us >= end_us);
            assert_true(grant.start_us <= now_ms * 1000);
            end_us = grant.start_us + count * interval_us;
            given++;
            now_ms += draw(&seed, 300);
        } else {
            assert_true(grant.wait_ms >= 1 && grant.wait_ms <= 1100);
            now_ms += grant.wait_ms;
            assert_true(now_ms * 1000 >= end_us);
        }
    }
    assert_true(given > 100);
    store_close(&store);
    store_close(&other);
}

static void a_clock_set_back_costs_one_portion_of_the_second(void **state)
{
    struct store *store = suite_open(state);
    struct rate_grant grant;
    struct error error = {0};

    MUST(rate_reserve(store, "", 10000, 25, NOW_MS, &grant, &error), error);
    assert_int_equal(grant.count, 25);
    MUST(rate_reserve(store, "", 10000, 25, NOW_MS - 24 * HOUR, &grant, &error), error);
    assert_int_equal(grant.count, 0);
    assert_int_equal(grant.wait_ms, 250);
    MUST(rate_reserve(store, "", 10000, 25, NOW_MS - 24 * HOUR + 250, &grant, &error), error);
    assert_int_equal(grant.count, 25);
    store_close(&store);
}

/* ---- at a time ---- */

static int64_t slots(struct store *store, const char *holder, int64_t limit, int64_t want,
                     int64_t now_ms)
{
    struct error error = {0};
    int64_t got = -1;

    MUST(rate_take_slots(store, "relay example.org", holder, limit, want, now_ms, &got, &error),
         error);
    return got;
}

static void slots_are_shared_and_those_of_the_dead_run_out(void **state)
{
    struct store *store = suite_open(state), *other = suite_open_again(state);
    struct error error = {0};

    assert_int_equal(slots(store, "a", 5, 3, NOW_MS), 3);
    assert_int_equal(slots(other, "b", 5, 3, NOW_MS), 2);
    assert_int_equal(slots(store, "a", 5, 5, NOW_MS), 3);
    assert_int_equal(slots(store, "a", 5, 1, NOW_MS), 1);
    assert_int_equal(slots(other, "b", 5, 9, NOW_MS), 4);
    assert_int_equal(slots(other, "b", 2, 9, NOW_MS), 1);
    MUST(rate_renew_slots(other, "b", NOW_MS + RATE_SLOTS_LEASE_MS / 2, &error), error);
    /* "a" has not renewed. */
    assert_int_equal(slots(store, "c", 5, 9, NOW_MS + RATE_SLOTS_LEASE_MS), 4);
    MUST(rate_drop_slots(other, "b", &error), error);
    assert_int_equal(slots(store, "c", 5, 9, NOW_MS + RATE_SLOTS_LEASE_MS), 5);
    /* A lease from a clock far ahead holds nobody up. */
    assert_int_equal(slots(store, "d", 5, 5, NOW_MS - 24 * HOUR), 5);
    store_close(&store);
    store_close(&other);
}

/* Four at once, each on a handle of its own. */
enum { TAKERS = 4, TAKER_ROUNDS = 25 };

struct taker {
    struct store *store;
    char holder[16];
    int64_t taken;
    int64_t slots;
    int failed;
};

static void *take_in_turns(void *user)
{
    struct taker *taker = user;
    struct error error = {0};

    for (int i = 0; i < TAKER_ROUNDS && !taker->failed; i++) {
        struct rate_grant grant = {0};

        if (rate_take(taker->store, "", 100, 3, NOW_MS, &grant, &error) < 0 ||
            rate_take_slots(taker->store, "relay x", taker->holder, 5, 3, NOW_MS, &taker->slots,
                            &error) < 0)
            taker->failed = 1;
        taker->taken += grant.count;
    }
    return NULL;
}

static void of_those_who_take_at_once_none_gets_what_another_has(void **state)
{
    struct store *store = suite_open(state);
    struct taker takers[TAKERS] = {{0}};
    pthread_t threads[TAKERS];
    int64_t taken = 0, slots_taken = 0;

    for (int i = 0; i < TAKERS; i++) {
        takers[i].store = suite_open_again(state);
        snprintf(takers[i].holder, sizeof(takers[i].holder), "t%d", i);
        assert_int_equal(pthread_create(&threads[i], NULL, take_in_turns, &takers[i]), 0);
    }
    for (int i = 0; i < TAKERS; i++) {
        pthread_join(threads[i], NULL);
        assert_false(takers[i].failed);
        taken += takers[i].taken;
        slots_taken += takers[i].slots;
        store_close(&takers[i].store);
    }
    assert_int_equal(taken, 100);
    assert_int_equal(slots_taken, 5);
    store_close(&store);
}

/* ---- patience ---- */

static struct patience note(struct store *store, struct arena *arena, int64_t now_ms)
{
    struct patience patience = {0};
    struct error error = {0};

    MUST(patience_note(store, "relay:25", "example.org", "421 4.7.28 slow down", now_ms, arena,
                       &patience, &error), error);
    return patience;
}

static void who_asks_is_left_alone_longer_each_time(void **state)
{
    struct store *store = suite_open(state), *other = suite_open_again(state);
    struct arena *arena = arena_new();
    struct patience patience = note(store, arena, NOW_MS), stale;
    struct patience_list list;
    struct error error = {0};

    assert_int_equal(patience.not_before_ms, NOW_MS + PATIENCE_FIRST_MS);
    assert_int_equal(patience.connections, 1);
    /* What was under way with the first says nothing new. */
    patience = note(other, arena, NOW_MS + 1000);
    assert_int_equal(patience.times, 1);
    assert_int_equal(patience.not_before_ms, NOW_MS + PATIENCE_FIRST_MS);
    stale = patience;
    MUST(patience_grow(store, &patience, 3, NOW_MS + HOUR, &error), error);
    MUST(patience_grow(other, &stale, 3, NOW_MS + HOUR, &error), error);
    MUST(patience_list(other, &list, &error), error);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].connections, 2);
    assert_string_equal(list.items[0].domain, "example.org");
    assert_string_equal(list.items[0].reply, "421 4.7.28 slow down");
    patience = note(store, arena, NOW_MS + HOUR);
    assert_int_equal(patience.times, 2);
    assert_int_equal(patience.connections, 1);
    assert_int_equal(patience.not_before_ms, NOW_MS + HOUR + 2 * PATIENCE_FIRST_MS);
    patience_list_free(&list);
    /* The clock went back a day: it is asked now, whatever was written then. */
    patience = note(store, arena, NOW_MS - 24 * HOUR);
    assert_int_equal(patience.not_before_ms, NOW_MS - 24 * HOUR + 4 * PATIENCE_FIRST_MS);
    MUST(patience_grow(store, &patience, 2, NOW_MS, &error), error);
    MUST(patience_list(store, &list, &error), error);
    assert_int_equal(list.count, 0);
    patience_list_free(&list);
    assert_int_equal(patience_rest_ms(1), PATIENCE_FIRST_MS);
    assert_int_equal(patience_rest_ms(1000000), PATIENCE_MAX_MS);
    note(store, arena, NOW_MS);
    MUST(patience_prune(store, NOW_MS + 10 * 24 * (int64_t)HOUR, &error), error);
    MUST(patience_list(store, &list, &error), error);
    assert_int_equal(list.count, 0);
    patience_list_free(&list);
    arena_free(&arena);
    store_close(&store);
    store_close(&other);
}

/* ---- dead addresses and holds ---- */

static const struct hold_policy POLICY = {.hard = 2, .percent = 5};

/* One delivery of a domain's `number`-th recipient refused; "at_once" as 5.1.1 says it. */
static struct refusal_effect refuse(struct store *store, int number, bool is_dead, bool at_once,
                                    int64_t now_utc)
{
    struct refusal_effect effect = {0};
    struct error error = {0};
    char address[64];
    struct refusal refusal = {.address = address, .domain = "example.org", .is_dead = is_dead,
                              .at_once = at_once, .evidence = "550 5.1.1 who?",
                              .now_utc = now_utc};

    snprintf(address, sizeof(address), "r%d@example.org", number);
    MUST(hold_note_refusal(store, &refusal, &POLICY, &effect, &error), error);
    return effect;
}

static void check_suppressed(struct store *store, const char *want)
{
    struct suppression_list list;
    struct error error = {0};
    struct buffer text;

    MUST(suppression_list_all(store, &list, &error), error);
    buffer_init(&text, 10000);
    for (size_t i = 0; i < list.count; i++)
        buffer_printf(&text, "%s%.*s", i ? " " : "", (int)strcspn(list.items[i].address, "@"),
                      list.items[i].address);
    assert_string_equal(buffer_string(&text), want);
    buffer_free(&text);
    suppression_list_free(&list);
}

static void dead_addresses_are_suppressed_with_evidence(void **state)
{
    struct store *store = suite_open(state);
    struct suppression_found found;
    struct error error = {0};

    assert_true(refuse(store, 1, true, true, NOW).is_suppressed);
    assert_false(refuse(store, 2, true, false, NOW).is_suppressed);
    assert_false(refuse(store, 3, false, false, NOW).is_suppressed);
    check_suppressed(store, "r1");
    MUST(suppression_find(store, "r1@example.org", &found, &error), error);
    assert_int_equal(found.reason, SUPPRESSION_BOUNCED);
    assert_int_equal(found.since_utc, NOW);
    assert_string_equal(found.evidence, "550 5.1.1 who?");
    assert_true(refuse(store, 2, true, false, NOW + DAY).is_suppressed);
    assert_false(refuse(store, 3, false, false, NOW + DAY).is_suppressed);
    check_suppressed(store, "r1 r2");
    /* One that took mail in between begins anew, and so does one that was lifted. */
    assert_false(refuse(store, 4, true, false, NOW).is_suppressed);
    MUST(dead_forget(store, "r4@example.org", &error), error);
    assert_false(refuse(store, 4, true, false, NOW + DAY).is_suppressed);
    MUST(suppression_lift(store, "r2@example.org", SUPPRESSION_BOUNCED, NULL, &error), error);
    assert_false(refuse(store, 2, true, false, NOW + 2 * DAY).is_suppressed);
    check_suppressed(store, "r1");
    store_close(&store);
}

static void add_recipients(struct store *store, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        char address[64];

        snprintf(address, sizeof(address), "r%d@example.org", i);
        suite_add(store, address);
    }
}

static size_t count_holds(struct store *store, int64_t now_utc)
{
    struct hold_list list;
    struct error error = {0};
    size_t count;

    MUST(hold_list(store, now_utc, &list, &error), error);
    count = list.count;
    if (count) {
        assert_string_equal(list.items[0].domain, "example.org");
        assert_string_equal(list.items[0].evidence, "550 5.1.1 who?");
    }
    hold_list_free(&list);
    return count;
}

static void a_domain_with_too_many_dead_is_held(void **state)
{
    struct store *store = suite_open(state), *other = suite_open_again(state);
    struct refusal_effect effect;
    struct error error = {0};
    bool was_held = false;

    add_recipients(store, 100, 38); /* those that wait count as recipients too */
    suite_add(store, "stranger@other-example.org");
    assert_true(refuse(store, 1, true, true, NOW).is_suppressed);
    effect = refuse(other, 2, true, true, NOW + 1);
    assert_true(effect.is_suppressed && !effect.is_held); /* 2 of 40 is not more than 5 % */
    effect = refuse(store, 3, true, true, NOW + 2);
    assert_true(effect.is_held && !effect.is_suppressed);
    assert_int_equal(effect.lifted, 3);
    assert_int_equal(effect.failed, 3);
    assert_int_equal(effect.recipients, 41);
    assert_int_equal(effect.held_until_utc, NOW + 2 + HOLD_SECONDS);
    check_suppressed(store, "");
    /* What was under way when it was held. */
    effect = refuse(other, 4, true, true, NOW + 3);
    assert_true(!effect.is_held && !effect.is_suppressed && effect.held_until_utc);
    check_suppressed(store, "");
    assert_int_equal(count_holds(store, NOW + 3), 1);
    assert_int_equal(count_holds(store, NOW + 2 + HOLD_SECONDS), 0);
    MUST(hold_release(store, "example.org", NOW + 10, &was_held, &error), error);
    assert_true(was_held);
    assert_int_equal(count_holds(store, NOW + 10), 0);
    MUST(hold_release(store, "example.org", NOW + 10, &was_held, &error), error);
    assert_false(was_held);
    assert_true(refuse(store, 1, true, true, NOW + 11).is_suppressed);
    store_close(&store);
    store_close(&other);
}

static void few_recipients_hold_no_domain(void **state)
{
    struct store *store = suite_open(state);
    struct delivery_batch batch;

    /* 19 recipients, all of them dead. */
    for (int i = 0; i < HOLD_RECIPIENTS_MIN - 1; i++)
        assert_true(refuse(store, i, true, true, NOW - DAY).is_suppressed);
    assert_int_equal(count_holds(store, NOW - DAY), 0);
    /* A new run, of those that were sent to; what is older stays suppressed when it is held. */
    add_recipients(store, 100, 18);
    suite_add_at(store, DELIVERY_ANSWER, "r200@example.org", "a", NOW);
    suite_add(store, "r100@another-example.org");
    batch = suite_claim(store, "w");
    for (size_t i = 0; i < batch.count; i++)
        suite_finish(store, &batch.items[i], DELIVERY_SENT);
    delivery_batch_free(&batch);
    assert_true(refuse(store, 100, true, true, NOW + 2).is_suppressed);
    assert_true(refuse(store, 101, false, false, NOW + 2).is_held);
    assert_int_equal(count_holds(store, NOW + 2), 1);
    check_suppressed(store, "r0 r10 r11 r12 r13 r14 r15 r16 r17 r18 r1 r2 r3 r4 r5 r6 r7 r8 r9");
    store_close(&store);
}

/* What was sent long before counts no more, and is too little then. */
static void earlier_runs_do_not_count(void **state)
{
    struct store *store = suite_open(state);
    struct delivery_batch batch;

    add_recipients(store, 100, 30);
    batch = suite_claim(store, "w");
    for (size_t i = 0; i < batch.count; i++)
        suite_finish(store, &batch.items[i], DELIVERY_SENT);
    delivery_batch_free(&batch);
    for (int i = 0; i < 5; i++)
        assert_false(refuse(store, i, true, true, NOW + DAY).is_held);
    /* And neither do the refusals of a run that is over. */
    for (int i = 0; i < 5; i++)
        assert_int_equal(refuse(store, i, false, false, NOW + (2 + i) * DAY).failed, 1);
    store_close(&store);
}

static void held_deliveries_are_due_when_released(void **state)
{
    struct store *store = suite_open(state);
    struct delivery_outcome held = {.state = DELIVERY_DEFERRED, .now_utc = NOW,
                                    .not_before_utc = NOW + HOLD_SECONDS, .untried = true,
                                    .reply = HOLD_REPLY_PREFIX "too many"};
    struct delivery_batch batch;
    struct error error = {0};

    add_recipients(store, 1, 2);
    suite_add(store, "x@other-example.org");
    batch = suite_claim(store, "w");
    assert_int_equal(batch.count, 3);
    for (size_t i = 0; i < 3; i++) {
        if (i == 1)
            held.reply = "450 busy";
        else
            held.reply = HOLD_REPLY_PREFIX "too many";
        MUST(outbox_finish(store, &batch.items[i], &held, &error), error);
        assert_int_equal(batch.items[i].attempts, 0); /* untried */
    }
    delivery_batch_free(&batch);
    /* A domain is compared as it is: nothing in it stands for anything else. */
    MUST(hold_release(store, "ex_mple.org", NOW + 1, NULL, &error), error);
    MUST(hold_release(store, "%.org", NOW + 1, NULL, &error), error);
    MUST(hold_release(store, "le.org", NOW + 1, NULL, &error), error);
    MUST(hold_release(store, "a.much.longer.example.org.than.any.address.here", NOW + 1, NULL, &error),
         error);
    suite_check_claim(store, NOW + 1, "");
    MUST(hold_release(store, "example.org", NOW + 1, NULL, &error), error);
    suite_check_claim(store, NOW + 1, "r1@example.org");
    store_close(&store);
}

static void the_reason_is_kept(void **state)
{
    struct store *store = suite_open(state);
    struct delivery_outcome outcome = {.state = DELIVERY_FAILED, .now_utc = NOW, .stage = "rcpt",
                                       .enhanced = "5.1.1", .reply = "550 5.1.1 who?",
                                       .reason = "userunknown"};
    struct outbox_problems problems;
    struct delivery_batch batch;
    struct error error = {0};

    suite_add(store, "ada@example.org");
    batch = suite_claim(store, "w");
    MUST(outbox_finish(store, &batch.items[0], &outcome, &error), error);
    delivery_batch_free(&batch);
    MUST(outbox_list_problems(store, 10, &problems, &error), error);
    assert_int_equal(problems.count, 1);
    assert_string_equal(problems.items[0].reason, "userunknown");
    outbox_problems_free(&problems);
    store_close(&store);
}

int store_suite_gate_run(const struct store_opener *opener)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hour_is_shared_and_what_is_left_goes_back),
        cmocka_unit_test(no_hour_has_more_than_its_limit),
        cmocka_unit_test(a_jumping_clock_stops_nobody),
        cmocka_unit_test(instants_are_given_to_one_only),
        cmocka_unit_test(a_clock_set_back_costs_one_portion_of_the_second),
        cmocka_unit_test(slots_are_shared_and_those_of_the_dead_run_out),
        cmocka_unit_test(of_those_who_take_at_once_none_gets_what_another_has),
        cmocka_unit_test(who_asks_is_left_alone_longer_each_time),
        cmocka_unit_test(dead_addresses_are_suppressed_with_evidence),
        cmocka_unit_test(a_domain_with_too_many_dead_is_held),
        cmocka_unit_test(few_recipients_hold_no_domain),
        cmocka_unit_test(earlier_runs_do_not_count),
        cmocka_unit_test(held_deliveries_are_due_when_released),
        cmocka_unit_test(the_reason_is_kept),
    };

    return suite_run_tests("limits and holds", tests, sizeof(tests) / sizeof(tests[0]), opener);
}
