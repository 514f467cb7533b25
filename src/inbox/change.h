/* What commands make of a profile. Pure: the caller brings today's date and keeps the
 * profile before; what needs a store (undo, confirm, address, …) is left to it. */
#ifndef INBOX_CHANGE_H
#define INBOX_CHANGE_H

#include "base/arena.h"
#include "base/clock.h"
#include "digest/words.h"
#include "inbox/command.h"
#include "subscribers/profile.h"

enum change_outcome {
    CHANGE_DONE,
    CHANGE_NOTHING, /* it was so already */
    CHANGE_REFUSED, /* and why */
    CHANGE_OTHER    /* not about the profile's content; says nothing */
};

enum { CHANGE_VALUES = 4 };

/* What one command did, or one item of it, for the answer. */
struct change_note {
    const struct mail_command *command;
    enum change_outcome outcome;
    const char *word; /* of the catalogues: "changed_keyword_added"; NULL with CHANGE_OTHER */
    long count;       /* for its plural form; -1: none */
    struct word_value values[CHANGE_VALUES + 1]; /* ended by a NULL name */
};
struct change_notes {
    struct change_note *items;
    size_t count;
};

struct change_context {
    struct date today; /* where the subscriber is */
    bool is_new; /* the profile was just made by `subscribe`, whose options these are */
    /* Whether this machine knows a zone; NULL: any well-formed name is known. */
    bool (*zone_is_known)(const char *name);
};

/* Applies all of them, in order, to `profile`; those that are refused leave it as it was,
 * the others act all the same. Limits of the profile (profile.h) are kept. Notes in
 * `arena`. */
void change_apply(const struct mail_commands *commands, const struct change_context *context,
                  struct profile *profile, struct arena *arena, struct change_notes *ret_notes);

/* Whether the two differ in anything. */
bool change_is_any(const struct profile *before, const struct profile *after);

#endif
