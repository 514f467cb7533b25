#include "unit/store_suite_parts.h"

#include <stdio.h>
#include <string.h>

#include "store/bounces.h"
#include "store/changes.h"
#include "store/forgotten.h"
#include "store/history.h"
#include "store/mail_log.h"
#include "store/moving.h"
#include "store/pending.h"
#include "store/person.h"

#define MAILBOX "imaps://imap.example.org/INBOX"

/* ---- mails that were dealt with ---- */

static void check_place(struct store *store, struct mail_place place, const char *want)
{
    struct arena *arena = arena_new();
    const char *folder = "?";
    struct error error = {0};

    MUST(mail_log_find(store, &place, arena, &folder, &error), error);
    if (want)
        assert_string_equal(folder, want);
    else
        assert_null(folder);
    arena_free(&arena);
}

static void note(struct store *store, struct mail_place place, const char *folder, int64_t now_utc,
                 bool want_new)
{
    struct error error = {0};
    bool is_new = !want_new;

    MUST(mail_log_add(store, &place, folder, now_utc, &is_new, &error), error);
    assert_int_equal(is_new, want_new);
}

static void a_mail_is_dealt_with_once(void **state)
{
    struct store *store = suite_open(state);
    const struct mail_place place = {MAILBOX, UINT32_MAX, UINT32_MAX, "aa"};

    check_place(store, place, NULL);
    note(store, place, "Processed", NOW, true);
    check_place(store, place, "Processed");
    check_place(store, (struct mail_place){MAILBOX, UINT32_MAX, UINT32_MAX, "ab"}, NULL);
    /* Again, as another process may have: what it said first stays. */
    note(store, place, "Failed", NOW + 1, false);
    check_place(store, place, "Processed");
    /* The same bytes under another UID of the same mailbox are another mail; under another
     * UIDVALIDITY they are the same; in another mailbox they are not. */
    check_place(store, (struct mail_place){MAILBOX, UINT32_MAX, 7, "aa"}, NULL);
    check_place(store, (struct mail_place){MAILBOX, 5, 7, "aa"}, "Processed");
    check_place(store, (struct mail_place){MAILBOX, 5, 7, "ab"}, NULL);
    check_place(store, (struct mail_place){"imaps://other/", 5, 7, "aa"}, NULL);
    /* A mailbox that was wiped gives the UID again. */
    note(store, (struct mail_place){MAILBOX, UINT32_MAX, UINT32_MAX, "ab"}, "Failed", NOW, true);
    check_place(store, (struct mail_place){MAILBOX, UINT32_MAX, UINT32_MAX, "ab"}, "Failed");
    check_place(store, place, NULL);
    store_close(&store);
}

static void what_a_mail_did_is_undone_with_its_note(void **state)
{
    struct store *store = suite_open(state), *other = suite_open_again(state);
    const struct mail_place place = {MAILBOX, 1, 2, "aa"};
    struct error error = {0};

    MUST(store_begin(store, &error), error);
    note(store, place, "Processed", NOW, true);
    check_place(other, place, NULL);
    store_rollback(store);
    check_place(store, place, NULL);
    store_close(&other);
    store_close(&store);
}

static void put_intent(struct store *store, const char *hash, const char *address,
                       struct view before, int64_t now_utc)
{
    struct error error = {0};

    MUST(mail_intent_put(store, hash,
                         &(struct mail_intent){address, before, VIEW("\1\xFF"), VIEW("{}")}, now_utc,
                         &error), error);
}

static void check_intent(struct store *store, const char *hash, const char *address,
                         struct view before)
{
    struct arena *arena = arena_new();
    struct mail_intent intent;
    struct error error = {0};
    bool found;

    MUST(mail_intent_find(store, hash, arena, &intent, &found, &error), error);
    assert_int_equal(found, address != NULL);
    if (address) {
        assert_string_equal(intent.address, address);
        assert_true(view_equal(intent.before, before));
        assert_true(view_equal(intent.after, VIEW("\1\xFF")));
        assert_true(view_equal(intent.document, VIEW("{}")));
    }
    arena_free(&arena);
}

static void an_intent_is_replaced_found_and_dropped(void **state)
{
    struct store *store = suite_open(state);
    struct error error = {0};

    check_intent(store, "aa", NULL, (struct view){0});
    put_intent(store, "aa", "ada", VIEW(""), NOW);
    check_intent(store, "aa", "ada", VIEW(""));
    put_intent(store, "aa", "bob", VIEW("\0x"), NOW);
    put_intent(store, "bb", "zoe", VIEW("y"), NOW);
    check_intent(store, "aa", "bob", VIEW("\0x"));
    MUST(mail_intent_drop(store, "aa", &error), error);
    MUST(mail_intent_drop(store, "aa", &error), error);
    check_intent(store, "aa", NULL, (struct view){0});
    check_intent(store, "bb", "zoe", VIEW("y"));
    store_close(&store);
}

static void old_notes_of_mails_go(void **state)
{
    struct store *store = suite_open(state);
    struct error error = {0};

    for (uint32_t i = 0; i < 3; i++) {
        char hash[] = "a";

        hash[0] = (char)(hash[0] + (char)i);
        note(store, (struct mail_place){MAILBOX, 1, i, hash}, "Processed", NOW + i, true);
        put_intent(store, hash, "ada", VIEW("x"), NOW + i);
    }
    MUST(mail_log_prune(store, NOW + 1, &error), error);
    check_place(store, (struct mail_place){MAILBOX, 1, 0, "a"}, NULL);
    check_place(store, (struct mail_place){MAILBOX, 1, 1, "b"}, "Processed");
    check_intent(store, "a", NULL, (struct view){0});
    check_intent(store, "b", "ada", VIEW("x"));
    store_close(&store);
}

static void events_are_taken_once_and_in_order(void **state)
{
    struct store *store = suite_open(state);
    struct error error = {0};
    struct buffer lines;
    size_t count = 7;

    buffer_init(&lines, 1000);
    MUST(inbox_event_take(store, &lines, &count, &error), error);
    assert_int_equal(count, 0);
    MUST(inbox_event_add(store, "one", 0, &error), error);
    MUST(inbox_event_add(store, "zwölf", DAY, &error), error);
    MUST(inbox_event_take(store, &lines, &count, &error), error);
    assert_int_equal(count, 2);
    assert_string_equal(buffer_string(&lines),
                        "1970-01-01T00:00:00Z  one\n1970-01-02T00:00:00Z  zwölf\n");
    MUST(inbox_event_take(store, &lines, &count, &error), error);
    assert_int_equal(count, 0);
    MUST(inbox_event_add(store, "next", 0, &error), error);
    MUST(inbox_event_take(store, &lines, &count, &error), error);
    assert_int_equal(count, 1);
    buffer_free(&lines);
    store_close(&store);
}

/* ---- what waits for a confirmation ---- */

static void ask(struct store *store, const char *id, enum pending_kind kind, const char *address,
                const char *other, int64_t now_utc)
{
    struct error error = {0};

    MUST(pending_add(store,
                     &(struct pending){.id = id, .kind = kind, .address = address, .other = other,
                                       .commands = "subscribe\nadd LLM\n", .created_utc = now_utc,
                                       .expires_utc = now_utc + PENDING_SECONDS},
                     &error), error);
}

/* "id:kind" and c, o, d for what is confirmed, by the other, and done. */
static void check_pending(struct store *store, const char *address, int64_t now_utc, const char *want)
{
    struct arena *arena = arena_new();
    struct pending *items;
    struct error error = {0};
    struct buffer text;
    size_t count = 0;

    buffer_init(&text, 10000);
    MUST(pending_list(store, address, now_utc, arena, &items, &count, &error), error);
    for (size_t i = 0; i < count; i++) {
        buffer_printf(&text, "%s%s:%d%s%s%s", i ? " " : "", items[i].id, items[i].kind,
                      items[i].is_confirmed ? "c" : "", items[i].is_other_confirmed ? "o" : "",
                      items[i].is_done ? "d" : "");
        assert_string_equal(items[i].commands, "subscribe\nadd LLM\n");
        assert_int_equal(items[i].expires_utc, items[i].created_utc + PENDING_SECONDS);
    }
    assert_string_equal(buffer_string(&text), want);
    buffer_free(&text);
    arena_free(&arena);
}

static void requests_wait_a_week_and_are_done_once(void **state)
{
    struct store *store = suite_open(state);
    struct error error = {0};
    bool is_first = false;
    int64_t before, after;

    check_pending(store, "ada", NOW, "");
    MUST(store_change_find(store, CHANGE_PENDING, &before, &error), error);
    ask(store, "i1", PENDING_SUBSCRIBE, "ada", NULL, NOW);
    MUST(store_change_find(store, CHANGE_PENDING, &after, &error), error);
    assert_true(after > before);
    ask(store, "i1", PENDING_FORGET, "bob", NULL, NOW); /* the same mail, read again */
    ask(store, "i2", PENDING_ADDRESS, "ada", "new", NOW + 1);
    ask(store, "i3", PENDING_CHANGE, "bob", NULL, NOW);
    ask(store, "i4", PENDING_FORGET, "bob", NULL, NOW);
    check_pending(store, "ada", NOW, "i2:2 i1:0");
    check_pending(store, "new", NOW, "i2:2");
    check_pending(store, "bob", NOW, "i3:1 i4:3");
    check_pending(store, "ada", NOW + PENDING_SECONDS, "i2:2");
    MUST(pending_confirm(store, "i2", true, NOW, &error), error);
    check_pending(store, "ada", NOW, "i2:2o i1:0");
    MUST(pending_confirm(store, "i2", false, NOW, &error), error);
    MUST(pending_finish(store, "i2", NOW, &is_first, &error), error);
    assert_true(is_first);
    check_pending(store, "new", NOW, "i2:2cod");
    MUST(pending_finish(store, "i2", NOW + 5, &is_first, &error), error);
    assert_false(is_first);
    MUST(pending_finish(store, "nothing", NOW, &is_first, &error), error);
    assert_false(is_first);
    MUST(pending_prune(store, NOW + PENDING_SECONDS, &error), error);
    check_pending(store, "ada", NOW, "i2:2cod");
    check_pending(store, "bob", NOW, "");
    store_close(&store);
}

static void check_asked(struct store *store, const char *address, int64_t now_utc, bool want)
{
    struct error error = {0};
    bool asked = !want;

    MUST(pending_was_asked(store, address, false, now_utc, &asked, &error), error);
    assert_int_equal(asked, want);
}

static int note_address(void *user, const char *address)
{
    buffer_printf(user, " %s", address);
    return 0;
}

static void nobody_is_asked_twice_a_day(void **state)
{
    struct store *store = suite_open(state);
    struct error error = {0};
    struct buffer text;

    buffer_init(&text, 1000);
    ask(store, "i1", PENDING_ADDRESS, "ada", "new", NOW);
    check_asked(store, "ada", NOW + PENDING_AGAIN_SECONDS - 1, true);
    check_asked(store, "new", NOW, true);
    check_asked(store, "ada", NOW + PENDING_AGAIN_SECONDS, false);
    check_asked(store, "bob", NOW, false);
    MUST(pending_finish(store, "i1", NOW, &(bool){false}, &error), error);
    check_asked(store, "ada", NOW, false);
    ask(store, "i2", PENDING_CHANGE, "ada", NULL, NOW);
    ask(store, "i3", PENDING_CHANGE, "old", NULL, NOW - PENDING_SECONDS);
    MUST(pending_each_address(store, NOW, note_address, &text, &error), error);
    assert_true(strstr(buffer_string(&text), " ada") && strstr(buffer_string(&text), " new"));
    assert_int_equal(text.size, strlen(" ada new"));
    buffer_free(&text);
    store_close(&store);
}

/* ---- profiles as they were ---- */

static void check_last(struct store *store, const char *address, const char *want, int64_t *number)
{
    struct arena *arena = arena_new();
    struct history_entry entry;
    struct error error = {0};
    bool found;

    MUST(history_last(store, address, arena, &entry, &found, &error), error);
    assert_int_equal(found, want != NULL);
    if (want) {
        assert_true(view_equal_string(entry.document, want));
        assert_true(view_equal(entry.after, VIEW("\0a")));
        *number = entry.number;
    }
    arena_free(&arena);
}

static void remember(struct store *store, const char *address, const char *document)
{
    struct error error = {0};

    MUST(history_add(store, address, view_of(document), VIEW("\0a"), NOW, &error), error);
}

static void the_last_profiles_are_remembered(void **state)
{
    struct store *store = suite_open(state);
    struct error error = {0};
    int64_t number = 0;
    char text[16];

    check_last(store, "ada", NULL, NULL);
    remember(store, "bob", "bob's");
    for (int i = 1; i <= HISTORY_KEPT + 3; i++) {
        snprintf(text, sizeof(text), "%d", i);
        remember(store, "ada", text);
    }
    for (int i = HISTORY_KEPT + 3; i > 3; i--) {
        snprintf(text, sizeof(text), "%d", i);
        check_last(store, "ada", text, &number);
        MUST(history_drop(store, "ada", number, &error), error);
    }
    check_last(store, "ada", NULL, NULL);
    check_last(store, "bob", "bob's", &number);
    store_close(&store);
}

/* ---- about one person ---- */

static void note_cells(void *user, const char *list, const struct person_row *row)
{
    struct buffer *text = user;

    buffer_printf(text, "%s[%s", text->size ? " " : "", list);
    for (size_t i = 0; i < row->count; i++) {
        const struct person_cell *cell = &row->cells[i];

        if (cell->kind == 't')
            buffer_printf(text, " %s=%.*s", cell->name, VIEW_ARGUMENTS(cell->text));
        else if (cell->kind)
            buffer_printf(text, " %s=%lld", cell->name, (long long)cell->integer);
    }
    buffer_add_char(text, ']');
}

static void check_rows(struct store *store, const char *address, const char *want)
{
    struct error error = {0};
    struct buffer text;
    bool stored = false;

    buffer_init(&text, 10000);
    MUST(person_each_row(store, address, note_cells, &text, &error), error);
    assert_string_equal(buffer_string(&text), want);
    MUST(subscriber_is_stored(store, address, &stored, &error), error);
    assert_int_equal(stored, strstr(want, "=") != NULL);
    buffer_free(&text);
}

#define NOTHING "[pending] [history] [bounces] [moves] [changing]"

/* Each kind of row alone is something that is held about a person, and goes with them. */
static void what_the_inbox_has_of_a_person_is_shown_and_erased(void **state)
{
    struct store *store = suite_open(state);
    struct bounce_standing standing;
    struct error error = {0};
    struct erased erased;
    struct buffer lines;
    size_t count;

    check_rows(store, "ada", NOTHING);
    ask(store, "i", PENDING_ADDRESS, "zoe", "ada", 1000);
    check_rows(store, "ada", "[pending] [pending kind=address address=zoe other=ada"
                             " commands=subscribe\nadd LLM\n created=1000 expires=605800]"
                             " [history] [bounces] [moves] [changing]");
    MUST(subscriber_erase(store, "zoe", "h", NOW, &erased, &error), error);
    check_rows(store, "ada", NOTHING);
    remember(store, "ada", "{}");
    check_rows(store, "ada", "[pending] [history] [history changed=1000000 before={}] [bounces]"
                             " [moves] [changing]");
    MUST(subscriber_erase(store, "ada", "h", NOW, &erased, &error), error);
    MUST(bounce_note(store, &(struct returned_mail){"ada", 2, RETURNED_SOFT, "full", NOW}, &(struct bounce_policy){0},
                     &standing, &error), error);
    check_rows(store, "ada", "[pending] [history] [bounces] [bounces sent=172800 kind=soft"
                             " evidence=full noted=1000000] [moves] [changing]");
    MUST(subscriber_erase(store, "ada", "h", NOW, &erased, &error), error);
    put_intent(store, "hash", "ada", VIEW("x"), NOW);
    check_rows(store, "ada", "[pending] [history] [bounces] [moves] [changing]"
                             " [changing begun=1000000 before={}]");
    MUST(subscriber_erase(store, "ada", "h", NOW, &erased, &error), error);
    MUST(subscriber_move(store, "old", "ada", NOW, &error), error);
    check_rows(store, "ada", "[pending] [history] [bounces] [moves]"
                             " [moves from=old to=ada since=1000000] [changing]");
    MUST(subscriber_erase(store, "ada", "h", NOW, &erased, &error), error);
    check_rows(store, "old", NOTHING);
    MUST(inbox_event_add(store, "ada is not mailed any more: 550 <ada>", 0, &error), error);
    MUST(inbox_event_add(store, "a mail of <ADA>", 0, &error), error);
    MUST(inbox_event_add(store, "so says ada.", 0, &error), error);
    MUST(inbox_event_add(store, "adam is not mailed any more", 0, &error), error);
    MUST(inbox_event_add(store, "nor is x.ada or ada.x, or ada-x", 0, &error), error);
    MUST(subscriber_erase(store, "ada", "h", NOW, &erased, &error), error);
    buffer_init(&lines, 1000);
    MUST(inbox_event_take(store, &lines, &count, &error), error);
    assert_string_equal(buffer_string(&lines), "1970-01-01T00:00:00Z  adam is not mailed any more\n"
                                              "1970-01-01T00:00:00Z  nor is x.ada or ada.x, or ada-x\n");
    buffer_free(&lines);
    store_close(&store);
}

int store_suite_inbox_run(const struct store_opener *opener)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mail_is_dealt_with_once),
        cmocka_unit_test(what_a_mail_did_is_undone_with_its_note),
        cmocka_unit_test(an_intent_is_replaced_found_and_dropped),
        cmocka_unit_test(old_notes_of_mails_go),
        cmocka_unit_test(events_are_taken_once_and_in_order),
        cmocka_unit_test(requests_wait_a_week_and_are_done_once),
        cmocka_unit_test(nobody_is_asked_twice_a_day),
        cmocka_unit_test(the_last_profiles_are_remembered),
        cmocka_unit_test(what_the_inbox_has_of_a_person_is_shown_and_erased),
    };

    return suite_run_tests("the inbox", tests, sizeof(tests) / sizeof(tests[0]), opener);
}
