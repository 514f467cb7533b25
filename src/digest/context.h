/* Building the digest's context, split as its steps are: what holds for a paper
 * whoever reads it (context_paper.c), what holds for editions
 * (context_edition.c), and what holds for one subscriber (context.c). What a paper is like, answers show as well. The keys are in
 * templates/README.md. */
#ifndef DIGEST_CONTEXT_H
#define DIGEST_CONTEXT_H

#include <jansson.h>

#include "digest/context_text.h"
#include "digest/digest.h"

/* The step "paper": depends on the paper, the language and the link bases. */
json_t *context_paper(const struct digest *digest, const struct words *words,
                      const struct paper *paper);

/* ai_summary, has_ai_summary (context_summary.c). */
void context_set_summary_of(json_t *object, const struct digest *digest,
                            const struct words *words, const struct paper *paper);

/* title_parts, abstract_parts: the texts cut where the first `shown` reasons
 * stand. */
struct highlighter;
void context_set_parts(json_t *object, const struct words *words, const struct digest *digest,
                       struct highlighter *highlighter, const struct ranked_paper *ranked,
                       size_t shown);

/* editions, is_estimated, edition_line, announced_line; notes, edition_note. */
void context_set_editions(json_t *root, const struct digest *digest, const struct words *words,
                          struct buffer *room);

/* The texts of the step "subscriber", appended: what the context and the assembly
 * of digests share. */
void context_add_subject(const struct digest *digest, const struct words *words,
                         struct buffer *out);
void context_add_preheader(const struct digest *digest, struct buffer *out);
void context_add_count_line(const struct digest *digest, const struct words *words,
                            struct buffer *out);
void context_add_summary(const struct digest *digest, const struct words *words,
                         struct buffer *out);
/* Of a summary, what follows the count: the same for all of the edition. */
void context_add_summary_rest(const struct digest *digest, const struct words *words,
                              struct buffer *out);
void context_add_edition_note(const struct digest *digest, const struct words *words,
                              struct buffer *out);
void context_add_profile_line(const struct profile *profile, const struct words *words,
                              struct buffer *out);
void context_add_sent_to(const struct digest *digest, const struct words *words,
                         struct buffer *out);
/* false, and nothing appended: not offered. */
bool context_add_reply_hint(const struct digest *digest, const struct words *words,
                            struct buffer *out);
bool context_add_unsubscribe_link(const struct digest *digest, struct buffer *out);
/* So many are named, and marked in the texts; none is left out to save one. */
size_t context_reasons_shown(const struct ranked_paper *ranked);
const char *context_field_word(enum reason_field field); /* "field_title": a key of the words */
double context_score(double score); /* one decimal; shown above 0 only */
/* Of the step "edition"; nothing when it is not known. */
void context_add_announced(const struct digest *digest, const struct words *words,
                           struct buffer *out);
void context_add_edition_line(const struct digest *digest, const struct words *words,
                              struct buffer *out);
bool context_edition_differs(const struct digest *digest);

#endif
