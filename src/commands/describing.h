/* What readers are told of a stored edition. */
#ifndef COMMANDS_DESCRIBING_H
#define COMMANDS_DESCRIBING_H

#include "digest/digest.h"
#include "store/editions.h"

/* Everything but the date: whether that is an estimate, how many papers there are, and how
 * the categories stand that the profile reads. Copies into the arena. */
void describing_fill(struct arena *arena, const struct profile *profile,
                     const struct edition *edition, struct digest_edition *ret_described);

#endif
