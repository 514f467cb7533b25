#include "ranking/hits.h"

#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define HAS_WIDE 1
#define WIDE __attribute__((target("avx2,popcnt")))
#endif

enum { BYTE = 8, SHORTS = 16, FEW = 2 * SHORTS };

void hits_places_fill(struct hits_places *places)
{
    memset(places, UINT8_MAX, sizeof(*places));
    for (unsigned byte = 0; byte < sizeof(places->of) / sizeof(places->of[0]); byte++)
        for (unsigned bits = byte, count = 0; bits; bits &= bits - 1)
            places->of[byte][count++] = (unsigned char)__builtin_ctz(bits);
}

/* ---- one by one ---- */

static size_t take(const struct hits_places *places, const uint16_t *codes, size_t count,
                   const uint16_t *weights, unsigned char *ret_terms, uint16_t *ret_codes,
                   int16_t *ret_keys)
{
    size_t taken = 0;

    (void)places;
    memset(ret_keys, 0, HITS_TERMS * sizeof(*ret_keys));
    for (size_t i = 0; i < count; i++) {
        if (!codes[i])
            continue;
        ret_terms[taken] = (unsigned char)i;
        ret_codes[taken] = codes[i];
        ret_keys[taken++] = (int16_t)((uint32_t)(codes[i] & ~1u) * weights[i] >> 16);
    }
    return taken;
}

static bool rank(const int16_t *keys, size_t count, uint16_t *ret_ranks)
{
    size_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        ret_ranks[i] = 0;
        for (size_t j = 0; j < count; j++)
            ret_ranks[i] = (uint16_t)(ret_ranks[i] + (keys[j] - keys[i] >= HITS_APART));
        sum += ret_ranks[i];
    }
    return sum * 2 == count * (count - 1);
}

/* ---- several at a time ---- */

#ifdef HAS_WIDE
WIDE static inline __m128i load(const void *from)
{
    return _mm_loadu_si128(from);
}

WIDE static inline void store(void *to, __m128i value)
{
    _mm_storeu_si128(to, value);
}

WIDE static size_t take_wide(const struct hits_places *places, const uint16_t *codes, size_t count,
                             const uint16_t *weights, unsigned char *ret_terms,
                             uint16_t *ret_codes, int16_t *ret_keys)
{
    const __m128i second = _mm_set1_epi16(1 << BYTE), none = _mm_setzero_si128();
    size_t taken = 0;

    memset(ret_keys, 0, HITS_TERMS * sizeof(*ret_keys));
    for (size_t at = 0; at < count; at += BYTE) {
        __m128i own = load(codes + at), zeros = _mm_packs_epi16(_mm_cmpeq_epi16(own, none), none);
        unsigned wanted = count - at < BYTE ? (1u << (count - at)) - 1 : UINT8_MAX;
        unsigned hits = ~(unsigned)_mm_movemask_epi8(zeros) & wanted;
        __m128i terms = _mm_loadl_epi64((const __m128i *)(const void *)places->of[hits]);
        __m128i twice = _mm_unpacklo_epi8(terms, terms);
        /* 255 twice and one more has its highest bit still: it takes a 0. */
        __m128i from = _mm_add_epi8(_mm_add_epi8(twice, twice), second);
        __m128i keys = _mm_mulhi_epu16(_mm_andnot_si128(_mm_set1_epi16(1), own), load(weights + at));

        _mm_storel_epi64((__m128i *)(void *)(ret_terms + taken),
                         _mm_add_epi8(terms, _mm_set1_epi8((char)at)));
        store(ret_codes + taken, _mm_shuffle_epi8(own, from));
        store(ret_keys + taken, _mm_shuffle_epi8(keys, from));
        taken += (size_t)__builtin_popcount(hits);
    }
    return taken;
}

/* Of SHORTS keys at a place, among `among` keys; the sum of those that are hits. */
WIDE static inline __m256i rank_some(const int16_t *keys, size_t at, size_t count, size_t among,
                                     uint16_t *ret_ranks)
{
    const __m256i places = _mm256_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m256i own = _mm256_loadu_si256((const void *)(keys + at));
    __m256i near = _mm256_adds_epi16(own, _mm256_set1_epi16(HITS_APART - 1));
    __m256i hits = _mm256_cmpgt_epi16(_mm256_set1_epi16((int16_t)(count - at)), places);
    __m256i ranks = _mm256_setzero_si256();

    for (size_t i = 0; i < among; i++)
        ranks = _mm256_sub_epi16(ranks, _mm256_cmpgt_epi16(_mm256_set1_epi16(keys[i]), near));
    _mm256_storeu_si256((void *)(ret_ranks + at), ranks);
    return _mm256_madd_epi16(_mm256_and_si256(ranks, hits), _mm256_set1_epi16(1));
}

/* The zeros behind the keys are larger than none, so that there are few different ways. */
WIDE static bool rank_wide(const int16_t *keys, size_t count, uint16_t *ret_ranks)
{
    size_t among = count <= FEW ? FEW : HITS_TERMS;
    __m256i sums;
    __m128i sum;

    if (count <= SHORTS) {
        sums = rank_some(keys, 0, count, SHORTS, ret_ranks);
    } else {
        sums = rank_some(keys, 0, count, among, ret_ranks);
        for (size_t at = SHORTS; at < count; at += SHORTS)
            sums = _mm256_add_epi32(sums, rank_some(keys, at, count, among, ret_ranks));
    }
    sum = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    sum = _mm_add_epi32(sum, _mm_srli_si128(sum, 8));
    sum = _mm_add_epi32(sum, _mm_srli_si128(sum, 4));
    return (size_t)_mm_cvtsi128_si32(sum) * 2 == count * (count - 1);
}
#define CHOOSE(wide, narrow) (__builtin_cpu_supports("avx2") ? (wide) : (narrow))
#else
#define CHOOSE(wide, narrow) (narrow)
#endif

/* ---- whichever there is ---- */

size_t hits_take(const struct hits_places *places, const uint16_t *codes, size_t count,
                 const uint16_t *weights, unsigned char *ret_terms, uint16_t *ret_codes,
                 int16_t *ret_keys)
{
    return CHOOSE(take_wide, take)(places, codes, count, weights, ret_terms, ret_codes, ret_keys);
}

bool hits_ranks(const int16_t *keys, size_t count, uint16_t *ret_ranks)
{
    return CHOOSE(rank_wide, rank)(keys, count, ret_ranks);
}
