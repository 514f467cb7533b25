/* A profile in a form: what the fields hold, and the lines that a mail would have for the
 * same, so that a form does what a mail does and nothing else. Fields that nobody touched
 * say nothing, and what a form does not show stays as it was. Pure. */
#ifndef WEB_PROFILE_FORM_H
#define WEB_PROFILE_FORM_H

#include <jansson.h>

#include "base/arena.h"
#include "digest/words.h"
#include "inbox/change.h"
#include "subscribers/profile.h"
#include "web/exchange.h"

/* As typed. Views are borrowed from the fields, or in the arena. */
struct profile_form {
    struct view name;
    struct view keywords;   /* one a line or between commas: kv cache^3, -survey */
    struct view authors;    /* likewise */
    struct view interests;
    struct view categories; /* those that no box is there for, between blanks or commas */
    const struct view *ticked;
    size_t ticked_count;
    struct view max;
    struct view every;      /* "day", "monday", …, "weekdays" */
    struct view at, zone;   /* "07:30", "Europe/Paris"; may be empty */
};

void profile_form_read(struct web_fields fields, struct arena *arena, struct profile_form *ret_form);
void profile_form_of(const struct profile *profile, struct arena *arena,
                     struct profile_form *ret_form);

/* The lines that make the profile `before` what the form says. `is_new`: behind a line
 * "subscribe", which takes the name, too; a name is set by no other line. In the arena. */
struct view profile_form_lines(const struct profile_form *form, const struct profile *before,
                               bool is_new, struct arena *arena);

/* The keys of templates/web_fields.mustache. `notes` tells which fields were refused, and
 * why; NULL: none. */
void profile_form_context(const struct profile_form *form, const struct words *words,
                          const struct change_notes *notes, json_t *root);

#endif
