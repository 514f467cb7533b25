/* English words that are written in two ways in the one that stems are made of: behaviour
 * as behavior. Snowball's English stemmer does not know them. Pure. */
#ifndef RANKING_SPELLING_H
#define RANKING_SPELLING_H

#include "base/bytes.h"

enum { SPELLING_BYTES = 80 }; /* for words of up to 64 bytes */

/* `word` is of a to z alone. Returns it, or another in `room`. */
struct view spelling_usual(struct view word, char room[SPELLING_BYTES]);

#endif
