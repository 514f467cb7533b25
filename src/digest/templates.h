/* A folder of templates, loaded and compiled once: pages (NAME.html, NAME.txt),
 * partials (NAME.mustache, for {{>NAME}}) and the word catalogues (words/).
 * Called by every command that writes a digest, an answer or a page. Read-only
 * after loading, may be shared by threads. */
#ifndef DIGEST_TEMPLATES_H
#define DIGEST_TEMPLATES_H

#include "base/error.h"
#include "digest/words.h"
#include "mail/mustache.h"

struct templates;

enum { TEMPLATES_FILE_BYTES = 1024 * 1024, TEMPLATES_FILES = 1000 };

/* digest, answer and confirmation must be there, each as .html and .txt. A
 * template that does not parse, or that names a partial or a word which is not
 * in the folder, is an error with file and line; kind configuration.
 * `shipped`: the program's own folder, or NULL. What `folder` lacks comes from
 * there, so that a copy made for an earlier version still does: files, but not
 * the digest's two, and English words, but not those that digests are made with. */
int templates_load(const char *folder, const char *shipped, struct templates **ret_templates,
                   struct error *error);
/* The same, but all that is wrong goes to the sink; -1 when anything did. */
int templates_check(const char *folder, const char *shipped, struct error_sink *sink,
                    struct templates **ret_templates);
void templates_free(struct templates **templates); /* NULL is fine; leaves NULL */

/* The page of this file name ("digest.html"), or NULL. */
const struct mustache *templates_find(const struct templates *templates, const char *name);
const struct mustache_partials *templates_partials(const struct templates *templates);
const struct words *templates_words(const struct templates *templates, const char *language);

/* As catalogues_each_gap. */
void templates_each_gap(const struct templates *templates,
                        void (*see)(void *user, const char *language, size_t missing,
                                    const char *some),
                        void *user);

/* Renders a page of the folder; kind configuration when it is not there. */
int templates_render(const struct templates *templates, const char *name, const json_t *context,
                     struct buffer *out, struct error *error);

/* NAME.mustache files of one folder as partials, read when they are asked for:
 * for `render --partials`, where an unknown partial is nothing. A partial that
 * cannot be read or compiled is nothing too, and its error is kept. */
struct partials_folder;

struct partials_folder *partials_folder_new(const char *folder);
void partials_folder_free(struct partials_folder **partials);
const struct mustache_partials *partials_folder_partials(struct partials_folder *partials);
/* -1 and the first error met so far; 0 when there was none. */
int partials_folder_check(const struct partials_folder *partials, struct error *error);

#endif
