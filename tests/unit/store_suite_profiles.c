#include "unit/store_suite_parts.h"

#include <string.h>

#include "store/changes.h"
#include "store/derived.h"
#include "store/editions.h"
#include "store/everybody.h"
#include "store/forgotten.h"
#include "store/holds.h"
#include "store/key_seal.h"
#include "store/patience.h"
#include "store/person.h"
#include "store/profiles.h"

static struct stored_profile profile_of(const char *address, const char *document)
{
    return (struct stored_profile){address, view_of(document), view_of(document), NOW};
}

static void create(struct store *store, const char *address, const char *document)
{
    struct stored_profile profile = profile_of(address, document);
    struct error error = {0};

    MUST(stored_profile_create(store, &profile, &error), error);
}

static void check_document(struct store *store, const char *address, const char *want)
{
    struct buffer document;
    struct error error = {0};
    bool found = false;

    buffer_init(&document, 1000);
    MUST(stored_profile_find(store, address, &document, &found, &error), error);
    assert_int_equal(found, want != NULL);
    assert_string_equal(buffer_string(&document), want ? want : "");
    buffer_free(&document);
}

static int64_t change_of(struct store *store, enum store_change change)
{
    struct error error = {0};
    int64_t number = -1;

    MUST(store_change_find(store, change, &number, &error), error);
    return number;
}

static void a_profile_is_written_once_per_version(void **state)
{
    struct store *store = suite_open(state), *other = suite_open_again(state);
    struct stored_profile second = profile_of("ada", "two"), third = profile_of("ada", "three");
    struct error error = {0};

    assert_int_equal(change_of(store, CHANGE_PROFILES), 0);
    create(store, "ada", "one");
    assert_int_equal(change_of(other, CHANGE_PROFILES), 1);
    assert_int_equal(stored_profile_create(other, &second, &error), -1);
    assert_int_equal(error.kind, ERROR_CONFLICT);
    check_document(other, "ada", "one");
    MUST(stored_profile_replace(other, &second, VIEW("one"), &error), error);
    assert_int_equal(stored_profile_replace(store, &third, VIEW("one"), &error), -1);
    assert_int_equal(error.kind, ERROR_CONFLICT);
    check_document(store, "ada", "two");
    assert_int_equal(change_of(store, CHANGE_PROFILES), 2);
    assert_int_equal(stored_profile_remove(store, "ada", VIEW("one"), &error), -1);
    assert_int_equal(error.kind, ERROR_CONFLICT);
    MUST(stored_profile_remove(store, "ada", VIEW("two"), &error), error);
    assert_int_equal(change_of(store, CHANGE_PROFILES), 3);
    assert_int_equal(stored_profile_remove(store, "ada", (struct view){0}, &error), -1);
    assert_int_equal(error.kind, ERROR_MISSING);
    assert_int_equal(stored_profile_replace(store, &third, VIEW("two"), &error), -1);
    assert_int_equal(error.kind, ERROR_CONFLICT);
    check_document(store, "ada", NULL);
    store_close(&other);
    store_close(&store);
}

/* All are met once and in order, however small the parts; an end is an empty part. */
static void profiles_are_listed_in_parts(void **state)
{
    static const char *const addresses[] = {"a@x", "b+c@x", "b@x", "o'h@x", "z@x"};
    struct store *store = suite_open(state);
    struct arena *arena = arena_new();
    struct error error = {0};
    int64_t all = 0;

    for (size_t i = 5; i-- > 0;)
        create(store, addresses[i], addresses[i]);
    MUST(stored_profile_count(store, &all, &error), error);
    assert_int_equal(all, 5);
    for (size_t max = 1; max <= 6; max++) {
        for (size_t bytes = 1; bytes <= 20; bytes++) {
            struct stored_profile part[6];
            const char *after = "";
            size_t met = 0, count;

            do {
                MUST(stored_profile_list(store, after, max, bytes, arena, part, &count, &error), error);
                assert_in_range(count, 0, max);
                for (size_t i = 0; i < count; i++) {
                    assert_string_equal(part[i].address, addresses[met]);
                    assert_true(view_equal_string(part[i].document, addresses[met]));
                    assert_true(view_equal_string(part[i].version, addresses[met]));
                    assert_int_equal(part[i].changed_utc, NOW);
                    met++;
                }
                after = count ? part[count - 1].address : after;
            } while (count);
            assert_int_equal(met, 5);
        }
    }
    arena_free(&arena);
    store_close(&store);
}

static void changes_are_undone_with_their_transaction(void **state)
{
    struct store *store = suite_open(state);
    struct error error = {0};

    MUST(store_begin(store, &error), error);
    create(store, "ada", "one");
    assert_int_equal(change_of(store, CHANGE_PROFILES), 1);
    store_rollback(store);
    assert_int_equal(change_of(store, CHANGE_PROFILES), 0);
    check_document(store, "ada", NULL);
    suite_suppress(store, "ada", SUPPRESSION_OWNER);
    assert_int_equal(change_of(store, CHANGE_ALLOWED), 0);
    MUST(suppression_lift(store, "ada", SUPPRESSION_BOUNCED, NULL, &error), error);
    assert_int_equal(change_of(store, CHANGE_ALLOWED), 0);
    MUST(suppression_lift(store, "ada", SUPPRESSION_OWNER, NULL, &error), error);
    assert_int_equal(change_of(store, CHANGE_ALLOWED), 1);
    store_close(&store);
}

static void an_edition_put_is_a_change(void **state)
{
    struct store *store = suite_open(state);
    struct edition edition = {.date = {2026, 2, 17}, .fetched_utc = NOW};
    struct papers none;
    struct error error = {0};

    papers_init(&none);
    for (int i = 1; i <= 2; i++) {
        MUST(store_put_edition(store, &edition, &none, NULL, &error), error);
        assert_int_equal(change_of(store, CHANGE_EDITIONS), i);
    }
    papers_free(&none);
    store_close(&store);
}

/* ---- erasing ---- */

static void count_delivery(void *user, const struct person_delivery *delivery)
{
    assert_true(delivery->created_utc == NOW);
    ++*(int *)user;
}

static void check_known(struct store *store, const char *address, int deliveries, size_t suppressions,
                        bool seen)
{
    struct suppression_list list = {0};
    struct subscriber_seen first;
    struct error error = {0};
    bool found, stored;
    int count = 0;

    MUST(person_each_delivery(store, address, count_delivery, &count, &error), error);
    MUST(person_list_suppressions(store, address, &list, &error), error);
    MUST(person_find_seen(store, address, &first, &found, &error), error);
    MUST(subscriber_is_stored(store, address, &stored, &error), error);
    assert_int_equal(count, deliveries);
    assert_int_equal(list.count, suppressions);
    assert_int_equal(found, seen);
    assert_int_equal(stored, deliveries || suppressions || seen);
    suppression_list_free(&list);
}

static void fill(struct store *store, const char *address)
{
    struct delivery_request answer = {.kind = DELIVERY_ANSWER, .subscriber = address, .slot = "a",
                                      .created_utc = NOW, .not_before_utc = NOW,
                                      .expires_utc = NOW + DAY, .message = VIEW("bytes"),
                                      .envelope_sender = ""};
    struct subscriber_seen seen;
    struct error error = {0};

    suite_add(store, address);
    MUST(outbox_add(store, &answer, NULL, &error), error);
    suite_suppress(store, address, SUPPRESSION_UNSUBSCRIBED);
    MUST(subscriber_see(store, address, NOW, (struct date){2026, 2, 17}, &seen, &error), error);
    create(store, address, "{}");
}

static void erasing_leaves_a_hash_and_the_others(void **state)
{
    struct store *store = suite_open(state);
    struct forgotten_list list;
    struct erased erased;
    struct error error = {0};
    bool found = true;

    fill(store, "ada");
    fill(store, "bob");
    check_known(store, "ada", 2, 1, true);
    MUST(forgotten_find(store, "hash", &found, &error), error);
    assert_false(found);
    MUST(subscriber_erase(store, "ada", "hash", NOW, &erased, &error), error);
    assert_int_equal(erased.profiles + erased.deliveries + erased.suppressions + erased.sightings, 5);
    check_known(store, "ada", 0, 0, false);
    check_document(store, "ada", NULL);
    check_known(store, "bob", 2, 1, true);
    check_document(store, "bob", "{}");
    MUST(subscriber_erase(store, "ada", "hash", NOW, &erased, &error), error);
    MUST(subscriber_erase(store, "zoe", "a hash", NOW, &erased, &error), error);
    assert_int_equal(change_of(store, CHANGE_FORGOTTEN), 3);
    MUST(forgotten_list_all(store, &list, &error), error);
    assert_int_equal(list.count, 2);
    assert_true(forgotten_list_has(&list, "hash") && forgotten_list_has(&list, "a hash"));
    assert_false(forgotten_list_has(&list, "has"));
    forgotten_list_free(&list);
    assert_false(forgotten_list_has(&list, "hash"));
    MUST(forgotten_lift(store, "hash", &found, &error), error);
    assert_true(found);
    MUST(forgotten_lift(store, "hash", &found, &error), error);
    assert_false(found);
    assert_int_equal(change_of(store, CHANGE_ALLOWED), 1);
    MUST(store_scrub(store, &error), error);
    check_document(store, "bob", "{}");
    store_close(&store);
}

/* What servers have answered names people as well. */
static void answers_name_no_erased(void **state)
{
    const struct hold_policy policy = {.hard = 2, .percent = 10};
    const char *evidence = "userunknown at rcpt: 550 <Ada@Example.test>: no such user";
    struct store *store = suite_open(state);
    struct refusal_effect effect = {0};
    struct arena *arena = arena_new();
    struct patience_list patience;
    struct hold_list holds;
    struct patience kept;
    struct erased erased;
    struct error error = {0};

    for (int i = 0; !effect.is_held && i < 100; i++)
        MUST(hold_note_refusal(store,
                               &(struct refusal){.address = "ada@example.test",
                                                 .domain = "example.test",
                                                 .evidence = evidence, .now_utc = NOW},
                               &policy, &effect, &error),
             error);
    assert_true(effect.is_held);
    MUST(patience_note(store, "relay", "example.test", evidence, NOW, arena, &kept, &error), error);
    MUST(patience_note(store, "relay", "example.org", "450 slower", NOW, arena, &kept, &error),
         error);
    MUST(subscriber_erase(store, "ada@example.test", "hash", NOW, &erased, &error), error);
    MUST(hold_list(store, NOW, &holds, &error), error);
    assert_int_equal(holds.count, 1);
    assert_string_equal(holds.items[0].evidence, "the answer named somebody who has been erased");
    MUST(patience_list(store, &patience, &error), error);
    assert_int_equal(patience.count, 2);
    assert_string_equal(patience.items[0].reply, "450 slower");
    assert_string_equal(patience.items[1].reply, "the answer named somebody who has been erased");
    hold_list_free(&holds);
    patience_list_free(&patience);
    arena_free(&arena);
    store_close(&store);
}

/* A worker that holds a delivery of somebody erased finds that it is no longer its own. */
static void what_was_held_is_no_longer(void **state)
{
    struct store *store = suite_open(state);
    struct delivery_batch batch;
    struct erased erased;
    struct error error = {0};

    suite_add(store, "ada");
    batch = suite_claim(store, "w");
    assert_int_equal(batch.count, 1);
    MUST(subscriber_erase(store, "ada", "hash", NOW, &erased, &error), error);
    assert_int_equal(outbox_begin(store, &batch.items[0], &error), -1);
    assert_int_equal(error.kind, ERROR_CONFLICT);
    delivery_batch_free(&batch);
    suite_check_counts(store, "");
    store_close(&store);
}

static void check_stored(struct store *store, const char *address, bool want)
{
    struct error error = {0};
    bool stored = !want;

    MUST(subscriber_is_stored(store, address, &stored, &error), error);
    assert_int_equal(stored, want);
}

/* What a worker had in hand when somebody was erased is written about nobody. */
static void nothing_more_is_written_of_the_erased(void **state)
{
    static const struct hold_policy policy = {.hard = 2, .percent = 5};
    struct store *store = suite_open(state), *other = suite_open_again(state);
    struct refusal refusal = {.address = "ada@example.org", .domain = "example.org", .is_dead = true,
                              .at_once = true, .evidence = "550 5.1.1 <ada@example.org>: who?",
                              .now_utc = NOW};
    struct refusal_effect effect;
    struct subscriber_seen seen;
    struct hold_list holds;
    struct buffer bytes;
    struct erased erased;
    struct error error = {0};
    struct delivery_batch batch;
    bool found;

    buffer_init(&bytes, 100);
    /* Of strangers nothing is kept; of subscribers it is, and it is erased with them. */
    MUST(derived_put_of_subscriber(store, refusal.address, VIEW("c"), NOW, &error), error);
    check_stored(store, refusal.address, false);
    MUST(subscriber_see(store, refusal.address, NOW, (struct date){2026, 2, 17}, &seen, &error),
         error);
    MUST(derived_put_of_subscriber(store, refusal.address, VIEW("a\0b"), NOW, &error), error);
    MUST(derived_put_of_subscriber(store, refusal.address, VIEW("\0\xFF"), NOW, &error), error);
    MUST(derived_get(store, DERIVED_OF_SUBSCRIBER, refusal.address, &bytes, &found, &error), error);
    assert_true(found && view_equal(buffer_view(&bytes), VIEW("\0\xFF")));
    suite_add(store, refusal.address);
    batch = suite_claim(store, "w");
    refusal.delivery = batch.items[0].id;
    MUST(hold_note_refusal(store, &refusal, &policy, &effect, &error), error);
    assert_true(effect.is_suppressed);
    MUST(subscriber_erase(store, refusal.address, "hash", NOW, &erased, &error), error);
    assert_int_equal(erased.refusals, 1);
    check_stored(store, refusal.address, false);

    MUST(derived_put_of_subscriber(other, refusal.address, VIEW("a"), NOW, &error), error);
    MUST(hold_note_refusal(other, &refusal, &policy, &effect, &error), error);
    assert_true(!effect.is_suppressed && !effect.failed);
    check_stored(store, refusal.address, false);
    /* The run of the domain counts what was refused before. */
    MUST(hold_list(store, NOW, &holds, &error), error);
    assert_int_equal(holds.count, 0);
    hold_list_free(&holds);
    delivery_batch_free(&batch);
    buffer_free(&bytes);
    store_close(&other);
    store_close(&store);
}

/* Each kind of row alone is something that is held about a person. */
static void every_row_is_something_stored(void **state)
{
    struct store *store = suite_open(state);
    struct refusal refusal = {.address = "ada@example.org", .domain = "example.org", .is_dead = true,
                              .evidence = "who?", .now_utc = NOW};
    struct refusal_effect effect;
    struct error error = {0};

    check_stored(store, refusal.address, false);
    MUST(hold_note_refusal(store, &refusal, &(struct hold_policy){.hard = 2}, &effect, &error),
         error);
    check_stored(store, refusal.address, true);
    MUST(derived_put(store, DERIVED_OF_SUBSCRIBER, "bob@example.org", VIEW("c"), NOW, &error), error);
    check_stored(store, "bob@example.org", true);
    MUST(derived_put(store, "month", "zoe@example.org", VIEW("c"), NOW, &error), error);
    check_stored(store, "zoe@example.org", false);
    store_close(&store);
}

/* ---- what planning reads at once ---- */

struct met {
    struct buffer text;
};

static struct key_seal seal_of(struct store *store)
{
    struct key_seal seal = {0};
    struct error error = {0};

    MUST(key_seal_read(store, &seal, &error), error);
    return seal;
}

/* What used a key needs one, and the first one's fingerprint stays. */
static void the_first_key_stays(void **state)
{
    struct store *store = suite_open(state), *other = suite_open_again(state);
    struct error error = {0};
    struct erased erased;

    assert_false(seal_of(store).needs_key);
    MUST(subscriber_erase(store, "ada", "hash", NOW, &erased, &error), error);
    assert_true(seal_of(store).needs_key);
    assert_string_equal(seal_of(store).fingerprint, "");
    MUST(key_seal_add(store, "first", &error), error);
    MUST(key_seal_add(other, "second", &error), error);
    assert_true(seal_of(other).needs_key);
    assert_string_equal(seal_of(other).fingerprint, "first");
    store_close(&other);
    store_close(&store);
}

static void meet_suppressed(void *user, struct view address)
{
    buffer_printf(&((struct met *)user)->text, " -%.*s", VIEW_ARGUMENTS(address));
}

static void meet_seen(void *user, struct view address, const struct subscriber_seen *seen)
{
    buffer_printf(&((struct met *)user)->text, " %.*s@%d", VIEW_ARGUMENTS(address),
                  seen->first_edition.day);
}

static void meet_shown(void *user, struct view address, const struct edition_shown *editions,
                       size_t count)
{
    buffer_printf(&((struct met *)user)->text, " %.*s", VIEW_ARGUMENTS(address));
    for (size_t i = 0; i < count; i++)
        buffer_printf(&((struct met *)user)->text, "+%d", editions[i].date.day);
}

static void check_met(struct store *store, const char *only, int day, const char *want)
{
    struct met met = {{0}};
    struct error error = {0};

    buffer_init(&met.text, 1000);
    MUST(everybody_each_suppressed(store, only, meet_suppressed, &met, &error), error);
    MUST(everybody_each_seen(store, only, meet_seen, &met, &error), error);
    MUST(everybody_each_shown(store, only, (struct date){2026, 2, day}, meet_shown, &met, &error),
         error);
    assert_string_equal(buffer_string(&met.text), want);
    buffer_free(&met.text);
}

static void digest(struct store *store, const char *subscriber, const char *slot, int day,
                   enum delivery_state end, struct view shown)
{
    struct edition_shown edition = {{2026, 2, day}, 7};
    struct delivery_batch batch;

    suite_add_at(store, DELIVERY_DIGEST, subscriber, slot, NOW);
    batch = suite_claim(store, "w");
    assert_int_equal(batch.count, 1);
    batch.items[0].editions = &edition;
    batch.items[0].edition_count = 1;
    batch.items[0].shown = shown;
    suite_finish(store, &batch.items[0], end);
    delivery_batch_free(&batch);
}

static void everybody_is_read_at_once(void **state)
{
    struct store *store = suite_open(state);
    struct subscriber_seen seen;
    struct error error = {0};

    check_met(store, NULL, 1, "");
    digest(store, "ada", "2026-02-10", 10, DELIVERY_SENT, VIEW("\2\1"));
    digest(store, "ada", "2026-02-11", 11, DELIVERY_FAILED, VIEW("\2\1"));
    digest(store, "ada", "2026-02-12", 12, DELIVERY_SKIPPED, VIEW("\2\1"));
    digest(store, "ada", "2026-02-13", 13, DELIVERY_SKIPPED, (struct view){0});
    suite_add_at(store, DELIVERY_NOTICE, "ada", "2026-02-14", NOW + DAY);
    digest(store, "bob", "2026-02-14", 14, DELIVERY_UNCERTAIN, VIEW("\2\1"));
    MUST(subscriber_see(store, "bob", NOW, (struct date){2026, 2, 9}, &seen, &error), error);
    suite_suppress(store, "eve", SUPPRESSION_OWNER);
    check_met(store, NULL, 1, " -eve bob@9 ada+10 ada+13 bob+14");
    check_met(store, NULL, 13, " -eve bob@9 ada+13 bob+14");
    check_met(store, "bob", 1, " bob@9 bob+14");
    check_met(store, "ada", 11, " ada+13");
    check_met(store, "eve", 1, " -eve");
    store_close(&store);
}

int store_suite_profiles_run(const struct store_opener *opener)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_is_written_once_per_version),
        cmocka_unit_test(profiles_are_listed_in_parts),
        cmocka_unit_test(changes_are_undone_with_their_transaction),
        cmocka_unit_test(an_edition_put_is_a_change),
        cmocka_unit_test(erasing_leaves_a_hash_and_the_others),
        cmocka_unit_test(answers_name_no_erased),
        cmocka_unit_test(what_was_held_is_no_longer),
        cmocka_unit_test(nothing_more_is_written_of_the_erased),
        cmocka_unit_test(every_row_is_something_stored),
        cmocka_unit_test(the_first_key_stays),
        cmocka_unit_test(everybody_is_read_at_once),
    };

    return suite_run_tests("profiles, erasing, and everybody", tests,
                           sizeof(tests) / sizeof(tests[0]), opener);
}
