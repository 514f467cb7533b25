/* Pseudo-relevance feedback for interests (Rocchio, as for liked papers): the
 * words that the best papers for the interests share raise the papers that have
 * them, too. It never lists a paper and only strengthens what the subscriber's
 * own words found, so its share goes to those words. Private to this folder. */
#ifndef RANKING_FEEDBACK_H
#define RANKING_FEEDBACK_H

#include "ranking/index.h"

/* `shares` has for each paper of the index what the interests' words gave it,
 * `reachable` is what all those words weigh together. Raises the shares above 0, each
 * by less than WEIGHT_FEEDBACK * reachable. */
void feedback_raise(const struct ranking_index *index, double reachable, double *shares);

#endif
