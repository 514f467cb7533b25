/* Author names compared across the ways they are written: `J. Müller`,
 * `Müller, J`, `Jürgen Müller`, `MULLER Jürgen, K.`. Used by the index and by
 * compiled profiles. Pure. */
#ifndef RANKING_NAMES_H
#define RANKING_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum { NAME_BYTES = 256, NAME_TOKENS = 12 };

/* Folded words, given names first, the family name's last word at the end.
 * Longer names lose their middle. Not to be copied: tokens point into text. */
struct name {
    char text[NAME_BYTES];
    struct view tokens[NAME_TOKENS];
    size_t count;   /* 0: nothing to compare */
    bool is_family; /* "van der Waals": all of it is the family name */
};

/* A text with a comma is family name first, and nothing else when nothing follows
 * it ("García Márquez,"); Jr, III and a bracketed
 * affiliation are dropped; TeX accents are read, apostrophes part nothing (O'Brien is
 * OBrien), JK in front,
 * and in capitals behind, is J. K. One that begins with a small "von", "de la" and the
 * like has no given name, unless initials stand behind it. */
void name_parse(struct view text, struct name *ret_name);
/* The same with the letters spelled out that people without such a key write as two:
 * Müller as Mueller, Jørgensen as Joergensen. False when the text has none;
 * the name is then void. */
bool name_parse_spelled(struct view text, struct name *ret_name);
/* Adds `text` spelled out like that; false when nothing in it is. */
bool name_add_spelled(struct buffer *buffer, struct view text);
/* Could be one person: same family name; an initial stands for any name that
 * begins with it; middle names may be missing on either side; Xiao-Ming is
 * Xiaoming. A profile's
 * single word or family name matches everybody of that name. */
bool name_matches(const struct name *wanted, const struct name *author);

/* Terms under which an author is found in the index: family name and first
 * initial (0 when there is no given name), and family name alone. */
uint64_t name_term(const struct name *name);
uint64_t name_family_term(const struct name *name);
/* The one of them under which everybody stands whom a profile's name matches. */
uint64_t name_lookup_term(const struct name *wanted);

#endif
