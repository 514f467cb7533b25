/* What the edition itself says about a subscriber's interests: papers that the
 * best ones for them are like, by shared words (pseudo-relevance feedback) or as
 * neighbours, are raised. It never lists a paper and only strengthens what the
 * subscriber's own words found, so its share goes to those words. Private to this
 * folder. */
#ifndef RANKING_FEEDBACK_H
#define RANKING_FEEDBACK_H

#include "ranking/index.h"

/* `shares` has for each paper of the index what the interests' words gave it,
 * `reachable` is what all those words weigh together. Raises the shares above 0, each
 * to less than (1 + WEIGHT_FEEDBACK) * (1 + WEIGHT_NEIGHBOUR_SHARE) * reachable.
 * `scratch` has room for as many numbers as there are papers. */
void feedback_raise(const struct ranking_index *index, double reachable, double *shares,
                    double *scratch);

#endif
