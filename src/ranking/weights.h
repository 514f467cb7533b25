/* Every number that decides an order or a score, and where it comes from.
 * They are one fixed set for all profiles and collections, chosen from the middle
 * of where nothing changes much: mean nDCG@10 over cranfield, cacm, cisi and vaswani
 * is 0.495, and stays within 0.01 of that with K1 from 1 to 1.4, B from 0.5 to 0.65,
 * TITLE from 2 to 4. Numbers without a source are chosen for what the score then
 * says, and the comment says what that is. */
#ifndef RANKING_WEIGHTS_H
#define RANKING_WEIGHTS_H

/* --- BM25: how well one term fits one paper, from 0 to 1 ---
 *   fit = tf / (tf + K1 * (1 - B + B * length / average length))
 *   tf  = TITLE * (times in the title) + (times in the abstract)
 * It is rounded to whole FIT_STEPSths, at least one: small whole numbers that take
 * little memory, and are the same on every machine. */
#define WEIGHT_K1 1.2   /* Robertson and Zaragoza 2009, the usual 1.2 to 2 */
#define WEIGHT_B 0.6   /* the same: 0.5 to 0.8 */
#define WEIGHT_FIT_STEPS 32767 /* 15 bits */
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
/* Two words that stand together in the interests and in the paper: the eight
 * collections' 0.3 and the 0.1 to 0.3 usual for ordered pairs in the sequential
 * dependence model (Metzler and Croft 2005); 0.15 to 0.3 are alike. */
#define WEIGHT_PAIR 0.25
/* Pseudo-relevance feedback for interests: the strongest TERMS words of the best
 * PAPERS raise whatever has them, too, all together by less than FEEDBACK times what
 * the best paper has, and own words and feedback are then mixed 1 : FEEDBACK (RM3's
 * lambda of 0.55): nobody gets more than the best paper's own words gave. Papers count by exp(TRUST * share), as
 * a query's likelihood does in relevance models (Lavrenko and Croft 2001; RM3): the
 * best one leads, several of equal worth speak together. TRUST makes a share the
 * sum of rarities in natural logs that eight words of usual rarity have. Words count
 * by the square root of their Rocchio weight (Manning et al. 2008, 9.1.6), so that
 * no single one takes over. Measured flat from 0.75 to 2, for 5 to 15 papers, 20 to
 * 50 terms and a TRUST of 12 to 30. */
#define WEIGHT_FEEDBACK 1.25
#define WEIGHT_FEEDBACK_PAPERS 10
#define WEIGHT_FEEDBACK_TRUST 20.0
#define WEIGHT_FEEDBACK_TERMS 30
/* Papers that are like good ones for the interests are good themselves: each
 * gets this much of what its NEIGHBOURS nearest ones have mixed in, by the third power of
 * likeness (cluster hypothesis; score regularisation of Diaz 2005, Kurland and Lee
 * 2004). Measured flat from 0.3 to 0.4 and for 3 to 10 neighbours. Likeness is the
 * cosine over a paper's strongest LIKENESS_WORDS; LEAST is a chance likeness, and
 * a word that is among the strongest of more than COMMON papers makes none alike. */
#define WEIGHT_NEIGHBOUR_SHARE 0.35
#define WEIGHT_NEIGHBOURS 5
#define WEIGHT_NEIGHBOUR_LEAST 0.05
#define WEIGHT_LIKENESS_WORDS 50
#define WEIGHT_LIKENESS_COMMON 1000
/* Rocchio over liked papers, each term by its relevance weight (Robertson and Sparck
 * Jones 1976) times its rarity: the strongest give about what one keyword gives.
 * With ten liked papers beside the interests 0.7 to 1.5 are alike, 2.5 is worse. */
#define WEIGHT_LIKED 1.0
#define WEIGHT_LIKED_TERMS 30
#define WEIGHT_LIKED_REACHABLE 10 /* hitting the ten strongest is all */
#define WEIGHT_LIKED_PAPERS 200   /* the last ones in the list */
#define WEIGHT_DISLIKED 0.25      /* gamma; Manning et al. 2008, 9.1: far below beta */
/* What disliked papers take is at most this share of what a paper has. */
#define WEIGHT_DISLIKED_BOUND 0.5

#endif
