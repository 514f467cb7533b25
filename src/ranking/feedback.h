/* What the edition itself says about a subscriber's interests, mixed with what the
 * subscriber's words say: papers that the best ones are like, by shared words
 * (pseudo-relevance feedback) or as neighbours, gain on the others. It never lists a
 * paper and only weighs what the subscriber's own words found, so its share goes to
 * those words. Private to this folder. */
#ifndef RANKING_FEEDBACK_H
#define RANKING_FEEDBACK_H

#include "ranking/index.h"

/* `shares` has for each paper of the index what the interests' words gave it. Each
 * above 0 stays above 0 and at most the largest of them, however long the interests
 * are. `scratch` has room for as many numbers as there are papers. */
void feedback_mix(const struct ranking_index *index, double *shares, double *scratch);

#endif
