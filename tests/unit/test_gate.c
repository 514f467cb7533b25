#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/gate.h"
#include "store/holds.h"
#include "store/patience.h"
#include "store/subscribers.h"
#include "unit/data.h"
#include "unit/store_suite.h"

#define NOW_MS ((int64_t)1791400000 * 1000)
#define RELAY "relay.example:25"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

/* One store and the gates of several workers. */
struct gates {
    char *folder;
    char url[600];
    struct store *stores[3];
    struct gate *gates[3];
    int held;
    char told[200];
    int64_t told_lifted;
    bool refuse_notice;
};

static int hear_held(void *user, const struct gate_held *held, struct error *error)
{
    struct gates *gates = user;

    gates->held++;
    gates->told_lifted = held->lifted;
    snprintf(gates->told, sizeof(gates->told), "%s %lld of %lld", held->domain,
             (long long)held->failed, (long long)held->recipients);
    return gates->refuse_notice ? error_set(error, ERROR_TEMPORARY, "no room") : 0;
}

static int set_up(void **state)
{
    struct gates *gates = calloc(1, sizeof(*gates));

    gates->folder = data_temporary_folder();
    snprintf(gates->url, sizeof(gates->url), "sqlite:%s/paperboy.db", gates->folder);
    *state = gates;
    return 0;
}

static void start(struct gates *gates, int worker, struct gate_options options, int64_t now_ms)
{
    char holder[16];
    struct error error = {0};

    snprintf(holder, sizeof(holder), "worker%d", worker);
    options.holder = holder;
    options.held = hear_held;
    options.user = gates;
    if (!gates->stores[worker])
        MUST(store_open(gates->url, NULL, &gates->stores[worker], &error), error);
    MUST(gate_open(gates->stores[worker], &options, now_ms, &gates->gates[worker], &error), error);
}

static int tear_down(void **state)
{
    struct gates *gates = *state;

    for (int i = 0; i < 3; i++) {
        gate_close(&gates->gates[i], NOW_MS);
        store_close(&gates->stores[i]);
    }
    data_remove_folder(&gates->folder);
    free(gates);
    return 0;
}

static struct delivery delivery_to(const char *subscriber)
{
    return (struct delivery){.kind = DELIVERY_DIGEST, .subscriber = subscriber, .worker = "w"};
}

static struct gate_verdict ask(struct gates *gates, int worker, const char *subscriber,
                               int64_t now_ms)
{
    struct delivery delivery = delivery_to(subscriber);
    struct gate_verdict verdict;
    struct error error = {0};

    MUST(gate_ask(gates->gates[worker], &delivery, RELAY, now_ms, &verdict, &error), error);
    assert_true(verdict.kind == GATE_ADMIT ? !verdict.reason[0] && !verdict.everything
                                           : verdict.reason[0] && verdict.until_ms > now_ms);
    return verdict;
}

static void note_result(struct gates *gates, int worker, const char *subscriber,
                        enum delivery_result_kind kind, const char *stage, int code,
                        const char *enhanced, const char *reply, int64_t now_ms)
{
    struct delivery delivery = delivery_to(subscriber);
    struct delivery_result result = {.kind = kind, .code = code};
    struct error error = {0};

    snprintf(result.stage, sizeof(result.stage), "%s", stage);
    snprintf(result.enhanced, sizeof(result.enhanced), "%s", enhanced);
    snprintf(result.reply, sizeof(result.reply), "%s", reply);
    MUST(gate_note(gates->gates[worker], &delivery, RELAY, &result, now_ms, &error), error);
}

static void note_sent(struct gates *gates, int worker, const char *subscriber, int64_t now_ms)
{
    note_result(gates, worker, subscriber, RESULT_SENT, "end-of-data", 250, "2.0.0", "ok", now_ms);
}

static void tick(struct gates *gates, int worker, int64_t now_ms)
{
    struct error error = {0};

    MUST(gate_tick(gates->gates[worker], now_ms, &error), error);
}

/* Admitted and sent at once. */
static bool send_one(struct gates *gates, int worker, const char *subscriber, int64_t now_ms)
{
    if (ask(gates, worker, subscriber, now_ms).kind != GATE_ADMIT)
        return false;
    note_sent(gates, worker, subscriber, now_ms);
    return true;
}

static void without_limits_everything_is_admitted(void **state)
{
    struct gates *gates = *state;

    start(gates, 0, (struct gate_options){0}, NOW_MS);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(ask(gates, 0, "ada@example.org", NOW_MS).kind, GATE_ADMIT);
}

static void the_hour_holds_over_workers_and_restarts(void **state)
{
    struct gates *gates = *state;
    const struct gate_options options = {.per_hour = 500};
    struct gate_verdict verdict;
    int64_t now_ms = NOW_MS;
    int sent = 0;

    for (int i = 0; i < 3; i++)
        start(gates, i, options, now_ms);
    for (int i = 0; i < 1000; i++) {
        now_ms += 10;
        sent += send_one(gates, i % 3, "ada@example.org", now_ms);
        if (i % 100 == 50) { /* it ends, and its rest goes back */
            gate_close(&gates->gates[i % 3], now_ms);
            start(gates, i % 3, options, now_ms);
        }
    }
    /* What a portion of another keeps is at the most five a worker. */
    assert_in_range(sent, 485, 500);
    verdict = ask(gates, 0, "ada@example.org", now_ms);
    assert_int_equal(verdict.kind, GATE_WAIT);
    assert_true(verdict.everything);
    assert_true(strstr(verdict.reason, "500 per hour") != NULL);
    assert_true(verdict.until_ms > now_ms + 59 * MINUTE && verdict.until_ms < now_ms + 63 * MINUTE);
    assert_int_equal(ask(gates, 0, "ada@example.org", verdict.until_ms).kind, GATE_ADMIT);
}

static void an_idle_portion_is_kept_for_others_to_use(void **state)
{
    struct gates *gates = *state;
    const struct gate_options options = {.per_hour = 1000};
    int sent = 0;

    start(gates, 0, options, NOW_MS);
    start(gates, 1, options, NOW_MS);
    assert_true(send_one(gates, 0, "ada@example.org", NOW_MS)); /* and nine are left */
    while (send_one(gates, 1, "bob@example.org", NOW_MS))
        sent++;
    assert_int_equal(sent, 990);
    gate_close(&gates->gates[0], NOW_MS + 1);
    while (send_one(gates, 1, "bob@example.org", NOW_MS + 3 * SECOND))
        sent++;
    assert_int_equal(sent, 999);
}

static void a_domains_hour_stops_no_other(void **state)
{
    struct gates *gates = *state;
    struct gate_verdict verdict;

    start(gates, 0, (struct gate_options){.per_domain = 3}, NOW_MS);
    for (int i = 0; i < 3; i++)
        assert_true(send_one(gates, 0, "ada@Example.org", NOW_MS));
    verdict = ask(gates, 0, "bob@example.org", NOW_MS);
    assert_int_equal(verdict.kind, GATE_DEFER);
    assert_false(verdict.everything);
    assert_true(strstr(verdict.reason, "3 per hour to example.org") != NULL);
    assert_true(send_one(gates, 0, "bob@other.example.org", NOW_MS));
    /* What was cancelled was not sent. */
    assert_int_equal(ask(gates, 0, "c@third.example", NOW_MS).kind, GATE_ADMIT);
    gate_cancel(gates->gates[0], &(struct delivery){.subscriber = "c@third.example"}, RELAY,
                NOW_MS);
    for (int i = 0; i < 3; i++)
        assert_true(send_one(gates, 0, "c@third.example", NOW_MS));
}

static void the_seconds_share_is_nearly_used_up(void **state)
{
    static const double limits[] = {0.5, 2, 7, 100, 900};
    struct gates *gates = *state;

    for (size_t l = 0; l < sizeof(limits) / sizeof(limits[0]); l++) {
        int64_t now_ms = NOW_MS + (int64_t)l * HOUR, end_ms = now_ms + 40 * SECOND;
        double want = limits[l] * 40;
        int sent = 0;

        start(gates, 0, (struct gate_options){.per_second = limits[l]}, now_ms);
        while (now_ms < end_ms) {
            struct gate_verdict verdict = ask(gates, 0, "ada@example.org", now_ms);

            if (verdict.kind == GATE_ADMIT) {
                note_sent(gates, 0, "ada@example.org", now_ms);
                sent++;
            } else {
                assert_true(verdict.everything);
                now_ms = verdict.until_ms;
            }
        }
        if (sent < want * 0.9 - 1 || sent > want + 1)
            fail_msg("%d in 40 s, of %g a second", sent, limits[l]);
        gate_close(&gates->gates[0], now_ms);
    }
}

static void a_clock_set_back_does_not_stop_the_second(void **state)
{
    struct gates *gates = *state;
    struct gate_verdict verdict;

    start(gates, 0, (struct gate_options){.per_second = 10, .per_hour = 1000}, NOW_MS);
    assert_true(send_one(gates, 0, "ada@example.org", NOW_MS));
    verdict = ask(gates, 0, "ada@example.org", NOW_MS - 5 * HOUR);
    assert_true(verdict.kind == GATE_WAIT && verdict.until_ms < NOW_MS - 5 * HOUR + SECOND);
    assert_true(send_one(gates, 0, "ada@example.org", verdict.until_ms));
    assert_true(send_one(gates, 0, "ada@example.org", NOW_MS + 50 * HOUR));
}

static void connections_of_a_domain_are_shared(void **state)
{
    struct gates *gates = *state;
    const struct gate_options options = {.domain_connections = 3};
    struct gate_verdict verdict;

    start(gates, 0, options, NOW_MS);
    start(gates, 1, options, NOW_MS);
    assert_int_equal(ask(gates, 0, "a@example.org", NOW_MS).kind, GATE_ADMIT);
    assert_int_equal(ask(gates, 0, "b@example.org", NOW_MS).kind, GATE_ADMIT);
    assert_int_equal(ask(gates, 1, "c@example.org", NOW_MS).kind, GATE_ADMIT);
    verdict = ask(gates, 1, "d@example.org", NOW_MS);
    assert_int_equal(verdict.kind, GATE_WAIT);
    assert_false(verdict.everything);
    assert_int_equal(ask(gates, 1, "d@other.example", NOW_MS).kind, GATE_ADMIT);
    /* One of its own that ends is enough; one of another's when it has lain idle. */
    note_sent(gates, 1, "c@example.org", NOW_MS + 1);
    assert_int_equal(ask(gates, 1, "d@example.org", NOW_MS + 1).kind, GATE_ADMIT);
    note_sent(gates, 0, "a@example.org", NOW_MS + 2);
    assert_int_equal(ask(gates, 1, "e@example.org", NOW_MS + 2 * SECOND).kind, GATE_WAIT);
    tick(gates, 0, NOW_MS + 6 * SECOND);
    assert_int_equal(ask(gates, 1, "e@example.org", NOW_MS + 7 * SECOND).kind, GATE_ADMIT);
    /* A worker that stays keeps them, one that was killed does not. */
    for (int64_t t = 7; t < 300; t++)
        tick(gates, 0, NOW_MS + t * SECOND);
    verdict = ask(gates, 0, "f@example.org", NOW_MS + 300 * SECOND);
    assert_int_equal(verdict.kind, GATE_ADMIT);
    assert_int_equal(ask(gates, 0, "g@example.org", NOW_MS + 300 * SECOND).kind, GATE_ADMIT);
    assert_int_equal(ask(gates, 0, "h@example.org", NOW_MS + 302 * SECOND).kind, GATE_WAIT);
}

/* 4.7.28: stop, come back with one, add one at a time. Over both workers. */
static void a_domain_that_asks_is_left_alone_and_grows_again(void **state)
{
    struct gates *gates = *state;
    struct delivery_result result = {.kind = RESULT_DEFERRED, .code = 421, .stage = "rcpt",
                                     .enhanced = "4.7.28",
                                     .reply = "421 4.7.28 unusual rate of mail"};
    struct delivery delivery = delivery_to("a@gmail.example");
    struct gate_advice advice;
    struct gate_verdict verdict;
    int64_t now_ms = NOW_MS;

    start(gates, 0, (struct gate_options){0}, now_ms);
    start(gates, 1, (struct gate_options){0}, now_ms);
    for (int i = 0; i < 8; i++)
        assert_int_equal(ask(gates, 0, "a@gmail.example", now_ms).kind, GATE_ADMIT);
    gate_judge(gates->gates[0], &delivery, RELAY, &result, 1, 7, now_ms, &advice);
    assert_string_equal(advice.reason, "speeding");
    assert_in_range(advice.not_before_utc, now_ms / 1000 + PATIENCE_FIRST_MS / 1000,
                    now_ms / 1000 + PATIENCE_FIRST_MS / 1000 + 130);
    for (int i = 0; i < 8; i++) /* all that were under way are told so */
        note_result(gates, 0, "a@gmail.example", RESULT_DEFERRED, "rcpt", 421, "4.7.28",
                    "421 4.7.28 unusual rate of mail", now_ms + i);
    verdict = ask(gates, 0, "b@gmail.example", now_ms + 10);
    assert_int_equal(verdict.kind, GATE_DEFER);
    assert_int_equal(verdict.until_ms, now_ms + PATIENCE_FIRST_MS);
    assert_true(strstr(verdict.reason, "gmail.example is left alone until ") != NULL);
    assert_true(strstr(verdict.reason, "4.7.28") != NULL);
    assert_int_equal(ask(gates, 0, "b@other.example", now_ms + 10).kind, GATE_ADMIT);
    /* The other worker knows soon, and one that starts knows. */
    tick(gates, 1, now_ms + 6 * SECOND);
    assert_int_equal(ask(gates, 1, "b@gmail.example", now_ms + 6 * SECOND).kind, GATE_DEFER);
    gate_close(&gates->gates[0], now_ms + 7 * SECOND);
    start(gates, 0, (struct gate_options){0}, now_ms + 8 * SECOND);
    assert_int_equal(ask(gates, 0, "b@gmail.example", now_ms + 8 * SECOND).kind, GATE_DEFER);

    now_ms += PATIENCE_FIRST_MS;
    assert_int_equal(ask(gates, 0, "b@gmail.example", now_ms).kind, GATE_ADMIT);
    assert_int_equal(ask(gates, 0, "c@gmail.example", now_ms).kind, GATE_WAIT);
    assert_int_equal(ask(gates, 1, "c@gmail.example", now_ms).kind, GATE_WAIT);
    for (int want = 2; want < 16; want++) {
        int got;

        note_sent(gates, 0, "b@gmail.example", now_ms);
        for (int i = 0; i < want; i++) { /* as many as it has are taken, and a minute goes by */
            now_ms += MINUTE;
            tick(gates, 0, now_ms);
            if (send_one(gates, 0, "b@gmail.example", now_ms) && i == 0)
                break;
        }
        for (got = 0; ask(gates, 0, "b@gmail.example", now_ms + 2 * SECOND).kind == GATE_ADMIT; got++)
            assert_true(got < 20);
        if (got > want)
            fail_msg("%d at a time where %d was next", got, want);
        for (int i = 1; i < got; i++)
            note_sent(gates, 0, "b@gmail.example", now_ms + 2 * SECOND);
        if (got < want)
            want = got;
    }
    /* By then it is one like any other. */
    for (int i = 0; i < 200; i++) {
        now_ms += MINUTE;
        tick(gates, 0, now_ms);
        send_one(gates, 0, "b@gmail.example", now_ms);
    }
    for (int i = 0; i < 40; i++)
        assert_int_equal(ask(gates, 0, "b@gmail.example", now_ms).kind, GATE_ADMIT);
}

static void a_relay_that_asks_rests_itself(void **state)
{
    struct gates *gates = *state;

    start(gates, 0, (struct gate_options){0}, NOW_MS);
    assert_int_equal(ask(gates, 0, "a@example.org", NOW_MS).kind, GATE_ADMIT);
    note_result(gates, 0, "a@example.org", RESULT_DEFERRED, "mail", 450, "4.7.1",
                "450 4.7.1 too much mail from you", NOW_MS);
    assert_int_equal(ask(gates, 0, "a@other.example", NOW_MS).kind, GATE_DEFER);
    assert_int_equal(ask(gates, 0, "a@other.example", NOW_MS + PATIENCE_FIRST_MS).kind,
                     GATE_ADMIT);
    assert_int_equal(ask(gates, 0, "a@third.example", NOW_MS + PATIENCE_FIRST_MS).kind, GATE_WAIT);
}

static void greylisting_is_no_trouble(void **state)
{
    struct gates *gates = *state;
    struct delivery delivery = delivery_to("a@example.org");
    struct delivery_result result = {.kind = RESULT_DEFERRED, .code = 450, .stage = "rcpt",
                                     .enhanced = "4.2.0", .reply = "450 4.2.0 Greylisted"};
    struct gate_advice advice;

    start(gates, 0, (struct gate_options){0}, NOW_MS);
    assert_int_equal(ask(gates, 0, "a@example.org", NOW_MS).kind, GATE_ADMIT);
    gate_judge(gates->gates[0], &delivery, RELAY, &result, 1, 99, NOW_MS, &advice);
    assert_in_range(advice.not_before_utc, NOW_MS / 1000 + 270, NOW_MS / 1000 + 330);
    note_result(gates, 0, "a@example.org", RESULT_DEFERRED, "rcpt", 450, "4.2.0",
                "450 4.2.0 Greylisted", NOW_MS);
    for (int i = 0; i < 20; i++)
        assert_int_equal(ask(gates, 0, "a@example.org", NOW_MS).kind, GATE_ADMIT);
}

/* ---- refusals ---- */

static void refuse(struct gates *gates, int worker, const char *address, const char *enhanced,
                   const char *reply)
{
    ask(gates, worker, address, NOW_MS);
    note_result(gates, worker, address, RESULT_FAILED, "rcpt", 550, enhanced, reply, NOW_MS);
}

static struct suppression_found find(struct gates *gates, const char *address)
{
    struct suppression_found found;
    struct error error = {0};

    MUST(suppression_find(gates->stores[0], address, &found, &error), error);
    return found;
}

static void only_the_dead_are_suppressed(void **state)
{
    static const struct {
        const char *enhanced;
        const char *reply;
        int times; /* refusals until it is suppressed; 0: never */
    } cases[] = {
        {"5.1.1", "550 5.1.1 user unknown", 1},
        {"5.1.2", "550 5.1.2 host unknown", 1},
        {"5.1.6", "550 5.1.6 has moved", 1},
        {"", "550 no such user here", 2},
        {"5.4.4", "550 5.4.4 Host not found", 2},
        {"5.7.1", "550 5.7.1 blocked using zen.spamhaus.org", 0},
        {"5.7.26", "550 5.7.26 unauthenticated email", 0},
        {"5.7.1", "554 5.7.1 spam message rejected", 0},
        {"5.7.1", "550 5.7.1 denied by policy", 0},
        {"5.1.1", "550 5.1.1 sent to too many recipients this hour", 1},
        {"5.2.2", "552 5.2.2 mailbox full", 0},
        {"5.2.1", "550 5.2.1 account disabled", 0},
        {"", "550 no", 0},
    };
    struct gates *gates = *state;

    start(gates, 0, (struct gate_options){.hard = 2, .hold_percent = 5}, NOW_MS);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char address[64];
        int times = 0;

        snprintf(address, sizeof(address), "r@domain%zu.example", i);
        while (times < 5 && !find(gates, address).found) {
            refuse(gates, 0, address, cases[i].enhanced, cases[i].reply);
            times++;
        }
        if (!find(gates, address).found)
            times = 0;
        /* A number that says dead does not outweigh words that say otherwise. */
        if (strstr(cases[i].reply, "too many recipients") ? times : times != cases[i].times)
            fail_msg("%s: %d", cases[i].reply, times);
        if (times) {
            struct suppression_found found = find(gates, address);

            assert_int_equal(found.reason, SUPPRESSION_BOUNCED);
            assert_int_equal(found.since_utc, NOW_MS / 1000);
            assert_true(strstr(found.evidence, cases[i].reply) != NULL);
            assert_true(strstr(found.evidence, " at rcpt: ") != NULL);
        }
    }
    assert_int_equal(gates->held, 0);
}

static void mail_that_is_taken_clears_the_address(void **state)
{
    struct gates *gates = *state;

    start(gates, 0, (struct gate_options){.hard = 2}, NOW_MS);
    refuse(gates, 0, "ada@example.org", "", "550 no such user here");
    assert_true(send_one(gates, 0, "ada@example.org", NOW_MS));
    refuse(gates, 0, "ada@example.org", "", "550 no such user here");
    assert_false(find(gates, "ada@example.org").found);
    /* As a worker that starts later knows. */
    gate_close(&gates->gates[0], NOW_MS);
    start(gates, 0, (struct gate_options){.hard = 2}, NOW_MS);
    assert_true(send_one(gates, 0, "ada@example.org", NOW_MS));
    refuse(gates, 0, "ada@example.org", "", "550 no such user here");
    assert_false(find(gates, "ada@example.org").found);
    refuse(gates, 0, "ada@example.org", "", "550 no such user here");
    assert_true(find(gates, "ada@example.org").found);
}

static void answers_suppress_nobody(void **state)
{
    struct gates *gates = *state;
    struct delivery answer = {.kind = DELIVERY_CONFIRMATION, .subscriber = "x@example.org"};
    struct delivery_result result = {.kind = RESULT_FAILED, .code = 550, .stage = "rcpt",
                                     .enhanced = "5.1.1", .reply = "550 5.1.1 unknown user"};
    struct error error = {0};

    start(gates, 0, (struct gate_options){0}, NOW_MS);
    MUST(gate_note(gates->gates[0], &answer, RELAY, &result, NOW_MS, &error), error);
    assert_false(find(gates, "x@example.org").found);
}

/* Digests of the domain that the store knows as sent. */
static void add_sent(struct gates *gates, int count)
{
    struct delivery_batch batch;
    struct error error = {0};

    for (int i = 0; i < count; i++) {
        struct delivery_request request = {.kind = DELIVERY_DIGEST, .slot = "2026-02-17",
                                           .expires_utc = NOW_MS / 1000 + 86400};
        char address[64];

        snprintf(address, sizeof(address), "good%d@example.org", i);
        request.subscriber = address;
        MUST(outbox_add(gates->stores[0], &request, NULL, &error), error);
    }
    MUST(outbox_claim(gates->stores[0], "w", NOW_MS / 1000, 300, 1000, &batch, &error), error);
    for (size_t i = 0; i < batch.count; i++) {
        const struct delivery_outcome sent = {.state = DELIVERY_SENT, .now_utc = NOW_MS / 1000};

        MUST(outbox_begin(gates->stores[0], &batch.items[i], &error), error);
        MUST(outbox_finish(gates->stores[0], &batch.items[i], &sent, &error), error);
    }
    delivery_batch_free(&batch);
}

static void too_many_dead_hold_the_domain(void **state)
{
    struct gates *gates = *state;
    const struct gate_options options = {.hold_percent = 5};
    struct delivery answer = {.kind = DELIVERY_ANSWER, .subscriber = "x@example.org"};
    struct gate_verdict verdict;
    struct error error = {0};

    start(gates, 0, options, NOW_MS);
    start(gates, 1, options, NOW_MS);
    add_sent(gates, 30);
    refuse(gates, 0, "dead1@example.org", "5.1.1", "550 5.1.1 unknown user");
    assert_true(find(gates, "dead1@example.org").found);
    assert_int_equal(gates->held, 0);
    refuse(gates, 1, "dead2@example.org", "5.1.1", "550 5.1.1 unknown user");
    assert_int_equal(gates->held, 1);
    assert_string_equal(gates->told, "example.org 2 of 32");
    assert_int_equal(gates->told_lifted, 2);
    assert_false(find(gates, "dead1@example.org").found);
    assert_false(find(gates, "dead2@example.org").found);
    /* What was under way. */
    refuse(gates, 0, "dead3@example.org", "5.1.1", "550 5.1.1 unknown user");
    assert_false(find(gates, "dead3@example.org").found);
    assert_int_equal(gates->held, 1);
    verdict = ask(gates, 1, "good1@example.org", NOW_MS + SECOND);
    assert_int_equal(verdict.kind, GATE_DEFER);
    assert_int_equal(verdict.until_ms / 1000, NOW_MS / 1000 + HOLD_SECONDS);
    assert_true(strncmp(verdict.reason, HOLD_REPLY_PREFIX, strlen(HOLD_REPLY_PREFIX)) == 0);
    tick(gates, 0, NOW_MS + 6 * SECOND);
    assert_int_equal(ask(gates, 0, "good1@example.org", NOW_MS + 6 * SECOND).kind, GATE_DEFER);
    /* Somebody who asks something gets an answer. */
    MUST(gate_ask(gates->gates[0], &answer, RELAY, NOW_MS + 6 * SECOND, &verdict, &error), error);
    assert_int_equal(verdict.kind, GATE_ADMIT);
    assert_int_equal(ask(gates, 0, "good1@sub.example.org", NOW_MS + 6 * SECOND).kind, GATE_ADMIT);
    assert_int_equal(ask(gates, 0, "good1@example.org",
                         NOW_MS + (int64_t)HOLD_SECONDS * 1000).kind, GATE_ADMIT);
}

/* A hold that nobody is told of is none. */
static void hold_and_notice_stand_together(void **state)
{
    struct gates *gates = *state;
    struct delivery delivery = delivery_to("dead2@example.org");
    struct delivery_result result = {.kind = RESULT_FAILED, .code = 550, .stage = "rcpt",
                                     .enhanced = "5.1.1", .reply = "550 5.1.1 unknown user"};
    struct error error = {0};

    start(gates, 0, (struct gate_options){.hold_percent = 5}, NOW_MS);
    add_sent(gates, 25);
    refuse(gates, 0, "dead1@example.org", "5.1.1", "550 5.1.1 unknown user");
    gates->refuse_notice = true;
    assert_int_equal(gate_note(gates->gates[0], &delivery, RELAY, &result, NOW_MS, &error), -1);
    assert_int_equal(ask(gates, 0, "good@example.org", NOW_MS).kind, GATE_ADMIT);
    assert_true(find(gates, "dead1@example.org").found);
    gates->refuse_notice = false;
    MUST(gate_note(gates->gates[0], &delivery, RELAY, &result, NOW_MS, &error), error);
    assert_int_equal(ask(gates, 0, "good@example.org", NOW_MS).kind, GATE_DEFER);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(without_limits_everything_is_admitted),
        TEST(the_hour_holds_over_workers_and_restarts),
        TEST(an_idle_portion_is_kept_for_others_to_use),
        TEST(a_domains_hour_stops_no_other),
        TEST(the_seconds_share_is_nearly_used_up),
        TEST(a_clock_set_back_does_not_stop_the_second),
        TEST(connections_of_a_domain_are_shared),
        TEST(a_domain_that_asks_is_left_alone_and_grows_again),
        TEST(a_relay_that_asks_rests_itself),
        TEST(greylisting_is_no_trouble),
        TEST(only_the_dead_are_suppressed),
        TEST(mail_that_is_taken_clears_the_address),
        TEST(answers_suppress_nobody),
        TEST(too_many_dead_hold_the_domain),
        TEST(hold_and_notice_stand_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
