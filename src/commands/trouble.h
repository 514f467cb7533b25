/* What keeps mail from being sent, though no delivery was refused: a relay that cannot be
 * reached, takes no login or was stopped, a limit that is reached. Kept in the store
 * from one run to the next, so that status can tell it. */
#ifndef COMMANDS_TROUBLE_H
#define COMMANDS_TROUBLE_H

#include "commands/site.h"

struct trouble {
    int64_t when_utc;
    int64_t until_utc;           /* nothing is sent before; 0: not known */
    char text[ERROR_TEXT_BYTES]; /* "": there is none */
};

/* Replaces what was kept; nothing is written when there was none and is none. */
int trouble_keep(struct site *site, const struct trouble *trouble, struct error *error);
int trouble_find(struct site *site, struct trouble *ret_trouble, struct error *error);

#endif
