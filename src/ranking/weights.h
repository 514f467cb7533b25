/* Every number that decides an order or a score, and where it comes from.
 * They are one fixed set for all profiles and collections. On cranfield, cacm,
 * cisi and vaswani no change of K1 to 1 or 1.4, B to 0.6 or 0.75, TITLE to 4 or
 * FEEDBACK_PAPERS to 8 moved nDCG@10 by more than 0.01 either way. Numbers
 * without a source are chosen for what the score then says, and the comment says
 * what that is. */
#ifndef RANKING_WEIGHTS_H
#define RANKING_WEIGHTS_H

/* --- BM25: how well one term fits one paper, from 0 to 1 ---
 *   fit = tf / (tf + K1 * (1 - B + B * length / average length))
 *   tf  = TITLE * (times in the title) + (times in the abstract) */
#define WEIGHT_K1 1.2   /* Robertson and Zaragoza 2009, the usual 1.2 to 2 */
#define WEIGHT_B 0.65   /* the same: 0.5 to 0.8 */
#define WEIGHT_TITLE 3.0 /* with stems and pairs, measured over eight public collections */

/* --- rarity of a term: -log of the share of papers that have it ---
 * As if RARITY_PRIOR_PAPERS more papers were known, one of which has the term:
 * a day of three papers does not make every word common or rare. In units of
 * log(RARITY_SCALE): a word in one paper of a thousand has rarity 1. */
#define WEIGHT_RARITY_PRIOR_PAPERS 200.0
#define WEIGHT_RARITY_SCALE 1000.0
/* A keyword was asked for by name: even in every paper it counts this much of
 * a rare one. */
#define WEIGHT_KEYWORD_FLOOR 0.25

/* --- shares of the sum x; a keyword of weight 1 that is rare adds its fit ---
 * score = 100 * x / (1 + x): it grows with what a paper hits and does not know
 * how many other keywords there are. A rare keyword in title and abstract
 * gives about 45, two of them 60, four 75. */
#define WEIGHT_BONUS 1.0       /* bonus keywords raise as much as a keyword */
#define WEIGHT_PREFER 0.5      /* a preferred author: less than a keyword in the title */
#define WEIGHT_FOLLOW 1.0      /* a followed author: 50 without any word */
/* Interests: all of the strongest INTERESTS_TERMS words hit well give this, as
 * two keywords would; a shorter text counts as if it had INTERESTS_SHORTEST
 * words of rarity 1, so one word of it is less than a keyword. */
#define WEIGHT_INTERESTS 2.0
#define WEIGHT_INTERESTS_TERMS 8
#define WEIGHT_INTERESTS_SHORTEST 3.0
/* Two words that stand together in the interests and in the paper. */
#define WEIGHT_PAIR 0.3 /* the same eight collections */
/* Pseudo-relevance feedback for interests (Rocchio as in Manning et al. 2008,
 * 9.1.6): the strongest words that at least SHARED of the best PAPERS share give
 * all together less than this share of what all words of the interests would. */
#define WEIGHT_FEEDBACK 0.4
#define WEIGHT_FEEDBACK_PAPERS 10
#define WEIGHT_FEEDBACK_SHARED 2
#define WEIGHT_FEEDBACK_TERMS 30
/* Rocchio over liked papers: their strongest terms together give at most about
 * what two and a half keywords give. */
#define WEIGHT_LIKED 2.5
#define WEIGHT_LIKED_TERMS 30
#define WEIGHT_LIKED_REACHABLE 10 /* hitting the ten strongest is all */
#define WEIGHT_LIKED_PAPERS 200   /* the last ones in the list */
#define WEIGHT_DISLIKED 0.25      /* gamma; Manning et al. 2008, 9.1: far below beta */
/* What disliked papers take is at most this share of what a paper has. */
#define WEIGHT_DISLIKED_BOUND 0.5

#endif
