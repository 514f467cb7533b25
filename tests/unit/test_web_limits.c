#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "web/limits.h"

static void test_a_burst_and_then_steadily(void **state)
{
    static const struct {
        int64_t now_ms;
        bool takes;
        long wait;
    } steps[] = {
        {1000, true, 0},  {1000, true, 0},   {1000, true, 0},   {1000, false, 2},
        {1999, false, 2}, {2500, false, 1},  {3000, true, 0},   {3000, false, 2},
        {7000, true, 0},  {7000, true, 0},   {7000, false, 2},  {100000, true, 0},
        {100000, true, 0}, {100000, true, 0}, {100000, false, 2},
        /* The clock was set back: nobody waits for ever. */
        {500, false, 2},  {2500, true, 0},
    };
    struct web_limits *limits = web_limits_new(10, 3, 2000);

    (void)state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        long wait = 0;

        assert_int_equal(web_limits_take(limits, "a", steps[i].now_ms, &wait), steps[i].takes);
        assert_int_equal(wait, steps[i].wait);
    }
    assert_true(web_limits_take(limits, "b", 500, NULL));
    web_limits_free(&limits);
    assert_null(limits);
    web_limits_free(&limits);
}

static void test_bounded(void **state)
{
    struct web_limits *limits = web_limits_new(100, 1, 1000000);
    char name[300];

    (void)state;
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof(name), "client %d", i);
        assert_true(web_limits_take(limits, name, 1000, NULL));
        assert_false(web_limits_take(limits, name, 1000, NULL));
    }
    /* The last hundred are remembered, who came before is not. */
    assert_false(web_limits_take(limits, "client 4999", 1000, NULL));
    assert_true(web_limits_take(limits, "client 1", 1000, NULL));
    /* A name is cut, not overrun; two that are alike so far are one. */
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_true(web_limits_take(limits, name, 1000, NULL));
    name[100] = 'y';
    assert_false(web_limits_take(limits, name, 1000, NULL));
    assert_true(web_limits_take(limits, "", 1000, NULL));
    web_limits_free(&limits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_burst_and_then_steadily),
                                       cmocka_unit_test(test_bounded)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
