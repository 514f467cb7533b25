#include "ranking/dense.h"

#include <string.h>

/* GCC's and Clang's vectors: what the processor has not is made of what it has. */
enum { FLOATS = 8, DOUBLES = 4, SHORTS = 16 };

typedef float floats __attribute__((vector_size(FLOATS * sizeof(float)), aligned(4), may_alias));
typedef uint16_t half_codes
    __attribute__((vector_size(FLOATS * sizeof(uint16_t)), aligned(2), may_alias));
typedef uint16_t few_codes
    __attribute__((vector_size(DOUBLES * sizeof(uint16_t)), aligned(2), may_alias));
typedef double doubles
    __attribute__((vector_size(DOUBLES * sizeof(double)), aligned(8), may_alias));
typedef int16_t shorts __attribute__((vector_size(SHORTS * sizeof(int16_t)), aligned(2), may_alias));
typedef int32_t ints __attribute__((vector_size(FLOATS * sizeof(int32_t))));
typedef int32_t few_ints __attribute__((vector_size(DOUBLES * sizeof(int32_t))));

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define HAS_WIDE 1
#define WIDE __attribute__((target("avx2")))
#endif
#define INLINE static inline __attribute__((always_inline))

/* Through pointers: what is passed in wide registers depends on the processor. */
INLINE void add_weighted(floats *sum, const half_codes *codes, float weight)
{
    *sum += __builtin_convertvector(__builtin_convertvector(*codes, ints) >> 1, floats) * weight;
}

INLINE void add_rows(const struct dense_row *rows, size_t row_count, size_t room, float *ret_sums)
{
    for (size_t at = 0; at < room; at += DENSE_BLOCK) {
        floats a = {0}, b = {0}, c = {0}, d = {0}; /* four, to stay in registers */
        floats *to = (floats *)(ret_sums + at);

        for (size_t i = 0; i < row_count; i++) {
            const half_codes *codes = (const half_codes *)(rows[i].codes + at);
            float weight = rows[i].weight;

            add_weighted(&a, &codes[0], weight);
            add_weighted(&b, &codes[1], weight);
            add_weighted(&c, &codes[2], weight);
            add_weighted(&d, &codes[3], weight);
        }
        to[0] = a;
        to[1] = b;
        to[2] = c;
        to[3] = d;
    }
}

INLINE void add_shares(doubles *sum, const uint16_t *codes, const double *weights)
{
    few_ints steps = __builtin_convertvector(*(const few_codes *)codes, few_ints) >> 1;

    *sum += __builtin_convertvector(steps, doubles) * *(const doubles *)weights;
}

INLINE double sum_shares(const uint16_t *codes, const double *weights, size_t terms)
{
    doubles a = {0}, b = {0};

    for (size_t at = 0; at < terms; at += 2 * DOUBLES) {
        add_shares(&a, codes + at, weights + at);
        add_shares(&b, codes + at + DOUBLES, weights + at + DOUBLES);
    }
    a += b;
    return (a[0] + a[1]) + (a[2] + a[3]);
}

/* Always all of them: the zeros behind the keys are larger than none. */
INLINE void find_few_ranks(const int16_t *keys, int16_t *ret_ranks)
{
    shorts own = *(const shorts *)keys, ranks = {0};

    for (size_t i = 0; i < SHORTS; i++)
        ranks -= keys[i] > own;
    memcpy(ret_ranks, &ranks, sizeof(ranks));
}

INLINE void find_ranks(const int16_t *keys, size_t count, int16_t *ret_ranks)
{
    if (count <= SHORTS) {
        find_few_ranks(keys, ret_ranks);
        return;
    }
    for (size_t at = 0; at < count; at += DENSE_KEYS) {
        const shorts *own = (const shorts *)(keys + at);
        shorts first = own[0], second = own[1], ranks = {0}, second_ranks = {0};

        for (size_t i = 0; i < count; i++) {
            ranks -= keys[i] > first;
            second_ranks -= keys[i] > second;
        }
        memcpy(ret_ranks + at, &ranks, sizeof(ranks));
        memcpy(ret_ranks + at + SHORTS, &second_ranks, sizeof(second_ranks));
    }
}

#ifndef HAS_WIDE
static uint64_t find_hits(const uint16_t *codes)
{
    uint64_t bits = 0;

    for (int i = 0; i < DENSE_TERMS; i++)
        bits |= (uint64_t)(codes[i] != 0) << i;
    return bits;
}
#endif

#ifdef HAS_WIDE
WIDE static void add_rows_wide(const struct dense_row *rows, size_t row_count, size_t room,
                               float *ret_sums)
{
    add_rows(rows, row_count, room, ret_sums);
}

/* sum_shares in what both compilers make no detours of. */
WIDE static double sum_shares_wide(const uint16_t *codes, const double *weights, size_t terms)
{
    __m256d a = _mm256_setzero_pd(), b = a;
    doubles sum;

    for (size_t at = 0; at < terms; at += 2 * DOUBLES) {
        __m128i both = _mm_srli_epi16(_mm_loadu_si128((const void *)(codes + at)), 1);
        __m256i steps = _mm256_cvtepu16_epi32(both);
        __m256d first = _mm256_cvtepi32_pd(_mm256_castsi256_si128(steps));
        __m256d second = _mm256_cvtepi32_pd(_mm256_extracti128_si256(steps, 1));

        a = _mm256_add_pd(a, _mm256_mul_pd(first, _mm256_loadu_pd(weights + at)));
        b = _mm256_add_pd(b, _mm256_mul_pd(second, _mm256_loadu_pd(weights + at + DOUBLES)));
    }
    sum = (doubles)_mm256_add_pd(a, b);
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

WIDE static void find_ranks_wide(const int16_t *keys, size_t count, int16_t *ret_ranks)
{
    find_ranks(keys, count, ret_ranks);
}

/* Every processor of this kind has what is needed here. */
static inline uint64_t hits_in(const uint16_t *codes)
{
    const __m128i *from = (const __m128i *)(const void *)codes, none = _mm_setzero_si128();
    __m128i first = _mm_cmpeq_epi16(_mm_loadu_si128(from), none);
    __m128i second = _mm_cmpeq_epi16(_mm_loadu_si128(from + 1), none);

    return ~(unsigned)_mm_movemask_epi8(_mm_packs_epi16(first, second)) & 0xFFFFu;
}

static uint64_t find_hits(const uint16_t *codes)
{
    return hits_in(codes) | hits_in(codes + SHORTS) << SHORTS |
           hits_in(codes + 2 * SHORTS) << 2 * SHORTS | hits_in(codes + 3 * SHORTS) << 3 * SHORTS;
}
#endif

/* The same numbers either way: no sum is in another order, and AVX2 fuses nothing. */
#ifdef HAS_WIDE
#define CHOOSE(wide, narrow) (__builtin_cpu_supports("avx2") ? (wide) : (narrow))
#else
#define CHOOSE(wide, narrow) (narrow)
#endif

static void add_rows_narrow(const struct dense_row *rows, size_t row_count, size_t room,
                            float *ret_sums)
{
    add_rows(rows, row_count, room, ret_sums);
}

static double sum_shares_narrow(const uint16_t *codes, const double *weights, size_t terms)
{
    return sum_shares(codes, weights, terms);
}

static void find_ranks_narrow(const int16_t *keys, size_t count, int16_t *ret_ranks)
{
    find_ranks(keys, count, ret_ranks);
}

void dense_add(const struct dense_row *rows, size_t row_count, size_t room, float *ret_sums)
{
    CHOOSE(add_rows_wide, add_rows_narrow)(rows, row_count, room, ret_sums);
}

double dense_sum(const uint16_t *codes, const double *weights, size_t terms)
{
    return CHOOSE(sum_shares_wide, sum_shares_narrow)(codes, weights, terms);
}

uint64_t dense_hits(const uint16_t *codes)
{
    return find_hits(codes);
}

void dense_ranks(const int16_t *keys, size_t count, int16_t *ret_ranks)
{
    CHOOSE(find_ranks_wide, find_ranks_narrow)(keys, count, ret_ranks);
}
