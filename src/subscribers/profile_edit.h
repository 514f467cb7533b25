/* A profile's lists changed one entry at a time, as commands by mail and pages do it,
 * under the rules that reading has (profile_list.h). Entries are the same when their
 * ASCII letters are in any case. Pure memory. */
#ifndef SUBSCRIBERS_PROFILE_EDIT_H
#define SUBSCRIBERS_PROFILE_EDIT_H

#include "subscribers/profile.h"

enum edit_result {
    EDIT_DONE,
    EDIT_SAME,    /* it was so already; or, removing, it was not there */
    EDIT_INVALID, /* no such text can stand there: too long, blank, control characters, and of
                     a term also no letter or digit */
    EDIT_FULL     /* the list has as many as it may */
};

/* Whether such a text may stand in a profile. */
bool profile_text_is_valid(struct view text, size_t max_bytes);
bool profile_term_is_valid(struct view term);

/* `max_count` and `max_bytes` as profile.h has them for the list. */
enum edit_result strings_add(struct strings *strings, struct view text, size_t max_count,
                             size_t max_bytes);
enum edit_result strings_remove(struct strings *strings, struct view text);
bool strings_have(const struct strings *strings, struct view text);
void strings_clear(struct strings *strings);

/* A term that is there gets the weight. Weight 0 stands for none said: 1, or what it has. */
enum edit_result keywords_add(struct keywords *keywords, struct view term, double weight);
enum edit_result keywords_remove(struct keywords *keywords, struct view term); /* in all fields */
void keywords_clear(struct keywords *keywords);

/* Replaces a text of the profile; an empty one: none. */
enum edit_result profile_text_set(char **text, struct view new_text, size_t max_bytes);

/* A copy of all of it. */
void profile_copy(const struct profile *profile, struct profile *ret_copy);

#endif
