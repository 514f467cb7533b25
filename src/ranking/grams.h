/* Where a string stands in the edition's lowered texts: first by the three bytes of
 * it that the fewest papers have, then by looking, and kept, since subscribers ask
 * for the same words. It belongs to one thread and changes no result. Private to
 * this folder. */
#ifndef RANKING_GRAMS_H
#define RANKING_GRAMS_H

#include "ranking/index.h"

/* The papers that have it, in feed order: paper * 2, + 1 when the title has it. */
struct gram_hits {
    const uint32_t *places;
    size_t count;
};

struct grams;

struct grams *grams_new(const struct ranking_index *index);
void grams_free(struct grams **grams);
/* Before each profile: forgets what was found when there is too much of it. */
void grams_begin(struct grams *grams);
/* `needle` is lowered as the texts are; an empty one stands everywhere. Good until
 * the next grams_begin. */
struct gram_hits grams_find(struct grams *grams, struct view needle);

#endif
