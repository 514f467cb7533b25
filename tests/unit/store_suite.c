#include "unit/store_suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/outbox.h"
#include "store/shown.h"
#include "store/subscribers.h"

void store_suite_must(int result, const struct error *error, const char *file, int line)
{
    if (result == 0)
        return;
    print_error("%s\n", error->text);
    _fail(file, line);
}

static struct store *fresh(void **state)
{
    const struct store_opener *opener = *state;

    return opener->open_empty(opener->user);
}

static struct store *again(void **state)
{
    const struct store_opener *opener = *state;

    return opener->open_again(opener->user);
}

enum { NOW = 1000000, DAY = 86400 };

static bool add_at(struct store *store, enum delivery_kind kind, const char *subscriber,
                   const char *slot, int64_t not_before_utc)
{
    struct delivery_request request = {.kind = kind, .subscriber = subscriber, .slot = slot,
                                       .created_utc = NOW, .not_before_utc = not_before_utc,
                                       .expires_utc = NOW + DAY};
    struct error error = {0};
    bool is_new = false;

    MUST(outbox_add(store, &request, &is_new, &error), error);
    return is_new;
}

static bool add(struct store *store, const char *subscriber)
{
    return add_at(store, DELIVERY_DIGEST, subscriber, "2026-02-17", NOW);
}

static struct delivery_batch claim_at(struct store *store, const char *worker, int64_t now_utc,
                                      size_t max)
{
    struct delivery_batch batch;
    struct error error = {0};

    MUST(outbox_claim(store, worker, now_utc, 300, max, &batch, &error), error);
    return batch;
}

static struct delivery_batch claim(struct store *store, const char *worker)
{
    return claim_at(store, worker, NOW, 100);
}

static void finish(struct store *store, struct delivery *delivery, enum delivery_state to)
{
    struct delivery_outcome outcome = {.state = to, .now_utc = NOW + 1,
                                       .not_before_utc = NOW + 600, .stage = "rcpt",
                                       .enhanced = "4.2.0", .reply = "450 4.2.0 later"};
    struct error error = {0};

    if (delivery->state == DELIVERY_CLAIMED && (to == DELIVERY_SENT || to == DELIVERY_UNCERTAIN))
        MUST(outbox_begin(store, delivery, &error), error);
    MUST(outbox_finish(store, delivery, &outcome, &error), error);
}

static struct outbox_recovered recover(struct store *store, int64_t now_utc,
                                       enum uncertain_policy policy)
{
    struct outbox_recovered recovered;
    struct error error = {0};

    MUST(outbox_recover(store, now_utc, policy, &recovered, &error), error);
    return recovered;
}

/* "queued 1 sent 2": the counts that are not 0. */
static void check_counts(struct store *store, const char *want)
{
    int64_t counts[DELIVERY_STATES], open = -1, sum = 0;
    struct error error = {0};
    struct buffer text;

    MUST(outbox_count(store, counts, &error), error);
    MUST(outbox_count_open(store, &open, &error), error);
    buffer_init(&text, 1000);
    for (int i = 0; i < DELIVERY_STATES; i++) {
        if (counts[i])
            buffer_printf(&text, "%s%s %lld", text.size ? " " : "",
                          delivery_state_name((enum delivery_state)i), (long long)counts[i]);
        if (!delivery_state_is_final((enum delivery_state)i) && i != DELIVERY_UNCERTAIN)
            sum += counts[i];
    }
    assert_string_equal(buffer_string(&text), want);
    assert_int_equal(open, sum);
    buffer_free(&text);
}

static void check_claimed(const struct delivery_batch *batch, const char *want)
{
    struct buffer text;

    buffer_init(&text, 1 << 16);
    for (size_t i = 0; i < batch->count; i++)
        buffer_printf(&text, "%s%s", i ? " " : "", batch->items[i].subscriber);
    assert_string_equal(buffer_string(&text), want);
    buffer_free(&text);
}

static void check_claim(struct store *store, int64_t now_utc, const char *want)
{
    struct delivery_batch batch = claim_at(store, "w", now_utc, 100);

    check_claimed(&batch, want);
    delivery_batch_free(&batch);
}

static void a_delivery_is_one_by_kind_subscriber_and_slot(void **state)
{
    struct store *store = fresh(state);

    assert_true(add(store, "ada@example.org"));
    assert_false(add(store, "ada@example.org"));
    assert_true(add(store, "bob@example.org"));
    assert_true(add_at(store, DELIVERY_ANSWER, "ada@example.org", "2026-02-17", NOW));
    assert_true(add_at(store, DELIVERY_DIGEST, "ada@example.org", "2026-02-18", NOW));
    check_counts(store, "queued 4");
    store_close(&store);
}

static void claims_take_what_is_due_oldest_first(void **state)
{
    struct store *store = fresh(state);
    struct delivery_batch batch;

    add_at(store, DELIVERY_DIGEST, "third", "s", NOW);
    add_at(store, DELIVERY_DIGEST, "second", "s", NOW - 1);
    add_at(store, DELIVERY_DIGEST, "future", "s", NOW + 1);
    add_at(store, DELIVERY_DIGEST, "first", "s", NOW - 2);
    batch = claim_at(store, "w", NOW, 2);
    check_claimed(&batch, "first second");
    assert_string_equal(batch.items[0].slot, "s");
    assert_int_equal(batch.items[0].not_before_utc, NOW - 2);
    assert_int_equal(batch.items[0].expires_utc, NOW + DAY);
    assert_int_equal(batch.items[0].attempts, 0);
    assert_int_equal(batch.items[0].state, DELIVERY_CLAIMED);
    assert_string_equal(batch.items[0].worker, "w");
    assert_false(batch.items[0].has_message);
    delivery_batch_free(&batch);
    check_claim(store, NOW, "third");
    check_claim(store, NOW, "");
    check_claim(store, NOW + DAY, ""); /* expired */
    check_counts(store, "queued 1 claimed 3");
    store_close(&store);
}

static void two_workers_never_claim_the_same(void **state)
{
    struct store *store = fresh(state), *other = again(state);
    struct delivery_batch mine, theirs;
    char name[32];

    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof(name), "s%d", i);
        add(store, name);
    }
    mine = claim_at(store, "a", NOW, 4);
    theirs = claim_at(other, "b", NOW, 100);
    check_claimed(&mine, "s0 s1 s2 s3");
    check_claimed(&theirs, "s4 s5 s6 s7 s8 s9");
    delivery_batch_free(&mine);
    delivery_batch_free(&theirs);
    store_close(&other);
    store_close(&store);
}

static void suppress(struct store *store, const char *address, enum suppression_reason reason)
{
    struct suppression suppression = {address, reason, NOW, "because"};
    struct error error = {0};

    MUST(suppression_add(store, &suppression, &error), error);
}

static void the_suppressed_are_skipped(void **state)
{
    static const struct {
        enum suppression_reason reason;
        bool answers;
    } cases[] = {
        {SUPPRESSION_UNSUBSCRIBED, true},
        {SUPPRESSION_BOUNCED, true},
        {SUPPRESSION_OWNER, false},
        {SUPPRESSION_COMPLAINED, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct store *store = fresh(state);
        struct delivery_batch batch;

        /* One waits when the suppression comes, the others are added after it. */
        add(store, "gone");
        add_at(store, DELIVERY_ANSWER, "gone", "early", NOW);
        suppress(store, "gone", cases[i].reason);
        check_counts(store, cases[i].answers ? "queued 1 skipped 1" : "skipped 2");
        add_at(store, DELIVERY_DIGEST, "gone", "later", NOW);
        add_at(store, DELIVERY_CONFIRMATION, "gone", "later", NOW);
        add(store, "here");
        /* A batch in which all are suppressed is not the end. */
        batch = claim_at(store, "w", NOW, cases[i].answers ? 100 : 1);
        check_claimed(&batch, cases[i].answers ? "gone gone here" : "here");
        assert_int_equal(batch.skipped, cases[i].answers ? 1 : 2);
        delivery_batch_free(&batch);
        store_close(&store);
    }
}

static void suppressions_are_found_listed_and_lifted(void **state)
{
    struct store *store = fresh(state);
    struct suppression_found found = {.found = true};
    struct suppression_list list;
    struct error error = {0};
    int64_t count = 0;
    bool was_there = false;

    MUST(suppression_find(store, "ada", &found, &error), error);
    assert_false(found.found);
    suppress(store, "ada", SUPPRESSION_COMPLAINED);
    suppress(store, "ada", SUPPRESSION_UNSUBSCRIBED);
    suppress(store, "ada", SUPPRESSION_UNSUBSCRIBED);
    suppress(store, "bob", SUPPRESSION_BOUNCED);
    MUST(suppression_find(store, "ada", &found, &error), error);
    assert_int_equal(found.reason, SUPPRESSION_COMPLAINED);
    assert_int_equal(found.since_utc, NOW);
    assert_string_equal(found.evidence, "because");
    MUST(suppression_count(store, &count, &error), error);
    assert_int_equal(count, 2);
    MUST(suppression_list_all(store, &list, &error), error);
    assert_int_equal(list.count, 3);
    assert_string_equal(list.items[0].address, "ada");
    assert_string_equal(list.items[2].address, "bob");
    assert_int_equal(list.items[2].reason, SUPPRESSION_BOUNCED);
    suppression_list_free(&list);
    MUST(suppression_lift(store, "ada", SUPPRESSION_COMPLAINED, &was_there, &error), error);
    assert_true(was_there);
    MUST(suppression_lift(store, "ada", SUPPRESSION_COMPLAINED, &was_there, &error), error);
    assert_false(was_there);
    MUST(suppression_find(store, "ada", &found, &error), error);
    assert_int_equal(found.reason, SUPPRESSION_UNSUBSCRIBED);
    store_close(&store);
}

static void the_first_sight_of_a_subscriber_stays(void **state)
{
    static const struct date edition = {2026, 2, 17}, next = {2026, 2, 18};
    struct store *store = fresh(state);
    struct subscriber_seen seen = {0};
    struct error error = {0};

    MUST(subscriber_see(store, "ada", NOW, edition, &seen, &error), error);
    assert_int_equal(seen.first_seen_utc, NOW);
    MUST(subscriber_see(store, "ada", NOW + DAY, next, &seen, &error), error);
    assert_int_equal(seen.first_seen_utc, NOW);
    assert_int_equal(date_compare(seen.first_edition, edition), 0);
    MUST(subscriber_see(store, "bob", NOW, (struct date){0}, &seen, &error), error);
    assert_false(date_is_set(seen.first_edition));
    store_close(&store);
}

static void kept_messages_come_back_byte_for_byte(void **state)
{
    static const char bytes[] = "Subject: x\r\n\r\n.\r\n\0\xff\r\n";
    struct store *store = fresh(state);
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
    batch = claim(store, "w");
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
        struct store *store = fresh(state);
        struct delivery_batch batch;

        add(store, "ada");
        batch = claim(store, "w");
        finish(store, &batch.items[0], cases[i].to);
        assert_int_equal(batch.items[0].state, cases[i].to);
        assert_int_equal(batch.items[0].attempts, cases[i].attempts);
        delivery_batch_free(&batch);
        check_counts(store, cases[i].counts);
        check_claim(store, NOW + 599, "");
        check_claim(store, NOW + 600, cases[i].to == DELIVERY_DEFERRED ? "ada" : "");
        store_close(&store);
    }
}

static void a_forbidden_change_changes_nothing(void **state)
{
    struct delivery_outcome sent = {.state = DELIVERY_SENT, .now_utc = NOW};
    struct store *store = fresh(state);
    struct delivery_batch batch;
    struct error error = {0};

    add(store, "ada");
    batch = claim(store, "w");
    assert_int_equal(outbox_finish(store, &batch.items[0], &sent, &error), -1);
    assert_int_equal(error.kind, ERROR_BUG);
    assert_int_equal(batch.items[0].state, DELIVERY_CLAIMED);
    check_counts(store, "claimed 1");
    MUST(outbox_begin(store, &batch.items[0], &error), error);
    assert_int_equal(outbox_begin(store, &batch.items[0], &error), -1);
    assert_int_equal(error.kind, ERROR_BUG);
    assert_int_equal(outbox_release(store, &batch.items[0], &error), -1);
    assert_int_equal(error.kind, ERROR_BUG);
    check_counts(store, "sending 1");
    sent.state = DELIVERY_QUEUED;
    assert_int_equal(outbox_finish(store, &batch.items[0], &sent, &error), -1);
    assert_int_equal(error.kind, ERROR_BUG);
    check_counts(store, "sending 1");
    delivery_batch_free(&batch);
    store_close(&store);
}

static void a_released_delivery_is_claimed_again(void **state)
{
    struct store *store = fresh(state);
    struct delivery_batch batch;
    struct error error = {0};

    add(store, "ada");
    batch = claim(store, "w");
    MUST(outbox_release(store, &batch.items[0], &error), error);
    delivery_batch_free(&batch);
    check_counts(store, "queued 1");
    check_claim(store, NOW, "ada");
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
        struct store *store = fresh(state);
        struct outbox_recovered recovered;
        struct delivery_batch batch;
        struct error error = {0};

        add(store, "claimed");
        add(store, "sending");
        batch = claim(store, "dead");
        MUST(outbox_begin(store, &batch.items[1], &error), error);
        recover(store, NOW + 299, cases[i].policy);
        check_counts(store, "claimed 1 sending 1");
        recovered = recover(store, NOW + 300, cases[i].policy);
        assert_int_equal(recovered.queued, 1);
        assert_int_equal(recovered.uncertain, 1);
        assert_int_equal(recovered.resent, cases[i].resent);
        check_counts(store, cases[i].counts);
        /* The dead one wakes up: nothing of it is its own any more. */
        assert_int_equal(outbox_begin(store, &batch.items[0], &error), -1);
        assert_int_equal(error.kind, ERROR_CONFLICT);
        assert_int_equal(outbox_release(store, &batch.items[0], &error), -1);
        assert_int_equal(error.kind, ERROR_CONFLICT);
        assert_int_equal(outbox_finish(store, &batch.items[1],
                                       &(struct delivery_outcome){.state = DELIVERY_SENT}, &error),
                         -1);
        assert_int_equal(error.kind, ERROR_CONFLICT);
        check_counts(store, cases[i].counts);
        delivery_batch_free(&batch);
        store_close(&store);
    }
}

static void a_renewed_lease_holds(void **state)
{
    struct store *store = fresh(state);
    struct delivery_batch batch;
    struct error error = {0};

    add(store, "a");
    add(store, "b");
    batch = claim_at(store, "w", NOW, 1);
    delivery_batch_free(&batch);
    batch = claim_at(store, "x", NOW, 1);
    delivery_batch_free(&batch);
    MUST(outbox_renew(store, "w", NOW + 900, &error), error);
    recover(store, NOW + 899, UNCERTAIN_RESEND);
    check_counts(store, "queued 1 claimed 1");
    recover(store, NOW + 900, UNCERTAIN_RESEND);
    check_counts(store, "queued 2");
    store_close(&store);
}

static void the_uncertain_are_sent_again_in_their_time(void **state)
{
    struct store *store = fresh(state);
    struct delivery_batch batch;

    add(store, "ada");
    batch = claim(store, "w");
    finish(store, &batch.items[0], DELIVERY_UNCERTAIN);
    delivery_batch_free(&batch);
    assert_int_equal(recover(store, NOW + 599, UNCERTAIN_RESEND).resent, 0);
    assert_int_equal(recover(store, NOW + 600, UNCERTAIN_HOLD).resent, 0);
    assert_int_equal(recover(store, NOW + DAY, UNCERTAIN_RESEND).resent, 0);
    assert_int_equal(recover(store, NOW + 600, UNCERTAIN_RESEND).resent, 1);
    batch = claim_at(store, "w", NOW + 600, 9);
    assert_int_equal(batch.count, 1);
    assert_int_equal(batch.items[0].attempts, 1);
    delivery_batch_free(&batch);
    store_close(&store);
}

static void what_is_too_late_expires(void **state)
{
    struct store *store = fresh(state);
    struct delivery_batch batch;

    add(store, "deferred");
    batch = claim(store, "w");
    finish(store, &batch.items[0], DELIVERY_DEFERRED);
    delivery_batch_free(&batch);
    add(store, "queued");
    assert_int_equal(recover(store, NOW + DAY - 1, UNCERTAIN_HOLD).expired, 0);
    assert_int_equal(recover(store, NOW + DAY, UNCERTAIN_HOLD).expired, 2);
    check_counts(store, "expired 2");
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
    struct store *store = fresh(state);
    struct delivery_batch batch;

    check_next_due(store, UNCERTAIN_RESEND, -1);
    add_at(store, DELIVERY_DIGEST, "ada", "s", NOW + 50);
    check_next_due(store, UNCERTAIN_HOLD, NOW + 50);
    batch = claim_at(store, "w", NOW + 50, 1);
    check_next_due(store, UNCERTAIN_HOLD, NOW + 350);
    finish(store, &batch.items[0], DELIVERY_UNCERTAIN);
    check_next_due(store, UNCERTAIN_HOLD, -1);
    check_next_due(store, UNCERTAIN_RESEND, NOW + 600);
    delivery_batch_free(&batch);
    store_close(&store);
}

static void problems_are_listed_newest_first(void **state)
{
    struct delivery_outcome outcome = {.state = DELIVERY_FAILED, .now_utc = NOW + 9};
    struct store *store = fresh(state);
    struct outbox_problems problems;
    struct delivery_batch batch;
    struct error error = {0};

    add(store, "a");
    add(store, "b");
    add(store, "c");
    batch = claim(store, "w");
    finish(store, &batch.items[0], DELIVERY_DEFERRED);
    finish(store, &batch.items[1], DELIVERY_SENT);
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

/* Sends, or not, a digest of one edition that shows one paper of its day. */
static void show(struct store *store, const char *slot, int day, enum delivery_state end)
{
    struct date editions[] = {{2026, 2, day}, {2026, 2, 28}};
    struct delivery_batch batch;
    struct buffer shown;
    int64_t previous = 0;
    char id[16];

    add_at(store, DELIVERY_DIGEST, "ada", slot, NOW);
    batch = claim(store, "w");
    assert_int_equal(batch.count, 1);
    buffer_init(&shown, SHOWN_BYTES_MAX);
    snprintf(id, sizeof(id), "2602.000%02d", day);
    shown_add(&shown, view_of(id), 2, &previous);
    batch.items[0].editions = editions;
    batch.items[0].edition_count = 2;
    batch.items[0].shown = buffer_view(&shown);
    finish(store, &batch.items[0], end);
    delivery_batch_free(&batch);
    buffer_free(&shown);
}

static void what_was_shown_is_known(void **state)
{
    struct store *store = fresh(state);
    struct arena *arena = arena_new();
    struct shown_paper *papers;
    struct date *dates;
    struct error error = {0};
    size_t count = 0;

    show(store, "s1", 10, DELIVERY_SENT);
    show(store, "s2", 11, DELIVERY_FAILED);
    show(store, "s3", 12, DELIVERY_DEFERRED);
    show(store, "s4", 13, DELIVERY_UNCERTAIN);
    show(store, "s5", 14, DELIVERY_SKIPPED);
    MUST(outbox_papers_shown(store, "ada", NOW, arena, &papers, &count, &error), error);
    assert_int_equal(count, 3);
    assert_true(view_equal_string(papers[0].id, "2602.00010"));
    assert_true(view_equal_string(papers[1].id, "2602.00012"));
    assert_true(view_equal_string(papers[2].id, "2602.00013"));
    assert_int_equal(papers[2].version, 2);
    MUST(outbox_editions_shown(store, "ada", (struct date){2026, 2, 12}, arena, &dates, &count,
                               &error), error);
    assert_int_equal(count, 3);
    assert_int_equal(dates[0].day, 12);
    assert_int_equal(dates[1].day, 13);
    assert_int_equal(dates[2].day, 28);
    MUST(outbox_papers_shown(store, "ada", NOW + 1, arena, &papers, &count, &error), error);
    assert_int_equal(count, 0);
    MUST(outbox_editions_shown(store, "bob", (struct date){0}, arena, &dates, &count, &error),
         error);
    assert_int_equal(count, 0);
    arena_free(&arena);
    store_close(&store);
}

static void a_retry_has_the_same_list(void **state)
{
    struct store *store = fresh(state);
    struct delivery_batch batch;

    show(store, "s", 10, DELIVERY_DEFERRED);
    batch = claim_at(store, "w", NOW + 600, 1);
    assert_int_equal(batch.count, 1);
    assert_int_equal(batch.items[0].attempts, 1);
    assert_int_equal(batch.items[0].edition_count, 2);
    assert_int_equal(batch.items[0].editions[1].day, 28);
    assert_true(batch.items[0].shown.size > 0);
    delivery_batch_free(&batch);
    store_close(&store);
}

static void transactions_are_all_or_nothing(void **state)
{
    struct store *store = fresh(state), *other = again(state);
    struct error error = {0};

    MUST(store_begin(store, &error), error);
    assert_int_equal(store_begin(store, &error), -1);
    assert_int_equal(error.kind, ERROR_BUG);
    add(store, "ada");
    suppress(store, "bob", SUPPRESSION_OWNER);
    check_counts(other, "");
    store_rollback(store);
    store_rollback(store);
    check_counts(store, "");
    assert_int_equal(store_commit(store, &error), -1);
    MUST(store_begin(store, &error), error);
    add(store, "ada");
    MUST(store_commit(store, &error), error);
    check_counts(other, "queued 1");
    MUST(store_begin(store, &error), error);
    add(store, "bob");
    store_close(&store);
    check_counts(other, "queued 1");
    store_close(&other);
    store_close(&other);
}

static void facts_are_kept(void **state)
{
    struct store *store = fresh(state);
    struct buffer value;
    struct error error = {0};
    bool found = true;

    buffer_init(&value, 100);
    MUST(fact_get(store, "x", &value, &found, &error), error);
    assert_false(found);
    MUST(fact_put(store, "x", VIEW("one"), &error), error);
    MUST(fact_put(store, "x", VIEW(""), &error), error);
    MUST(fact_get(store, "x", &value, &found, &error), error);
    assert_true(found);
    assert_int_equal(value.size, 0);
    MUST(fact_put(store, "x", VIEW("t\0wo"), &error), error);
    MUST(fact_get(store, "x", &value, &found, &error), error);
    assert_memory_equal(buffer_string(&value), "t\0wo", 5);
    buffer_free(&value);
    store_close(&store);
}

int store_suite_run(const char *name, const struct store_opener *opener)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(a_delivery_is_one_by_kind_subscriber_and_slot),
        cmocka_unit_test(claims_take_what_is_due_oldest_first),
        cmocka_unit_test(two_workers_never_claim_the_same),
        cmocka_unit_test(the_suppressed_are_skipped),
        cmocka_unit_test(suppressions_are_found_listed_and_lifted),
        cmocka_unit_test(the_first_sight_of_a_subscriber_stays),
        cmocka_unit_test(kept_messages_come_back_byte_for_byte),
        cmocka_unit_test(every_outcome_is_written_down),
        cmocka_unit_test(a_forbidden_change_changes_nothing),
        cmocka_unit_test(a_released_delivery_is_claimed_again),
        cmocka_unit_test(a_dead_workers_lease_runs_out),
        cmocka_unit_test(a_renewed_lease_holds),
        cmocka_unit_test(the_uncertain_are_sent_again_in_their_time),
        cmocka_unit_test(what_is_too_late_expires),
        cmocka_unit_test(the_next_time_to_work_is_known),
        cmocka_unit_test(problems_are_listed_newest_first),
        cmocka_unit_test(what_was_shown_is_known),
        cmocka_unit_test(a_retry_has_the_same_list),
        cmocka_unit_test(transactions_are_all_or_nothing),
        cmocka_unit_test(facts_are_kept),
    };
    int failed;

    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
        tests[i].initial_state = (void *)(uintptr_t)opener;
    failed = cmocka_run_group_tests_name(name, tests, NULL, NULL);
    return failed + store_suite_editions_run(name, opener);
}
