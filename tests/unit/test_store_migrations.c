/* Stores as each older paperboy has left them, with something in every table, are brought
 * up to date by opening them, and hold the same; in both databases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/file.h"
#include "store/editions.h"
#include "store/migrations.h"
#include "store/outbox.h"
#include "store/query.h"
#include "store/sqlite_schema.h"
#include "store/subscribers.h"
#include "unit/data.h"
#include "unit/postgres_server.h"
#include "unit/store_suite.h"
#ifdef PAPERBOY_POSTGRES
#include "store/postgres_dialect.h"
#endif

enum { NOW = 1000000 };

/* What a store may hold from each schema on: rows of the tables that it has made, each
 * column named as it was then. */
static const char *const CONTENT[] = {
    "INSERT INTO facts (name, value) VALUES ('wanted', CAST('cs.LG' AS BLOB));"
    "INSERT INTO papers (id, version, source_title, source_abstract, authors, categories,"
    " announce_type, date, first_seen_utc) VALUES ('2602.00001', 2, 'A title', 'Text.', '[\"Ada\"]',"
    " '[\"cs.LG\"]', 'new', '2026-02-17', 5);"
    "INSERT INTO editions (date, estimated, first_fetched_utc, fetched_utc, state, note)"
    " VALUES ('2026-02-17', 0, 2, 3, 'late', 'a note');"
    "INSERT INTO edition_categories (edition, category, received, known, state)"
    " VALUES ('2026-02-17', 'cs.LG', 2, 3, 'late');"
    "INSERT INTO edition_papers (edition, position, paper, announce_type, version, received_utc)"
    " VALUES ('2026-02-17', 0, '2602.00001', 'new', 2, 7);"
    "INSERT INTO subscribers (address, first_seen_utc, first_edition) VALUES ('ada', 9, '2026-02-17');"
    "INSERT INTO suppressions (address, reason, since_utc, evidence) VALUES ('bob', 'bounced', 11, 'no');"
    "INSERT INTO deliveries (kind, subscriber, slot, state, created_utc, not_before_utc, expires_utc,"
    " attempts, reply, editions, shown) VALUES ('digest', 'ada', '2026-02-17', 'sent', 1, 2, 3, 1, 'Ok',"
    " '2026-02-17', CAST('shown' AS BLOB)),"
    " ('answer', 'ada', 'token', 'queued', 1, 2, 2000000, 0, NULL, NULL, NULL),"
    " ('digest', 'bob', '2026-02-17', 'failed', 1, 2, 3, 1, '550', NULL, NULL);"
    "INSERT INTO delivery_messages (delivery, envelope_sender, bytes)"
    " SELECT id, '', CAST('bytes' AS BLOB) FROM deliveries WHERE kind = 'answer';",

    "INSERT INTO pace_turns (service, holder, lease_until_ms, started_ms) VALUES ('arxiv', 'h', 1, 2);"
    "INSERT INTO pace_backoffs (service, endpoint, not_before_ms, failures, changed_ms, reason)"
    " VALUES ('arxiv', 'rss', 1, 2, 3, '503');"
    "INSERT INTO validators (url, etag, last_modified, kept_utc) VALUES ('https://x/', 'e', '', 1);",

    "INSERT INTO derived (kind, name, bytes, made_utc) VALUES ('k', 'n', CAST('x' AS BLOB), 1);",

    "UPDATE deliveries SET reason = 'userunknown' WHERE state = 'failed';"
    "INSERT INTO rate_scopes (scope, next_us, touched_ms) VALUES ('', 1, 2);"
    "INSERT INTO rate_minutes (scope, minute, taken) VALUES ('', 1, 2);"
    "INSERT INTO rate_slots (scope, holder, slots, lease_until_ms) VALUES ('x', 'h', 1, 2);"
    "INSERT INTO patience (relay, domain, not_before_ms, connections, changed_ms, times, reply)"
    " VALUES ('r', '', 1, 2, 3, 4, '421');"
    "INSERT INTO domain_runs (domain, first_utc, last_utc, failed, recipients) VALUES ('x', 1, 2, 3, 4);"
    "INSERT INTO dead_addresses (address, domain, refusals, last_utc) VALUES ('bob', 'x', 2, 3);",

    "INSERT INTO profiles (address, document, version, changed_utc)"
    " VALUES ('ada', '{\"email\": \"ada\"}', CAST('v' AS BLOB), 1);"
    "INSERT INTO forgotten (hash, since_utc) VALUES ('h', 1);"
    "INSERT INTO changes (name, number) VALUES ('profiles', 7);",

    "INSERT INTO handled_mails (mailbox, validity, uid, hash, folder, handled_utc)"
    " VALUES ('imaps://x/', 4294967295, 7, 'h', 'Processed', 1);"
    "INSERT INTO mail_intents (hash, address, before, after, document, begun_utc)"
    " VALUES ('h', 'ada', CAST('' AS BLOB), CAST('v' AS BLOB), '{}', 1);"
    "INSERT INTO pending (id, kind, address, commands, vouched, created_utc, expires_utc)"
    " VALUES ('i', 'subscribe', 'zoe', 'subscribe', 0, 1, 2);"
    "INSERT INTO profile_history (address, number, document, after, changed_utc)"
    " VALUES ('ada', 1, '{}', CAST('v' AS BLOB), 1);"
    "INSERT INTO bounces (address, sent_day, kind, evidence, noted_utc) VALUES ('bob', 2, 'dead', 'no', 3);"
    "INSERT INTO moved_addresses (address, other, since_utc) VALUES ('old', 'ada', 1);"
    "INSERT INTO inbox_events (noted_utc, text) VALUES (1, 'x');",

    "INSERT INTO summaries (paper, version, model, language, prompt, state, attempts, changed_utc,"
    " prompt_tokens, completion_tokens, tldr, markdown) VALUES ('2602.00001', 2, 'm', 'zh', '00ff', 'good',"
    " 1, 2, 3, 4, 'x', 'y');"
    "INSERT INTO summary_spending (edition, day, first_utc, prompt_tokens, completion_tokens)"
    " VALUES ('2026-02-17', 2, 3, 4, 5);",

    "UPDATE deliveries SET stage = 'rcpt' WHERE phase = 'failed';",
};

/* How many rows there are then of each table, summed up. */
static const struct {
    size_t since;
    const char *sql;
    int64_t rows;
} COUNTS[] = {
    {1, "SELECT (SELECT count(*) FROM facts) + (SELECT count(*) FROM papers)"
        " + (SELECT count(*) FROM editions) + (SELECT count(*) FROM edition_categories)"
        " + (SELECT count(*) FROM edition_papers) + (SELECT count(*) FROM subscribers)"
        " + (SELECT count(*) FROM suppressions) + (SELECT count(*) FROM deliveries)"
        " + (SELECT count(*) FROM delivery_messages)", 11},
    {1, "SELECT count(*) FROM deliveries WHERE phase = state AND phase IN ('sent', 'queued', 'failed')", 3},
    {2, "SELECT (SELECT count(*) FROM pace_turns) + (SELECT count(*) FROM pace_backoffs)"
        " + (SELECT count(*) FROM validators)", 3},
    {3, "SELECT count(*) FROM derived", 1},
    {4, "SELECT (SELECT count(*) FROM rate_scopes) + (SELECT count(*) FROM rate_minutes)"
        " + (SELECT count(*) FROM rate_slots) + (SELECT count(*) FROM patience)"
        " + (SELECT count(*) FROM domain_runs) + (SELECT count(*) FROM dead_addresses)"
        " + (SELECT count(*) FROM deliveries WHERE reason = 'userunknown')", 7},
    {5, "SELECT (SELECT count(*) FROM profiles) + (SELECT count(*) FROM forgotten)"
        " + (SELECT count(*) FROM changes)", 3},
    {6, "SELECT (SELECT count(*) FROM handled_mails) + (SELECT count(*) FROM mail_intents)"
        " + (SELECT count(*) FROM pending) + (SELECT count(*) FROM profile_history)"
        " + (SELECT count(*) FROM bounces) + (SELECT count(*) FROM moved_addresses)"
        " + (SELECT count(*) FROM inbox_events)", 7},
    {7, "SELECT (SELECT count(*) FROM summaries) + (SELECT count(*) FROM summary_spending)", 2},
    {8, "SELECT count(*) FROM deliveries WHERE phase = 'failed' AND stage = 'rcpt'", 1},
};

static int64_t count_rows(struct store *store, const char *sql)
{
    struct error error = {0};
    struct query query;
    int64_t count;

    query_start(&query, store, sql, &error);
    if (query_next(&query) != 1)
        fail_msg("%s", error.text);
    count = query_get_integer(&query, 0);
    query_end(&query);
    return count;
}

static void check_outbox(struct store *store)
{
    const struct delivery_outcome refused = {.state = DELIVERY_FAILED, .now_utc = NOW,
                                             .reply = "550", .reason = "userunknown"};
    struct delivery_batch batch;
    struct error error = {0};
    struct buffer message;

    MUST(outbox_claim(store, "w", NOW, 300, 10, &batch, &error), error);
    assert_int_equal(batch.count, 1);
    assert_string_equal(batch.items[0].slot, "token");
    buffer_init(&message, 100);
    MUST(outbox_load_message(store, &batch.items[0], &message, &error), error);
    assert_string_equal(buffer_string(&message), "bytes");
    MUST(outbox_begin(store, &batch.items[0], &error), error);
    MUST(outbox_finish(store, &batch.items[0], &refused, &error), error);
    buffer_free(&message);
    delivery_batch_free(&batch);
}

/* Twice: the second time it is a store like any other. */
static void check_opened(const char *url, size_t version)
{
    for (int time = 0; time < 2; time++) {
        struct suppression_found found;
        struct subscriber_seen seen;
        struct papers papers;
        struct store *store = NULL;
        struct error error = {0};

        if (store_open(url, NULL, &store, &error) < 0)
            fail_msg("schema %zu: %s", version, error.text);
        for (size_t i = 0; i < sizeof(COUNTS) / sizeof(COUNTS[0]); i++)
            if (time == 0 || COUNTS[i].since != 4)
                assert_int_equal(count_rows(store, COUNTS[i].sql),
                                 COUNTS[i].since <= version ? COUNTS[i].rows : 0);
        MUST(suppression_find(store, "bob", &found, &error), error);
        assert_true(found.found);
        MUST(subscriber_see(store, "ada", NOW, (struct date){0}, &seen, &error), error);
        assert_int_equal(seen.first_seen_utc, 9);
        papers_init(&papers);
        MUST(store_load_edition(store, (struct date){2026, 2, 17}, &papers, &error), error);
        assert_int_equal(papers.count, 1);
        papers_free(&papers);
        if (time == 0)
            check_outbox(store);
        store_close(&store);
    }
}

/* The schema as of `version`, and what it may hold. */
static void add_history(size_t version, struct buffer *sql)
{
    for (size_t i = 1; i <= version; i++)
        migration_text(i, sql);
    for (size_t i = 0; i < version; i++)
        buffer_add_string(sql, CONTENT[i]);
}

static void every_older_file_is_brought_up_to_date(void **state)
{
    (void)state;
    assert_int_equal(migration_count(), sizeof(CONTENT) / sizeof(CONTENT[0]));
    for (size_t version = 1; version <= migration_count(); version++) {
        char *folder = data_temporary_folder(), url[600];
        struct buffer sql;
        sqlite3 *db = NULL;

        snprintf(url, sizeof(url), "sqlite:%s/store.db", folder);
        buffer_init(&sql, 1 << 20);
        add_history(version, &sql);
        buffer_printf(&sql, "PRAGMA application_id = %d; PRAGMA user_version = %zu;",
                      SQLITE_APPLICATION_ID, version);
        assert_int_equal(sqlite3_open(url + strlen("sqlite:"), &db), SQLITE_OK);
        if (sqlite3_exec(db, buffer_string(&sql), NULL, NULL, NULL) != SQLITE_OK)
            fail_msg("schema %zu: %s", version, sqlite3_errmsg(db));
        sqlite3_close(db);
        buffer_free(&sql);
        check_opened(url, version);
        data_remove_folder(&folder);
    }
}

#ifdef PAPERBOY_POSTGRES
static void every_older_database_is_brought_up_to_date(void **state)
{
    struct postgres_server *server = *state;

    if (!server)
        skip();
    for (size_t version = 1; version <= migration_count(); version++) {
        struct buffer sql, own;
        char url[600];

        postgres_server_new_schema(server, url);
        buffer_init(&sql, 1 << 20);
        buffer_init(&own, 1 << 20);
        add_history(version, &sql);
        buffer_printf(&own, "CREATE TABLE paperboy_schema (version BIGINT NOT NULL);"
                            "INSERT INTO paperboy_schema VALUES (%zu);", version);
        postgres_dialect_migration(buffer_view(&sql), &own);
        postgres_server_run(url, buffer_string(&own));
        buffer_free(&sql);
        buffer_free(&own);
        check_opened(url, version);
    }
}
#endif

int main(void)
{
    struct postgres_server *server = postgres_server_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_older_file_is_brought_up_to_date),
#ifdef PAPERBOY_POSTGRES
        cmocka_unit_test_prestate(every_older_database_is_brought_up_to_date, server),
#endif
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    if (server)
        postgres_server_stop(&server);
    return failed;
}
