/* The papers that rank and preview work on: those of --papers, or the latest
 * edition of the store. */
#ifndef COMMANDS_EDITION_SOURCE_H
#define COMMANDS_EDITION_SOURCE_H

#include "commands/input.h"

/* `sources` empty: the store's edition of `date`, or its latest one that has
 * papers when no date is given. */
int edition_source_read(struct site *site, const struct strings *sources, struct date date,
                        struct input *ret_input, struct error *error);

#endif
