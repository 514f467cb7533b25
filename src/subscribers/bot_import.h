/* The Python bot's config.json, and its rules file, made a profile
 * (`subscriber import`). The profile gives the bot's own list: scoring is
 * "substring". Nothing is dropped in silence: each key that the profile cannot
 * carry is named in a notice. Pure: prints nothing, reads no file. */
#ifndef SUBSCRIBERS_BOT_IMPORT_H
#define SUBSCRIBERS_BOT_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"
#include "subscribers/profile.h"

/* One line each, "KEY: what became of it", in the order of the file. Zeroed is empty. */
struct bot_notices {
    char **items;
    size_t count;
    size_t capacity;
};

/* A file of the bot; `name` is for messages. */
struct bot_file {
    const char *name;
    struct view text;
};

/* `rules` may be NULL: its keys (keyword_rules, author_rules, content_rules,
 * scoring) may also stand in the configuration itself. A configuration has no
 * address: `address` is the subscriber's. Adds to `notices`. Kind input: no
 * JSON, a wrong type, a value out of range, no usable address. */
int bot_import(const struct bot_file *config, const struct bot_file *rules, const char *address,
               struct profile *ret_profile, struct bot_notices *notices, struct error *error);
/* Whether it looks like the bot's: an object with some key of its configuration and, when
 * `is_guess`, because nobody said so, no other key. Kind input: what speaks against it. */
int bot_import_check(const struct bot_file *config, bool is_guess, struct error *error);
void bot_notices_free(struct bot_notices *notices);

#endif
