/* The store's suite on PostgreSQL, and what is PostgreSQL's own: URLs, logins,
 * schemas, locks, lost connections. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "store/outbox.h"
#include "store/postgres_transaction.h"
#include "store/query.h"
#include "unit/data.h"
#include "unit/postgres_server.h"
#include "unit/store_suite.h"

enum { NOW = 1000000, DAY = 86400 };

struct place {
    struct postgres_server *server;
    char url[600];
};

static struct store *open_again(void *user)
{
    const struct place *place = user;
    struct error error = {0};
    struct store *store = NULL;

    MUST(store_open(place->url, NULL, &store, &error), error);
    return store;
}

static struct store *open_empty(void *user)
{
    struct place *place = user;

    postgres_server_new_schema(place->server, place->url);
    return open_again(place);
}

/* The same with the tables of the last one, emptied. */
static struct store *open_emptied(void *user)
{
    struct place *place = user;

    if (!place->url[0])
        return open_empty(place);
    postgres_server_empty(place->url);
    return open_again(place);
}

static void refuse(const char *url, const struct store_options *options, enum error_kind kind,
                   const char *part)
{
    struct store *store = NULL;
    struct error error = {0};

    if (store_open(url, options, &store, &error) == 0)
        fail_msg("opened, wanted: %s", part);
    assert_null(store);
    if (error.kind != kind || !strstr(error.text, part) || !strstr(error.text, "store postgresql://"))
        fail_msg("%d %s, wanted: %s", error.kind, error.text, part);
}

static void urls_that_cannot_be_are_told(void **state)
{
    static const struct {
        const char *url;
        const char *want;
    } cases[] = {
        {"postgresql://ada:secret@host/db", "the URL must hold no password"},
        {"postgresql://host/db?password=secret", "the URL must hold no password"},
        {"postgresql://host/db?sslpassword=secret", "the URL must hold no password"},
        {"postgresql://host", "names no database"},
        {"postgres://host/", "names no database"},
        {"postgresql://host/db?passfile=secrets", "must be an absolute path"},
        {"postgresql://host/db?colour=blue", "is no URL that PostgreSQL understands"},
        {"postgresql://ada:secret@[::1/db", "is no URL that PostgreSQL understands"},
    };
    const struct store_options options = {.must_exist = true};
    struct store *store = NULL;
    struct error error = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        refuse(cases[i].url, &options, ERROR_CONFIGURATION, cases[i].want);
        assert_int_equal(store_open(cases[i].url, NULL, &store, &error), -1);
        if (strstr(error.text, "secret@") || strstr(error.text, "=secret "))
            fail_msg("the password is told: %s", error.text);
    }
}

static void servers_that_refuse_are_told(void **state)
{
    const struct store_options existing = {.must_exist = true};
    const struct place *place = *state;
    char url[600], longer[700];

    postgres_server_url(place->server, "postgres", "nothing", url);
    refuse(url, NULL, ERROR_CONFIGURATION, "make it with createdb");
    postgres_server_url(place->server, "nobody_knows", "postgres", url);
    refuse(url, NULL, ERROR_CONFIGURATION, "make it with createuser");
    snprintf(url, sizeof(url), "postgresql:///db?host=%s/nowhere",
             postgres_server_folder(place->server));
    refuse(url, NULL, ERROR_TEMPORARY, "cannot be reached");
    refuse("postgresql://127.0.0.1:1/db", NULL, ERROR_TEMPORARY, "cannot be reached");
    postgres_server_new_schema(place->server, url);
    refuse(url, &existing, ERROR_MISSING, "is empty yet");
    snprintf(longer, sizeof(longer), "%s_not_there", url);
    refuse(longer, NULL, ERROR_CONFIGURATION, "there is no schema to make tables in");
}

/* A password that is asked for comes from the file that the URL names. */
static void a_password_comes_from_a_file(void **state)
{
    const struct place *place = *state;
    char rules[300], url[600], longer[900], *folder = data_temporary_folder();
    char *passfile = file_join(folder, "pass"), *empty = file_join(folder, "empty");
    struct error error = {0};
    struct store *store = NULL;
    struct view before;

    snprintf(rules, sizeof(rules), "%s/data/pg_hba.conf", postgres_server_folder(place->server));
    before = data_read(rules);
    postgres_server_url(place->server, "postgres", "postgres", url);
    postgres_server_run(url, "CREATE ROLE ada LOGIN PASSWORD 'hunter2:x'");
    postgres_server_run(url, "CREATE DATABASE ada OWNER ada");
    MUST(file_write_atomic(rules, VIEW("local all ada scram-sha-256\nlocal all all trust\n"), 0644,
                           &error),
         error);
    postgres_server_run(url, "SELECT pg_reload_conf()");
    MUST(file_write_atomic(passfile, VIEW("*:*:ada:ada:hunter2\\:x\n"), 0600, &error), error);
    MUST(file_write_atomic(empty, VIEW("\n"), 0600, &error), error);
    postgres_server_url(place->server, "ada", "ada", url);
    snprintf(longer, sizeof(longer), "%s&passfile=%s", url, empty);
    refuse(longer, NULL, ERROR_CONFIGURATION, "HOST:PORT:DATABASE:USER:PASSWORD that fits into ~/.pgpass");
    snprintf(longer, sizeof(longer), "%s&passfile=%s", url, passfile);
    MUST(store_open(longer, NULL, &store, &error), error);
    MUST(store_suite_add(store, 1, &error), error);
    store_close(&store);
    MUST(file_write_atomic(passfile, VIEW("*:*:ada:ada:wrong\n"), 0600, &error), error);
    refuse(longer, NULL, ERROR_CONFIGURATION, "mend the user's name, or the password");
    MUST(file_write_atomic(rules, before, 0644, &error), error);
    postgres_server_url(place->server, "postgres", "postgres", url);
    postgres_server_run(url, "SELECT pg_reload_conf()");
    data_free(before);
    free(passfile);
    free(empty);
    data_remove_folder(&folder);
}

static void what_is_no_paperboys_is_refused_untouched(void **state)
{
    static const struct {
        const char *sql;
        enum error_kind kind;
        const char *want;
    } cases[] = {
        {"CREATE TABLE mine (x int)", ERROR_CONFIGURATION, "holds tables of another program"},
        {"CREATE VIEW mine AS SELECT 1 AS x", ERROR_CONFIGURATION,
         "holds tables of another program"},
        {"CREATE TABLE paperboy_schema (version bigint); INSERT INTO paperboy_schema VALUES (999)",
         ERROR_CONFIGURATION, "has schema 999 and this paperboy knows up to"},
    };
    struct place *place = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *count;

        postgres_server_new_schema(place->server, place->url);
        postgres_server_run(place->url, cases[i].sql);
        refuse(place->url, NULL, cases[i].kind, cases[i].want);
        count = postgres_server_ask(place->url, "SELECT count(*) FROM pg_class WHERE relkind IN"
                                                " ('r', 'v') AND relnamespace ="
                                                " current_schema()::regnamespace");
        assert_string_equal(count, "1");
        free(count);
    }
}

/* Who may not make tables is told so. */
static void no_permission_is_told(void **state)
{
    struct place *place = *state;
    char url[600], *options;

    postgres_server_new_schema(place->server, place->url);
    postgres_server_run(place->url, "CREATE ROLE guest LOGIN");
    postgres_server_run(place->url, "DO $$ BEGIN EXECUTE 'GRANT USAGE ON SCHEMA ' ||"
                                    " current_schema() || ' TO guest'; END $$");
    postgres_server_url(place->server, "guest", "postgres", url);
    options = strstr(place->url, "&options");
    memcpy(url + strlen(url), options, strlen(options) + 1);
    refuse(url, NULL, ERROR_PERMISSION, "make this user the owner of the database");
}

static void many_may_make_the_same_store_at_once(void **state)
{
    struct place *place = *state;

    postgres_server_new_schema(place->server, place->url);
    store_suite_make_at_once(place->url);
}

static void a_lock_is_waited_for_so_long(void **state)
{
    const struct store_options impatient = {.busy_timeout_ms = 100};
    struct place *place = *state;
    struct store *holder = open_empty(place), *store = NULL;
    struct error error = {0};

    MUST(store_begin(holder, &error), error);
    MUST(store_lock(holder, STORE_LOCK_CLAIM, &error), error);
    MUST(store_suite_add(holder, 1, &error), error);
    MUST(store_open(place->url, &impatient, &store, &error), error);
    MUST(store_begin(store, &error), error);
    assert_int_equal(store_lock(store, STORE_LOCK_CLAIM, &error), -1);
    assert_int_equal(error.kind, ERROR_TEMPORARY);
    assert_non_null(strstr(error.text, "locked by another program for more than 0.1 s"));
    store_rollback(store);
    /* Of the same row likewise; another one is no matter. */
    assert_int_equal(store_suite_add(store, 1, &error), -1);
    assert_int_equal(error.kind, ERROR_TEMPORARY);
    MUST(store_suite_add(store, 2, &error), error);
    assert_int_equal(store_lock(store, STORE_LOCK_CLAIM, &error), -1);
    assert_int_equal(error.kind, ERROR_BUG);
    MUST(store_commit(holder, &error), error);
    MUST(store_begin(store, &error), error);
    MUST(store_lock(store, STORE_LOCK_CLAIM, &error), error);
    MUST(store_commit(store, &error), error);
    assert_int_equal(store_suite_count_open(store), 2);
    store_close(&store);
    store_close(&holder);
}

/* The end of every other connection, as an administrator or a restart ends it. */
static void end_connections(const struct place *place)
{
    postgres_server_run(place->url,
                        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                        " WHERE application_name = 'paperboy' AND pid <> pg_backend_pid()");
}

static void a_lost_connection_is_made_again(void **state)
{
    struct place *place = *state;
    struct store *store = open_empty(place);
    struct error error = {0};

    MUST(store_suite_add(store, 1, &error), error);
    end_connections(place);
    MUST(store_suite_add(store, 2, &error), error);
    MUST(store_begin(store, &error), error);
    MUST(store_suite_add(store, 3, &error), error);
    end_connections(place);
    assert_int_equal(store_suite_add(store, 4, &error), -1);
    assert_int_equal(error.kind, ERROR_TEMPORARY);
    /* Nothing is done outside of the transaction that was. */
    assert_int_equal(store_suite_add(store, 5, &error), -1);
    assert_int_equal(error.kind, ERROR_TEMPORARY);
    assert_int_equal(store_commit(store, &error), -1);
    assert_int_equal(error.kind, ERROR_TEMPORARY);
    assert_int_equal(store_suite_count_open(store), 2);
    MUST(store_begin(store, &error), error);
    end_connections(place);
    store_rollback(store);
    MUST(store_suite_add(store, 6, &error), error);
    assert_int_equal(store_suite_count_open(store), 3);
    postgres_server_crash(place->server);
    MUST(store_suite_add(store, 7, &error), error);
    assert_int_equal(store_suite_count_open(store), 4);
    store_close(&store);
}

/* A server that takes connections and says nothing. */
static int listen_mutely(int *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 100), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    *ret_port = ntohs(address.sin_port);
    return listener;
}

static int count_callers(int listener)
{
    int count = 0, caller;

    while ((caller = accept(listener, NULL, NULL)) >= 0) {
        close(caller);
        count++;
    }
    return count;
}

/* An attempt takes 2 s, whatever the URL says; the store may ask for half a second: it asks
 * once, and libpq why. */
static void the_fate_of_a_commit_is_asked_for_so_long(void **state)
{
    struct postgres_place asked = {0};
    struct error error = {0};
    PGconn *link = NULL;
    char location[100];
    int port, listener = listen_mutely(&port);

    (void)state;
    snprintf(location, sizeof(location), "127.0.0.1:%d/db?connect_timeout=3", port);
    MUST(postgres_place_init(&asked, location, 500, &error), error);
    assert_int_equal(postgres_transaction_find_out(&asked, &link, "1", "", &error), -1);
    assert_int_equal(error.kind, ERROR_TEMPORARY);
    assert_non_null(strstr(error.text, "is not known"));
    assert_null(link);
    assert_in_range(count_callers(listener), 1, 2);
    close(listener);
    postgres_place_free(&asked);
}

/* A crashed server knows nothing of a transaction that had written nothing yet, and gives its
 * number to the next one. That this was kept says nothing of the other. */
static void a_number_given_twice_is_not_believed(void **state)
{
    enum { MOST = 1000 };
    const struct store_beginning plain = {0};
    struct place *place = *state;
    struct postgres_place asked = {0};
    struct error error = {0};
    char first[POSTGRES_TRANSACTION_BYTES], next[POSTGRES_TRANSACTION_BYTES] = "";
    char life[POSTGRES_LIFE_BYTES], later[POSTGRES_LIFE_BYTES];
    PGconn *link = NULL;
    PGresult *refusal;

    MUST(postgres_place_init(&asked, place->url + strlen("postgresql://"), 2000, &error), error);
    MUST(postgres_link_open(&asked, &link, &error), error);
    postgres_link_find_life(link, life);
    assert_int_equal(postgres_transaction_begin(link, &plain, first, &refusal), 0);
    PQclear(PQexec(link, "COMMIT"));
    assert_int_equal(postgres_transaction_find_out(&asked, &link, first, life, &error), 0);
    assert_int_equal(postgres_transaction_begin(link, &plain, first, &refusal), 0);
    postgres_server_crash(place->server);
    PQfinish(link);
    link = NULL;
    MUST(postgres_link_open(&asked, &link, &error), error);
    for (int i = 0; i < MOST && strcmp(next, first) != 0; i++) {
        assert_int_equal(postgres_transaction_begin(link, &plain, next, &refusal), 0);
        PQclear(PQexec(link, "COMMIT"));
    }
    assert_string_equal(next, first);
    assert_int_equal(postgres_transaction_find_out(&asked, &link, first, life, &error), -1);
    assert_int_equal(error.kind, ERROR_TEMPORARY);
    assert_non_null(strstr(error.text, "is not known"));
    postgres_link_find_life(link, later);
    assert_int_equal(postgres_transaction_find_out(&asked, &link, first, later, &error), 0);
    PQfinish(link);
    postgres_place_free(&asked);
}

static void a_failed_transaction_is_never_committed(void **state)
{
    const struct store_options impatient = {.busy_timeout_ms = 50};
    struct place *place = *state;
    struct store *holder = open_empty(place), *store = NULL;
    struct error error = {0};

    MUST(store_open(place->url, &impatient, &store, &error), error);
    MUST(store_begin(holder, &error), error);
    MUST(store_suite_add(holder, 1, &error), error);
    MUST(store_begin(store, &error), error);
    MUST(store_suite_add(store, 2, &error), error);
    assert_int_equal(store_suite_add(store, 1, &error), -1);
    assert_int_equal(error.kind, ERROR_TEMPORARY);
    assert_int_equal(store_commit(store, &error), -1);
    assert_int_equal(error.kind, ERROR_TEMPORARY);
    store_rollback(holder);
    assert_int_equal(store_suite_count_open(store), 0);
    store_close(&store);
    store_close(&holder);
}

static int64_t next_number(struct query *query)
{
    assert_int_equal(query_next(query), 1);
    return query_get_integer(query, 0);
}

/* Rows come one by one; what is asked in between keeps them. */
static void a_question_inside_another_is_answered(void **state)
{
    struct place *place = *state;
    struct store *store = open_empty(place);
    struct error error = {0};
    struct query query;

    for (int i = 0; i < 300; i++)
        MUST(store_suite_add(store, i, &error), error);
    query_start(&query, store, "SELECT id FROM deliveries ORDER BY id", &error);
    assert_int_equal(next_number(&query), 1);
    assert_int_equal(next_number(&query), 2);
    assert_int_equal(store_suite_count_open(store), 300);
    MUST(store_suite_add(store, 1000, &error), error);
    for (int i = 3; i <= 300; i++)
        assert_int_equal(next_number(&query), i);
    assert_int_equal(query_next(&query), 0);
    query_end(&query);
    /* Left in the middle, and asked again. */
    query_start(&query, store, "SELECT id FROM deliveries ORDER BY id", &error);
    assert_int_equal(next_number(&query), 1);
    query_end(&query);
    assert_int_equal(store_suite_count_open(store), 301);
    store_close(&store);
}

static void every_kind_of_value_comes_back(void **state)
{
    struct place *place = *state;
    struct store *store = open_empty(place);
    struct error error = {0};
    struct query query;

    query_start(&query, store,
                "SELECT CAST($1 AS BIGINT), 7, true, 1 = 2, CAST(-3 AS SMALLINT), CAST($2 AS TEXT),"
                " CAST(NULL AS BIGINT)", &error);
    query_integer(&query, INT64_MIN);
    query_view(&query, VIEW("h\xC3\xA9"));
    assert_int_equal(query_next(&query), 1);
    assert_true(query_get_integer(&query, 0) == INT64_MIN);
    assert_int_equal(query_get_integer(&query, 1), 7);
    assert_int_equal(query_get_integer(&query, 2), 1);
    assert_int_equal(query_get_integer(&query, 3), 0);
    assert_int_equal(query_get_integer(&query, 4), -3);
    assert_true(view_equal_string(query_get_view(&query, 5), "h\xC3\xA9"));
    assert_true(query_is_null(&query, 6));
    assert_int_equal(query_get_integer(&query, 6), 0);
    assert_int_equal(query_next(&query), 0);
    query_end(&query);
    query_start(&query, store, "SELECT sum(id) FROM deliveries", &error);
    assert_int_equal(query_next(&query), -1);
    assert_int_equal(error.kind, ERROR_BUG);
    query_end(&query);
    query_start(&query, store, "INSERT INTO facts (name, value) VALUES ($1, '')", &error);
    query_view(&query, VIEW("not UTF-8: \xFF"));
    assert_int_equal(query_run(&query, NULL), -1);
    assert_int_equal(error.kind, ERROR_INPUT);
    assert_int_equal(store_suite_count_open(store), 0);
    store_close(&store);
}

static void a_copy_can_be_put_back(void **state)
{
    struct place *place = *state;
    char *folder = data_temporary_folder(), *path = file_join(folder, "copy");
    char url[600], command[1600];
    struct store *store;
    struct error error = {0};
    struct stat status;

    postgres_server_url(place->server, "postgres", "postgres", url);
    postgres_server_run(url, "CREATE DATABASE first");
    postgres_server_run(url, "CREATE DATABASE second");
    postgres_server_url(place->server, "postgres", "first", place->url);
    store = open_again(place);
    MUST(store_suite_add(store, 1, &error), error);
    assert_string_equal(store_copy_name(store), "paperboy.dump");
    MUST(store_copy(store, path, &error), error);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(store_copy(store, path, &error), -1);
    assert_int_equal(error.kind, ERROR_CONFLICT);
    store_close(&store);
    postgres_server_url(place->server, "postgres", "second", place->url);
    snprintf(command, sizeof(command), "pg_restore --dbname='%s' %s", place->url, path);
    assert_int_equal(system(command), 0);
    store = open_again(place);
    assert_int_equal(store_suite_count_open(store), 1);
    MUST(store_suite_add(store, 2, &error), error); /* its numbers go on */
    assert_int_equal(store_suite_count_open(store), 2);
    store_close(&store);
    free(path);
    data_remove_folder(&folder);
}

static void work_some(struct store *store)
{
    const struct delivery_outcome sent = {.state = DELIVERY_SENT, .now_utc = NOW};
    struct delivery_batch batch;
    struct delivery *deliveries[100];
    struct delivery_outcome outcomes[100];
    struct outbox_recovered recovered;
    struct error error = {0};
    bool lost[100];

    MUST(outbox_recover(store, NOW, UNCERTAIN_RESEND, &recovered, &error), error);
    MUST(outbox_claim(store, "w", NOW, 300, 100, &batch, &error), error);
    assert_int_equal(batch.count, 100);
    MUST(outbox_renew(store, "w", NOW + 900, &error), error);
    MUST(outbox_begin(store, &batch.items[99], &error), error);
    for (size_t i = 0; i < 99; i++) {
        deliveries[i] = &batch.items[i];
        outcomes[i] = sent;
    }
    MUST(store_begin(store, &error), error);
    MUST(outbox_begin_many(store, deliveries, 99, lost, &error), error);
    MUST(outbox_finish_many(store, deliveries, outcomes, 99, lost, &error), error);
    MUST(store_commit(store, &error), error);
    delivery_batch_free(&batch);
}

/* A large outbox, most of it done with, must cost the next claim nothing: neither a walk
 * through its rows nor one through an index of all of them. */
static void no_work_reads_the_outbox(void **state)
{
    enum { ROUNDS = 10, READ_EACH = 20 /* times that a batch's rows are come by */ };
    struct place *place = *state;
    struct store *store = open_empty(place);
    char *read;

    postgres_server_run(place->url,
                        "INSERT INTO deliveries (kind, subscriber, slot, state, created_utc,"
                        " not_before_utc, expires_utc) SELECT 'digest', 'x' || n, 's',"
                        " CASE WHEN n <= 20000 THEN 'sent' ELSE 'queued' END, 1, 1, 2000000"
                        " FROM generate_series(1, 30000) n");
    for (int round = 0; round < ROUNDS; round++)
        work_some(store);
    store_close(&store);
    for (int tries = 0; tries < 100; tries++) {
        read = postgres_server_ask(place->url,
                                   "SELECT seq_tup_read + sum(idx_tup_read) FROM pg_stat_user_tables"
                                   " JOIN pg_stat_user_indexes i USING (relid) WHERE"
                                   " i.relname = 'deliveries' AND i.schemaname = current_schema()"
                                   " AND i.idx_scan > 0 GROUP BY seq_tup_read");
        if (read[0])
            break;
        free(read);
        usleep(50000); /* the server counts when a connection ends */
    }
    assert_in_range(atoll(read), 1, ROUNDS * READ_EACH * 100);
    free(read);
    /* Most beginnings find room beside what they change, and write to no index. */
    read = postgres_server_ask(place->url, "SELECT n_tup_hot_upd FROM pg_stat_user_tables WHERE"
                                           " relname = 'deliveries' AND schemaname = current_schema()");
    assert_in_range(atoll(read), ROUNDS * 75, ROUNDS * 300);
    free(read);
}

static void not_here(void **state)
{
    (void)state;
    skip();
}

int main(void)
{
    struct place place = {.server = postgres_server_start()};
    struct place emptied = {.server = place.server};
    const struct store_opener opener = {open_emptied, open_again, &emptied};
    const struct CMUnitTest nothing[] = {cmocka_unit_test(not_here)};
    struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_that_cannot_be_are_told),
        cmocka_unit_test(servers_that_refuse_are_told),
        cmocka_unit_test(a_password_comes_from_a_file),
        cmocka_unit_test(what_is_no_paperboys_is_refused_untouched),
        cmocka_unit_test(no_permission_is_told),
        cmocka_unit_test(many_may_make_the_same_store_at_once),
        cmocka_unit_test(a_lock_is_waited_for_so_long),
        cmocka_unit_test(a_lost_connection_is_made_again),
        cmocka_unit_test(the_fate_of_a_commit_is_asked_for_so_long),
        cmocka_unit_test(a_number_given_twice_is_not_believed),
        cmocka_unit_test(a_failed_transaction_is_never_committed),
        cmocka_unit_test(a_question_inside_another_is_answered),
        cmocka_unit_test(every_kind_of_value_comes_back),
        cmocka_unit_test(a_copy_can_be_put_back),
        cmocka_unit_test(no_work_reads_the_outbox),
    };
    int failed;

    if (!place.server)
        return cmocka_run_group_tests_name("PostgreSQL", nothing, NULL, NULL);
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
        tests[i].initial_state = &place;
    failed = store_suite_run(&opener) +
             cmocka_run_group_tests_name("PostgreSQL's own", tests, NULL, NULL);
    postgres_server_stop(&place.server);
    return failed;
}
