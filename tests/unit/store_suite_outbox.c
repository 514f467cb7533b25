#include "unit/store_suite_parts.h"

#include <stdio.h>
#include <string.h>

static void a_delivery_is_one_by_kind_subscriber_and_slot(void **state)
{
    struct store *store = suite_open(state);

    assert_true(suite_add(store, "ada@example.org"));
    assert_false(suite_add(store, "ada@example.org"));
    assert_true(suite_add(store, "bob@example.org"));
    assert_true(suite_add_at(store, DELIVERY_ANSWER, "ada@example.org", "2026-02-17", NOW));
    assert_true(suite_add_at(store, DELIVERY_DIGEST, "ada@example.org", "2026-02-18", NOW));
    suite_check_counts(store, "queued 4");
    store_close(&store);
}

static void claims_take_what_is_due_oldest_first(void **state)
{
    struct store *store = suite_open(state);
    struct delivery_batch batch;

    suite_add_at(store, DELIVERY_DIGEST, "third", "s", NOW);
    suite_add_at(store, DELIVERY_DIGEST, "second", "s", NOW - 1);
    suite_add_at(store, DELIVERY_DIGEST, "future", "s", NOW + 1);
    suite_add_at(store, DELIVERY_DIGEST, "first", "s", NOW - 2);
    batch = suite_claim_at(store, "w", NOW, 2);
    suite_check_claimed(&batch, "first second");
    assert_string_equal(batch.items[0].slot, "s");
    assert_int_equal(batch.items[0].not_before_utc, NOW - 2);
    assert_int_equal(batch.items[0].expires_utc, NOW + DAY);
    assert_int_equal(batch.items[0].attempts, 0);
    assert_int_equal(batch.items[0].state, DELIVERY_CLAIMED);
    assert_string_equal(batch.items[0].worker, "w");
    assert_false(batch.items[0].has_message);
    delivery_batch_free(&batch);
    suite_check_claim(store, NOW, "third");
    suite_check_claim(store, NOW, "");
    suite_check_claim(store, NOW + DAY, ""); /* expired */
    suite_check_counts(store, "queued 1 claimed 3");
    store_close(&store);
}

static void two_workers_never_claim_the_same(void **state)
{
    struct store *store = suite_open(state), *other = suite_open_again(state);
    struct delivery_batch mine, theirs;
    char name[32];

    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof(name), "s%d", i);
        suite_add(store, name);
    }
    mine = suite_claim_at(store, "a", NOW, 4);
    theirs = suite_claim_at(other, "b", NOW, 100);
    suite_check_claimed(&mine, "s0 s1 s2 s3");
    suite_check_claimed(&theirs, "s4 s5 s6 s7 s8 s9");
    delivery_batch_free(&mine);
    delivery_batch_free(&theirs);
    store_close(&other);
    store_close(&store);
}

static void kept_messages_come_back_byte_for_byte(void **state)
{
    static const char bytes[] = "Subject: x\r\n\r\n.\r\n\0\xff\r\n";
    struct store *store = suite_open(state);
    struct delivery_request request = {
        .kind = DELIVERY_ANSWER, .subscriber = "ada", .slot = "a1", .created_utc = NOW,
        .not_before_utc = NOW, .expires_utc = NOW + DAY, .envelope_sender = "",
        .message = {bytes, sizeof(bytes) - 1}};
    struct delivery_batch batch;
    struct buffer message;
    struct error error = {0};
    bool is_new = false;

    MUST(outbox_add(store, &request, &is_new, &error), error);
    MUST(outbox_add(store, &request, &is_new, &error), error);
    assert_false(is_new);
    batch = suite_claim(store, "w");
    assert_int_equal(batch.count, 1);
    assert_true(batch.items[0].has_message);
    assert_string_equal(batch.items[0].envelope_sender, "");
    buffer_init(&message, 1 << 16);
    MUST(outbox_load_message(store, &batch.items[0], &message, &error), error);
    assert_int_equal(message.size, sizeof(bytes) - 1);
    assert_memory_equal(message.data, bytes, sizeof(bytes) - 1);
    buffer_free(&message);
    delivery_batch_free(&batch);
    request.envelope_sender = NULL;
    request.slot = "a2";
    assert_int_equal(outbox_add(store, &request, &is_new, &error), -1);
    assert_int_equal(error.kind, ERROR_BUG);
    store_close(&store);
}

static void every_outcome_is_written_down(void **state)
{
    static const struct {
        enum delivery_state to;
        const char *counts;
        int attempts;
    } cases[] = {
        {DELIVERY_SENT, "sent 1", 1},       {DELIVERY_DEFERRED, "deferred 1", 1},
        {DELIVERY_FAILED, "failed 1", 1},   {DELIVERY_UNCERTAIN, "uncertain 1", 1},
        {DELIVERY_SKIPPED, "skipped 1", 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct store *store = suite_open(state);
        struct delivery_batch batch;

        suite_add(store, "ada");
        batch = suite_claim(store, "w");
        suite_finish(store, &batch.items[0], cases[i].to);
        assert_int_equal(batch.items[0].state, cases[i].to);
        assert_int_equal(batch.items[0].attempts, cases[i].attempts);
        delivery_batch_free(&batch);
        suite_check_counts(store, cases[i].counts);
        suite_check_claim(store, NOW + 599, "");
        suite_check_claim(store, NOW + 600, cases[i].to == DELIVERY_DEFERRED ? "ada" : "");
        store_close(&store);
    }
}

static void a_forbidden_change_changes_nothing(void **state)
{
    struct delivery_outcome sent = {.state = DELIVERY_SENT, .now_utc = NOW};
    struct store *store = suite_open(state);
    struct delivery_batch batch;
    struct error error = {0};

    suite_add(store, "ada");
    batch = suite_claim(store, "w");
    assert_int_equal(outbox_finish(store, &batch.items[0], &sent, &error), -1);
    assert_int_equal(error.kind, ERROR_BUG);
    assert_int_equal(batch.items[0].state, DELIVERY_CLAIMED);
    suite_check_counts(store, "claimed 1");
    MUST(outbox_begin(store, &batch.items[0], &error), error);
    assert_int_equal(outbox_begin(store, &batch.items[0], &error), -1);
    assert_int_equal(error.kind, ERROR_BUG);
    assert_int_equal(outbox_release(store, &batch.items[0], &error), -1);
    assert_int_equal(error.kind, ERROR_BUG);
    suite_check_counts(store, "sending 1");
    sent.state = DELIVERY_QUEUED;
    assert_int_equal(outbox_finish(store, &batch.items[0], &sent, &error), -1);
    assert_int_equal(error.kind, ERROR_BUG);
    suite_check_counts(store, "sending 1");
    delivery_batch_free(&batch);
    store_close(&store);
}

static void a_released_delivery_is_claimed_again(void **state)
{
    struct store *store = suite_open(state);
    struct delivery_batch batch;
    struct error error = {0};

    suite_add(store, "ada");
    batch = suite_claim(store, "w");
    MUST(outbox_release(store, &batch.items[0], &error), error);
    delivery_batch_free(&batch);
    suite_check_counts(store, "queued 1");
    suite_check_claim(store, NOW, "ada");
    store_close(&store);
}

static void a_dead_workers_lease_runs_out(void **state)
{
    static const struct {
        enum uncertain_policy policy;
        const char *counts;
        int64_t resent;
    } cases[] = {
        {UNCERTAIN_HOLD, "queued 1 uncertain 1", 0},
        {UNCERTAIN_RESEND, "queued 2", 1},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct store *store = suite_open(state);
        struct outbox_recovered recovered;
        struct delivery_batch batch;
        struct error error = {0};

        suite_add(store, "claimed");
        suite_add(store, "sending");
        batch = suite_claim(store, "dead");
        MUST(outbox_begin(store, &batch.items[1], &error), error);
        suite_recover(store, NOW + 299, cases[i].policy);
        suite_check_counts(store, "claimed 1 sending 1");
        recovered = suite_recover(store, NOW + 300, cases[i].policy);
        assert_int_equal(recovered.queued, 1);
        assert_int_equal(recovered.uncertain, 1);
        assert_int_equal(recovered.resent, cases[i].resent);
        suite_check_counts(store, cases[i].counts);
        /* The dead one wakes up: nothing of it is its own any more. */
        assert_int_equal(outbox_begin(store, &batch.items[0], &error), -1);
        assert_int_equal(error.kind, ERROR_CONFLICT);
        assert_int_equal(outbox_release(store, &batch.items[0], &error), -1);
        assert_int_equal(error.kind, ERROR_CONFLICT);
        assert_int_equal(outbox_finish(store, &batch.items[1],
                                       &(struct delivery_outcome){.state = DELIVERY_SENT}, &error),
                         -1);
        assert_int_equal(error.kind, ERROR_CONFLICT);
        suite_check_counts(store, cases[i].counts);
        delivery_batch_free(&batch);
        store_close(&store);
    }
}

static void what_another_worker_holds_is_its_own(void **state)
{
    struct store *store = suite_open(state);
    struct delivery_batch dead, living;
    struct error error = {0};

    suite_add(store, "ada");
    dead = suite_claim(store, "dead");
    suite_recover(store, NOW + 300, UNCERTAIN_RESEND);
    living = suite_claim_at(store, "living", NOW + 300, 1);
    assert_int_equal(living.count, 1);
    assert_int_equal(outbox_begin(store, &dead.items[0], &error), -1);
    assert_int_equal(error.kind, ERROR_CONFLICT);
    assert_int_equal(outbox_release(store, &dead.items[0], &error), -1);
    assert_int_equal(error.kind, ERROR_CONFLICT);
    MUST(outbox_renew(store, "dead", NOW + 9000, &error), error);
    assert_int_equal(suite_recover(store, NOW + 600, UNCERTAIN_RESEND).queued, 1);
    delivery_batch_free(&dead);
    delivery_batch_free(&living);
    store_close(&store);
}

static void a_renewed_lease_holds(void **state)
{
    struct store *store = suite_open(state);
    struct delivery_batch batch;
    struct error error = {0};

    suite_add(store, "a");
    suite_add(store, "b");
    batch = suite_claim_at(store, "w", NOW, 1);
    delivery_batch_free(&batch);
    batch = suite_claim_at(store, "x", NOW, 1);
    delivery_batch_free(&batch);
    MUST(outbox_renew(store, "w", NOW + 900, &error), error);
    suite_recover(store, NOW + 899, UNCERTAIN_RESEND);
    suite_check_counts(store, "queued 1 claimed 1");
    suite_recover(store, NOW + 900, UNCERTAIN_RESEND);
    suite_check_counts(store, "queued 2");
    store_close(&store);
}

static void the_uncertain_are_sent_again_in_their_time(void **state)
{
    struct store *store = suite_open(state);
    struct delivery_batch batch;

    suite_add(store, "ada");
    batch = suite_claim(store, "w");
    suite_finish(store, &batch.items[0], DELIVERY_UNCERTAIN);
    delivery_batch_free(&batch);
    assert_int_equal(suite_recover(store, NOW + 599, UNCERTAIN_RESEND).resent, 0);
    assert_int_equal(suite_recover(store, NOW + 600, UNCERTAIN_HOLD).resent, 0);
    assert_int_equal(suite_recover(store, NOW + 600, UNCERTAIN_RESEND).resent, 1);
    batch = suite_claim_at(store, "w", NOW + 600, 9);
    assert_int_equal(batch.count, 1);
    assert_int_equal(batch.items[0].attempts, 1);
    delivery_batch_free(&batch);
    store_close(&store);
}

/* Who holds them waits for a person. */
static void the_uncertain_expire_when_they_would_be_sent_again(void **state)
{
    struct store *store = suite_open(state);
    struct delivery_batch batch;

    suite_add(store, "ada");
    batch = suite_claim(store, "w");
    suite_finish(store, &batch.items[0], DELIVERY_UNCERTAIN);
    delivery_batch_free(&batch);
    assert_int_equal(suite_recover(store, NOW + DAY, UNCERTAIN_HOLD).expired, 0);
    assert_int_equal(suite_recover(store, NOW + DAY - 601, UNCERTAIN_HOLD).expired, 0);
    suite_check_counts(store, "uncertain 1");
    assert_int_equal(suite_recover(store, NOW + DAY, UNCERTAIN_RESEND).expired, 1);
    suite_check_counts(store, "expired 1");
    store_close(&store);
}

static void recovering_can_leave_others_alone(void **state)
{
    struct store *store = suite_open(state);
    struct outbox_recovered recovered;
    struct error error = {0};

    suite_add(store, "ada");
    suite_add(store, "bob");
    MUST(outbox_recover_only(store, "ada", NOW + DAY, UNCERTAIN_RESEND, &recovered, &error), error);
    assert_int_equal(recovered.expired, 1);
    suite_check_counts(store, "queued 1 expired 1");
    store_close(&store);
}

/* Two slots after an outage: which editions are left for the second is known
 * when the first is done. */
static void digests_of_one_subscriber_wait_for_each_other(void **state)
{
    struct store *store = suite_open(state), *other = suite_open_again(state);
    struct delivery_batch mine, theirs;

    suite_add_at(store, DELIVERY_DIGEST, "ada", "2026-02-17", NOW - 2);
    suite_add_at(store, DELIVERY_DIGEST, "ada", "2026-02-18", NOW - 1);
    suite_add_at(store, DELIVERY_ANSWER, "ada", "a1", NOW);
    suite_add_at(store, DELIVERY_DIGEST, "bob", "2026-02-17", NOW);
    mine = suite_claim_at(store, "a", NOW, 1);
    suite_check_claimed(&mine, "ada");
    theirs = suite_claim_at(other, "b", NOW, 100);
    suite_check_claimed(&theirs, "ada bob");
    assert_int_equal(theirs.items[0].kind, DELIVERY_ANSWER);
    delivery_batch_free(&theirs);
    suite_finish(store, &mine.items[0], DELIVERY_SENT);
    delivery_batch_free(&mine);
    theirs = suite_claim_at(other, "b", NOW, 100);
    suite_check_claimed(&theirs, "ada");
    assert_string_equal(theirs.items[0].slot, "2026-02-18");
    delivery_batch_free(&theirs);
    store_close(&other);
    store_close(&store);
}

static void one_batch_has_them_in_their_order(void **state)
{
    struct store *store = suite_open(state);
    struct delivery_batch batch;

    suite_add_at(store, DELIVERY_DIGEST, "ada", "2026-02-17", NOW);
    suite_add_at(store, DELIVERY_DIGEST, "ada", "2026-02-18", NOW);
    batch = suite_claim(store, "w");
    suite_check_claimed(&batch, "ada ada");
    assert_string_equal(batch.items[0].slot, "2026-02-17");
    delivery_batch_free(&batch);
    store_close(&store);
}

static void what_is_skipped_for_now_is_queued_again(void **state)
{
    static const struct edition_shown edition = {.date = {2026, 2, 17}, .papers = 3};
    static const struct {
        const char *name;
        enum delivery_kind kind;
        enum delivery_state was;
        size_t editions;
        struct view shown;
        bool want;
    } cases[] = {
        {"never composed", DELIVERY_DIGEST, DELIVERY_SKIPPED, 0, {0}, true},
        {"put off, then suppressed", DELIVERY_DIGEST, DELIVERY_SKIPPED, 1, {"list", 4}, true},
        {"no paper fitted", DELIVERY_DIGEST, DELIVERY_SKIPPED, 1, {0}, false},
        {"an answer", DELIVERY_ANSWER, DELIVERY_SKIPPED, 0, {0}, false},
        {"failed", DELIVERY_DIGEST, DELIVERY_FAILED, 0, {0}, false},
        {"deferred", DELIVERY_DIGEST, DELIVERY_DEFERRED, 0, {0}, false},
        {"sent", DELIVERY_DIGEST, DELIVERY_SENT, 1, {"list", 4}, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct store *store = suite_open(state);
        struct delivery_batch batch;

        suite_add_at(store, cases[i].kind, "ada", "2026-02-17", NOW - DAY / 2);
        batch = suite_claim(store, "w");
        batch.items[0].editions = &edition;
        batch.items[0].edition_count = cases[i].editions;
        batch.items[0].shown = cases[i].shown;
        suite_finish(store, &batch.items[0], cases[i].was);
        delivery_batch_free(&batch);
        if (suite_add_at(store, cases[i].kind, "ada", "2026-02-17", NOW) != cases[i].want)
            fail_msg("%s", cases[i].name);
        batch = suite_claim(store, "w");
        assert_int_equal(batch.count, cases[i].want);
        if (cases[i].want) {
            assert_int_equal(batch.items[0].not_before_utc, NOW);
            assert_int_equal(batch.items[0].attempts, 0);
            assert_int_equal(batch.items[0].edition_count, 0);
            assert_int_equal(batch.items[0].shown.size, 0);
        }
        delivery_batch_free(&batch);
        store_close(&store);
    }
}

static void check_left(struct store *store, const char *subscriber, enum uncertain_policy policy,
                       int64_t now_utc, int64_t want)
{
    struct error error = {0};
    int64_t left = -1;

    MUST(outbox_count_left(store, subscriber, policy, now_utc, &left, &error), error);
    assert_int_equal(left, want);
}

static void what_is_left_is_what_will_be_tried(void **state)
{
    struct store *store = suite_open(state);
    struct delivery_batch batch;

    suite_add(store, "uncertain");
    suite_add(store, "held");
    suite_add(store, "deferred");
    suite_add(store, "sent");
    batch = suite_claim(store, "w");
    suite_finish(store, &batch.items[0], DELIVERY_UNCERTAIN);
    suite_finish(store, &batch.items[2], DELIVERY_DEFERRED);
    suite_finish(store, &batch.items[3], DELIVERY_SENT);
    delivery_batch_free(&batch);
    suite_add(store, "queued");
    check_left(store, NULL, UNCERTAIN_HOLD, NOW, 3);
    check_left(store, NULL, UNCERTAIN_RESEND, NOW, 4);
    check_left(store, NULL, UNCERTAIN_RESEND, NOW + DAY, 3);
    check_left(store, "uncertain", UNCERTAIN_RESEND, NOW, 1);
    check_left(store, "uncertain", UNCERTAIN_HOLD, NOW, 0);
    check_left(store, "held", UNCERTAIN_HOLD, NOW, 1);
    check_left(store, "sent", UNCERTAIN_RESEND, NOW, 0);
    store_close(&store);
}

static void what_is_too_late_expires(void **state)
{
    struct store *store = suite_open(state);
    struct delivery_batch batch;

    suite_add(store, "deferred");
    batch = suite_claim(store, "w");
    suite_finish(store, &batch.items[0], DELIVERY_DEFERRED);
    delivery_batch_free(&batch);
    suite_add(store, "queued");
    assert_int_equal(suite_recover(store, NOW + DAY - 1, UNCERTAIN_HOLD).expired, 0);
    assert_int_equal(suite_recover(store, NOW + DAY, UNCERTAIN_HOLD).expired, 2);
    suite_check_counts(store, "expired 2");
    store_close(&store);
}

static void check_next_due(struct store *store, enum uncertain_policy policy, int64_t want)
{
    struct error error = {0};
    int64_t due = 0;
    bool any = false;

    MUST(outbox_next_due(store, policy, &any, &due, &error), error);
    assert_int_equal(any ? due : -1, want);
}

static void the_next_time_to_work_is_known(void **state)
{
    struct store *store = suite_open(state);
    struct delivery_batch batch;

    check_next_due(store, UNCERTAIN_RESEND, -1);
    suite_add_at(store, DELIVERY_DIGEST, "ada", "s", NOW + 50);
    check_next_due(store, UNCERTAIN_HOLD, NOW + 50);
    batch = suite_claim_at(store, "w", NOW + 50, 1);
    check_next_due(store, UNCERTAIN_HOLD, NOW + 350);
    suite_finish(store, &batch.items[0], DELIVERY_UNCERTAIN);
    check_next_due(store, UNCERTAIN_HOLD, -1);
    check_next_due(store, UNCERTAIN_RESEND, NOW + 600);
    delivery_batch_free(&batch);
    store_close(&store);
}

/* Waiting for the next time never finds one that passes without work. */
static void the_next_time_always_comes(void **state)
{
    static const enum delivery_state states[] = {DELIVERY_DEFERRED, DELIVERY_UNCERTAIN};

    for (size_t i = 0; i < 2; i++) {
        struct store *store = suite_open(state);
        struct outbox_recovered recovered;
        struct delivery_batch batch;

        suite_add_at(store, DELIVERY_DIGEST, "ada", "s", NOW - 1);
        batch = suite_claim(store, "w");
        suite_finish(store, &batch.items[0], states[i]);
        check_next_due(store, UNCERTAIN_RESEND, NOW + 600);
        recovered = suite_recover(store, NOW + 2 * DAY, UNCERTAIN_RESEND);
        assert_int_equal(recovered.expired, 1);
        check_next_due(store, UNCERTAIN_RESEND, -1);
        delivery_batch_free(&batch);
        /* One that waits behind another waits for its lease. */
        suite_add_at(store, DELIVERY_DIGEST, "bob", "2026-02-17", NOW - 2);
        suite_add_at(store, DELIVERY_DIGEST, "bob", "2026-02-18", NOW - 1);
        batch = suite_claim_at(store, "w", NOW, 1);
        check_next_due(store, UNCERTAIN_RESEND, NOW + 300);
        delivery_batch_free(&batch);
        store_close(&store);
    }
}

static void problems_are_listed_newest_first(void **state)
{
    struct delivery_outcome outcome = {.state = DELIVERY_FAILED, .now_utc = NOW + 9};
    struct store *store = suite_open(state);
    struct outbox_problems problems;
    struct delivery_batch batch;
    struct error error = {0};

    suite_add(store, "a");
    suite_add(store, "b");
    suite_add(store, "c");
    batch = suite_claim(store, "w");
    suite_finish(store, &batch.items[0], DELIVERY_DEFERRED);
    suite_finish(store, &batch.items[1], DELIVERY_SENT);
    MUST(outbox_finish(store, &batch.items[2], &outcome, &error), error);
    delivery_batch_free(&batch);
    MUST(outbox_list_problems(store, 10, &problems, &error), error);
    assert_int_equal(problems.count, 2);
    assert_string_equal(problems.items[0].subscriber, "c");
    assert_int_equal(problems.items[0].state, DELIVERY_FAILED);
    assert_null(problems.items[0].reply);
    assert_string_equal(problems.items[1].subscriber, "a");
    assert_string_equal(problems.items[1].reply, "450 4.2.0 later");
    assert_string_equal(problems.items[1].stage, "rcpt");
    assert_string_equal(problems.items[1].enhanced, "4.2.0");
    assert_int_equal(problems.items[1].when_utc, NOW + 1);
    outbox_problems_free(&problems);
    MUST(outbox_list_problems(store, 1, &problems, &error), error);
    assert_int_equal(problems.count, 1);
    outbox_problems_free(&problems);
    store_close(&store);
}

/* What was due when it was added, and neither what was to come then nor what was tried. */
static void a_clock_set_back_keeps_nothing(void **state)
{
    struct store *store = suite_open(state);
    struct delivery_batch batch;

    suite_add(store, "due");
    suite_add(store, "tried");
    suite_add_at(store, DELIVERY_DIGEST, "to-come", "2026-02-17", NOW + 60);
    batch = suite_claim_at(store, "w", NOW, 2);
    suite_check_claimed(&batch, "due tried");
    suite_finish(store, &batch.items[1], DELIVERY_DEFERRED);
    delivery_batch_free(&batch);
    suite_recover(store, NOW + 300, UNCERTAIN_RESEND);
    suite_check_claim(store, NOW - 7200, "");
    suite_recover(store, NOW - 7200, UNCERTAIN_RESEND);
    suite_check_claim(store, NOW - 7200, "due");
    store_close(&store);
}

int store_suite_outbox_run(const struct store_opener *opener)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(a_delivery_is_one_by_kind_subscriber_and_slot),
        cmocka_unit_test(claims_take_what_is_due_oldest_first),
        cmocka_unit_test(two_workers_never_claim_the_same),
        cmocka_unit_test(kept_messages_come_back_byte_for_byte),
        cmocka_unit_test(every_outcome_is_written_down),
        cmocka_unit_test(a_forbidden_change_changes_nothing),
        cmocka_unit_test(a_released_delivery_is_claimed_again),
        cmocka_unit_test(a_dead_workers_lease_runs_out),
        cmocka_unit_test(what_another_worker_holds_is_its_own),
        cmocka_unit_test(a_renewed_lease_holds),
        cmocka_unit_test(the_uncertain_are_sent_again_in_their_time),
        cmocka_unit_test(the_uncertain_expire_when_they_would_be_sent_again),
        cmocka_unit_test(recovering_can_leave_others_alone),
        cmocka_unit_test(digests_of_one_subscriber_wait_for_each_other),
        cmocka_unit_test(one_batch_has_them_in_their_order),
        cmocka_unit_test(what_is_skipped_for_now_is_queued_again),
        cmocka_unit_test(what_is_left_is_what_will_be_tried),
        cmocka_unit_test(what_is_too_late_expires),
        cmocka_unit_test(the_next_time_to_work_is_known),
        cmocka_unit_test(the_next_time_always_comes),
        cmocka_unit_test(a_clock_set_back_keeps_nothing),
        cmocka_unit_test(problems_are_listed_newest_first),
    };

    return suite_run_tests("outbox", tests, sizeof(tests) / sizeof(tests[0]), opener);
}
