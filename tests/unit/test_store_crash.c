/* Killed at each write to the database's files: the last complete state is what
 * the next run finds. A VFS of our own counts the writes and ends the process. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/file.h"
#include "store/editions.h"
#include "store/prune.h"
#include "store/query.h"
#include "store/validators.h"
#include "unit/data.h"
#include "unit/store_suite.h"

enum { NOW = 1771300000, PAPERS = 40 };

/* ---- a VFS that dies ---- */

static struct {
    long writes;
    long die_at; /* 0: never */
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    /* Databases and journals have tables of their own. */
    sqlite3_io_methods methods[8];
    const sqlite3_io_methods *real_methods[8];
    size_t count;
} fate;

static const sqlite3_io_methods *real_of(const sqlite3_file *file)
{
    return fate.real_methods[file->pMethods - fate.methods];
}

/* Half of what was to be written is, as when power goes. */
static int die_writing(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
    if (fate.die_at && ++fate.writes == fate.die_at) {
        real_of(file)->xWrite(file, bytes, size / 2, offset);
        kill(getpid(), SIGKILL);
    }
    return real_of(file)->xWrite(file, bytes, size, offset);
}

static int die_syncing(sqlite3_file *file, int flags)
{
    if (fate.die_at && ++fate.writes == fate.die_at)
        kill(getpid(), SIGKILL);
    return real_of(file)->xSync(file, flags);
}

static int die_truncating(sqlite3_file *file, sqlite3_int64 size)
{
    if (fate.die_at && ++fate.writes == fate.die_at)
        kill(getpid(), SIGKILL);
    return real_of(file)->xTruncate(file, size);
}

/* The real VFS's files with our three methods in their table. */
static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                     int *ret_flags)
{
    int result = fate.real->xOpen(fate.real, name, file, flags, ret_flags);
    size_t i = 0;

    (void)vfs;
    if (result != SQLITE_OK || !file->pMethods)
        return result;
    while (i < fate.count && fate.real_methods[i] != file->pMethods)
        i++;
    if (i == fate.count) {
        assert_true(fate.count < sizeof(fate.methods) / sizeof(fate.methods[0]));
        fate.real_methods[i] = file->pMethods;
        fate.methods[i] = *file->pMethods;
        fate.methods[i].xWrite = die_writing;
        fate.methods[i].xSync = die_syncing;
        fate.methods[i].xTruncate = die_truncating;
        fate.count++;
    }
    file->pMethods = &fate.methods[i];
    return result;
}

static void install_vfs(void)
{
    fate.real = sqlite3_vfs_find(NULL);
    fate.vfs = *fate.real;
    fate.vfs.zName = "mortal";
    fate.vfs.xOpen = open_file;
    assert_int_equal(sqlite3_vfs_register(&fate.vfs, 1), SQLITE_OK);
}

/* ---- what is done until death ---- */

static struct store *must_open(const char *url)
{
    struct store *store = NULL;
    struct error error = {0};

    MUST(store_open(url, NULL, &store, &error), error);
    return store;
}

static int put_day(struct store *store, const char *date, int first, enum edition_state state,
                   struct error *error)
{
    const struct edition_category category = {"cs.LG", PAPERS, PAPERS, state};
    struct edition edition = {.fetched_utc = NOW, .state = state, .categories = &category,
                              .category_count = 1};
    struct papers papers;
    int result;

    date_parse(view_of(date), &edition.date);
    papers_init(&papers);
    for (int i = 0; i < PAPERS; i++) {
        struct view categories[] = {VIEW("cs.LG")};
        struct paper paper = {.version = 1, .source_title = VIEW("A study of patience"),
                              .source_abstract = VIEW("It helps."), .categories = categories,
                              .category_count = 1};
        char id[32];

        snprintf(id, sizeof(id), "2602.%05d", first + i);
        paper.id = view_of(id);
        papers_add(&papers, &paper, NULL);
    }
    result = store_put_edition(store, &edition, &papers, NULL, error);
    papers_free(&papers);
    return result;
}

/* As fetching does it: papers, states and validators in one. */
static int fetch_day(struct store *store, struct error *error)
{
    const struct arxiv_validators validators = {.etag = "\"new\""};

    if (store_begin(store, error) < 0 ||
        put_day(store, "2026-02-17", 1, EDITION_COMPLETE, error) < 0 ||
        put_day(store, "2026-02-18", 100, EDITION_LATE, error) < 0 ||
        validators_keep(store, "http://x/", &validators, NOW, error) < 0 ||
        fact_put(store, "asked_since", VIEW("2026-02-17"), error) < 0)
        return -1;
    return store_commit(store, error);
}

static int prune_days(struct store *store, struct error *error)
{
    struct prune_limits limits = {.editions_before = {2026, 2, 18}};
    struct pruned pruned;

    return store_prune(store, &limits, &pruned, error);
}

/* Whether it lived to its end. */
static bool survives(const char *url, int (*work)(struct store *, struct error *), long die_at)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        struct store *store = must_open(url);
        struct error error;

        fate.writes = 0;
        fate.die_at = die_at;
        if (work(store, &error) < 0)
            _exit(2);
        store_close(&store);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status))
        assert_int_equal(WEXITSTATUS(status), 0);
    return WIFEXITED(status);
}

/* ---- what must be true afterwards ---- */

static int64_t ask(struct store *store, const char *sql)
{
    struct error error = {0};
    struct query query;
    int64_t answer;

    query_start(&query, store, sql, &error);
    if (query_next(&query) <= 0)
        fail_msg("%s: %s", sql, error.text);
    answer = query_get_integer(&query, 0);
    query_end(&query);
    return answer;
}

static void check_sound(struct store *store)
{
    assert_int_equal(ask(store, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
    assert_int_equal(ask(store, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    /* No edition in part. */
    assert_int_equal(ask(store, "SELECT count(*) FROM editions e WHERE 40 <>"
                                " (SELECT count(*) FROM edition_papers p WHERE p.edition = e.date)"),
                     0);
}

static void check_fetched(struct store *store, bool is_done)
{
    int64_t editions = ask(store, "SELECT count(*) FROM editions");

    check_sound(store);
    assert_true(editions == 0 || editions == 2);
    if (is_done)
        assert_int_equal(editions, 2);
    assert_int_equal(ask(store, "SELECT count(*) FROM papers"), editions * PAPERS);
    assert_int_equal(ask(store, "SELECT count(*) FROM edition_categories"), editions);
    /* A 304 must never stand for papers that were lost. */
    assert_int_equal(ask(store, "SELECT count(*) FROM validators"), editions / 2);
    assert_int_equal(ask(store, "SELECT count(*) FROM facts WHERE name = 'asked_since'"), editions / 2);
}

static void check_pruned(struct store *store, bool is_done)
{
    check_sound(store);
    /* No paper whose edition is gone. */
    assert_int_equal(ask(store, "SELECT count(*) FROM papers WHERE id NOT IN"
                                " (SELECT paper FROM edition_papers)"), 0);
    assert_int_equal(ask(store, "SELECT count(*) FROM editions WHERE date = '2026-02-18'"), 1);
    assert_int_equal(ask(store, "SELECT count(*) FROM papers WHERE id >= '2602.00100'"), PAPERS);
    if (is_done) {
        assert_int_equal(ask(store, "SELECT count(*) FROM editions"), 1);
        assert_int_equal(ask(store, "SELECT count(*) FROM papers WHERE id < '2602.00100'"), 0);
    }
}

struct plot {
    bool starts_full;
    int (*work)(struct store *, struct error *);
    void (*check)(struct store *, bool is_done);
};

static void die_everywhere(const struct plot *plot)
{
    bool survived = false;
    long die_at;

    for (die_at = 1; !survived; die_at++) {
        char *folder = data_temporary_folder(), *path = file_join(folder, "store.db"), url[600];
        struct error error = {0};
        struct store *store;

        snprintf(url, sizeof(url), "sqlite:%s", path);
        store = must_open(url);
        if (plot->starts_full)
            MUST(fetch_day(store, &error), error);
        store_close(&store); /* no connection crosses a fork */
        survived = survives(url, plot->work, die_at);
        store = must_open(url);
        plot->check(store, survived);
        /* Again, as the next run does: then it is whole. */
        MUST(plot->work(store, &error), error);
        plot->check(store, true);
        store_close(&store);
        free(path);
        data_remove_folder(&folder);
    }
    assert_in_range(die_at, 8, 2000);
}

static void a_killed_fetch_leaves_the_last_state(void **state)
{
    (void)state;
    die_everywhere(&(struct plot){false, fetch_day, check_fetched});
}

static void a_killed_prune_leaves_whole_editions(void **state)
{
    (void)state;
    die_everywhere(&(struct plot){true, prune_days, check_pruned});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_fetch_leaves_the_last_state),
        cmocka_unit_test(a_killed_prune_leaves_whole_editions),
    };

    install_vfs();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
