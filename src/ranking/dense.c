#include "ranking/dense.h"

#include <string.h>

/* GCC's and Clang's vectors: what the processor has not is made of what it has. */
enum { LANES = DENSE_LANES, DOUBLES = DENSE_COLUMNS / 4 };

typedef float floats
    __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef double doubles
    __attribute__((vector_size(DOUBLES * sizeof(double)), aligned(sizeof(double)), may_alias));
typedef int64_t longs
    __attribute__((vector_size(DOUBLES * sizeof(int64_t)), aligned(sizeof(int64_t)), may_alias));
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

INLINE void add_share(doubles *sum, longs *bits, const doubles *shares, int64_t bit)
{
    longs share = (longs)*shares & INT64_MAX;

    *sum += (doubles)share;
    *bits |= (share != 0) & bit;
}

INLINE void add_shares(const double *shares, size_t row_count, size_t columns, double *sums,
                       uint64_t *ret_bits)
{
    for (size_t at = 0; at < columns; at += DENSE_COLUMNS) {
        doubles *to = (doubles *)(sums + at);
        longs *to_bits = (longs *)(void *)(ret_bits + at);
        doubles a = to[0], b = to[1], c = to[2], d = to[3];
        longs e = {0}, f = {0}, g = {0}, h = {0};

        for (size_t i = 0; i < row_count; i++) {
            const doubles *from = (const doubles *)(shares + i * columns + at);
            int64_t bit = (int64_t)((uint64_t)1 << i);

            add_share(&a, &e, &from[0], bit);
            add_share(&b, &f, &from[1], bit);
            add_share(&c, &g, &from[2], bit);
            add_share(&d, &h, &from[3], bit);
        }
        to[0] = a;
        to[1] = b;
        to[2] = c;
        to[3] = d;
        to_bits[0] = e;
        to_bits[1] = f;
        to_bits[2] = g;
        to_bits[3] = h;
    }
}

/* Two vectors at a time: most often that is all. */
INLINE void find_ranks(const int32_t *keys, size_t count, int32_t *ret_ranks)
{
    for (size_t at = 0; at < count; at += DENSE_KEYS) {
        flags own[2], ranks[2] = {{0}, {0}};

        memcpy(own, keys + at, sizeof(own));
        for (size_t i = 0; i < count; i++) {
            ranks[0] -= keys[i] > own[0];
            ranks[1] -= keys[i] > own[1];
        }
        memcpy(ret_ranks + at, ranks, sizeof(ranks));
    }
}

#ifdef HAS_WIDE
WIDE static void add_rows_wide(const struct dense_row *rows, size_t row_count, size_t room,
                               float *ret_sums)
{
    add_rows(rows, row_count, room, ret_sums);
}

WIDE static void add_shares_wide(const double *shares, size_t row_count, size_t columns,
                                 double *sums, uint64_t *ret_bits)
{
    add_shares(shares, row_count, columns, sums, ret_bits);
}

WIDE static void find_ranks_wide(const int32_t *keys, size_t count, int32_t *ret_ranks)
{
    find_ranks(keys, count, ret_ranks);
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

void dense_add_shares(const double *shares, size_t row_count, size_t columns, double *sums,
                      uint64_t *ret_bits)
{
#ifdef HAS_WIDE
    if (__builtin_cpu_supports("avx2")) {
        add_shares_wide(shares, row_count, columns, sums, ret_bits);
        return;
    }
#endif
    add_shares(shares, row_count, columns, sums, ret_bits);
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
