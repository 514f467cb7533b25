#include "ranking/dense.h"

#include <string.h>

/* GCC's and Clang's vectors: what the processor has not is made of what it has. */
enum { LANES = DENSE_BLOCK / 4, PEAK = 16, HALVINGS = 24 };

typedef float floats
    __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef int32_t flags __attribute__((vector_size(LANES * sizeof(int32_t))));

#if defined(__x86_64__) && defined(__GNUC__)
#define HAS_WIDE 1
#define WIDE __attribute__((target("avx2")))
#endif
#define INLINE static inline __attribute__((always_inline))

/* Through pointers: what is passed in wide registers depends on the processor. */
INLINE void add_weighted(floats *sum, const floats *fits, float weight)
{
    *sum += (floats)((flags)*fits & 0x7FFFFFFF) * weight;
}

INLINE void add_rows(const struct dense_row *rows, size_t row_count, size_t room, float *ret_sums)
{
    for (size_t at = 0; at < room; at += DENSE_BLOCK) {
        floats a = {0}, b = {0}, c = {0}, d = {0}; /* four, to stay in registers */
        floats *to = (floats *)(ret_sums + at);

        for (size_t i = 0; i < row_count; i++) {
            const floats *fits = (const floats *)(rows[i].fits + at);
            float weight = rows[i].weight;

            add_weighted(&a, &fits[0], weight);
            add_weighted(&b, &fits[1], weight);
            add_weighted(&c, &fits[2], weight);
            add_weighted(&d, &fits[3], weight);
        }
        to[0] = a;
        to[1] = b;
        to[2] = c;
        to[3] = d;
    }
}

INLINE size_t count_reaching(const float *values, size_t room, float least)
{
    flags counts = {0};
    size_t sum = 0;

    for (size_t at = 0; at < room; at += LANES)
        counts -= *(const floats *)(values + at) >= least;
    for (int i = 0; i < LANES; i++)
        sum += (size_t)counts[i];
    return sum;
}

INLINE void find_peaks(const float *values, size_t room, float *ret_peaks)
{
    for (size_t i = 0; i < room / PEAK; i++) {
        const floats *from = (const floats *)(values + i * PEAK);
        /* Their bits are in the order of the numbers, since none is negative. */
        flags a = (flags)from[0], b = (flags)from[1], larger = a > b;
        flags best = (a & larger) | (b & ~larger);
        int32_t peak = 0;

        for (int j = 0; j < LANES; j++)
            peak = best[j] > peak ? best[j] : peak;
        memcpy(&ret_peaks[i], &peak, sizeof(peak));
    }
}

INLINE void find_ranks(const int32_t *keys, size_t count, int32_t *ret_ranks)
{
    for (size_t at = 0; at < count; at += LANES) {
        flags own, ranks = {0};

        memcpy(&own, keys + at, sizeof(own));
        for (size_t i = 0; i < count; i++)
            ranks -= keys[i] > own;
        memcpy(ret_ranks + at, &ranks, sizeof(ranks));
    }
}

static float of_bits(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* By halves of the bits, which are in the order of the numbers. */
INLINE float find_threshold(const float *values, size_t room, size_t wanted)
{
    float largest = 0;
    uint32_t low = 0, high;

    for (size_t i = 0; i < room; i++)
        largest = values[i] > largest ? values[i] : largest;
    memcpy(&high, &largest, sizeof(high));
    for (int i = 0; i < HALVINGS && low + 1 < high; i++) {
        uint32_t middle = low + (high - low) / 2;
        size_t count = count_reaching(values, room, of_bits(middle));

        if (count < wanted)
            high = middle;
        else
            low = middle;
        if (count == wanted)
            break;
    }
    return of_bits(low);
}

#ifdef HAS_WIDE
WIDE static void add_rows_wide(const struct dense_row *rows, size_t row_count, size_t room,
                               float *ret_sums)
{
    add_rows(rows, row_count, room, ret_sums);
}

WIDE static void find_peaks_wide(const float *values, size_t room, float *ret_peaks)
{
    find_peaks(values, room, ret_peaks);
}

WIDE static void find_ranks_wide(const int32_t *keys, size_t count, int32_t *ret_ranks)
{
    find_ranks(keys, count, ret_ranks);
}

WIDE static float find_threshold_wide(const float *values, size_t room, size_t wanted)
{
    return find_threshold(values, room, wanted);
}
#endif

/* The same numbers either way: no sum is in another order, and AVX2 fuses nothing. */
void dense_add(const struct dense_row *rows, size_t row_count, size_t room, float *ret_sums)
{
#ifdef HAS_WIDE
    if (__builtin_cpu_supports("avx2")) {
        add_rows_wide(rows, row_count, room, ret_sums);
        return;
    }
#endif
    add_rows(rows, row_count, room, ret_sums);
}

float dense_threshold(const float *values, size_t room, size_t wanted)
{
#ifdef HAS_WIDE
    if (__builtin_cpu_supports("avx2"))
        return find_threshold_wide(values, room, wanted);
#endif
    return find_threshold(values, room, wanted);
}

void dense_peaks(const float *values, size_t room, float *ret_peaks)
{
    size_t count = room / PEAK;

#ifdef HAS_WIDE
    if (__builtin_cpu_supports("avx2"))
        find_peaks_wide(values, room, ret_peaks);
    else
#endif
        find_peaks(values, room, ret_peaks);
    memset(ret_peaks + count, 0, (dense_room(count) - count) * sizeof(*ret_peaks));
}

void dense_keep(const uint32_t *keep, size_t room, float *sums)
{
    for (size_t at = 0; at < room; at += LANES) {
        flags bits;

        memcpy(&bits, keep + at, sizeof(bits));
        *(floats *)(sums + at) = (floats)((flags)*(floats *)(sums + at) & bits);
    }
}

void dense_ranks(const int32_t *keys, size_t count, int32_t *ret_ranks)
{
#ifdef HAS_WIDE
    if (__builtin_cpu_supports("avx2")) {
        find_ranks_wide(keys, count, ret_ranks);
        return;
    }
#endif
    find_ranks(keys, count, ret_ranks);
}
