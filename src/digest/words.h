/* Word catalogues: the fixed words of digests, one file per language
 * (templates/words/LANG.json). Loaded once with the templates, read-only after,
 * may be shared by threads. The file format is in templates/README.md. */
#ifndef DIGEST_WORDS_H
#define DIGEST_WORDS_H

#include <jansson.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"

/* All catalogues of a folder; `struct words` is one language's, complete: what
 * it lacks comes from its base language and then from English. */
struct catalogues;
struct words;

/* Reads every LANG.json of `folder`; en.json must be there and hold each word
 * that digests are made with; others may come from the en.json of the folder
 * `shipped` (NULL: none). Errors name file, line and key; kind
 * configuration. */
int catalogues_load(const char *folder, const char *shipped, struct catalogues **ret_catalogues,
                    struct error *error);
/* The same, but all that is wrong goes to the sink; -1 when anything did. The sound
 * languages are in `ret_catalogues` even then, unless English is not among them:
 * then it is left alone. */
int catalogues_check(const char *folder, const char *shipped, struct error_sink *sink,
                     struct catalogues **ret_catalogues);
void catalogues_free(struct catalogues **catalogues);

/* `language` is a BCP 47 tag, any case, or NULL: de-AT gives de-AT, else de,
 * else en. Never NULL. */
const struct words *catalogues_find(const struct catalogues *catalogues, const char *language);

/* For each language that lacks words of its own: how many, and some of them in one
 * line; they are then in its base language or English. `user` is handed on. */
void catalogues_each_gap(const struct catalogues *catalogues,
                         void (*see)(void *user, const char *language, size_t missing,
                                     const char *some),
                         void *user);

const char *words_language(const struct words *words); /* "de": of the file it came from */
/* The words without placeholders, as an object of strings; borrowed. */
const json_t *words_fixed(const struct words *words);

/* What stands for {name} in a word. */
struct word_value {
    const char *name;
    struct view text;
};

/* Appends the word `key`, its placeholders filled from `values` (ended by a
 * NULL name). For a word with plural forms `count` picks the form and is also
 * {count}; -1 when there is no number. A key that no catalogue has gives the
 * key itself. */
void words_add(const struct words *words, const char *key, long count,
               const struct word_value *values, struct buffer *out);

/* "Tuesday, 17 February 2026", by the language's date_long, date_medium or
 * date_short (`key`). */
void words_add_date(const struct words *words, const char *key, struct date date,
                    struct buffer *out);

/* The CLDR category of a whole number: "one", "few", "other", … */
const char *plural_category(const char *language, long count);

#endif
