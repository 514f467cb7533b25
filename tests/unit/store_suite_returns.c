#include "unit/store_suite_parts.h"

#include <stdio.h>
#include <string.h>

#include "store/bounces.h"
#include "store/forgotten.h"
#include "store/history.h"
#include "store/moving.h"
#include "store/person.h"
#include "store/shown.h"

/* ---- mails that came back ---- */

enum { TODAY = 2000, AFTERNOON = TODAY * DAY + 50000 };

static const struct bounce_policy POLICY = {.hard = 2, .soft = 5};

/* Days back from TODAY, newest first: '.' nothing, 's' sent, 'D' dead, 'S' soft, 'P' policy. */
static struct bounce_standing live(struct store *store, const char *address, const char *days,
                                   const struct bounce_policy *policy)
{
    struct bounce_standing standing = {0};
    struct error error = {0};

    for (size_t i = strlen(days); i-- > 0;) {
        struct returned_mail mail = {.address = address, .sent_day = TODAY - (int64_t)i,
                                     .evidence = "e", .now_utc = AFTERNOON};
        struct delivery_batch batch;
        char slot[32];

        if (days[i] == '.')
            continue;
        snprintf(slot, sizeof(slot), "s%zu", i);
        suite_add_at(store, DELIVERY_DIGEST, address, slot, NOW);
        batch = suite_claim(store, "w");
        assert_int_equal(batch.count, 1);
        MUST(outbox_begin(store, &batch.items[0], &error), error);
        MUST(outbox_finish(store, &batch.items[0],
                           &(struct delivery_outcome){.state = DELIVERY_SENT,
                                                      .now_utc = mail.sent_day * DAY + 40000},
                           &error), error);
        delivery_batch_free(&batch);
        if (days[i] == 's')
            continue;
        mail.kind = days[i] == 'D' ? RETURNED_DEAD : days[i] == 'S' ? RETURNED_SOFT : RETURNED_POLICY;
        MUST(bounce_note(store, &mail, policy, &standing, &error), error);
    }
    return standing;
}

static void bounces_add_up(void **state)
{
    static const struct {
        const char *days;
        int dead, soft;
        bool is_over;
    } cases[] = {
        {"D", 1, 1, false},
        {"DD", 2, 2, true},
        {"D..D", 2, 2, true},      /* nothing was sent between: in a row */
        {"DsD", 1, 2, false},      /* a delivery lies between; yesterday's may still come back */
        {"D.sD", 1, 1, false},     /* that one has healed */
        {"sD", 1, 1, false},       /* what was sent today may still come back */
        {"DPD", 2, 2, true},       /* a day on which it was not wanted says nothing */
        {"DSD", 1, 3, false},      /* a full mailbox is a living one */
        {"S", 0, 1, false},
        {"SSSS", 0, 4, false},
        {"SSSSS", 0, 5, true},
        {"SSSsSsS", 0, 3, false},
        {"Ssssssss", 0, 1, false}, /* never below nothing */
        {"SSSSsSS", 0, 5, true},
        {"SSSSPSS", 0, 6, true},
        {"P", 0, 0, false},
        {"PPPPPPP", 0, 0, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct store *store = suite_open(state);
        struct bounce_standing standing = live(store, "ada", cases[i].days, &POLICY);

        if (standing.dead_in_a_row != cases[i].dead || standing.soft_score != cases[i].soft ||
            standing.is_over != cases[i].is_over)
            fail_msg("%s: dead %d, soft %d, over %d", cases[i].days, standing.dead_in_a_row,
                     standing.soft_score, standing.is_over);
        store_close(&store);
    }
}

static struct bounce_standing come_back(struct store *store, enum bounce_kind kind, int64_t days_ago)
{
    struct bounce_standing standing = {0};
    struct error error = {0};

    MUST(bounce_note(store,
                     &(struct returned_mail){"ada", TODAY - days_ago, kind, "e", AFTERNOON}, &POLICY,
                     &standing, &error), error);
    return standing;
}

static void a_days_worst_counts_once(void **state)
{
    struct store *store = suite_open(state);
    struct error error = {0};

    assert_int_equal(come_back(store, RETURNED_POLICY, 1).soft_score, 0);
    assert_int_equal(come_back(store, RETURNED_SOFT, 1).soft_score, 1);
    assert_int_equal(come_back(store, RETURNED_SOFT, 1).soft_score, 1);
    assert_int_equal(come_back(store, RETURNED_DEAD, 1).dead_in_a_row, 1);
    assert_int_equal(come_back(store, RETURNED_SOFT, 1).dead_in_a_row, 1);
    assert_int_equal(come_back(store, RETURNED_POLICY, 1).dead_in_a_row, 1);
    assert_int_equal(come_back(store, RETURNED_DEAD, 1).dead_in_a_row, 1);
    assert_true(come_back(store, RETURNED_DEAD, 0).is_over);
    MUST(bounce_forget(store, "ada", &error), error);
    assert_int_equal(come_back(store, RETURNED_DEAD, 2).dead_in_a_row, 1);
    MUST(bounce_prune(store, AFTERNOON, &error), error);
    assert_int_equal(come_back(store, RETURNED_DEAD, 1).dead_in_a_row, 2);
    MUST(bounce_prune(store, AFTERNOON + 1, &error), error);
    assert_int_equal(come_back(store, RETURNED_DEAD, 3).dead_in_a_row, 1);
    /* Of long ago: it counts no more. */
    assert_int_equal(come_back(store, RETURNED_DEAD, BOUNCE_DAYS).dead_in_a_row, 1);
    store_close(&store);
}

static void no_limit_is_never_reached(void **state)
{
    struct store *store = suite_open(state);

    assert_false(live(store, "ada", "DDDDDDD", &(struct bounce_policy){0}).is_over);
    store_close(&store);
}

/* ---- moving ---- */

static void remember(struct store *store, const char *address, const char *document)
{
    struct error error = {0};

    MUST(history_add(store, address, view_of(document), VIEW("a"), NOW, &error), error);
}

static void check_last(struct store *store, const char *address, const char *want)
{
    struct arena *arena = arena_new();
    struct history_entry entry;
    struct error error = {0};
    bool found;

    MUST(history_last(store, address, arena, &entry, &found, &error), error);
    assert_int_equal(found, want != NULL);
    assert_true(!found || view_equal_string(entry.document, want));
    arena_free(&arena);
}

static int note_address(void *user, const char *address)
{
    buffer_printf(user, " %s", address);
    return strcmp(address, "stop") == 0 ? -1 : 0;
}

static void show(struct store *store, const char *subscriber, const char *slot, int number,
                 enum delivery_state end)
{
    struct edition_shown edition = {{2026, 2, number}, 7};
    struct delivery_batch batch;
    struct buffer shown;
    int64_t previous = 0;
    char id[16];

    suite_add_at(store, DELIVERY_DIGEST, subscriber, slot, NOW);
    batch = suite_claim(store, "w");
    assert_int_equal(batch.count, 1);
    buffer_init(&shown, SHOWN_BYTES_MAX);
    snprintf(id, sizeof(id), "2602.000%02d", number);
    shown_add(&shown, view_of(id), 1, &previous);
    batch.items[0].editions = &edition;
    batch.items[0].edition_count = 1;
    batch.items[0].shown = buffer_view(&shown);
    suite_finish(store, &batch.items[0], end);
    delivery_batch_free(&batch);
    buffer_free(&shown);
}

static void check_shown(struct store *store, const char *subscriber, const char *want)
{
    struct arena *arena = arena_new();
    struct shown_paper *papers;
    struct error error = {0};
    struct buffer text;
    size_t count = 0;

    buffer_init(&text, 1000);
    MUST(outbox_papers_shown(store, subscriber, 0, 0, arena, &papers, &count, &error), error);
    for (size_t i = 0; i < count; i++)
        buffer_printf(&text, "%s%.*s", i ? " " : "", VIEW_ARGUMENTS(papers[i].id));
    assert_string_equal(buffer_string(&text), want);
    buffer_free(&text);
    arena_free(&arena);
}

static void check_where(struct store *store, const char *address, const char *want)
{
    struct arena *arena = arena_new();
    const char *where = NULL;
    struct error error = {0};

    MUST(subscriber_where(store, address, arena, &where, &error), error);
    assert_string_equal(where, want);
    arena_free(&arena);
}

static void move(struct store *store, const char *from, const char *to)
{
    struct error error = {0};

    MUST(subscriber_move(store, from, to, NOW, &error), error);
}

static void what_was_shown_goes_with_them(void **state)
{
    struct store *store = suite_open(state);
    struct subscriber_seen seen;
    struct delivery_batch batch;
    struct error error = {0};
    bool found;

    MUST(subscriber_see(store, "ada", NOW, (struct date){2026, 2, 17}, &seen, &error), error);
    show(store, "ada", "s1", 1, DELIVERY_SENT);
    show(store, "ada", "s2", 2, DELIVERY_UNCERTAIN);
    show(store, "ada", "s3", 3, DELIVERY_SENT);
    remember(store, "ada", "before");
    suite_suppress(store, "ada", SUPPRESSION_UNSUBSCRIBED);
    /* One slot is there already: a digest of an earlier time at that address. */
    show(store, "new", "s3", 4, DELIVERY_SENT);
    remember(store, "new", "another's");
    suite_add_at(store, DELIVERY_ANSWER, "ada", "a", NOW);
    batch = suite_claim(store, "w");
    assert_int_equal(batch.count, 1);
    move(store, "ada", "new");
    check_shown(store, "new", "2602.00001 2602.00002 2602.00004");
    check_shown(store, "ada", "2602.00003");
    MUST(person_find_seen(store, "new", &seen, &found, &error), error);
    assert_true(found);
    assert_int_equal(seen.first_edition.day, 17);
    check_last(store, "new", "before");
    check_last(store, "ada", NULL);
    MUST(suppression_find(store, "new", &(struct suppression_found){0}, &error), error);
    /* What a worker holds stays its own. */
    suite_finish(store, &batch.items[0], DELIVERY_SENT);
    delivery_batch_free(&batch);
    check_where(store, "ada", "new");
    check_where(store, "new", "new");
    store_close(&store);
}

static void moves_are_followed_and_come_to_an_end(void **state)
{
    struct store *store = suite_open(state);
    struct error error = {0};
    struct erased erased;
    struct buffer text;
    bool stored = false;

    move(store, "a", "b");
    move(store, "b", "c");
    check_where(store, "a", "c");
    move(store, "c", "a"); /* back where they began */
    check_where(store, "a", "a");
    check_where(store, "b", "a");
    check_where(store, "c", "a");
    buffer_init(&text, 100);
    MUST(moved_each(store, note_address, &text, &error), error);
    assert_int_equal(text.size, strlen(" b c"));
    assert_null(strchr(buffer_string(&text), 'a'));
    MUST(subscriber_is_stored(store, "a", &stored, &error), error);
    assert_true(stored);
    MUST(subscriber_erase(store, "a", "hash", NOW, &erased, &error), error);
    MUST(subscriber_is_stored(store, "a", &stored, &error), error);
    assert_false(stored);
    move(store, "stop", "there");
    assert_int_equal(moved_each(store, note_address, &text, &error), -1);
    buffer_free(&text);
    store_close(&store);
}

static void check_earlier(struct store *store, const char *address, const char *want)
{
    struct error error = {0};
    struct buffer text;

    buffer_init(&text, 100);
    MUST(moved_each_from(store, address, note_address, &text, &error), error);
    assert_string_equal(buffer_string(&text), want);
    buffer_free(&text);
}

/* Somebody else is at an address: who came by it is still followed, and who was there is not. */
static void an_old_address_is_given_again(void **state)
{
    struct store *store = suite_open(state);
    struct error error = {0};

    move(store, "a", "b");
    move(store, "x", "b");
    move(store, "b", "c");
    check_earlier(store, "c", " a b x");
    check_earlier(store, "b", " a x");
    check_earlier(store, "a", "");
    MUST(moved_forget(store, "b", &error), error);
    check_where(store, "a", "c");
    check_where(store, "x", "c");
    check_where(store, "b", "b");
    check_earlier(store, "c", " a x");
    check_earlier(store, "b", "");
    MUST(moved_forget(store, "a", &error), error);
    MUST(moved_forget(store, "nobody", &error), error);
    check_where(store, "a", "a");
    check_earlier(store, "c", " x");
    store_close(&store);
}

int store_suite_returns_run(const struct store_opener *opener)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(bounces_add_up),
        cmocka_unit_test(a_days_worst_counts_once),
        cmocka_unit_test(no_limit_is_never_reached),
        cmocka_unit_test(what_was_shown_goes_with_them),
        cmocka_unit_test(moves_are_followed_and_come_to_an_end),
        cmocka_unit_test(an_old_address_is_given_again),
    };

    return suite_run_tests("mails that come back, and moving", tests,
                           sizeof(tests) / sizeof(tests[0]), opener);
}
