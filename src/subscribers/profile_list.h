/* The texts and lists of a profile, read with all their rules: blanks, control
 * characters, doubled entries, categories, paper ids. Private to src/subscribers. */
#ifndef SUBSCRIBERS_PROFILE_LIST_H
#define SUBSCRIBERS_PROFILE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/document.h"
#include "base/error.h"
#include "subscribers/profile.h"

/* Without the blanks, of all scripts, at both ends. */
struct view profile_trim(struct view text);

/* Whether it has a letter or a digit of any script, whatever it is written like: "℃", "①". */
bool profile_has_word(struct view text);

/* A text without control characters and, unless `as_written`, without the blanks
 * around it. One of blanks alone is an error. For free(3). */
int profile_take_text(struct place at, size_t max_bytes, bool as_written, char **ret_text,
                      struct error *error);

/* The two below read the array at `key`, when it is there, into an empty list. On
 * failure the list holds what was read, for profile_free. Entries that stand
 * twice, ASCII letters in any case, stay once, a keyword with its larger weight;
 * only ids of papers tell `a` from `A`. A term that is not read `as_written`
 * must have a letter or digit. */

/* Not when they are read `as_written`: the bot counts a doubled keyword twice. */
int profile_take_keywords(struct place root, const char *key, bool as_written,
                          struct keywords *keywords, struct error *error);

enum profile_list_kind { LIST_OF_TEXTS, LIST_OF_TERMS, LIST_OF_CATEGORIES, LIST_OF_PAPER_IDS };

struct profile_list_rule {
    size_t max_count;
    size_t max_bytes;
    bool as_written;
    enum profile_list_kind kind;
};

int profile_take_list(struct place parent, const char *key, struct profile_list_rule rule,
                      struct strings *strings, struct error *error);

#endif
