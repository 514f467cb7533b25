/* Made-up mornings: a profile and a ranking by hand, for tests that need a
 * digest without feeds and ranking. */
#ifndef TESTS_UNIT_DIGEST_SAMPLE_H
#define TESTS_UNIT_DIGEST_SAMPLE_H

#include "base/arena.h"
#include "digest/digest.h"

enum { SAMPLE_AUTHORS = 3000, SAMPLE_PAPERS = 500 };

/* Everything that `digest` points into is here. */
struct digest_sample {
    struct arena *arena;
    struct paper papers[SAMPLE_PAPERS];
    struct ranked_paper ranked[SAMPLE_PAPERS];
    struct digest_links links[SAMPLE_PAPERS];
    struct papers list; /* `papers` as one */
    const struct digest_summary *summaries[SAMPLE_PAPERS];
    struct ranking ranking;
    struct profile profile;
    struct digest digest;
};

struct digest_sample *digest_sample_new(void); /* no papers yet */
void digest_sample_free(struct digest_sample **sample);

void digest_sample_fill_relevance(struct digest_sample *sample); /* everything a digest can show */
void digest_sample_fill_plain(struct digest_sample *sample);     /* feed order, two editions */
void digest_sample_fill_one(struct digest_sample *sample);       /* a preview of one paper */
void digest_sample_fill_awkward(struct digest_sample *sample);   /* what real feeds hold */
/* Adds what a language model wrote of three papers in four. */
void digest_sample_fill_summaries(struct digest_sample *sample);
/* `count` papers with abstracts of `characters`. */
void digest_sample_fill_many(struct digest_sample *sample, size_t count, size_t characters);

#endif
