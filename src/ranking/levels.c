#include "ranking/levels.h"

#include <string.h>

/* With the processor's own vectors where it has them; the same numbers either way. */
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define HAS_WIDE 1
#define WIDE __attribute__((target("avx2")))
#endif

enum { LANES = LEVELS_LANES, PEAK = LEVELS_PEAK, BITS = 16, ROWS = 2, PART = 16 * LEVELS_BLOCK };

/* ---- one by one ---- */

static void add_rows(const struct level_row *rows, size_t row_count, size_t room,
                     uint16_t *levels)
{
    for (size_t i = 0; i < row_count; i++) {
        for (size_t at = 0; at < room; at++) {
            int32_t level = levels[at] + level_of(rows[i].codes[at], rows[i].weight);

            levels[at] = (uint16_t)(level < LEVEL_MAX ? level : LEVEL_MAX);
        }
    }
}

static void keep_some(const uint16_t *keep, size_t room, uint16_t *levels)
{
    for (size_t at = 0; at < room; at++)
        levels[at] &= keep[at];
}

static void find_peaks(const uint16_t *levels, size_t room, uint16_t *ret_peaks)
{
    memset(ret_peaks, 0, room / PEAK * sizeof(*ret_peaks));
    for (size_t at = 0; at < room; at++) {
        uint16_t *peak = &ret_peaks[at / LEVELS_BLOCK * LANES + at % LANES];

        *peak = levels[at] > *peak ? levels[at] : *peak;
    }
}

static size_t count_reaching(const uint16_t *levels, size_t room, uint16_t least)
{
    size_t count = 0;

    for (size_t at = 0; at < room; at++)
        count += levels[at] >= least;
    return count;
}

static size_t pick_reaching(const uint16_t *levels, size_t room, uint16_t least,
                            uint32_t *ret_picks)
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
WIDE static inline __m256i load(const uint16_t *from)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)from);
}

WIDE static inline void store(uint16_t *to, __m256i value)
{
    _mm256_storeu_si256((__m256i *)(void *)to, value);
}

WIDE static inline __m256i added(__m256i sum, const uint16_t *codes, __m256i weight)
{
    return _mm256_adds_epu16(sum, _mm256_mulhi_epu16(load(codes), weight));
}

WIDE static inline __m256i weight_of(const struct level_row *row)
{
    return _mm256_set1_epi16((int16_t)row->weight);
}

/* Few rows at a time, while the next ones are fetched: to wait for them costs more than to
 * write the sums more often. */
WIDE static void add_group(const struct level_row *rows, const struct level_row *next,
                           size_t next_at, size_t from, size_t to, uint16_t *levels)
{
    const __m256i first = weight_of(&rows[0]), second = weight_of(&rows[1]);

    for (size_t at = from; at < to; at += 2 * LANES) {
        __m256i left = added(load(levels + at), rows[0].codes + at, first);
        __m256i right = added(load(levels + at + LANES), rows[0].codes + at + LANES, first);

        __builtin_prefetch(next[0].codes + next_at + at);
        __builtin_prefetch(next[1].codes + next_at + at);
        store(levels + at, added(left, rows[1].codes + at, second));
        store(levels + at + LANES, added(right, rows[1].codes + at + LANES, second));
    }
}

/* Part by part, so that what is fetched and the sums are still near when they are wanted. */
WIDE static void add_rows_wide(const struct level_row *rows, size_t row_count, size_t room,
                               uint16_t *levels)
{
    size_t grouped = row_count / ROWS * ROWS;

    for (size_t from = 0; from < room; from += PART) {
        size_t to = from + PART < room ? from + PART : room;

        for (size_t i = 0; i < grouped; i += ROWS) {
            size_t next = i + ROWS < grouped ? i + ROWS : 0;

            add_group(&rows[i], &rows[next], !next && to + PART <= room ? PART : 0, from, to,
                      levels);
        }
        for (size_t i = grouped; i < row_count; i++)
            for (size_t at = from; at < to; at += LANES)
                store(levels + at,
                      added(load(levels + at), rows[i].codes + at, weight_of(&rows[i])));
    }
}

WIDE static void keep_some_wide(const uint16_t *keep, size_t room, uint16_t *levels)
{
    for (size_t at = 0; at < room; at += LANES)
        store(levels + at, _mm256_and_si256(load(levels + at), load(keep + at)));
}

WIDE static void find_peaks_wide(const uint16_t *levels, size_t room, uint16_t *ret_peaks)
{
    for (size_t at = 0; at < room; at += LEVELS_BLOCK) {
        __m256i peak = load(levels + at);

        for (int j = 1; j < PEAK; j++)
            peak = _mm256_max_epu16(peak, load(levels + at + j * LANES));
        store(ret_peaks + at / PEAK, peak);
    }
}

/* All bits of those that are at least that. */
WIDE static inline __m256i reaching(const uint16_t *levels, __m256i least)
{
    __m256i own = load(levels);

    return _mm256_cmpeq_epi16(_mm256_max_epu16(own, least), own);
}

WIDE static size_t count_reaching_wide(const uint16_t *levels, size_t room, uint16_t least)
{
    const __m256i wanted = _mm256_set1_epi16((int16_t)least);
    size_t bits = 0;

    for (size_t at = 0; at < room; at += LANES)
        bits += (size_t)__builtin_popcount(
            (unsigned)_mm256_movemask_epi8(reaching(levels + at, wanted)));
    return bits / sizeof(*levels);
}

WIDE static size_t pick_reaching_wide(const uint16_t *levels, size_t room, uint16_t least,
                                      uint32_t *ret_picks)
{
    const __m256i wanted = _mm256_set1_epi16((int16_t)least);
    size_t count = 0;

    for (size_t at = 0; at < room; at += 2 * LANES) {
        __m256i first = reaching(levels + at, wanted);
        __m256i second = reaching(levels + at + LANES, wanted);
        __m256i bytes = _mm256_permute4x64_epi64(_mm256_packs_epi16(first, second),
                                                 _MM_SHUFFLE(3, 1, 2, 0));

        for (unsigned bits = (unsigned)_mm256_movemask_epi8(bytes); bits; bits &= bits - 1)
            ret_picks[count++] = (uint32_t)(at + (size_t)__builtin_ctz(bits));
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

void levels_add(const struct level_row *rows, size_t row_count, size_t room, uint16_t *levels)
{
    CHOOSE(add_rows_wide, add_rows)(rows, row_count, room, levels);
}

void levels_keep(const uint16_t *keep, size_t room, uint16_t *levels)
{
    CHOOSE(keep_some_wide, keep_some)(keep, room, levels);
}

void levels_peaks(const uint16_t *levels, size_t room, uint16_t *ret_peaks)
{
    CHOOSE(find_peaks_wide, find_peaks)(levels, room, ret_peaks);
}

uint16_t levels_threshold(const uint16_t *levels, size_t room, size_t wanted)
{
    size_t (*count)(const uint16_t *, size_t, uint16_t) =
        CHOOSE(count_reaching_wide, count_reaching);
    int threshold = 0;

    for (int bit = 1 << (BITS - 1); bit; bit >>= 1)
        threshold += bit * (count(levels, room, (uint16_t)(threshold | bit)) >= wanted);
    return (uint16_t)threshold;
}

size_t levels_pick(const uint16_t *levels, size_t room, uint16_t least, uint32_t *ret_picks)
{
    return CHOOSE(pick_reaching_wide, pick_reaching)(levels, room, least > 0 ? least : 1,
                                                     ret_picks);
}
