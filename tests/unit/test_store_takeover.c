/* All that a store knows, from a file into PostgreSQL and from there into another file,
 * which then holds the same. Without PostgreSQL, from file to file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/file.h"
#include "store/outbox.h"
#include "store/takeover.h"
#include "unit/data.h"
#include "unit/postgres_server.h"
#include "unit/store_suite.h"

enum { NOW = 1000000, MANY = 1201 /* more than travel together */ };

struct places {
    struct postgres_server *server;
    char *folder;
    char first[600], middle[600], last[600];
};

/* Something in each column of each table. */
static const char CONTENT[] =
    "INSERT INTO facts VALUES ('wanted', x'00ff7a');"
    "INSERT INTO papers VALUES ('2602.00001', 2, 'Über x < y', 'A\nB', '[\"Ada\"]', '[\"cs.LG\"]', 'new',"
    " '2026-02-17', 5), ('x', 0, '', '', '[]', '[]', 'cross', NULL, 6);"
    "INSERT INTO editions VALUES ('2026-02-17', 1, 2, 3, 'late', 'a note');"
    "INSERT INTO edition_categories VALUES ('2026-02-17', 'cs.LG', 2, 3, 'late');"
    "INSERT INTO edition_papers VALUES ('2026-02-17', 0, 'x', 'cross', 1, 7),"
    " ('2026-02-17', 1, '2602.00001', 'new', 2, 8);"
    "INSERT INTO subscribers VALUES ('ada@example.org', 9, '2026-02-17'), ('bob@example.org', 10, NULL);"
    "INSERT INTO suppressions VALUES ('ada@example.org', 'bounced', 11, '550 5.1.1'),"
    " ('ada@example.org', 'owner', 12, NULL);"
    "INSERT INTO deliveries VALUES (1, 'digest', 'ada@example.org', '2026-02-17', 'sent', 1, 2, 3, 4,"
    " NULL, NULL, 5, 'end-of-data', '2.0.0', '250 Ok', '2026-02-17/2', x'0001fe', NULL),"
    " (2, 'answer', 'bob@example.org', 'token', 'queued', 1, 2, 2000000, 0, NULL, NULL, NULL, NULL, NULL,"
    " NULL, NULL, NULL, NULL),"
    " (3, 'digest', 'bob@example.org', '2026-02-17', 'sending', 1, 2, 3, 1, 'host/1/2', 999999, NULL,"
    " NULL, NULL, NULL, NULL, NULL, NULL),"
    " (4, 'notice', 'bob@example.org', 'hold', 'failed', 1, 2, 3, 1, NULL, NULL, 4, 'rcpt', '5.1.1', 'no',"
    " NULL, NULL, 'userunknown');"
    "WITH RECURSIVE n (i) AS (VALUES (5) UNION ALL SELECT i + 1 FROM n WHERE i < 1201)"
    " INSERT INTO deliveries (id, kind, subscriber, slot, state, created_utc, not_before_utc, expires_utc)"
    " SELECT i, 'digest', 's' || i, '2026-02-17', 'deferred', i, i, 2000000 FROM n;"
    "INSERT INTO delivery_messages VALUES (2, '', x'0d0a00ff');"
    "INSERT INTO pace_turns VALUES ('arxiv', 'host', 1, 2);"
    "INSERT INTO pace_backoffs VALUES ('arxiv', 'rss', 1, 2, 3, '503');"
    "INSERT INTO validators VALUES ('https://example.org/', 'e', '', 1);"
    "INSERT INTO rate_scopes VALUES ('', 1, 2);"
    "INSERT INTO rate_minutes VALUES ('', 28000000, 3);"
    "INSERT INTO rate_slots VALUES ('example.org', 'host', 1, 2);"
    "INSERT INTO patience VALUES ('relay', '', 1, 2, 3, 4, '421 4.7.28');"
    "INSERT INTO domain_runs VALUES ('example.org', 1, 2, 3, 4, 5, 6, 'e');"
    "INSERT INTO dead_addresses VALUES ('ada@example.org', 'example.org', 2, 3, 4);"
    "INSERT INTO profiles VALUES ('ada@example.org', '{\"email\": \"ada@example.org\"}', x'80', 1);"
    "INSERT INTO forgotten VALUES ('h', 1);"
    "INSERT INTO changes VALUES ('profiles', 7);"
    "INSERT INTO handled_mails VALUES ('imaps://x/INBOX', 4294967295, 7, 'h', 'Processed', 1);"
    "INSERT INTO mail_intents VALUES ('h', 'ada@example.org', x'', x'80', '{}', 1);"
    "INSERT INTO pending (id, kind, address, other, commands, created_utc, expires_utc, confirmed_utc,"
    " other_confirmed_utc, done_utc, vouched) VALUES ('i', 'address', 'ada@example.org', 'new@example.org', 'a\nb', 1, 2, 3, 4, 5, 1),"
    " ('j', 'forget', 'bob@example.org', NULL, 'forget', 1, 2, NULL, NULL, NULL, 0);"
    "INSERT INTO profile_history VALUES ('ada@example.org', 2, '{\"max_papers\": 3}', x'00ff', 1);"
    "INSERT INTO bounces VALUES ('ada@example.org', 20000, 'soft', '452 4.2.2', 1);"
    "INSERT INTO moved_addresses VALUES ('old@example.org', 'ada@example.org', 1);"
    "INSERT INTO inbox_events VALUES (3, 1, 'a mail could not be read');"
    "INSERT INTO summaries VALUES ('2602.00001', 2, 'qwen-long', 'zh', '00ff', 'good', '2026-02-17', NULL,"
    " NULL, 1, 5, 6, 7, NULL, '一句话', '# A\n\n- b'), ('x', 0, 'm', 'en', '01', 'failed', NULL, NULL, NULL,"
    " 3, 5, 0, 0, 'HTTP status 500', NULL, NULL), ('x', 1, 'm', 'en', '01', 'asking', NULL, 'host/1', 9,"
    " 1, 5, 0, 0, NULL, NULL, NULL);"
    "INSERT INTO summary_spending VALUES ('2026-02-17', 20501, 5, 6, 7), ('', 20501, 5, 0, 0);";

static int set_up(void **state)
{
    struct places *places = *state;

    places->folder = data_temporary_folder();
    snprintf(places->first, sizeof(places->first), "sqlite:%s/first.db", places->folder);
    snprintf(places->last, sizeof(places->last), "sqlite:%s/last.db", places->folder);
    if (places->server)
        postgres_server_new_schema(places->server, places->middle);
    else
        snprintf(places->middle, sizeof(places->middle), "sqlite:%s/middle.db", places->folder);
    return 0;
}

static int tear_down(void **state)
{
    struct places *places = *state;

    data_remove_folder(&places->folder);
    return 0;
}

static struct store *must_open(const char *url)
{
    struct store *store = NULL;
    struct error error = {0};

    MUST(store_open(url, NULL, &store, &error), error);
    return store;
}

/* Runs SQL on a store's file from outside; the one value of the last row, for free(3). */
static char *ask(const char *url, const char *sql)
{
    char *answer = NULL;
    sqlite3 *db = NULL;
    int code = SQLITE_OK;

    assert_int_equal(sqlite3_open(url + strlen("sqlite:"), &db), SQLITE_OK);
    while (sql[0] && code == SQLITE_OK) {
        sqlite3_stmt *statement = NULL;

        if (sqlite3_prepare_v2(db, sql, -1, &statement, &sql) != SQLITE_OK)
            fail_msg("%s: %s", sqlite3_errmsg(db), sql);
        while (statement && (code = sqlite3_step(statement)) == SQLITE_ROW) {
            const char *text = (const char *)sqlite3_column_text(statement, 0);

            free(answer);
            answer = strdup(text ? text : "");
        }
        if (statement && code != SQLITE_DONE)
            fail_msg("%s", sqlite3_errmsg(db));
        code = sqlite3_finalize(statement);
    }
    sqlite3_close(db);
    return answer ? answer : strdup("");
}

static void fill(const char *url)
{
    struct store *store = must_open(url);

    store_close(&store);
    free(ask(url, CONTENT));
}

/* A text for each table, but of what can be worked out again, made by an expression in
 * SQL, where t is its name, and row and filled are made of its columns. */
static char *for_each_table(const char *url, const char *sql, const char *between)
{
    char question[2000];

    snprintf(question, sizeof(question),
             "SELECT group_concat(%s, '%s') FROM (SELECT t.name AS t, group_concat(printf('quote(%%s)',"
             " c.name), '||'',''||') AS row, group_concat(printf('max(%%s IS NOT NULL)', c.name), '*') AS filled"
             " FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'"
             " AND t.name <> 'derived' AND t.name NOT LIKE 'sqlite%%' GROUP BY t.name)", sql, between);
    return ask(url, question);
}

/* Every value of every row. */
static char *dump(const char *url)
{
    char *each = for_each_table(
        url, "printf('SELECT ''%s''||'' ''||%s AS row FROM %s', t, row, t)", " UNION ALL ");
    char *question = malloc(strlen(each) + 100), *text;

    snprintf(question, strlen(each) + 100, "SELECT group_concat(row, char(10)) FROM (%s ORDER BY row)", each);
    text = ask(url, question);
    free(question);
    free(each);
    return text;
}

static int take_over(const char *to_url, const char *from_url, struct taken_over *ret_taken,
                     struct error *error)
{
    struct store *to = must_open(to_url), *from = must_open(from_url);
    int result = store_take_over(to, from, NOW, ret_taken, error);

    store_close(&from);
    store_close(&to);
    return result;
}

/* A column or table that comes new into the schema is missed here first. */
static void the_test_fills_every_column(void **state)
{
    const struct places *places = *state;
    char *each, *filled;

    fill(places->first);
    each = for_each_table(places->first, "printf('(SELECT iif(%s, '''', ''%s '') FROM %s)', filled, t, t)",
                          " || ");
    filled = malloc(strlen(each) + 100);
    snprintf(filled, strlen(each) + 100, "SELECT %s", each);
    free(each);
    each = ask(places->first, filled);
    assert_string_equal(each, "");
    free(each);
    free(filled);
}

static void what_was_known_is_known_there_and_back(void **state)
{
    const struct places *places = *state;
    struct taken_over taken = {0};
    struct error error = {0};
    char *before, *after;

    fill(places->first);
    before = dump(places->first);
    MUST(take_over(places->middle, places->first, &taken, &error), error);
    assert_int_equal(taken.editions, 1);
    assert_int_equal(taken.papers, 2);
    assert_int_equal(taken.deliveries, MANY);
    assert_int_equal(taken.suppressions, 2);
    assert_int_equal(taken.profiles, 1);
    MUST(take_over(places->last, places->middle, &taken, &error), error);
    assert_int_equal(taken.deliveries, MANY);
    after = dump(places->last);
    assert_true(strlen(after) > MANY * 50);
    assert_string_equal(after, before);
    free(after);
    after = dump(places->first);
    assert_string_equal(after, before);
    free(after);
    free(before);
}

/* The outbox goes on where it was, with numbers of its own. */
static void the_work_goes_on(void **state)
{
    const struct places *places = *state;
    struct outbox_recovered recovered;
    struct delivery_batch batch;
    struct taken_over taken;
    struct error error = {0};
    struct buffer message;
    struct store *store;

    fill(places->first);
    MUST(take_over(places->middle, places->first, &taken, &error), error);
    store = must_open(places->middle);
    MUST(outbox_recover(store, NOW, UNCERTAIN_RESEND, &recovered, &error), error);
    assert_int_equal(recovered.uncertain, 1);
    MUST(outbox_claim(store, "w", NOW, 300, 2, &batch, &error), error);
    assert_int_equal(batch.count, 2);
    assert_string_equal(batch.items[0].subscriber, "bob@example.org");
    assert_string_equal(batch.items[1].subscriber, "s5");
    buffer_init(&message, 100);
    MUST(outbox_load_message(store, &batch.items[0], &message, &error), error);
    assert_int_equal(message.size, 4);
    MUST(outbox_add(store,
                    &(struct delivery_request){.kind = DELIVERY_DIGEST, .subscriber = "new", .slot = "s",
                                               .created_utc = NOW, .not_before_utc = NOW,
                                               .expires_utc = NOW + 10},
                    NULL, &error), error);
    buffer_free(&message);
    delivery_batch_free(&batch);
    store_close(&store);
}

static void refuse(const char *to, const char *from, enum error_kind kind, const char *part)
{
    struct taken_over taken;
    struct error error = {0};

    assert_int_equal(take_over(to, from, &taken, &error), -1);
    if (error.kind != kind || !strstr(error.text, part))
        fail_msg("%d %s, wanted: %s", error.kind, error.text, part);
}

static void what_would_mix_or_double_is_refused(void **state)
{
    const struct places *places = *state;
    struct store *store;
    struct taken_over taken;
    struct error error = {0};

    fill(places->first);
    refuse(places->first, places->first, ERROR_CONFLICT, "is not empty (it has facts)");
    free(ask(places->first, "UPDATE deliveries SET lease_until_utc = 1000001 WHERE id = 3"));
    refuse(places->middle, places->first, ERROR_TEMPORARY, "a worker holds 1 of the old store's deliveries");
    free(ask(places->first, "UPDATE deliveries SET lease_until_utc = 1 WHERE id = 3"));
    /* A failure in the last table leaves nothing of the first; then it can be done again. */
    store = must_open(places->middle);
    store_close(&store);
    free(ask(places->first, "UPDATE deliveries SET reply = CAST(x'fe41' AS TEXT) WHERE id = 4"));
    if (places->server)
        refuse(places->middle, places->first, ERROR_INPUT, "table deliveries: ");
    free(ask(places->first, "UPDATE deliveries SET reply = 'no' WHERE id = 4"));
    MUST(take_over(places->middle, places->first, &taken, &error), error);
    refuse(places->middle, places->first, ERROR_CONFLICT, "is not empty");
}

int main(void)
{
#define TEST(name) {#name, name, set_up, tear_down, &places}
    struct places places = {.server = postgres_server_start()};
    const struct CMUnitTest tests[] = {
        TEST(the_test_fills_every_column),
        TEST(what_was_known_is_known_there_and_back),
        TEST(the_work_goes_on),
        TEST(what_would_mix_or_double_is_refused),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    if (places.server)
        postgres_server_stop(&places.server);
    return failed;
}
