#include "unit/store_suite_parts.h"

#include <stdio.h>
#include <string.h>

#include "store/shown.h"

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
        struct store *store = suite_open(state);
        struct delivery_batch batch;

        /* One waits when the suppression comes, the others are added after it. */
        suite_add(store, "gone");
        suite_add_at(store, DELIVERY_ANSWER, "gone", "early", NOW);
        suite_suppress(store, "gone", cases[i].reason);
        suite_check_counts(store, cases[i].answers ? "queued 1 skipped 1" : "skipped 2");
        suite_add_at(store, DELIVERY_DIGEST, "gone", "later", NOW);
        suite_add_at(store, DELIVERY_CONFIRMATION, "gone", "later", NOW);
        suite_add(store, "here");
        /* A batch in which all are suppressed is not the end. */
        batch = suite_claim_at(store, "w", NOW, cases[i].answers ? 100 : 1);
        suite_check_claimed(&batch, cases[i].answers ? "gone gone here" : "here");
        assert_int_equal(batch.skipped, cases[i].answers ? 1 : 2);
        delivery_batch_free(&batch);
        store_close(&store);
    }
}

static void suppressions_are_found_listed_and_lifted(void **state)
{
    struct store *store = suite_open(state);
    struct suppression_found found = {.found = true};
    struct suppression_list list;
    struct error error = {0};
    int64_t count = 0;
    bool was_there = false;

    MUST(suppression_find(store, "ada", &found, &error), error);
    assert_false(found.found);
    suite_suppress(store, "ada", SUPPRESSION_COMPLAINED);
    suite_suppress(store, "ada", SUPPRESSION_UNSUBSCRIBED);
    suite_suppress(store, "ada", SUPPRESSION_UNSUBSCRIBED);
    suite_suppress(store, "bob", SUPPRESSION_BOUNCED);
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
    struct store *store = suite_open(state);
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

/* Sends, or not, a digest of one edition that shows one paper of its day. */
static void show(struct store *store, const char *slot, int day, enum delivery_state end)
{
    struct edition_shown editions[] = {{{2026, 2, day}, 7}, {{2026, 2, 28}, (size_t)day}};
    struct delivery_batch batch;
    struct buffer shown;
    int64_t previous = 0;
    char id[16];

    suite_add_at(store, DELIVERY_DIGEST, "ada", slot, NOW);
    batch = suite_claim(store, "w");
    assert_int_equal(batch.count, 1);
    buffer_init(&shown, SHOWN_BYTES_MAX);
    snprintf(id, sizeof(id), "2602.000%02d", day);
    shown_add(&shown, view_of(id), 2, &previous);
    batch.items[0].editions = editions;
    batch.items[0].edition_count = 2;
    batch.items[0].shown = buffer_view(&shown);
    suite_finish(store, &batch.items[0], end);
    delivery_batch_free(&batch);
    buffer_free(&shown);
}

static void what_was_shown_is_known(void **state)
{
    struct store *store = suite_open(state);
    struct arena *arena = arena_new();
    struct shown_paper *papers;
    struct edition_shown *editions;
    struct error error = {0};
    size_t count = 0;

    show(store, "s1", 10, DELIVERY_SENT);
    show(store, "s2", 11, DELIVERY_FAILED);
    show(store, "s3", 12, DELIVERY_DEFERRED);
    show(store, "s4", 13, DELIVERY_UNCERTAIN);
    show(store, "s5", 14, DELIVERY_SKIPPED);
    MUST(outbox_papers_shown(store, "ada", 0, NOW, arena, &papers, &count, &error), error);
    assert_int_equal(count, 3);
    assert_true(view_equal_string(papers[0].id, "2602.00010"));
    assert_true(view_equal_string(papers[1].id, "2602.00012"));
    assert_true(view_equal_string(papers[2].id, "2602.00013"));
    assert_int_equal(papers[2].version, 2);
    MUST(outbox_editions_shown(store, "ada", 1, (struct date){0}, arena, &editions,
                               &count, &error), error);
    assert_int_equal(count, 3);
    assert_int_equal(editions[0].date.day, 12);
    assert_int_equal(editions[1].date.day, 13);
    assert_int_equal(editions[2].date.day, 28);
    assert_int_equal(editions[0].papers, 7);
    assert_int_equal(editions[2].papers, 13); /* the most of them */
    MUST(outbox_papers_shown(store, "ada", 0, NOW + 1, arena, &papers, &count, &error), error);
    assert_int_equal(count, 0);
    MUST(outbox_editions_shown(store, "bob", 0, (struct date){0}, arena, &editions, &count, &error),
         error);
    assert_int_equal(count, 0);
    arena_free(&arena);
    store_close(&store);
}

static void a_retry_has_the_same_list(void **state)
{
    struct store *store = suite_open(state);
    struct delivery_batch batch;

    show(store, "s", 10, DELIVERY_DEFERRED);
    batch = suite_claim_at(store, "w", NOW + 600, 1);
    assert_int_equal(batch.count, 1);
    assert_int_equal(batch.items[0].attempts, 1);
    assert_int_equal(batch.items[0].edition_count, 2);
    assert_int_equal(batch.items[0].editions[1].date.day, 28);
    assert_int_equal(batch.items[0].editions[1].papers, 10);
    assert_true(batch.items[0].shown.size > 0);
    delivery_batch_free(&batch);
    store_close(&store);
}

static void transactions_are_all_or_nothing(void **state)
{
    struct store *store = suite_open(state), *other = suite_open_again(state);
    struct error error = {0};

    MUST(store_begin(store, &error), error);
    assert_int_equal(store_begin(store, &error), -1);
    assert_int_equal(error.kind, ERROR_BUG);
    suite_add(store, "ada");
    suite_suppress(store, "bob", SUPPRESSION_OWNER);
    suite_check_counts(other, "");
    store_rollback(store);
    store_rollback(store);
    suite_check_counts(store, "");
    assert_int_equal(store_commit(store, &error), -1);
    MUST(store_begin(store, &error), error);
    suite_add(store, "ada");
    MUST(store_commit(store, &error), error);
    suite_check_counts(other, "queued 1");
    MUST(store_begin(store, &error), error);
    suite_add(store, "bob");
    store_close(&store);
    suite_check_counts(other, "queued 1");
    store_close(&other);
    store_close(&other);
}

static void facts_are_kept(void **state)
{
    struct store *store = suite_open(state);
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

int store_suite_run(const struct store_opener *opener)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(the_suppressed_are_skipped),
        cmocka_unit_test(suppressions_are_found_listed_and_lifted),
        cmocka_unit_test(the_first_sight_of_a_subscriber_stays),
        cmocka_unit_test(what_was_shown_is_known),
        cmocka_unit_test(a_retry_has_the_same_list),
        cmocka_unit_test(transactions_are_all_or_nothing),
        cmocka_unit_test(facts_are_kept),
    };

    return suite_run_tests("subscribers and what they were shown", tests, sizeof(tests) / sizeof(tests[0]), opener) +
           store_suite_profiles_run(opener) + store_suite_outbox_run(opener) +
           store_suite_editions_run(opener) + store_suite_pace_run(opener) +
           store_suite_derived_run(opener) + store_suite_gate_run(opener) +
           store_suite_rivals_run(opener) + store_suite_inbox_run(opener) +
           store_suite_returns_run(opener) + store_suite_summaries_run(opener);
}
