#include "ranking/ranking.h"

#include <stdlib.h>

#include "ranking/ranker.h"
#include "ranking/substring.h"
#include "ranking/weights.h"

/* RANKING_VERSION: a checksum of this folder and of how profiles and TeX are read, so that
 * no change of a rule or a weight finds profiles that were compiled without it. */
#include "ranking_version.inc"

enum { COMPILED_BYTES = 64 * 1024 * 1024, KEY_KIND = 'k' };

static int make_relevance(struct ranker *ranker, const struct profile *profile, size_t top,
                          const unsigned char *skip, struct arena *arena,
                          struct ranking *ret_ranking)
{
    struct buffer bytes;
    int result;

    buffer_init(&bytes, COMPILED_BYTES);
    result = ranker_compile(ranker, profile, NULL, 0, &bytes);
    /* The reasons' words point into the arena's copy. */
    if (result == 0)
        result = relevance_rank(ranker, arena_copy(arena, buffer_view(&bytes)), top, skip, arena,
                                ret_ranking);
    buffer_free(&bytes);
    return result;
}

const struct ranking_index *ranker_index(const struct ranker *ranker)
{
    return ranker->index;
}

int ranker_make(struct ranker *ranker, const struct profile *profile, size_t top,
                const unsigned char *skip, struct arena *arena, struct ranking *ret_ranking)
{
    size_t papers = ranking_index_papers(ranker->index)->count;

    if (!top)
        top = (size_t)profile->max_papers;
    if (top > papers)
        top = papers;
    if (profile->scoring != SCORING_SUBSTRING)
        return make_relevance(ranker, profile, top, skip, arena, ret_ranking);
    if (!ranker->grams)
        ranker->grams = grams_new(ranker->index);
    substring_rank(ranker->index, ranker->grams, profile, top, skip, arena, ret_ranking);
    return 0;
}

int ranking_make(const struct ranking_index *index, const struct profile *profile, size_t top,
                 const unsigned char *skip, struct arena *arena, struct ranking *ret_ranking)
{
    struct ranker *ranker = ranker_new(index);
    int result = ranker_make(ranker, profile, top, skip, arena, ret_ranking);

    ranker_free(&ranker);
    return result;
}

uint64_t ranking_version(void)
{
    return words_pair(WORDS_VERSION, RANKING_VERSION);
}

uint64_t ranking_key(const struct ranking_index *index, struct view document)
{
    return words_pair(ranking_version(),
                      words_pair(index_rarity_key(index), words_hash(KEY_KIND, document)));
}

static int compile(struct keyword_memo *memo, const struct profile *profile,
                   const struct papers *known, uint64_t key, struct buffer *ret_bytes)
{
    struct compiled_profile compiled;

    if (profile->scoring == SCORING_SUBSTRING)
        return -1;
    compile_profile(memo, profile, known, &compiled);
    compiled_pack(&compiled, key, ret_bytes);
    compiled_free(&compiled);
    return ret_bytes->failed ? -1 : 0;
}

int ranker_compile(struct ranker *ranker, const struct profile *profile,
                   const struct papers *known, uint64_t key, struct buffer *ret_bytes)
{
    return compile(&ranker->memo, profile, known, key, ret_bytes);
}

int ranking_compile(const struct ranking_index *index, const struct profile *profile,
                    uint64_t key, struct buffer *ret_bytes)
{
    struct keyword_memo memo;
    int result;

    keyword_memo_init(&memo, index);
    result = compile(&memo, profile, NULL, key, ret_bytes);
    keyword_memo_free(&memo);
    return result;
}

size_t ranking_liked_max(void)
{
    return WEIGHT_LIKED_PAPERS;
}

uint64_t ranking_compiled_key(struct view bytes)
{
    return compiled_key(bytes);
}

int ranking_make_compiled(struct ranker *ranker, struct view bytes, size_t top,
                          const unsigned char *skip, struct arena *arena,
                          struct ranking *ret_ranking)
{
    return relevance_rank(ranker, bytes, top, skip, arena, ret_ranking);
}

const char *reason_field_name(enum reason_field field)
{
    static const char *const names[] = {"title",     "abstract", "author",
                                        "interests", "liked",    "preference"};

    return names[field];
}
