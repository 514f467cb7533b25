#include "ranking/levels.h"

#include <string.h>

/* With the processor's own vectors where it has them; the same numbers either way. */
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define HAS_WIDE 1
#define WIDE __attribute__((target("avx2")))
#endif

enum { LANES = LEVELS_LANES, PEAK = LEVELS_PEAK, BITS = 15 };

/* ---- one by one ---- */

static void add_rows(const struct level_row *rows, size_t row_count, size_t room,
                     int16_t *ret_levels)
{
    memset(ret_levels, 0, room * sizeof(*ret_levels));
    for (size_t i = 0; i < row_count; i++) {
        for (size_t at = 0; at < room; at++) {
            int32_t level = ret_levels[at] + level_of(rows[i].fits[at], rows[i].weight);

            ret_levels[at] = (int16_t)(level < LEVEL_MAX ? level : LEVEL_MAX);
        }
    }
}

static void keep_some(const int16_t *keep, size_t room, int16_t *levels)
{
    for (size_t at = 0; at < room; at++)
        levels[at] &= keep[at];
}

static void find_peaks(const int16_t *levels, size_t room, int16_t *ret_peaks)
{
    for (size_t at = 0; at < room; at++) {
        int16_t *peak = &ret_peaks[at / LEVELS_BLOCK * LANES + at % LANES];

        *peak = levels[at] > *peak ? levels[at] : *peak;
    }
}

static size_t count_reaching(const int16_t *levels, size_t room, int16_t least)
{
    size_t count = 0;

    for (size_t at = 0; at < room; at++)
        count += levels[at] >= least;
    return count;
}

static size_t pick_reaching(const int16_t *levels, size_t room, int16_t least, uint32_t *ret_picks)
{
    size_t count = 0;

    for (size_t at = 0; at < room; at++) {
        /* Written in any case, counted when it is wanted. */
        ret_picks[count] = (uint32_t)at;
        count += levels[at] >= least;
    }
    return count;
}

/* ---- sixteen at a time ---- */

#ifdef HAS_WIDE
WIDE static inline __m256i load(const int16_t *from)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)from);
}

WIDE static inline void store(int16_t *to, __m256i value)
{
    _mm256_storeu_si256((__m256i *)(void *)to, value);
}

WIDE static void add_rows_wide(const struct level_row *rows, size_t row_count, size_t room,
                               int16_t *ret_levels)
{
    for (size_t at = 0; at < room; at += LEVELS_BLOCK) {
        __m256i sums[PEAK];

        for (int j = 0; j < PEAK; j++)
            sums[j] = _mm256_setzero_si256();
        for (size_t i = 0; i < row_count; i++) {
            const int16_t *fits = rows[i].fits + at;
            __m256i weight = _mm256_set1_epi16(rows[i].weight);

#pragma GCC unroll 8
            for (int j = 0; j < PEAK; j++)
                sums[j] = _mm256_adds_epi16(
                    sums[j], _mm256_mulhrs_epi16(load(fits + j * LANES), weight));
        }
        for (int j = 0; j < PEAK; j++)
            store(ret_levels + at + j * LANES, sums[j]);
    }
}

WIDE static void keep_some_wide(const int16_t *keep, size_t room, int16_t *levels)
{
    for (size_t at = 0; at < room; at += LANES)
        store(levels + at, _mm256_and_si256(load(levels + at), load(keep + at)));
}

WIDE static void find_peaks_wide(const int16_t *levels, size_t room, int16_t *ret_peaks)
{
    for (size_t at = 0; at < room; at += LEVELS_BLOCK) {
        __m256i peak = load(levels + at);

        for (int j = 1; j < PEAK; j++)
            peak = _mm256_max_epi16(peak, load(levels + at + j * LANES));
        store(ret_peaks + at / PEAK, peak);
    }
}

WIDE static size_t count_reaching_wide(const int16_t *levels, size_t room, int16_t least)
{
    const __m256i below = _mm256_set1_epi16((int16_t)(least - 1));
    size_t bits = 0;

    for (size_t at = 0; at < room; at += LANES) {
        __m256i reaching = _mm256_cmpgt_epi16(load(levels + at), below);

        bits += (size_t)__builtin_popcount((unsigned)_mm256_movemask_epi8(reaching));
    }
    return bits / sizeof(*levels);
}

WIDE static size_t pick_reaching_wide(const int16_t *levels, size_t room, int16_t least,
                                      uint32_t *ret_picks)
{
    const __m256i below = _mm256_set1_epi16((int16_t)(least - 1));
    size_t count = 0;

    for (size_t at = 0; at < room; at += LANES) {
        __m256i reaching = _mm256_cmpgt_epi16(load(levels + at), below);
        unsigned bits = (unsigned)_mm256_movemask_epi8(reaching) & 0x55555555u;

        for (; bits; bits &= bits - 1)
            ret_picks[count++] = (uint32_t)(at + (size_t)__builtin_ctz(bits) / sizeof(*levels));
    }
    return count;
}
#endif

/* ---- whichever there is ---- */

#ifdef HAS_WIDE
#define CHOOSE(wide, narrow) (__builtin_cpu_supports("avx2") ? (wide) : (narrow))
#else
#define CHOOSE(wide, narrow) (narrow)
#endif

void levels_add(const struct level_row *rows, size_t row_count, size_t room, int16_t *ret_levels)
{
    CHOOSE(add_rows_wide, add_rows)(rows, row_count, room, ret_levels);
}

void levels_keep(const int16_t *keep, size_t room, int16_t *levels)
{
    CHOOSE(keep_some_wide, keep_some)(keep, room, levels);
}

void levels_peaks(const int16_t *levels, size_t room, int16_t *ret_peaks)
{
    memset(ret_peaks, 0, room / PEAK * sizeof(*ret_peaks));
    CHOOSE(find_peaks_wide, find_peaks)(levels, room, ret_peaks);
}

int16_t levels_threshold(const int16_t *levels, size_t room, size_t wanted)
{
    size_t (*count)(const int16_t *, size_t, int16_t) =
        CHOOSE(count_reaching_wide, count_reaching);
    int threshold = 0;

    for (int bit = 1 << (BITS - 1); bit; bit >>= 1)
        if (count(levels, room, (int16_t)(threshold | bit)) >= wanted)
            threshold |= bit;
    return (int16_t)threshold;
}

size_t levels_pick(const int16_t *levels, size_t room, int16_t least, uint32_t *ret_picks)
{
    return CHOOSE(pick_reaching_wide, pick_reaching)(levels, room, least > 0 ? least : 1,
                                                     ret_picks);
}
