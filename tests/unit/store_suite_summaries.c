#include "unit/store_suite_parts.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process.h"
#include "store/changes.h"
#include "store/editions.h"
#include "store/prune.h"
#include "store/summaries.h"
#include "unit/ranked.h"

enum { LEASE = 600 };

static const struct date BY_HAND = {0}, TUESDAY = {2026, 2, 17}, WEDNESDAY = {2026, 2, 18};
static const struct summary_key KEY = {"2602.00001", 2, "qwen-long", "zh", "00ff00ff00ff00ff"};

static bool claim_for(struct store *store, const struct summary_key *key, struct date edition,
                      const char *holder, int64_t now_utc)
{
    struct error error = {0};
    bool is_ours = false;

    MUST(summaries_claim(store, key, edition, holder, now_utc, LEASE, &is_ours, &error), error);
    return is_ours;
}

static bool claim(struct store *store, const char *holder, int64_t now_utc)
{
    return claim_for(store, &KEY, TUESDAY, holder, now_utc);
}

static void end_as(struct store *store, const struct summary_key *key, const char *holder,
                   struct summary_row row, int64_t now_utc)
{
    struct error error = {0};

    MUST(summaries_finish(store, key, holder, &row, now_utc, &error), error);
}

static const struct summary_row GOOD = {.state = SUMMARY_GOOD, .tldr = "一句话", .markdown = "# Über\n\n- x",
                                        .prompt_tokens = 100, .completion_tokens = 20};
static const struct summary_row FAILED = {.state = SUMMARY_FAILED, .why = "HTTP status 500"};

/* "failed 2 100+20 why": state, attempts, tokens, and what there is to read. */
static void check(struct store *store, const struct summary_key *key, const char *want)
{
    static const char *const names[] = {"asking", "good", "refused", "failed"};
    struct arena *arena = arena_new();
    struct summary_row row = {0};
    struct error error = {0};
    char text[300] = "none";
    bool found = false;

    MUST(summaries_get(store, key, arena, &row, &found, &error), error);
    if (found)
        snprintf(text, sizeof(text), "%s %ld %lld+%lld%s%s%s%s%s%s", names[row.state], row.attempts,
                 (long long)row.prompt_tokens, (long long)row.completion_tokens,
                 row.why ? " " : "", row.why ? row.why : "", row.tldr ? " " : "",
                 row.tldr ? row.tldr : "", row.markdown ? " " : "", row.markdown ? row.markdown : "");
    assert_string_equal(text, want);
    arena_free(&arena);
}

static void check_spent(struct store *store, struct date edition, int64_t tokens, int64_t first_utc)
{
    int64_t spent = -1, first = -1;
    struct error error = {0};

    MUST(summaries_spent(store, edition, &spent, &first, &error), error);
    assert_int_equal(spent, tokens);
    assert_int_equal(first, first_utc);
}

static int64_t editions_changed(struct store *store)
{
    struct error error = {0};
    int64_t number = -1;

    MUST(store_change_find(store, CHANGE_EDITIONS, &number, &error), error);
    return number;
}

/* ---- who asks ---- */

static void one_of_two_asks(void **state)
{
    struct store *store = suite_open(state), *other = suite_open_again(state);

    check(store, &KEY, "none");
    assert_true(claim(store, "a", NOW));
    assert_false(claim(other, "b", NOW));
    assert_false(claim(store, "a", NOW));
    check(other, &KEY, "asking 1 0+0");
    end_as(store, &KEY, "a", GOOD, NOW + 9);
    check(other, &KEY, "good 1 100+20 一句话 # Über\n\n- x");
    assert_false(claim(other, "b", NOW + DAY));
    store_close(&other);
    store_close(&store);
}

static void each_part_of_the_key_is_asked_for_itself(void **state)
{
    static const struct summary_key keys[] = {
        {"2602.00001", 2, "qwen-long", "zh", "00ff00ff00ff00ff"},
        {"2602.00002", 2, "qwen-long", "zh", "00ff00ff00ff00ff"},
        {"2602.00001", 3, "qwen-long", "zh", "00ff00ff00ff00ff"},
        {"2602.00001", 2, "llama", "zh", "00ff00ff00ff00ff"},
        {"2602.00001", 2, "qwen-long", "en", "00ff00ff00ff00ff"},
        {"2602.00001", 2, "qwen-long", "zh", "00ff00ff00ff00fe"},
    };
    struct store *store = suite_open(state);

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        assert_true(claim_for(store, &keys[i], TUESDAY, "a", NOW));
    end_as(store, &keys[2], "a", GOOD, NOW);
    check(store, &keys[0], "asking 1 0+0");
    check(store, &keys[2], "good 1 100+20 一句话 # Über\n\n- x");
    store_close(&store);
}

static void a_lease_runs_out(void **state)
{
    struct store *store = suite_open(state);
    struct error error = {0};

    assert_true(claim(store, "a", NOW));
    assert_false(claim(store, "b", NOW + LEASE - 1));
    assert_true(claim(store, "b", NOW + LEASE));
    /* The first one is late: what it has used counts, what it says does not. */
    assert_int_equal(summaries_finish(store, &KEY, "a", &GOOD, NOW + LEASE + 1, &error), -1);
    assert_int_equal(error.kind, ERROR_CONFLICT);
    check(store, &KEY, "asking 2 0+0");
    check_spent(store, TUESDAY, 120, NOW);
    end_as(store, &KEY, "b", GOOD, NOW + LEASE + 2);
    check_spent(store, TUESDAY, 240, NOW);
    check(store, &KEY, "good 2 100+20 一句话 # Über\n\n- x");
    store_close(&store);
}

/* As long as summaries.deadline_seconds may be, and what is spare. */
static void a_long_lease_is_believed(void **state)
{
    struct store *store = suite_open(state);
    struct error error = {0};
    bool is_ours = false;

    MUST(summaries_claim(store, &KEY, TUESDAY, "a", NOW, DAY + 600, &is_ours, &error), error);
    assert_true(is_ours);
    assert_false(claim(store, "b", NOW));
    assert_false(claim(store, "b", NOW + DAY + 599));
    assert_true(claim(store, "b", NOW + DAY + 600));
    store_close(&store);
}

/* A clock that was years ahead has written it. */
static void a_lease_without_end_is_not_believed(void **state)
{
    struct store *store = suite_open(state);

    assert_true(claim(store, "a", NOW + 1000 * (int64_t)DAY));
    assert_true(claim(store, "b", NOW));
    assert_false(claim(store, "c", NOW));
    store_close(&store);
}

/* The name of a process that is gone, with what a thread of it puts behind. */
static void name_of_the_dead(char ret_name[PROCESS_NAME_BYTES + 8])
{
    char name[PROCESS_NAME_BYTES] = "";
    int ends[2], status;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        process_name(name);
        _exit(write(ends[1], name, sizeof(name)) == (ssize_t)sizeof(name) ? 0 : 1);
    }
    assert_int_equal(read(ends[0], name, sizeof(name)), sizeof(name));
    assert_int_equal(waitpid(child, &status, 0), child);
    close(ends[0]);
    close(ends[1]);
    snprintf(ret_name, PROCESS_NAME_BYTES + 8, "%s/3", name);
}

static void what_the_dead_asked_is_asked_at_once(void **state)
{
    struct store *store = suite_open(state);
    char dead[PROCESS_NAME_BYTES + 8], alive[PROCESS_NAME_BYTES];

    name_of_the_dead(dead);
    process_name(alive);
    assert_true(claim(store, dead, NOW));
    assert_true(claim(store, alive, NOW + 1));
    assert_false(claim(store, "b", NOW + 1));
    check(store, &KEY, "asking 2 0+0");
    store_close(&store);
}

static void what_kills_whoever_asks_is_not_asked_for_ever(void **state)
{
    struct store *store = suite_open(state);
    struct error error = {0};
    char dead[PROCESS_NAME_BYTES + 8];

    name_of_the_dead(dead);
    for (int i = 0; i < SUMMARY_ATTEMPTS; i++)
        assert_true(claim(store, dead, NOW));
    assert_false(claim(store, dead, NOW));
    assert_false(claim(store, "b", NOW + LEASE));
    MUST(summaries_forget(store, &KEY, &error), error);
    assert_true(claim(store, "b", NOW + LEASE));
    store_close(&store);
}

/* ---- how it ended ---- */

static void what_failed_is_asked_three_times(void **state)
{
    struct store *store = suite_open(state);
    struct error error = {0};
    char want[60];

    for (int i = 1; i <= SUMMARY_ATTEMPTS; i++) {
        struct summary_row row = FAILED;

        assert_true(claim(store, "a", NOW + i));
        row.prompt_tokens = 10;
        row.completion_tokens = i;
        end_as(store, &KEY, "a", row, NOW + i);
        snprintf(want, sizeof(want), "failed %d %d+%d HTTP status 500", i, i * 10, i * (i + 1) / 2);
        check(store, &KEY, want);
    }
    assert_false(claim(store, "a", NOW + DAY));
    check_spent(store, TUESDAY, 36, NOW + 1);
    MUST(summaries_forget(store, &KEY, &error), error);
    check(store, &KEY, "none");
    check_spent(store, TUESDAY, 36, NOW + 1);
    assert_true(claim(store, "a", NOW + DAY));
    store_close(&store);
}

static void what_was_refused_is_asked_once(void **state)
{
    struct store *store = suite_open(state);

    assert_true(claim(store, "a", NOW));
    end_as(store, &KEY, "a", (struct summary_row){.state = SUMMARY_REFUSED, .why = "it says no"}, NOW);
    assert_false(claim(store, "a", NOW + DAY));
    check(store, &KEY, "refused 1 0+0 it says no");
    store_close(&store);
}

static void what_was_not_asked_counts_not(void **state)
{
    struct store *store = suite_open(state);
    struct error error = {0};

    assert_true(claim(store, "a", NOW));
    MUST(summaries_release(store, &KEY, "b", &error), error);
    check(store, &KEY, "asking 1 0+0");
    MUST(summaries_release(store, &KEY, "a", &error), error);
    check(store, &KEY, "none");
    assert_true(claim(store, "a", NOW));
    end_as(store, &KEY, "a", FAILED, NOW);
    assert_true(claim(store, "b", NOW));
    check(store, &KEY, "asking 2 0+0");
    MUST(summaries_release(store, &KEY, "b", &error), error);
    check(store, &KEY, "failed 1 0+0 HTTP status 500");
    assert_true(claim(store, "c", NOW));
    store_close(&store);
}

static void pages_learn_of_good_ones_only(void **state)
{
    struct store *store = suite_open(state);
    struct error error = {0};
    int64_t before = editions_changed(store);

    assert_true(claim(store, "a", NOW));
    end_as(store, &KEY, "a", FAILED, NOW);
    assert_int_equal(editions_changed(store), before);
    assert_true(claim(store, "a", NOW));
    assert_int_equal(summaries_finish(store, &KEY, "a", &(struct summary_row){0}, NOW, &error), -1);
    assert_int_equal(error.kind, ERROR_BUG);
    end_as(store, &KEY, "a", (struct summary_row){.state = SUMMARY_GOOD}, NOW);
    assert_int_equal(editions_changed(store), before + 1);
    store_close(&store);
}

/* ---- what was spent ---- */

static void tokens_add_up_by_edition(void **state)
{
    static const struct summary_key second = {"2602.00002", 1, "qwen-long", "en", "00"};
    struct summary_row odd = GOOD;
    struct store *store = suite_open(state);

    check_spent(store, TUESDAY, 0, 0);
    assert_true(claim(store, "a", NOW));
    check_spent(store, TUESDAY, 0, NOW);
    end_as(store, &KEY, "a", FAILED, NOW + 1);
    assert_true(claim_for(store, &second, TUESDAY, "a", NOW + 2));
    end_as(store, &second, "a", GOOD, NOW + DAY);
    check_spent(store, TUESDAY, 120, NOW);
    /* The same paper again, for another edition, and then by hand. */
    assert_true(claim_for(store, &KEY, WEDNESDAY, "a", NOW + DAY));
    odd.state = SUMMARY_FAILED;
    odd.prompt_tokens = -5;
    odd.completion_tokens = INT64_MAX;
    end_as(store, &KEY, "a", odd, NOW + DAY);
    check_spent(store, WEDNESDAY, 1000000000, NOW + DAY);
    assert_true(claim_for(store, &KEY, BY_HAND, "a", NOW + 2 * DAY));
    end_as(store, &KEY, "a", GOOD, NOW + 2 * DAY);
    check_spent(store, BY_HAND, 120, NOW + 2 * DAY);
    check_spent(store, TUESDAY, 120, NOW);
    check_spent(store, WEDNESDAY, 1000000000, NOW + DAY);
    store_close(&store);
}

static void check_report(struct store *store, int64_t now_utc, const char *want)
{
    struct arena *arena = arena_new();
    struct summaries_report report;
    struct error error = {0};
    char text[300];

    MUST(summaries_report(store, now_utc, arena, &report, &error), error);
    snprintf(text, sizeof(text), "good %lld refused %lld failed %lld asking %lld tokens %lld+%lld: %s v%d %s %s %s",
             (long long)report.good, (long long)report.refused, (long long)report.failed,
             (long long)report.asking, (long long)report.prompt_tokens,
             (long long)report.completion_tokens,
             report.last_failure.paper_id ? report.last_failure.paper_id : "-",
             report.last_failure.version, report.last_failure.model ? report.last_failure.model : "-",
             report.last_failure.state == SUMMARY_REFUSED ? "refused" : "failed",
             report.last_failure.why ? report.last_failure.why : "-");
    assert_string_equal(text, want);
    arena_free(&arena);
}

static void the_report_is_of_a_month(void **state)
{
    static const struct {
        const char *id;
        enum summary_state end;
        int64_t after;
    } cases[] = {
        {"1", SUMMARY_GOOD, 0},        {"2", SUMMARY_GOOD, DAY},    {"3", SUMMARY_REFUSED, DAY},
        {"4", SUMMARY_FAILED, 2 * DAY}, {"5", SUMMARY_ASKING, 2 * DAY}, {"6", SUMMARY_ASKING, 3 * DAY},
    };
    struct store *store = suite_open(state);

    check_report(store, NOW, "good 0 refused 0 failed 0 asking 0 tokens 0+0: - v0 - failed -");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct summary_key key = KEY;
        struct summary_row row = {.state = cases[i].end, .why = "because", .prompt_tokens = 10,
                                  .completion_tokens = 1};

        key.paper_id = cases[i].id;
        assert_true(claim_for(store, &key, TUESDAY, "a", NOW + cases[i].after));
        if (row.state != SUMMARY_ASKING)
            end_as(store, &key, "a", row, NOW + cases[i].after);
    }
    check_report(store, NOW + 3 * DAY,
                 "good 2 refused 1 failed 2 asking 1 tokens 40+4: 4 v2 qwen-long failed because");
    check_report(store, NOW + 31 * DAY,
                 "good 0 refused 0 failed 3 asking 0 tokens 10+1: 4 v2 qwen-long failed because");
    check_report(store, NOW + 40 * DAY, "good 0 refused 0 failed 0 asking 0 tokens 0+0: - v0 - failed -");
    store_close(&store);
}

/* ---- many ---- */

static void make_papers(struct papers *papers, size_t count)
{
    papers_init(papers);
    for (size_t i = 0; i < count; i++) {
        struct paper paper = {.version = 1 + (int)(i % 2)};
        char id[16];

        snprintf(id, sizeof(id), "2602.%05zu", i);
        paper.id = view_of(id);
        papers_add(papers, &paper, NULL);
    }
}

static void a_day_of_them_is_loaded(void **state)
{
    enum { PAPERS = 2000 };
    static const size_t good[] = {0, 5, 6, 95, 96, 191, 1000, 1919, 1920, 1999};
    struct store *store = suite_open(state);
    struct arena *arena = arena_new();
    struct summary_row **rows = NULL;
    struct summary_key key = KEY;
    struct error error = {0};
    struct papers papers;
    char id[16], text[32];
    size_t found = 0;

    MUST(store_begin(store, &error), error);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct summary_row row = GOOD;

        snprintf(id, sizeof(id), "2602.%05zu", good[i]);
        snprintf(text, sizeof(text), "of %zu", good[i]);
        key.paper_id = id;
        row.markdown = text;
        /* Also of the version before, in another language, and one that failed. */
        for (int version = 0; version <= 2; version++) {
            key.version = version;
            row.tldr = version == 1 + (int)(good[i] % 2) ? "right" : "wrong";
            assert_true(claim_for(store, &key, TUESDAY, "a", NOW));
            end_as(store, &key, "a", row, NOW);
        }
        key.language = "en";
        row.tldr = "wrong";
        assert_true(claim_for(store, &key, TUESDAY, "a", NOW));
        end_as(store, &key, "a", row, NOW);
        key.language = KEY.language;
    }
    key.paper_id = "2602.00001";
    key.version = 2;
    assert_true(claim_for(store, &key, TUESDAY, "a", NOW));
    end_as(store, &key, "a", FAILED, NOW);
    MUST(store_commit(store, &error), error);

    make_papers(&papers, PAPERS);
    MUST(summaries_load(store, &papers, KEY.model, KEY.language, KEY.prompt, arena, &rows, &error),
         error);
    for (size_t i = 0; i < PAPERS; i++) {
        if (!rows[i])
            continue;
        assert_int_equal(i, good[found++]);
        snprintf(text, sizeof(text), "of %zu", i);
        assert_string_equal(rows[i]->markdown, text);
        assert_string_equal(rows[i]->tldr, "right");
        assert_int_equal(rows[i]->state, SUMMARY_GOOD);
    }
    assert_int_equal(found, sizeof(good) / sizeof(good[0]));
    MUST(summaries_load(store, &papers, "another", KEY.language, KEY.prompt, arena, &rows, &error),
         error);
    for (size_t i = 0; i < PAPERS; i++)
        assert_null(rows[i]);
    papers_free(&papers);
    make_papers(&papers, 0);
    MUST(summaries_load(store, &papers, KEY.model, KEY.language, KEY.prompt, arena, &rows, &error),
         error);
    papers_free(&papers);
    arena_free(&arena);
    store_close(&store);
}

/* ---- how long they stay ---- */

static void put_edition(struct store *store, struct date date, const char *lines)
{
    struct edition edition = {.date = date, .fetched_utc = time_from_date(date, 0, 0, 0)};
    struct papers papers;
    struct error error = {0};

    ranked_papers(lines, &papers);
    MUST(store_put_edition(store, &edition, &papers, NULL, &error), error);
    papers_free(&papers);
}

static void they_go_with_their_papers(void **state)
{
    static const struct date thursday = {2026, 2, 19};
    static const struct {
        const char *id;
        int64_t days_after; /* Tuesday */
        const char *want;
    } cases[] = {
        {"only Tuesday's", 9, "none"}, /* asked for by hand, much later */
        {"both days'", 0, "good 1 100+20 一句话 # Über\n\n- x"},
        {"nobody's, old", 0, "none"},
        {"nobody's, new", 1, "good 1 100+20 一句话 # Über\n\n- x"},
    };
    int64_t tuesday_utc = time_from_date(TUESDAY, 0, 0, 0);
    struct store *store = suite_open(state);
    struct summary_key key = KEY;
    struct error error = {0};
    struct pruned pruned;

    put_edition(store, TUESDAY, "only Tuesday's|a|b\nboth days'|c|d");
    put_edition(store, WEDNESDAY, "both days'|c|d");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        key.paper_id = cases[i].id;
        assert_true(claim_for(store, &key, i ? TUESDAY : BY_HAND, "a",
                              tuesday_utc + cases[i].days_after * DAY));
        end_as(store, &key, "a", GOOD, tuesday_utc + cases[i].days_after * DAY);
    }
    check_spent(store, TUESDAY, 360, tuesday_utc);
    MUST(store_prune(store, &(struct prune_limits){WEDNESDAY, 0}, &pruned, &error), error);
    assert_int_equal(pruned.editions, 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        key.paper_id = cases[i].id;
        check(store, &key, cases[i].want);
    }
    check_spent(store, TUESDAY, 120, tuesday_utc + DAY);
    check_spent(store, BY_HAND, 120, tuesday_utc + 9 * DAY);
    MUST(store_prune(store, &(struct prune_limits){thursday, 0}, &pruned, &error), error);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        key.paper_id = cases[i].id;
        check(store, &key, "none");
    }
    store_close(&store);
}

int store_suite_summaries_run(const struct store_opener *opener)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_two_asks),
        cmocka_unit_test(each_part_of_the_key_is_asked_for_itself),
        cmocka_unit_test(a_lease_runs_out),
        cmocka_unit_test(a_long_lease_is_believed),
        cmocka_unit_test(a_lease_without_end_is_not_believed),
        cmocka_unit_test(what_the_dead_asked_is_asked_at_once),
        cmocka_unit_test(what_kills_whoever_asks_is_not_asked_for_ever),
        cmocka_unit_test(what_failed_is_asked_three_times),
        cmocka_unit_test(what_was_refused_is_asked_once),
        cmocka_unit_test(what_was_not_asked_counts_not),
        cmocka_unit_test(pages_learn_of_good_ones_only),
        cmocka_unit_test(tokens_add_up_by_edition),
        cmocka_unit_test(the_report_is_of_a_month),
        cmocka_unit_test(a_day_of_them_is_loaded),
        cmocka_unit_test(they_go_with_their_papers),
    };

    return suite_run_tests("summaries", tests, sizeof(tests) / sizeof(tests[0]), opener);
}
