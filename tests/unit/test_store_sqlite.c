/* What is SQLite's own: files, modes, schemas, locks, full disks, plans. The
 * rest is in store_suite.c. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/file.h"
#include "store/outbox.h"
#include "store/subscribers.h"
#include "unit/data.h"
#include "unit/store_suite.h"

enum { NOW = 1000000, DAY = 86400 };

struct files {
    char *folder;
    char *path;
    char url[600];
};

static int set_up(void **state)
{
    struct files *files = calloc(1, sizeof(*files));

    files->folder = data_temporary_folder();
    files->path = file_join(files->folder, "store.db");
    snprintf(files->url, sizeof(files->url), "sqlite:%s", files->path);
    *state = files;
    return 0;
}

static int tear_down(void **state)
{
    struct files *files = *state;

    data_remove_folder(&files->folder);
    free(files->path);
    free(files);
    return 0;
}

static struct store *must_open(const struct files *files)
{
    struct store *store = NULL;
    struct error error = {0};

    MUST(store_open(files->url, NULL, &store, &error), error);
    return store;
}

/* Runs SQL on the file from outside. */
static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void write_file(const char *path, struct view bytes)
{
    struct error error = {0};

    MUST(file_write_atomic(path, bytes, 0600, &error), error);
}

static void a_new_store_is_private_and_reopens(void **state)
{
    const struct files *files = *state;
    static const char *const endings[] = {"", "-wal", "-shm"};
    mode_t old = umask(0);
    struct store *store = must_open(files);
    struct error error = {0};

    MUST(store_suite_add(store, 1, &error), error);
    for (size_t i = 0; i < 3; i++) {
        char path[700];
        struct stat status;

        snprintf(path, sizeof(path), "%s%s", files->path, endings[i]);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
    }
    umask(old);
    store_close(&store);
    store = must_open(files);
    assert_int_equal(store_suite_count_open(store), 1);
    store_close(&store);
}

static void refuse(const struct files *files, const struct store_options *options,
                   enum error_kind kind, const char *part)
{
    struct store *store = NULL;
    struct error error = {0};

    if (store_open(files->url, options, &store, &error) == 0)
        fail_msg("opened, wanted: %s", part);
    assert_null(store);
    if (error.kind != kind || !strstr(error.text, part) || !strstr(error.text, "store"))
        fail_msg("%d %s, wanted: %s", error.kind, error.text, part);
}

static void what_is_no_paperboy_database_is_refused_untouched(void **state)
{
    static const struct {
        const char *name;
        const char *bytes;
        const char *sql;
        const char *want;
    } cases[] = {
        {"text", "This is a text file, long enough to be read as a header of a database, "
                 "which needs a hundred bytes at the least.",
         NULL, "is not a database"},
        {"a few bytes", "x", NULL, "is not a database"},
        {"another program's", NULL, "CREATE TABLE mine (x)", "another program"},
        {"another application id", NULL, "PRAGMA application_id = 7; CREATE TABLE t (x)",
         "another program"},
        {"a version of something", NULL, "PRAGMA user_version = 1; CREATE TABLE t (x)",
         "another program"},
        {"newer", NULL, "PRAGMA application_id = 0x50425931; PRAGMA user_version = 999",
         "has schema 999 and this paperboy knows up to"},
    };
    const struct files *files = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view before, after;

        unlink(files->path);
        if (cases[i].bytes)
            write_file(files->path, view_of(cases[i].bytes));
        else
            run_sql(files->path, cases[i].sql);
        before = data_read(files->path);
        refuse(files, NULL, ERROR_CONFIGURATION, cases[i].want);
        after = data_read(files->path);
        if (!view_equal(before, after))
            fail_msg("%s: was changed", cases[i].name);
        data_free(before);
        data_free(after);
    }
}

static void a_damaged_database_says_so(void **state)
{
    const struct files *files = *state;
    struct store *store = must_open(files);
    struct error error = {0};
    struct view bytes;

    for (int i = 0; i < 2000; i++)
        MUST(store_suite_add(store, i, &error), error);
    store_close(&store);
    bytes = data_read(files->path);
    /* The first page is whole, the others are not. */
    memset((char *)bytes.data + 4096, 0xA5, bytes.size - 4096);
    write_file(files->path, bytes);
    data_free(bytes);
    if (store_open(files->url, NULL, &store, &error) == 0) {
        int64_t counts[DELIVERY_STATES];

        assert_int_equal(outbox_count(store, counts, &error), -1);
        store_close(&store);
    }
    assert_int_equal(error.kind, ERROR_CONFIGURATION);
    assert_non_null(strstr(error.text, "damaged"));
    assert_non_null(strstr(error.text, "restore it from a backup"));
}

static void places_that_cannot_be_are_told(void **state)
{
    const struct store_options existing = {.must_exist = true};
    struct files files = *(struct files *)*state;

    refuse(&files, &existing, ERROR_MISSING, "is not there");
    snprintf(files.url, sizeof(files.url), "sqlite:%s/no/such/store.db", files.folder);
    refuse(&files, NULL, ERROR_MISSING, "there is no folder");
    snprintf(files.url, sizeof(files.url), "sqlite:%s", files.folder);
    refuse(&files, NULL, ERROR_CONFIGURATION, "is not a file");
    snprintf(files.url, sizeof(files.url), "sqlite:");
    refuse(&files, NULL, ERROR_CONFIGURATION, "names no file");
    snprintf(files.url, sizeof(files.url), "mysql://x");
    refuse(&files, NULL, ERROR_CONFIGURATION, "must be sqlite:PATH");
#ifndef PAPERBOY_POSTGRES
    snprintf(files.url, sizeof(files.url), "postgresql://host/x");
    refuse(&files, NULL, ERROR_CONFIGURATION, "this paperboy was built without PostgreSQL");
#endif
}

/* In a child that is nobody, since root may do anything. */
static void no_permission_is_told(void **state)
{
    const struct files *files = *state;
    struct store *store = must_open(files);
    int status;
    pid_t child;

    store_close(&store);
    if (geteuid() == 0)
        assert_int_equal(chmod(files->folder, 0755), 0);
    else
        assert_int_equal(chmod(files->path, 0400), 0);
    child = fork();
    if (child == 0) {
        struct error error = {0};

        if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
            _exit(3);
        if (store_open(files->url, NULL, &store, &error) == 0)
            _exit(1);
        _exit(error.kind == ERROR_PERMISSION && strstr(error.text, files->path) ? 0 : 2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void a_locked_store_is_temporary(void **state)
{
    const struct store_options impatient = {.busy_timeout_ms = 100};
    const struct files *files = *state;
    struct store *holder = must_open(files), *store = NULL;
    struct error error = {0};
    int64_t counts[DELIVERY_STATES];

    MUST(store_begin(holder, &error), error);
    MUST(store_suite_add(holder, 1, &error), error);
    /* Opening and reading need not wait for a writer. */
    MUST(store_open(files->url, &impatient, &store, &error), error);
    MUST(outbox_count(store, counts, &error), error);
    assert_int_equal(counts[DELIVERY_QUEUED], 0);
    assert_int_equal(store_suite_add(store, 2, &error), -1);
    assert_int_equal(error.kind, ERROR_TEMPORARY);
    assert_non_null(strstr(error.text, "locked by another program for more than 0.1 s"));
    MUST(store_commit(holder, &error), error);
    MUST(store_suite_add(store, 2, &error), error);
    assert_int_equal(store_suite_count_open(store), 2);
    store_close(&store);
    store_close(&holder);
}

static void many_may_make_the_same_store_at_once(void **state)
{
    store_suite_make_at_once(((const struct files *)*state)->url);
}

/* Adds until writing fails, in a child with a limit on the size of files, which
 * SQLite meets as it meets a full disk. Returns how many it had added. */
static int fill_up(const struct files *files, rlim_t limit_bytes)
{
    const struct rlimit limit = {limit_bytes, limit_bytes};
    struct error error = {0};
    struct store *store;
    int added = 0;

    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) < 0 || store_open(files->url, NULL, &store, &error) < 0)
        return 255;
    while (added < 100000 && store_suite_add(store, added, &error) == 0)
        added++;
    if (error.kind != ERROR_TEMPORARY || !strstr(error.text, "this change was not made"))
        return 254;
    /* Reading still works, and all that was said to be done is there. */
    if (store_suite_count_open(store) != added)
        return 253;
    store_close(&store);
    return added > 250 ? 250 : added;
}

/* The log of changes is full first; or, after its first checkpoint, the database. */
static void a_full_disk_loses_nothing(void **state)
{
    static const struct {
        rlim_t limit_bytes;
        int least; /* additions that fit */
    } cases[] = {{600 * 1024, 10}, {5 * 1024 * 1024, 250}};
    const struct files *files = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error = {0};
        struct store *store;
        int64_t before;
        pid_t child = fork();
        int status;

        if (child == 0)
            _exit(fill_up(files, cases[i].limit_bytes));
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_in_range(WEXITSTATUS(status), cases[i].least, 250);
        store = must_open(files);
        before = store_suite_count_open(store);
        assert_true(before >= cases[i].least);
        MUST(store_suite_add(store, 1000000, &error), error);
        assert_int_equal(store_suite_count_open(store), before + 1);
        store_close(&store);
        unlink(files->path);
    }
}

static void a_killed_writer_leaves_what_was_committed(void **state)
{
    const struct files *files = *state;
    struct store *store;
    int pipes[2], told = 0, number;
    pid_t child;

    assert_int_equal(pipe(pipes), 0);
    child = fork();
    if (child == 0) {
        struct error error = {0};

        store = must_open(files);
        for (int i = 0;; i++)
            if (store_suite_add(store, i, &error) < 0 || write(pipes[1], &i, sizeof(i)) < 0)
                _exit(1);
    }
    close(pipes[1]);
    while (told < 500 && read(pipes[0], &number, sizeof(number)) == sizeof(number))
        told++;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    while (read(pipes[0], &number, sizeof(number)) == sizeof(number))
        told++;
    close(pipes[0]);
    store = must_open(files);
    assert_in_range(store_suite_count_open(store), told, told + 1);
    store_close(&store);
}

/* Every statement that is run on a connection opened from now on, and how many
 * rows it looked at without an index. */
static struct {
    int statements;
    int scans;
    char worst[400];
} plans;

static int look_at(unsigned type, void *context, void *statement, void *elapsed)
{
    int scans = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1);

    (void)type, (void)context, (void)elapsed;
    plans.statements++;
    /* Some rows may be stepped through: a batch, what workers hold, the uncertain. */
    if (scans > 1000) {
        plans.scans++;
        snprintf(plans.worst, sizeof(plans.worst), "%d rows: %s", scans,
                 sqlite3_sql(statement));
    }
    return 0;
}

static int watch_connection(sqlite3 *db, const char **message, const struct sqlite3_api_routines *api)
{
    (void)message, (void)api;
    return sqlite3_trace_v2(db, SQLITE_TRACE_PROFILE, look_at, NULL);
}

static void work_some(struct store *store)
{
    struct delivery_outcome outcome = {.state = DELIVERY_DEFERRED, .now_utc = NOW + 1,
                                       .not_before_utc = NOW + 300};
    struct error error = {0};

    for (int round = 0; round < 3; round++) {
        struct outbox_recovered recovered;
        struct delivery_batch batch;
        struct outbox_problems problems;

        MUST(outbox_recover(store, NOW + 1, UNCERTAIN_RESEND, &recovered, &error), error);
        MUST(outbox_claim(store, "w", NOW + 1, 300, 100, &batch, &error), error);
        assert_int_equal(batch.count, 100);
        MUST(outbox_begin(store, &batch.items[0], &error), error);
        MUST(outbox_finish(store, &batch.items[0], &outcome, &error), error);
        MUST(outbox_release(store, &batch.items[1], &error), error);
        MUST(outbox_renew(store, "w", NOW + 900, &error), error);
        MUST(outbox_list_problems(store, 20, &problems, &error), error);
        outbox_problems_free(&problems);
        delivery_batch_free(&batch);
    }
}

static void look_up_some(struct store *store)
{
    struct suppression suppression = {"subscriber5@example.org", SUPPRESSION_BOUNCED, NOW, NULL};
    struct arena *arena = arena_new();
    struct subscriber_seen seen;
    struct shown_paper *papers;
    struct edition_shown *editions;
    struct error error = {0};
    int64_t due;
    size_t count;
    bool any;

    MUST(outbox_next_due(store, UNCERTAIN_RESEND, &any, &due, &error), error);
    MUST(outbox_papers_shown(store, "subscriber7@example.org", 0, 0, arena, &papers, &count, &error),
         error);
    MUST(outbox_editions_shown(store, "subscriber7@example.org", 0, (struct date){0}, arena, &editions,
                               &count, &error),
         error);
    MUST(subscriber_see(store, "subscriber7@example.org", NOW, (struct date){0}, &seen, &error),
         error);
    MUST(suppression_add(store, &suppression, &error), error);
    arena_free(&arena);
}

/* A large outbox, most of it done with, must cost the next claim nothing. */
static void no_work_scans_the_outbox(void **state)
{
    const struct files *files = *state;
    struct store *store = must_open(files);
    struct error error = {0};

    MUST(store_begin(store, &error), error);
    for (int i = 0; i < 20000; i++)
        MUST(store_suite_add(store, i, &error), error);
    MUST(store_commit(store, &error), error);
    store_close(&store);
    run_sql(files->path,
            "UPDATE deliveries SET state = 'sent' WHERE id <= 10000;"
            "UPDATE deliveries SET state = 'failed', changed_utc = id WHERE id <= 2000;"
            "UPDATE deliveries SET state = 'uncertain' WHERE id <= 100;"
            "INSERT INTO suppressions SELECT 'x' || id, 'bounced', 1, NULL FROM deliveries");
    assert_int_equal(sqlite3_auto_extension((void (*)(void))watch_connection), SQLITE_OK);
    store = must_open(files);
    sqlite3_cancel_auto_extension((void (*)(void))watch_connection);
    plans.statements = plans.scans = 0;
    work_some(store);
    look_up_some(store);
    store_close(&store);
    if (plans.scans)
        fail_msg("%d of %d statements: %s", plans.scans, plans.statements, plans.worst);
    assert_true(plans.statements > 30);
}

static int open_without_space(const char *path, int flags, mode_t mode)
{
    (void)path, (void)flags, (void)mode;
    errno = ENOSPC;
    return -1;
}

/* A file that the disk has no place for is called one that cannot be opened. */
static void a_disk_without_place_for_a_file_is_temporary(void **state)
{
    const struct files *files = *state;
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    struct store *store = NULL;
    struct error error = {0};
    int result;

    assert_int_equal(vfs->xSetSystemCall(vfs, "open", (sqlite3_syscall_ptr)open_without_space),
                     SQLITE_OK);
    result = store_open(files->url, NULL, &store, &error);
    assert_int_equal(vfs->xSetSystemCall(vfs, "open", NULL), SQLITE_OK);
    assert_int_equal(result, -1);
    if (error.kind != ERROR_TEMPORARY || !strstr(error.text, "no space"))
        fail_msg("%d %s", error.kind, error.text);
}

static void put_away(const struct files *files, const char *suffix)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char from[600], to[600];

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        snprintf(from, sizeof(from), "%s%s", files->path, ends[i]);
        snprintf(to, sizeof(to), "%s%s%s", files->path, suffix, ends[i]);
        rename(from, to);
    }
}

static void assert_fact(struct store *store, const char *want)
{
    struct error error = {0};
    struct buffer value;
    bool found = false;

    buffer_init(&value, 100);
    MUST(fact_get(store, "name", &value, &found, &error), error);
    assert_int_equal(found, want != NULL);
    if (want)
        assert_string_equal(buffer_string(&value), want);
    buffer_free(&value);
}

/* A backup that is put back while somebody has the store open: what is written then is
 * written to it, and nothing to the file that is gone. */
static void a_file_that_was_replaced_is_opened_again(void **state)
{
    const struct files *files = *state;
    struct store *stays = must_open(files), *other;
    struct error error = {0};

    MUST(fact_put(stays, "name", VIEW("old"), &error), error);
    put_away(files, ".old");
    assert_int_equal(fact_put(stays, "name", VIEW("lost"), &error), -1);
    assert_int_equal(error.kind, ERROR_TEMPORARY);
    assert_int_equal(store_begin(stays, &error), -1);
    assert_int_equal(error.kind, ERROR_TEMPORARY);
    assert_false(file_exists(files->path));

    other = must_open(files);
    assert_fact(stays, NULL);
    MUST(fact_put(stays, "name", VIEW("new"), &error), error);
    assert_fact(other, "new");
    store_close(&other);

    /* Not in the middle of a transaction. */
    MUST(store_begin(stays, &error), error);
    put_away(files, ".again");
    other = must_open(files);
    assert_fact(stays, "new");
    MUST(store_commit(stays, &error), error);
    assert_fact(stays, NULL);
    store_close(&other);
    store_close(&stays);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_new_store_is_private_and_reopens),
        TEST(what_is_no_paperboy_database_is_refused_untouched),
        TEST(a_damaged_database_says_so),
        TEST(places_that_cannot_be_are_told),
        TEST(no_permission_is_told),
        TEST(a_locked_store_is_temporary),
        TEST(a_file_that_was_replaced_is_opened_again),
        TEST(many_may_make_the_same_store_at_once),
        TEST(a_full_disk_loses_nothing),
        TEST(a_disk_without_place_for_a_file_is_temporary),
        TEST(a_killed_writer_leaves_what_was_committed),
        TEST(no_work_scans_the_outbox),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
