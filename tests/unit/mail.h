/* What the tests of mail share: random text, and messages handed to Python's
 * email package as a second reader. */
#ifndef TESTS_UNIT_MAIL_H
#define TESTS_UNIT_MAIL_H

#include <jansson.h>
#include <stdint.h>

#include "base/bytes.h"

/* A sequence that is the same on every run. */
struct mail_random {
    uint64_t state; /* not 0 */
};

uint32_t mail_random_below(struct mail_random *random, uint32_t limit);
/* Adds `count` random characters: mostly ASCII words, with all that makes
 * trouble in a header or body mixed in. */
void mail_random_text(struct mail_random *random, size_t count, struct buffer *out);

/* NAME.eml and NAME.json for check_mime.py. Takes the reference to `want`. */
void mail_keep(const char *folder, const char *name, const struct buffer *message, json_t *want);
json_t *mail_json_string(struct view text);
/* Runs tests/e2e/check_mime.py on the folder and fails the test on a
 * complaint; skips it aloud where there is no Python. */
void mail_check_folder(const char *folder);

#endif
