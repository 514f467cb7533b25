/* From an edition and a profile to ordered papers with scores and reasons.
 * The edition is indexed once; each profile is ranked alone against that index.
 * Called by rank, preview, run and send; knows no mail. Pure: same result
 * whatever the order of profiles or the number of threads, and an index may be
 * shared by threads once it is made. */
#ifndef RANKING_RANKING_H
#define RANKING_RANKING_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "papers/paper.h"
#include "subscribers/profile.h"

enum reason_field {
    REASON_TITLE, REASON_ABSTRACT, REASON_AUTHOR, REASON_INTERESTS, REASON_LIKED, REASON_PREFERENCE
};
enum { REASON_FIELDS = REASON_PREFERENCE + 1 };

/* Why a paper is there. `term` is the profile's own word for it ("kv cache" also
 * when the text says "KV-caches"), `score` its share of the paper's score.
 * A term that stands in title and abstract is one reason, of field title. That
 * goes for required and bonus keywords, too; a followed author is of field
 * author, a preferred one of field preference. A word that liked papers led to
 * is as those papers have it. */
struct reason {
    struct view term;
    enum reason_field field;
    double score;
};

struct ranked_paper {
    const struct paper *paper; /* in the index's papers */
    double score;
    const struct reason *reasons; /* largest share first, ties in profile order */
    size_t reason_count;
};

struct ranking {
    const struct ranked_paper *items; /* best first, ties in feed order */
    size_t count;
};

struct ranking_index;

/* Indexes the papers. `archive` gives the rarity of words, and liked papers are
 * looked up in it, too; NULL takes both from `papers` themselves. Both lists
 * must outlive the index and stay as they are. */
struct ranking_index *ranking_index_new(const struct papers *papers, const struct papers *archive);
/* The same with an archive that was counted before (rarity.h), and NULL again for
 * the papers' own; `rarity` must outlive the index. */
struct rarity;
struct ranking_index *ranking_index_new_among(const struct papers *papers,
                                              const struct rarity *rarity);
void ranking_index_free(struct ranking_index **index);
const struct papers *ranking_index_papers(const struct ranking_index *index);

/* Ranks for one profile, in `arena`'s memory. relevance.h and substring.h say
 * what the two ways of scoring do. `top` 0 means the profile's
 * max_papers. `skip`, when not NULL, has one byte per paper of the index: not 0
 * leaves that paper out (it was shown before). -1 when the profile does not compile. */
int ranking_make(const struct ranking_index *index, const struct profile *profile, size_t top,
                 const unsigned char *skip, struct arena *arena, struct ranking *ret_ranking);

/* The same in two steps, for those who rank many. A profile is compiled alone to
 * bytes, which are good for any index with the same rarity: `key` is kept in them,
 * and ranking_key makes one of the analyser's version, the index's rarity and the
 * profile's document. Whoever stores the bytes throws them away when their key is
 * another. -1 when it does not compile, as `scoring: substring` never does. */
uint64_t ranking_key(const struct ranking_index *index, struct view document);
/* The analyser's alone: with another number scores are others. */
uint64_t ranking_version(void);
int ranking_compile(const struct ranking_index *index, const struct profile *profile,
                    uint64_t key, struct buffer *ret_bytes);
/* So many liked papers, and as many disliked ones, count: the last of the list. */
size_t ranking_liked_max(void);
uint64_t ranking_compiled_key(struct view bytes); /* 0 when the bytes are odd */

struct ranker; /* one per thread; the index is shared and outlives it */
struct ranker *ranker_new(const struct ranking_index *index);
void ranker_free(struct ranker **ranker);
const struct ranking_index *ranker_index(const struct ranker *ranker);
/* As ranking_compile, the same bytes, but at a small part of the cost where profiles
 * before had the same keywords; and for a profile that likes or dislikes papers of
 * `known`, which the index does not have. NULL for none. The bytes hold what they need
 * of them. */
int ranker_compile(struct ranker *ranker, const struct profile *profile,
                   const struct papers *known, uint64_t key, struct buffer *ret_bytes);
/* As ranking_make, whose result it is whatever came before. */
int ranker_make(struct ranker *ranker, const struct profile *profile, size_t top,
                const unsigned char *skip, struct arena *arena, struct ranking *ret_ranking);
/* As ranking_make, which `scoring: substring` needs. `bytes` must outlive the
 * ranking. -1 when they are odd: compile again. */
int ranking_make_compiled(struct ranker *ranker, struct view bytes, size_t top,
                          const unsigned char *skip, struct arena *arena,
                          struct ranking *ret_ranking);

const char *reason_field_name(enum reason_field field); /* "title" */

#endif
