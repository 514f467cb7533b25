#include "unit/store_suite_parts.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process.h"
#include "store/pace_keeper.h"
#include "store/validators.h"

enum { INTERVAL = 3000, LEASE = 60000, HOUR = 3600 * 1000 };

static const int64_t T0 = 1771304700000;

static struct pace_request request_of(const char *endpoint, const char *holder, int64_t now_ms)
{
    return (struct pace_request){.service = "arxiv", .endpoint = endpoint, .holder = holder,
                                 .now_ms = now_ms, .interval_ms = INTERVAL, .lease_ms = LEASE};
}

static void check_claim(struct store *store, const struct pace_request *request,
                        enum pace_state state, int64_t wait_ms, int line)
{
    struct pace_turn turn = {0};
    struct error error = {0};

    store_suite_must(pace_claim(store, request, &turn, &error), &error, __FILE__, line);
    if (turn.state != state || turn.wait_ms != wait_ms) {
        print_error("state %d, wait %lld ms, not %d and %lld\n", (int)turn.state,
                    (long long)turn.wait_ms, (int)state, (long long)wait_ms);
        _fail(__FILE__, line);
    }
}

#define CHECK_CLAIM(store, endpoint, holder, now_ms, state, wait_ms) \
    do { \
        const struct pace_request asked = request_of(endpoint, holder, now_ms); \
        check_claim(store, &asked, state, wait_ms, __LINE__); \
    } while (0)

static void release(struct store *store, const char *endpoint, const char *holder, int64_t now_ms,
                    enum pace_result result, long retry_after)
{
    const struct pace_request request = request_of(endpoint, holder, now_ms);
    const struct pace_outcome outcome = {.result = result, .now_ms = now_ms,
                                         .retry_after_seconds = retry_after,
                                         .random = UINT32_MAX,
                                         .why = result == PACE_FAILED ? "HTTP status 503" : NULL};
    struct error error = {0};

    MUST(pace_release(store, &request, &outcome, &error), error);
}

static void one_asks_at_a_time(void **state)
{
    struct store *store = suite_open(state), *other = suite_open_again(state);

    CHECK_CLAIM(store, "rss", "a", T0, PACE_CLAIMED, 0);
    CHECK_CLAIM(other, "rss", "b", T0 + 10, PACE_HELD, LEASE - 10);
    CHECK_CLAIM(other, "oai", "b", T0 + 5000, PACE_HELD, LEASE - 5000);
    /* Not even the holder, whose request is still under way. */
    CHECK_CLAIM(store, "rss", "a", T0 + 5000, PACE_HELD, LEASE - 5000);
    release(store, "rss", "a", T0 + 5000, PACE_GOOD, -1);
    CHECK_CLAIM(other, "oai", "b", T0 + 5001, PACE_CLAIMED, 0);
    release(other, "oai", "b", T0 + 5002, PACE_GOOD, -1);
    /* Starts are apart, whoever asks and whatever for. */
    CHECK_CLAIM(store, "rss", "a", T0 + 5100, PACE_INTERVAL, 2901);
    CHECK_CLAIM(store, "rss", "a", T0 + 8000, PACE_INTERVAL, 1);
    CHECK_CLAIM(store, "rss", "a", T0 + 8001, PACE_CLAIMED, 0);
    store_close(&other);
    store_close(&store);
}

static void a_dead_holder_lets_go(void **state)
{
    struct store *store = suite_open(state);
    struct error error = {0};

    CHECK_CLAIM(store, "rss", "dead", T0, PACE_CLAIMED, 0);
    CHECK_CLAIM(store, "rss", "b", T0 + LEASE - 1, PACE_HELD, 1);
    CHECK_CLAIM(store, "rss", "b", T0 + LEASE, PACE_CLAIMED, 0);
    /* It was not dead after all: what it learnt is kept, the other's turn stays. */
    release(store, "rss", "dead", T0 + LEASE + 5, PACE_FAILED, 120);
    CHECK_CLAIM(store, "oai", "c", T0 + LEASE + 5, PACE_HELD, LEASE - 5);
    CHECK_CLAIM(store, "rss", "c", T0 + LEASE + 5, PACE_BACKOFF, 120000);
    MUST(pace_free_holder(store, "arxiv", "dead", &error), error);
    CHECK_CLAIM(store, "oai", "c", T0 + LEASE + 5, PACE_HELD, LEASE - 5);
    MUST(pace_free_holder(store, "arxiv", "b", &error), error);
    CHECK_CLAIM(store, "oai", "c", T0 + LEASE + 3000, PACE_CLAIMED, 0);
    store_close(&store);
}

static void failures_hold_only_their_endpoint(void **state)
{
    struct store *store = suite_open(state);
    int64_t now = T0;

    for (int failures = 1; failures <= 12; failures++) {
        int64_t wait = pace_backoff_ms(failures, UINT32_MAX);

        CHECK_CLAIM(store, "rss", "a", now, PACE_CLAIMED, 0);
        release(store, "rss", "a", now, PACE_FAILED, -1);
        CHECK_CLAIM(store, "rss", "a", now, PACE_BACKOFF, wait);
        now += wait > INTERVAL ? wait : INTERVAL;
    }
    CHECK_CLAIM(store, "oai", "a", now, PACE_CLAIMED, 0);
    release(store, "oai", "a", now, PACE_NOT_ASKED, -1);
    now += INTERVAL;
    CHECK_CLAIM(store, "rss", "a", now, PACE_CLAIMED, 0);
    release(store, "rss", "a", now, PACE_GOOD, -1);
    now += INTERVAL;
    CHECK_CLAIM(store, "rss", "a", now, PACE_CLAIMED, 0);
    release(store, "rss", "a", now, PACE_FAILED, -1);
    CHECK_CLAIM(store, "rss", "a", now, PACE_BACKOFF, pace_backoff_ms(1, UINT32_MAX));
    store_close(&store);
}

static void retry_after_is_obeyed(void **state)
{
    static const struct {
        long told;
        int64_t wait_ms;
    } cases[] = {
        {60, 60000},
        {7200, 7200000},
        {6 * 3600, PACE_RETRY_AFTER_MAX_MS},
        {1000000, PACE_RETRY_AFTER_MAX_MS},
        {LONG_MAX, PACE_RETRY_AFTER_MAX_MS},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct store *store = suite_open(state);

        CHECK_CLAIM(store, "rss", "a", T0, PACE_CLAIMED, 0);
        release(store, "rss", "a", T0 + 5, PACE_FAILED, cases[i].told);
        CHECK_CLAIM(store, "rss", "b", T0 + 5, PACE_BACKOFF, cases[i].wait_ms);
        CHECK_CLAIM(store, "rss", "b", T0 + 4 + cases[i].wait_ms, PACE_BACKOFF, 1);
        CHECK_CLAIM(store, "rss", "b", T0 + 5 + cases[i].wait_ms, PACE_CLAIMED, 0);
        store_close(&store);
    }
}

/* A clock that was a year ahead, or went back by one, must not stop everything. */
static void a_wrong_clock_is_not_believed(void **state)
{
    const int64_t year = (int64_t)365 * 24 * HOUR;
    struct store *store = suite_open(state);

    CHECK_CLAIM(store, "rss", "a", T0 + year, PACE_CLAIMED, 0);
    CHECK_CLAIM(store, "rss", "b", T0, PACE_CLAIMED, 0);
    release(store, "rss", "b", T0 + year, PACE_FAILED, 3600);
    CHECK_CLAIM(store, "rss", "b", T0 + INTERVAL, PACE_CLAIMED, 0);
    release(store, "rss", "b", T0 + INTERVAL, PACE_GOOD, -1);
    /* Seconds apart are usual; the wait is no longer than the interval. */
    CHECK_CLAIM(store, "rss", "c", T0 - 20000, PACE_INTERVAL, INTERVAL);
    store_close(&store);
}

static void backoff_is_capped_and_moved(void **state)
{
    int64_t previous = 0;

    (void)state;
    for (int failures = 1; failures <= 100; failures++) {
        int64_t low = pace_backoff_ms(failures, 0), high = 0;

        for (uint32_t i = 0; i < 1000; i++) {
            int64_t wait = pace_backoff_ms(failures, i * 4294967u);

            assert_in_range(wait, low, 2 * low);
            high = wait > high ? wait : high;
        }
        assert_true(high > low + low / 2);
        assert_true(low >= previous && low <= PACE_BACKOFF_MAX_MS / 2);
        previous = low;
    }
    assert_int_equal(pace_backoff_ms(1, 0), PACE_BACKOFF_FIRST_MS / 2);
    assert_int_equal(pace_backoff_ms(100, 0), PACE_BACKOFF_MAX_MS / 2);
}

static void validators_are_kept_for_a_while(void **state)
{
    static const char url[] = "https://rss.example.org/rss/cs.LG";
    struct store *store = suite_open(state);
    const struct arxiv_validators both = {"\"abc\"", "Tue, 17 Feb 2026 05:00:00 GMT"};
    struct arxiv_validators found = {0};
    struct error error = {0};

    MUST(validators_find(store, url, 0, &found, &error), error);
    assert_string_equal(found.etag, "");
    MUST(validators_keep(store, url, &both, NOW, &error), error);
    MUST(validators_find(store, url, NOW, &found, &error), error);
    assert_string_equal(found.etag, both.etag);
    assert_string_equal(found.last_modified, both.last_modified);
    MUST(validators_find(store, url, NOW + 1, &found, &error), error);
    assert_string_equal(found.etag, "");
    MUST(validators_keep(store, url, &(struct arxiv_validators){"\"def\"", ""}, NOW + 5, &error),
         error);
    MUST(validators_prune(store, NOW + 5, &error), error);
    MUST(validators_find(store, url, 0, &found, &error), error);
    assert_string_equal(found.etag, "\"def\"");
    assert_string_equal(found.last_modified, "");
    /* An answer without any takes the old ones' place. */
    MUST(validators_keep(store, url, &(struct arxiv_validators){"", ""}, NOW + 6, &error), error);
    MUST(validators_find(store, url, 0, &found, &error), error);
    assert_string_equal(found.etag, "");
    MUST(validators_keep(store, url, &both, NOW, &error), error);
    MUST(validators_prune(store, NOW + 1, &error), error);
    MUST(validators_find(store, url, 0, &found, &error), error);
    assert_string_equal(found.etag, "");
    store_close(&store);
}

/* ---- the keeper ---- */

struct virtual_clock {
    int64_t now_ms;
    int64_t slept_ms;
};

static int64_t clock_now(void *context)
{
    return ((struct virtual_clock *)context)->now_ms;
}

static void clock_sleep(void *context, int64_t milliseconds)
{
    struct virtual_clock *clock = context;

    clock->now_ms += milliseconds;
    clock->slept_ms += milliseconds;
}

static uint32_t no_random(void *user)
{
    (void)user;
    return 0;
}

static struct pace_keeper make_keeper(struct store *store, struct virtual_clock *clock)
{
    struct pace_keeper keeper;

    pace_keeper_init(&keeper, store, "rss", INTERVAL, (struct timer){clock_now, clock_sleep, clock},
                     no_random, NULL);
    return keeper;
}

static void a_keeper_waits_for_its_turn(void **state)
{
    struct store *store = suite_open(state);
    struct virtual_clock clock = {.now_ms = T0};
    struct pace_keeper keeper = make_keeper(store, &clock);
    struct polite_pace pace = pace_keeper_pace(&keeper);
    struct polite_outcome good = {POLITE_GOOD, -1, NULL};
    struct polite_outcome failed = {POLITE_FAILED, 20, "HTTP status 503"};
    struct error error = {0};

    MUST(pace.wait_turn(pace.user, &error), error);
    assert_int_equal(clock.slept_ms, 0);
    pace.done(pace.user, &good);
    MUST(pace.wait_turn(pace.user, &error), error);
    assert_int_equal(clock.slept_ms, INTERVAL);
    pace.done(pace.user, &failed);
    MUST(pace.wait_turn(pace.user, &error), error);
    assert_int_equal(clock.slept_ms, INTERVAL + 20000);
    failed.retry_after_seconds = 31;
    pace.done(pace.user, &failed);
    assert_int_equal(pace.wait_turn(pace.user, &error), -1);
    assert_int_equal(error.kind, ERROR_TEMPORARY);
    assert_string_equal(error.text, "arxiv's rss is left alone until 2026-02-17T05:05:54Z, after 2 "
                                    "failures in a row; the last one: HTTP status 503");
    assert_int_equal(clock.slept_ms, INTERVAL + 20000);
    store_close(&store);
}

/* Another machine's process is waited for until its lease ends, one of this
 * machine only while it lives. */
static void a_keeper_takes_over_from_the_dead(void **state)
{
    struct store *store = suite_open(state);
    struct virtual_clock clock = {.now_ms = T0};
    struct pace_keeper keeper = make_keeper(store, &clock);
    struct polite_pace pace = pace_keeper_pace(&keeper);
    char name[PROCESS_NAME_BYTES] = "";
    int pipes[2], status;
    struct error error = {0};
    pid_t child;

    CHECK_CLAIM(store, "rss", "elsewhere:1:2:3/1", T0, PACE_CLAIMED, 0);
    MUST(pace.wait_turn(pace.user, &error), error);
    assert_int_equal(clock.slept_ms, LEASE);
    pace.done(pace.user, &(struct polite_outcome){POLITE_NOT_ASKED, -1, NULL});

    assert_int_equal(pipe(pipes), 0);
    child = fork();
    if (child == 0) {
        process_name(name);
        status = write(pipes[1], name, sizeof name) == (ssize_t)sizeof name ? 0 : 1;
        _exit(status);
    }
    assert_int_equal(read(pipes[0], name, sizeof name), sizeof name);
    assert_int_equal(waitpid(child, &status, 0), child);
    close(pipes[0]);
    close(pipes[1]);
    assert_true(process_is_gone(name));
    process_name(keeper.holder);
    assert_false(process_is_gone(keeper.holder));
    clock = (struct virtual_clock){.now_ms = T0 + HOUR};
    CHECK_CLAIM(store, "rss", name, clock.now_ms, PACE_CLAIMED, 0);
    MUST(pace.wait_turn(pace.user, &error), error);
    assert_int_equal(clock.slept_ms, INTERVAL);
    store_close(&store);
}

/* Real threads, each with a store of its own, and real time. */
struct contender {
    struct store *store;
    const char *holder;
    int64_t *starts;
    int *started;
    int *under_way;
    pthread_mutex_t *lock;
};

enum { CONTENDERS = 4, TURNS = 4, SHORT_INTERVAL = 20 };

static void *contend(void *context)
{
    struct contender *contender = context;
    struct timer clock = timer_wall();
    struct pace_keeper keeper;
    struct polite_pace pace;

    pace_keeper_init(&keeper, contender->store, "rss", SHORT_INTERVAL, clock, no_random, NULL);
    snprintf(keeper.holder, sizeof keeper.holder, "%s", contender->holder);
    pace = pace_keeper_pace(&keeper);
    for (int i = 0; i < TURNS; i++) {
        if (pace.wait_turn(pace.user, NULL) < 0)
            return "no turn";
        pthread_mutex_lock(contender->lock);
        contender->starts[(*contender->started)++] = clock.now_ms(NULL);
        *contender->under_way += 1;
        if (*contender->under_way != 1)
            *contender->under_way += 1000;
        pthread_mutex_unlock(contender->lock);
        clock.sleep_ms(NULL, 3);
        pthread_mutex_lock(contender->lock);
        *contender->under_way -= 1;
        pthread_mutex_unlock(contender->lock);
        pace.done(pace.user, &(struct polite_outcome){POLITE_GOOD, -1, NULL});
    }
    return NULL;
}

static void many_keep_one_pace(void **state)
{
    static const char *const names[CONTENDERS] = {"m1", "m2", "m3", "m4"};
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct contender contenders[CONTENDERS];
    pthread_t threads[CONTENDERS];
    int64_t starts[CONTENDERS * TURNS];
    int started = 0, under_way = 0;

    for (int i = 0; i < CONTENDERS; i++) {
        contenders[i] = (struct contender){i ? suite_open_again(state) : suite_open(state),
                                           names[i], starts, &started, &under_way, &lock};
    }
    for (int i = 0; i < CONTENDERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, contend, &contenders[i]), 0);
    for (int i = 0; i < CONTENDERS; i++) {
        void *failed = NULL;

        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(started, CONTENDERS * TURNS);
    assert_int_equal(under_way, 0);
    /* The claim's own time is a little before the one taken here. */
    assert_true(starts[started - 1] - starts[0] >= SHORT_INTERVAL * (started - 1) - SHORT_INTERVAL);
    for (int i = 0; i < CONTENDERS; i++)
        store_close(&contenders[i].store);
}

int store_suite_pace_run(const struct store_opener *opener)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(one_asks_at_a_time),
        cmocka_unit_test(a_dead_holder_lets_go),
        cmocka_unit_test(failures_hold_only_their_endpoint),
        cmocka_unit_test(retry_after_is_obeyed),
        cmocka_unit_test(a_wrong_clock_is_not_believed),
        cmocka_unit_test(backoff_is_capped_and_moved),
        cmocka_unit_test(validators_are_kept_for_a_while),
        cmocka_unit_test(a_keeper_waits_for_its_turn),
        cmocka_unit_test(a_keeper_takes_over_from_the_dead),
        cmocka_unit_test(many_keep_one_pace),
    };

    return suite_run_tests("pace", tests, sizeof(tests) / sizeof(tests[0]), opener);
}
