/* Levels and orders against the same worked out one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "ranking/dense.h"
#include "ranking/levels.h"
#include "ranking/order.h"

enum { ROUNDS = 60, ROWS_MAX = 9, ITEMS_MAX = 150, SHARE_ROWS = DENSE_TERMS };

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static int16_t *random_row(uint32_t *state, size_t room)
{
    int16_t *row = memory_new(room, sizeof(*row));

    for (size_t i = 0; i < room; i++)
        row[i] = (int16_t)(next_random(state) % 3 ? 0 : next_random(state) % (LEVEL_MAX + 1u));
    return row;
}

static void test_sums(void **unused)
{
    uint32_t state = 1;

    (void)unused;
    for (int round = 0; round < ROUNDS; round++) {
        size_t room = levels_room(1 + next_random(&state) % 700), count = next_random(&state) % ROWS_MAX;
        struct level_row rows[ROWS_MAX];
        int16_t *levels = memory_new(room, sizeof(*levels));

        for (size_t i = 0; i < count; i++)
            rows[i] = (struct level_row){random_row(&state, room),
                                         (int16_t)(1 + next_random(&state) % LEVEL_MAX)};
        levels_add(rows, count, room, levels);
        for (size_t at = 0; at < room; at++) {
            int64_t sum = 0;

            for (size_t i = 0; i < count; i++)
                sum += ((int64_t)rows[i].fits[at] * rows[i].weight + 16384) / 32768;
            assert_int_equal(levels[at], sum < LEVEL_MAX ? sum : LEVEL_MAX);
        }
        for (size_t i = 0; i < count; i++)
            free((void *)rows[i].fits);
        free(levels);
    }
}

static size_t reaching(const int16_t *levels, size_t room, int least)
{
    size_t count = 0;

    for (size_t i = 0; i < room; i++)
        count += levels[i] >= least;
    return count;
}

static void test_threshold_and_picks(void **unused)
{
    uint32_t state = 2;

    (void)unused;
    for (int round = 0; round < ROUNDS; round++) {
        size_t room = levels_room(1 + next_random(&state) % 700), count = 0;
        size_t wanted = 1 + next_random(&state) % room;
        int16_t *levels = random_row(&state, room), *peaks = memory_new(room, sizeof(*peaks));
        uint32_t *picks = memory_new(room, sizeof(*picks));
        int16_t least = levels_threshold(levels, room, wanted);

        assert_true(reaching(levels, room, least) >= wanted);
        assert_true(least == LEVEL_MAX || reaching(levels, room, least + 1) < wanted);
        assert_int_equal(levels_pick(levels, room, least, picks),
                         reaching(levels, room, least > 0 ? least : 1));
        for (size_t i = 0; i < room; i++)
            if (levels[i] > 0 && levels[i] >= least)
                assert_int_equal(picks[count++], i);
        /* Each peak is some paper's own: no value is reached by more peaks than papers. */
        levels_peaks(levels, room, peaks);
        for (size_t i = 0; i < room / LEVELS_PEAK; i++)
            assert_true(reaching(peaks, room / LEVELS_PEAK, peaks[i]) <=
                        reaching(levels, room, peaks[i]));
        assert_int_equal(levels_threshold(peaks, room / LEVELS_PEAK, 1),
                         levels_threshold(levels, room, 1));
        free(levels);
        free(peaks);
        free(picks);
    }
}

static void test_keep(void **unused)
{
    int16_t levels[LEVELS_BLOCK], keep[LEVELS_BLOCK];

    (void)unused;
    for (int i = 0; i < LEVELS_BLOCK; i++) {
        levels[i] = (int16_t)(i + 1);
        keep[i] = i % 3 ? -1 : 0;
    }
    levels_keep(keep, LEVELS_BLOCK, levels);
    for (int i = 0; i < LEVELS_BLOCK; i++)
        assert_int_equal(levels[i], i % 3 ? i + 1 : 0);
}

/* Many values are equal, or so near that they are the same when rounded. */
static void test_order(void **unused)
{
    uint32_t state = 3;

    (void)unused;
    for (int round = 0; round < ROUNDS * 10; round++) {
        double values[ITEMS_MAX];
        uint32_t numbers[ITEMS_MAX];
        struct order_item items[ITEMS_MAX];
        size_t count = next_random(&state) % (ITEMS_MAX + 1);

        for (size_t i = 0; i < count; i++) {
            values[i] = next_random(&state) % 7 + (next_random(&state) % 3) * 1e-12;
            numbers[i] = (uint32_t)i * 2 + next_random(&state) % 2;
        }
        order_descending(values, numbers, count, items);
        for (size_t i = 0; i < count; i++) {
            size_t place = items[i].number / 2;

            assert_true(numbers[place] == items[i].number);
            assert_true(values[place] >= items[i].value && values[place] <= items[i].value);
            if (i > 0)
                assert_true(items[i - 1].value > items[i].value ||
                            (items[i - 1].value >= items[i].value &&
                             items[i - 1].number < items[i].number));
        }
    }
}

static void test_shares(void **unused)
{
    uint32_t state = 4;

    (void)unused;
    for (int round = 0; round < ROUNDS; round++) {
        size_t columns = dense_columns(1 + next_random(&state) % 40);
        size_t rows = next_random(&state) % (SHARE_ROWS + 1);
        double *shares = memory_new(rows * columns + 1, sizeof(*shares));
        double *sums = memory_new(columns, sizeof(*sums));
        uint64_t *bits = memory_new(columns, sizeof(*bits));

        for (size_t i = 0; i < rows * columns; i++)
            shares[i] = next_random(&state) % 2 ? 0 : (double)next_random(&state) / 1e7 - 0.8;
        dense_add_shares(shares, rows, columns, sums, bits);
        for (size_t at = 0; at < columns; at++) {
            double sum = 0;
            uint64_t wanted = 0;

            for (size_t i = 0; i < rows; i++) {
                double share = shares[i * columns + at];

                sum += share < 0 ? -share : share;
                wanted |= (uint64_t)(share < 0 || share > 0) << i;
            }
            assert_memory_equal(&sums[at], &sum, sizeof(sum));
            assert_true(bits[at] == wanted);
        }
        free(shares);
        free(sums);
        free(bits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums), cmocka_unit_test(test_threshold_and_picks),
        cmocka_unit_test(test_keep), cmocka_unit_test(test_order),
        cmocka_unit_test(test_shares),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
