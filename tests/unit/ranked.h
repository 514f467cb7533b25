/* Papers and profiles in a few words, for the tests of ranking. */
#ifndef TESTS_UNIT_RANKED_H
#define TESTS_UNIT_RANKED_H

#include "base/bytes.h"
#include "papers/paper.h"
#include "subscribers/profile.h"
#include "ranking/ranking.h"

/* One paper a line: "id|title|abstract|author;author|category,category|type";
 * what is left out at the end is empty, the type `new`. Free with papers_free. */
void ranked_papers(const char *lines, struct papers *ret_papers);

/* `json` is the inside of a profile's object without "email"; when it
 * begins with a single quote, these stand for double ones. Free with profile_free. */
void ranked_profile(const char *json, struct profile *ret_profile);

/* Ranks and writes "id:term,term id:term": reasons in order, an id alone when
 * it has none. `archive` may be NULL. Checks that the reasons sum to the score. */
void ranked_list(const char *papers, const char *archive, const char *json, size_t top,
                 struct buffer *ret_text);

/* Fails unless the reasons are in falling order and sum to the paper's score. */
void ranked_check_reasons(const struct ranked_paper *item);

#endif
