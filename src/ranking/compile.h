/* A profile as terms and weights: made from that profile alone, with the
 * archive's rarity worked in. Ranking walks it through the index. */
#ifndef RANKING_COMPILE_H
#define RANKING_COMPILE_H

#include "ranking/index.h"
#include "subscribers/profile.h"

enum compiled_role {
    /* These list a paper and add to its score, in the order of the profile. */
    ROLE_KEYWORD,
    ROLE_REQUIRED, /* must hit, too */
    ROLE_INTERESTS,
    ROLE_FOLLOW,
    ROLE_LIKED,
    /* These only add to the score of a paper that is listed. */
    ROLE_BONUS,
    ROLE_PREFER,
    ROLE_DISLIKED, /* takes away */
    ROLE_EXCLUDE   /* keeps a paper out */
};

/* One word of a phrase. */
struct compiled_slot {
    uint64_t term;
    bool is_exact; /* an acronym, left whole */
};

/* One way to write a term. */
struct pattern {
    uint64_t term; /* all papers that can match have it */
    uint32_t first_slot;
    uint32_t slot_count; /* 0: having the term is matching */
};

/* Of a term that is packed; more are left out, the plain ones never. */
enum { COMPILED_PATTERNS_MAX = 8 };

struct compiled_term {
    enum compiled_role role;
    enum keyword_field field;
    bool is_author; /* to be compared by name, too */
    struct view text; /* as the profile or the liked paper has it; borrowed */
    /* A keyword's (compiled_is_keyword) is the one that the profile asks for, and
     * its rarity is worked in when it is looked up; others have theirs. */
    double weight;
    uint32_t first_pattern;
    uint32_t pattern_count;
    uint64_t key; /* only from compiled_unpack: equal keys have equal postings */
};

struct compiled_profile {
    struct compiled_term *terms; /* in the profile's order */
    size_t term_count;
    struct pattern *patterns;
    size_t pattern_count;
    struct compiled_slot *slots;
    size_t slot_count;
    uint64_t *categories; /* as index_category_term names them; none means all */
    size_t category_count;
    /* The rules that need no word, as the profile has them. */
    struct compiled_rules {
        double min_score;
        uint32_t abstract_min_length;
        uint32_t abstract_max_length;
        uint32_t announce_types;
        uint32_t max_papers;
        uint32_t required_count; /* distinct required terms */
        uint16_t is_plain;
        uint16_t bonus_lists; /* nothing else of the profile could list a paper */
    } rules;
    size_t term_capacity, pattern_capacity, slot_capacity, category_capacity;
};

/* `profile`, the papers of the memo's index and `known` (ranking.h) must outlive the
 * result, which is the same whatever the memo knows. */
struct keyword_memo;
void compile_profile(struct keyword_memo *memo, const struct profile *profile,
                     const struct papers *known, struct compiled_profile *ret_compiled);
/* What a reason's term is looked up as: one term, or none for an author. Weights
 * mean nothing. `term` must outlive the result. */
void compile_reason(struct word_splitter *splitter, enum reason_field field, struct view term,
                    struct compiled_profile *ret_compiled);
void compiled_free(struct compiled_profile *compiled);

/* The flat form: checksummed, native byte order, all of it in one piece. `key` is
 * kept in it (ranking.h). The buffer has failed when it was too small or a term has
 * more patterns than compiled_unpack takes. */
void compiled_pack(const struct compiled_profile *compiled, uint64_t key, struct buffer *ret_bytes);
/* Into a zeroed `compiled` or one that was filled before, whose memory is used
 * again; texts point into `bytes`. -1 when anything about the bytes is odd; the
 * profile is then empty. */
int compiled_unpack(struct view bytes, struct compiled_profile *compiled);
uint64_t compiled_key(struct view bytes); /* 0 when the bytes are odd */

static inline bool compiled_is_keyword(enum compiled_role role)
{
    return role == ROLE_KEYWORD || role == ROLE_REQUIRED || role == ROLE_BONUS;
}
/* What a keyword's weight is to be multiplied with: common ones tell less. */
double compiled_keyword_factor(const struct ranking_index *index,
                               const struct compiled_profile *compiled,
                               const struct compiled_term *term);

/* For the parts of compiling: a term that one index term stands for. */
void compiled_add(struct compiled_profile *compiled, enum compiled_role role, struct view text,
                  double weight, uint64_t term);
/* Adds the strongest terms of the liked and disliked papers (Rocchio). */
void compile_liked(struct compiled_profile *compiled, const struct ranking_index *index,
                   struct word_splitter *splitter, const struct profile *profile,
                   const struct papers *known);

#endif
