/* `subscriber export ADDRESS`: everything that the installation holds about one person, as
 * one JSON object: the profile, when they were seen first, why they are not mailed, each
 * delivery with what it showed, refusals, and what was worked out of the profile. Keeps to
 * what subscriber_is_stored and subscriber_erase of store/forgotten.h know. */
#ifndef COMMANDS_PERSON_EXPORT_H
#define COMMANDS_PERSON_EXPORT_H

#include "commands/options.h"
#include "commands/site.h"

/* Appends it. Kind missing when nothing is known. */
int person_describe(struct site *site, const char *address, struct buffer *ret_json,
                    struct error *error);
/* An exit status; to `--out` or standard output. */
int person_export(struct site *site, const struct options *options, const char *word);

#endif
