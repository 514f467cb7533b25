/* Levels and orders against the same worked out one by one. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "ranking/dense.h"
#include "ranking/hits.h"
#include "ranking/levels.h"
#include "ranking/order.h"

enum { ROUNDS = 60, ROWS_MAX = 9, ITEMS_MAX = 150, LANES = 8 };

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static uint16_t *random_row(uint32_t *state, size_t room)
{
    uint16_t *row = memory_new(room, sizeof(*row));

    for (size_t i = 0; i < room; i++)
        row[i] = (uint16_t)(next_random(state) % 3 ? 0 : next_random(state) % (LEVEL_MAX + 1u));
    return row;
}

static void test_sums(void **unused)
{
    uint32_t state = 1;

    (void)unused;
    for (int round = 0; round < ROUNDS; round++) {
        size_t room = levels_room(1 + next_random(&state) % 700), count = next_random(&state) % ROWS_MAX;
        struct level_row rows[ROWS_MAX];
        uint16_t *levels = random_row(&state, room), *before = memory_new(room, sizeof(*before));

        memcpy(before, levels, room * sizeof(*before));
        for (size_t i = 0; i < count; i++)
            rows[i] = (struct level_row){random_row(&state, room),
                                         (uint16_t)(1 + next_random(&state) % LEVEL_MAX)};
        levels_add(rows, count, room, levels);
        for (size_t at = 0; at < room; at++) {
            int64_t sum = before[at];

            for (size_t i = 0; i < count; i++)
                sum += (int64_t)rows[i].codes[at] * rows[i].weight / 65536;
            assert_int_equal(levels[at], sum < LEVEL_MAX ? sum : LEVEL_MAX);
        }
        for (size_t i = 0; i < count; i++)
            free((void *)rows[i].codes);
        free(before);
        free(levels);
    }
}

static size_t reaching(const uint16_t *levels, size_t room, int least)
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
        uint16_t *levels = random_row(&state, room), *peaks = memory_new(room, sizeof(*peaks));
        uint32_t *picks = memory_new(room, sizeof(*picks));
        uint16_t least = levels_threshold(levels, room, wanted);

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
    uint16_t levels[LEVELS_BLOCK], keep[LEVELS_BLOCK];

    (void)unused;
    for (int i = 0; i < LEVELS_BLOCK; i++) {
        levels[i] = (uint16_t)(i + 60000);
        keep[i] = i % 3 ? UINT16_MAX : 0;
    }
    levels_keep(keep, LEVELS_BLOCK, levels);
    for (int i = 0; i < LEVELS_BLOCK; i++)
        assert_int_equal(levels[i], i % 3 ? i + 60000 : 0);
}

/* Many values are equal, or so near that their keys are the same. */
static void test_order(void **unused)
{
    uint32_t state = 3;

    (void)unused;
    for (int round = 0; round < ROUNDS * 10; round++) {
        double values[ITEMS_MAX], factor = round % 3 ? 1 : round % 2 ? 1e-300 : 1e290;
        uint32_t places[ITEMS_MAX];
        struct order_item scratch[ITEMS_MAX];
        size_t count = next_random(&state) % (round % 2 ? 20 : ITEMS_MAX + 1);

        for (size_t i = 0; i < count; i++) {
            values[i] = next_random(&state) % 7 + (next_random(&state) % 3) * 1e-12;
            values[i] *= factor;
            if (values[i] <= 0 && next_random(&state) % 2)
                values[i] = -0.0; /* is no less than 0 */
        }
        order_descending(values, count, order_scale(6.000000000002 * factor), scratch, places);
        for (size_t i = 1; i < count; i++)
            assert_true(values[places[i - 1]] > values[places[i]] ||
                        (values[places[i - 1]] >= values[places[i]] &&
                         places[i - 1] < places[i]));
        for (size_t i = 0; i < count; i++)
            assert_true(places[i] < count);
    }
    assert_true(order_scale(0) <= 0 && order_scale(HUGE_VAL) <= 0 && order_scale(NAN) <= 0);
}

/* Keys at the edges of what they can be, and more than one group of them. */
static void test_ranks(void **unused)
{
    uint32_t state = 5;

    (void)unused;
    for (int round = 0; round < ROUNDS; round++) {
        int16_t keys[2 * DENSE_KEYS] = {0}, ranks[2 * DENSE_KEYS];
        size_t count = next_random(&state) % (2 * DENSE_KEYS + 1);

        for (size_t i = 0; i < count; i++)
            keys[i] = (int16_t)(next_random(&state) % 4 ? next_random(&state) % 20
                                                        : ORDER_KEY_MAX - next_random(&state) % 2);
        dense_ranks(keys, count, ranks);
        for (size_t i = 0; i < count; i++) {
            int larger = 0;

            for (size_t j = 0; j < count; j++)
                larger += keys[j] > keys[i];
            assert_int_equal(ranks[i], larger);
        }
    }
}

/* Keys that are all so far apart are told apart, and no others. */
static void check_hit_ranks(const int16_t *keys, size_t count)
{
    uint16_t ranks[HITS_TERMS + HITS_SPARE];
    bool apart = true, told = hits_ranks(keys, count, ranks);

    for (size_t i = 0; i < count; i++) {
        int larger = 0;

        for (size_t j = 0; j < count; j++) {
            larger += keys[j] > keys[i];
            apart = apart && (i == j || abs(keys[j] - keys[i]) >= HITS_APART);
        }
        assert_true(ranks[i] < count);
        if (told)
            assert_int_equal(ranks[i], larger);
    }
    assert_true(told == apart);
}

/* Each count of terms; few hits and many, keys that are far apart, near and 0. */
static void test_hits(void **unused)
{
    struct hits_places places;
    uint32_t state = 6;

    (void)unused;
    hits_places_fill(&places);
    for (size_t round = 0; round < ROUNDS * 20; round++) {
        size_t count = round % (HITS_TERMS + 1), want = 0, taken;
        uint16_t *codes = random_row(&state, HITS_TERMS), weights[HITS_TERMS] = {0};
        unsigned char terms[HITS_TERMS + HITS_SPARE];
        uint16_t hit_codes[HITS_TERMS + HITS_SPARE];
        int16_t keys[HITS_TERMS + HITS_SPARE];

        for (size_t i = 0; i < count; i++) {
            weights[i] = (uint16_t)(next_random(&state) % (HITS_WEIGHT_MAX + 1));
            if (round % 3 == 1)
                codes[i] = (uint16_t)next_random(&state);
            if (round % 3 == 2)
                weights[i] = (uint16_t)(weights[i] / 64);
        }
        taken = hits_take(&places, codes, count, weights, terms, hit_codes, keys);
        for (size_t i = 0; i < count; i++) {
            if (!codes[i])
                continue;
            assert_int_equal(terms[want], i);
            assert_int_equal(hit_codes[want], codes[i]);
            assert_int_equal(keys[want++], (codes[i] >> 1) * 2 * weights[i] / 65536);
        }
        assert_int_equal(taken, want);
        for (size_t i = taken; i < HITS_TERMS; i++)
            assert_int_equal(keys[i], 0);
        check_hit_ranks(keys, taken);
        free(codes);
    }
}

/* The sum is that of eight partial ones, in this order, on every machine. */
static double sum_in_lanes(const uint16_t *codes, const double *weights, size_t terms)
{
    double lanes[LANES] = {0};

    for (size_t i = 0; i < terms; i++)
        lanes[i % LANES] += weights[i] * (codes[i] >> 1);
    for (size_t i = 0; i < LANES / 2; i++)
        lanes[i] += lanes[i + LANES / 2];
    return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

static void test_shares(void **unused)
{
    uint32_t state = 4;

    (void)unused;
    for (int round = 0; round < ROUNDS; round++) {
        size_t terms = dense_terms(1 + next_random(&state) % 200);
        uint16_t *codes = random_row(&state, terms);
        double *weights = memory_new(terms, sizeof(*weights)), sum, want;

        for (size_t i = 0; i < terms; i++)
            weights[i] = (double)next_random(&state) / 1e7;
        sum = dense_sum(codes, weights, terms);
        want = sum_in_lanes(codes, weights, terms);
        assert_memory_equal(&sum, &want, sizeof(sum));
        for (size_t i = 0; i < terms; i++)
            assert_int_equal(dense_hits(codes + i / DENSE_TERMS * DENSE_TERMS) >>
                                     i % DENSE_TERMS & 1,
                             codes[i] != 0);
        free(codes);
        free(weights);
    }
}

/* Rows of codes, of which a sum knows only the steps. */
static void test_dense_rows(void **unused)
{
    uint32_t state = 6;

    (void)unused;
    for (int round = 0; round < ROUNDS; round++) {
        size_t room = dense_room(1 + next_random(&state) % 300), count = next_random(&state) % ROWS_MAX;
        struct dense_row rows[ROWS_MAX];
        float *sums = memory_new(room, sizeof(*sums));

        for (size_t i = 0; i < count; i++)
            rows[i] = (struct dense_row){random_row(&state, room),
                                         (float)next_random(&state) / 1e6f};
        dense_add(rows, count, room, sums);
        for (size_t at = 0; at < room; at++) {
            float sum = 0;

            for (size_t i = 0; i < count; i++)
                sum += (float)(rows[i].codes[at] >> 1) * rows[i].weight;
            assert_memory_equal(&sums[at], &sum, sizeof(sum));
        }
        for (size_t i = 0; i < count; i++)
            free((void *)rows[i].codes);
        free(sums);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums), cmocka_unit_test(test_threshold_and_picks),
        cmocka_unit_test(test_keep), cmocka_unit_test(test_order),
        cmocka_unit_test(test_shares), cmocka_unit_test(test_ranks), cmocka_unit_test(test_hits),
        cmocka_unit_test(test_dense_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
