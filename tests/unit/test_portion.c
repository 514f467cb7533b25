#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/portion.h"
#include "store/rates.h"
#include "unit/data.h"
#include "unit/store_suite.h"

#define NOW_MS ((int64_t)1791400000 * 1000)

enum { SECOND = 1000, HOUR = 3600 * SECOND };

struct shop {
    char *folder;
    struct store *store;
};

static int set_up(void **state)
{
    struct shop *shop = calloc(1, sizeof(*shop));
    struct error error = {0};
    char url[600];

    shop->folder = data_temporary_folder();
    snprintf(url, sizeof(url), "sqlite:%s/paperboy.db", shop->folder);
    MUST(store_open(url, NULL, &shop->store, &error), error);
    *state = shop;
    return 0;
}

static int tear_down(void **state)
{
    struct shop *shop = *state;

    store_close(&shop->store);
    data_remove_folder(&shop->folder);
    free(shop);
    return 0;
}

static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)(*seed >> 8) * below) >> 24);
}

/* Three workers that look whenever they like, with pauses: no second has more than its
 * share, and most of it is used. */
static void no_second_has_more_than_its_limit(void **state)
{
    static const double limits[] = {0.5, 1, 3, 20, 250};
    struct shop *shop = *state;
    uint32_t seed = 5;
    struct error error = {0};

    for (size_t l = 0; l < sizeof(limits) / sizeof(limits[0]); l++) {
        struct pacer pacers[3] = {{0}};
        int64_t *used = calloc(20000, sizeof(*used)), began_ms = NOW_MS + (int64_t)l * HOUR;
        int64_t now_ms = began_ms;
        size_t count = 0, first = 0;
        int64_t span_ms = limits[l] < 1 ? (int64_t)(1000 / limits[l]) : 1000;
        int64_t most = limits[l] < 1 ? 1 : (int64_t)limits[l];

        MUST(store_begin(shop->store, &error), error);
        for (int step = 0; step < 20000; step++) {
            int64_t opens_ms;

            now_ms += draw(&seed, 500) ? draw(&seed, 3) : draw(&seed, 700);
            MUST(pacer_take(&pacers[draw(&seed, 3)], shop->store, "", limits[l], now_ms, &opens_ms,
                            &error), error);
            if (opens_ms) {
                assert_true(opens_ms > now_ms && opens_ms < now_ms + 3 * SECOND);
                continue;
            }
            used[count++] = now_ms;
            while (used[first] <= now_ms - span_ms)
                first++;
            if ((int64_t)(count - first) > most)
                fail_msg("%zu within a second, of %g", count - first, limits[l]);
        }
        MUST(store_commit(shop->store, &error), error);
        /* Some of it is lost: while a worker that has instants does not look. */
        if (limits[l] <= 3)
            assert_true((double)count > 0.6 * limits[l] * (double)(now_ms - began_ms) / 1000);
        free(used);
    }
}

/* What is older than a portion may be is taken anew, in the minute of its use. */
static void an_old_portion_goes_back(void **state)
{
    struct shop *shop = *state;
    struct portion portion = {0};
    struct rate_grant rest;
    struct error error = {0};
    int64_t opens_ms;

    MUST(portion_fill(&portion, shop->store, "", 1000, NOW_MS, &opens_ms, &error), error);
    assert_int_equal(portion.count, 10);
    portion_use(&portion);
    MUST(portion_fill(&portion, shop->store, "", 1000, NOW_MS + RATE_PORTION_MS - 1, &opens_ms,
                      &error), error);
    assert_int_equal(portion.count, 9);
    MUST(portion_fill(&portion, shop->store, "", 1000, NOW_MS + RATE_PORTION_MS, &opens_ms, &error),
         error);
    assert_int_equal(portion.count, 10);
    assert_int_equal(portion.minute, (NOW_MS + RATE_PORTION_MS) / (60 * SECOND));
    MUST(rate_take(shop->store, "", 1000, 1000, NOW_MS + RATE_PORTION_MS, &rest, &error), error);
    assert_int_equal(rest.count, 989); /* one was used, and ten are held */
    MUST(portion_give_back(&portion, shop->store, "", &error), error);
    assert_int_equal(portion.count, 0);
    MUST(rate_take(shop->store, "", 1000, 1000, NOW_MS + RATE_PORTION_MS, &rest, &error), error);
    assert_int_equal(rest.count, 10);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(no_second_has_more_than_its_limit),
        TEST(an_old_portion_goes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
