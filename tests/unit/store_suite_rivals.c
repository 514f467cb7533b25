/* Several at once on one store, each with a handle of its own: what one alone never
 * shows. */
#include "unit/store_suite_parts.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "store/editions.h"
#include "store/prune.h"

enum { RIVALS = 4, SUBSCRIBERS = 60, SLOTS = 3, PAPERS = 30, DAYS = 12 };

struct rival {
    struct store *store;
    int number;
    int done;
    const char *wrong; /* NULL: all was well */
    struct error error;
};

/* cmocka's assertions belong to the main thread: the others only note. */
static int note_wrong(struct rival *rival, const char *what)
{
    if (!rival->wrong)
        rival->wrong = what;
    return -1;
}

static void compete(void **state, struct store *first, void *(*run)(void *), struct rival *rivals)
{
    pthread_t threads[RIVALS];

    for (int i = 0; i < RIVALS; i++) {
        rivals[i] = (struct rival){.number = i,
                                   .store = i ? suite_open_again(state) : first};
    }
    for (int i = 0; i < RIVALS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run, &rivals[i]), 0);
    for (int i = 0; i < RIVALS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < RIVALS; i++) {
        if (i)
            store_close(&rivals[i].store);
        if (rivals[i].wrong)
            fail_msg("rival %d: %s: %s", i, rivals[i].wrong, rivals[i].error.text);
    }
}

/* ---- claims ---- */

/* How many hold a digest of each subscriber, and how often each delivery was sent. */
static struct {
    pthread_mutex_t lock;
    int holders[SUBSCRIBERS];
    int times[SUBSCRIBERS][SLOTS];
    int sent;
} held = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool find_place(const struct delivery *delivery, int *ret_subscriber, int *ret_slot)
{
    return sscanf(delivery->subscriber, "s%d", ret_subscriber) == 1 &&
           sscanf(delivery->slot, "%d", ret_slot) == 1;
}

/* A batch may hold several of one subscriber, in their order. */
static int take_note(struct rival *rival, const struct delivery_batch *batch, int change)
{
    int result = 0;

    pthread_mutex_lock(&held.lock);
    for (size_t i = 0; i < batch->count; i++) {
        int subscriber, slot;
        bool is_first = true;

        if (!find_place(&batch->items[i], &subscriber, &slot)) {
            result = note_wrong(rival, "an unknown delivery");
            continue;
        }
        for (size_t j = 0; j < i; j++)
            if (strcmp(batch->items[j].subscriber, batch->items[i].subscriber) == 0)
                is_first = false;
        if (is_first)
            held.holders[subscriber] += change;
        if (held.holders[subscriber] > 1)
            result = note_wrong(rival, "two hold digests of one subscriber");
        if (change > 0 && ++held.times[subscriber][slot] > 1)
            result = note_wrong(rival, "a delivery was claimed twice");
    }
    pthread_mutex_unlock(&held.lock);
    return result;
}

static int work_batch(struct rival *rival, struct delivery_batch *batch)
{
    const struct delivery_outcome sent = {.state = DELIVERY_SENT, .now_utc = NOW};

    if (take_note(rival, batch, 1) < 0)
        return -1;
    for (size_t i = 0; i < batch->count; i++)
        if (outbox_begin(rival->store, &batch->items[i], &rival->error) < 0)
            return note_wrong(rival, "begin");
    /* Noted before it is true for others: they may claim from the first row on. */
    if (take_note(rival, batch, -1) < 0)
        return -1;
    for (size_t i = 0; i < batch->count; i++)
        if (outbox_finish(rival->store, &batch->items[i], &sent, &rival->error) < 0)
            return note_wrong(rival, "finish");
    pthread_mutex_lock(&held.lock);
    held.sent += (int)batch->count;
    pthread_mutex_unlock(&held.lock);
    return 0;
}

static bool is_all_sent(void)
{
    bool is_all;

    pthread_mutex_lock(&held.lock);
    is_all = held.sent == SUBSCRIBERS * SLOTS;
    pthread_mutex_unlock(&held.lock);
    return is_all;
}

static void *claim_until_done(void *user)
{
    struct rival *rival = user;
    char worker[20];
    int rounds = 0;

    snprintf(worker, sizeof(worker), "w%d", rival->number);
    while (!is_all_sent() && !rival->wrong) {
        struct delivery_batch batch = {0};
        struct outbox_recovered recovered;

        if (outbox_recover(rival->store, NOW, UNCERTAIN_RESEND, &recovered, &rival->error) < 0 ||
            outbox_claim(rival->store, worker, NOW, 300, 1 + (size_t)rival->number % 2, &batch,
                         &rival->error) < 0) {
            note_wrong(rival, "claim");
            break;
        }
        /* Lets the others work, who under Valgrind run one at a time. */
        if (!batch.count)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        if (++rounds > 10000)
            note_wrong(rival, "never done");
        work_batch(rival, &batch);
        delivery_batch_free(&batch);
    }
    return NULL;
}

static void rivals_share_the_outbox(void **state)
{
    struct store *store = suite_open(state);
    struct rival rivals[RIVALS];
    char name[20], slot[20];

    memset(held.holders, 0, sizeof(held.holders));
    memset(held.times, 0, sizeof(held.times));
    held.sent = 0;
    /* Those of one subscriber are next to each other: two who claim at once meet there. */
    for (int j = 0; j < SUBSCRIBERS; j++)
        for (int i = 0; i < SLOTS; i++) {
            snprintf(name, sizeof(name), "s%d", j);
            snprintf(slot, sizeof(slot), "%d", i);
            suite_add_at(store, DELIVERY_DIGEST, name, slot, NOW);
        }
    compete(state, store, claim_until_done, rivals);
    suite_check_counts(store, "sent 180");
    store_close(&store);
}

/* ---- many changes at once ---- */

enum { MANY = 450 }; /* more than travel together */

static void many_are_changed_at_once(void **state)
{
    struct store *store = suite_open(state);
    struct delivery_outcome outcomes[MANY];
    struct delivery *deliveries[MANY];
    struct delivery_batch batch;
    struct outbox_recovered recovered;
    struct error error = {0};
    bool lost[MANY] = {0};
    char name[20];

    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "s%d", i);
        suite_add(store, name);
    }
    batch = suite_claim_at(store, "w", NOW, MANY);
    assert_int_equal(batch.count, MANY);
    for (int i = 0; i < MANY; i++) {
        deliveries[i] = &batch.items[i];
        outcomes[i] = (struct delivery_outcome){
            .state = i % 3 ? DELIVERY_SENT : DELIVERY_DEFERRED, .now_utc = NOW + 1,
            .not_before_utc = NOW + 60 + i, .reply = "250 2.0.0 Ok"};
    }
    assert_int_equal(outbox_begin_many(store, deliveries, MANY, lost, &error), -1);
    assert_int_equal(error.kind, ERROR_BUG); /* no transaction */
    MUST(outbox_recover_only(store, batch.items[7].subscriber, NOW + 300, UNCERTAIN_HOLD, &recovered,
                             &error), error);
    MUST(store_begin(store, &error), error);
    MUST(outbox_begin_many(store, deliveries, MANY, lost, &error), error);
    store_rollback(store);
    suite_check_counts(store, "queued 1 claimed 449");
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(lost[i], i == 7);
        assert_int_equal(batch.items[i].attempts, i != 7);
        if (i != 7) {
            batch.items[i].state = DELIVERY_CLAIMED; /* it was rolled back */
            batch.items[i].attempts = 0;
        }
    }
    MUST(store_begin(store, &error), error);
    MUST(outbox_begin_many(store, deliveries, MANY, lost, &error), error);
    MUST(store_commit(store, &error), error);
    suite_check_counts(store, "queued 1 sending 449");
    deliveries[7] = deliveries[MANY - 1];
    outcomes[7] = outcomes[MANY - 1];
    MUST(store_begin(store, &error), error);
    MUST(outbox_finish_many(store, deliveries, outcomes, MANY - 1, lost, &error), error);
    /* What follows in the same transaction is the usual way. */
    suite_add(store, "late");
    MUST(store_commit(store, &error), error);
    for (int i = 0; i < MANY - 1; i++)
        assert_false(lost[i]);
    suite_check_counts(store, "queued 2 sent 299 deferred 150");
    suite_check_claim(store, NOW + 62, "s7 late s0");
    MUST(store_begin(store, &error), error);
    assert_int_equal(outbox_begin_many(store, deliveries, 1, lost, &error), -1);
    assert_int_equal(error.kind, ERROR_BUG); /* it has ended */
    store_rollback(store);
    delivery_batch_free(&batch);
    store_close(&store);
}

static void many_are_added_at_once(void **state)
{
    static const struct delivery_outcome away = {.state = DELIVERY_SKIPPED, .now_utc = NOW};
    struct store *store = suite_open(state);
    struct delivery_request requests[MANY] = {{0}};
    const char *addresses[MANY + 1];
    char names[MANY][20];
    struct subscriber_seen seen;
    struct delivery_batch batch;
    struct error error = {0};
    bool are_new[MANY];

    suite_add(store, "s3");
    suite_add(store, "s4");
    MUST(subscriber_see(store, "s3", NOW - 1, (struct date){0}, &seen, &error), error);
    batch = suite_claim(store, "w");
    MUST(outbox_finish(store, &batch.items[1], &away, &error), error);
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof(names[i]), "s%d", i);
        addresses[i] = names[i];
        requests[i] = (struct delivery_request){.kind = DELIVERY_DIGEST, .subscriber = names[i],
                                                .slot = "2026-02-17", .created_utc = NOW,
                                                .not_before_utc = NOW + i,
                                                .expires_utc = NOW + DAY};
    }
    addresses[MANY] = names[0]; /* who has two deliveries */
    MUST(store_begin(store, &error), error);
    MUST(outbox_add_many(store, requests, MANY, are_new, &error), error);
    MUST(subscriber_see_many(store, addresses, MANY + 1, NOW, (struct date){2026, 2, 17}, &error),
         error);
    MUST(store_commit(store, &error), error);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(are_new[i], i != 3); /* s4's had been skipped and is there again */
    suite_check_counts(store, "queued 449 claimed 1");
    suite_check_claim(store, NOW + 6, "s0 s1 s2 s4 s5 s6");
    MUST(subscriber_see(store, "s3", NOW, (struct date){0}, &seen, &error), error);
    assert_int_equal(seen.first_seen_utc, NOW - 1);
    MUST(subscriber_see(store, "s449", NOW + 9, (struct date){0}, &seen, &error), error);
    assert_int_equal(seen.first_seen_utc, NOW);
    assert_int_equal(seen.first_edition.day, 17);
    MUST(store_begin(store, &error), error);
    MUST(outbox_add_many(store, requests, 5, are_new, &error), error);
    requests[0].message = VIEW("bytes");
    requests[0].envelope_sender = "";
    assert_int_equal(outbox_add_many(store, requests, 1, are_new, &error), -1);
    assert_int_equal(error.kind, ERROR_BUG);
    store_rollback(store);
    for (int i = 0; i < 5; i++)
        assert_false(are_new[i]);
    delivery_batch_free(&batch);
    store_close(&store);
}

/* ---- the same added by all ---- */

static void *add_all(void *user)
{
    struct rival *rival = user;

    for (int i = 0; i < SUBSCRIBERS && !rival->wrong; i++) {
        char name[20];
        struct delivery_request request = {
            .kind = i % 2 ? DELIVERY_ANSWER : DELIVERY_DIGEST, .subscriber = name, .slot = "s",
            .created_utc = NOW, .not_before_utc = NOW, .expires_utc = NOW + DAY,
            .message = i % 2 ? VIEW("bytes") : (struct view){0}, .envelope_sender = ""};
        bool is_new = false;

        snprintf(name, sizeof(name), "s%d", i);
        if (outbox_add(rival->store, &request, &is_new, &rival->error) < 0)
            note_wrong(rival, "add");
        rival->done += is_new;
    }
    return NULL;
}

static void one_of_rivals_adds_a_delivery(void **state)
{
    struct store *store = suite_open(state);
    struct rival rivals[RIVALS];
    int done = 0;

    compete(state, store, add_all, rivals);
    for (int i = 0; i < RIVALS; i++)
        done += rivals[i].done;
    assert_int_equal(done, SUBSCRIBERS);
    suite_check_counts(store, "queued 60");
    store_close(&store);
}

/* ---- editions ---- */

static int put_day(struct rival *rival, struct date date, bool backwards)
{
    struct edition edition = {.date = date, .fetched_utc = NOW, .state = EDITION_COMPLETE};
    struct papers papers;
    int result;

    papers_init(&papers);
    for (int i = 0; i < PAPERS; i++) {
        struct view categories[] = {VIEW("cs.LG")};
        struct paper paper = {.version = 1, .source_title = VIEW("A study of patience"),
                              .source_abstract = VIEW("It helps."), .categories = categories,
                              .category_count = 1};
        char id[32];

        snprintf(id, sizeof(id), "2602.%05d", backwards ? PAPERS - i : i + 1);
        paper.id = view_of(id);
        papers_add(&papers, &paper, NULL);
    }
    result = store_put_edition(rival->store, &edition, &papers, NULL, &rival->error);
    papers_free(&papers);
    return result < 0 ? note_wrong(rival, "put") : 0;
}

/* Two put the same days, one of them backwards; a third puts an old one with the same
 * papers, which the fourth prunes all the time. */
static void *put_and_prune(void *user)
{
    const struct prune_limits limits = {.editions_before = {2026, 1, 1}};
    struct rival *rival = user;

    for (int day = 1; day <= DAYS && !rival->wrong; day++) {
        struct pruned pruned;

        if (rival->number == 0) {
            if (store_prune(rival->store, &limits, &pruned, &rival->error) < 0)
                note_wrong(rival, "prune");
        } else if (rival->number == 1) {
            put_day(rival, (struct date){2025, 1, 1}, false);
        } else {
            put_day(rival, (struct date){2026, 2, day}, rival->number == 3);
        }
    }
    return NULL;
}

static void rivals_make_whole_editions(void **state)
{
    struct store *store = suite_open(state);
    struct rival rivals[RIVALS];
    struct error error = {0};

    compete(state, store, put_and_prune, rivals);
    for (int day = 1; day <= DAYS; day++) {
        struct papers papers;

        papers_init(&papers);
        MUST(store_load_edition(store, (struct date){2026, 2, day}, &papers, &error), error);
        assert_int_equal(papers.count, PAPERS);
        papers_free(&papers);
    }
    store_close(&store);
}

int store_suite_rivals_run(const struct store_opener *opener)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(rivals_share_the_outbox),
        cmocka_unit_test(many_are_changed_at_once),
        cmocka_unit_test(many_are_added_at_once),
        cmocka_unit_test(one_of_rivals_adds_a_delivery),
        cmocka_unit_test(rivals_make_whole_editions),
    };

    return suite_run_tests("rivals", tests, sizeof(tests) / sizeof(tests[0]), opener);
}
