/* What templates make, against golden files and what holds for all of it. */
#ifndef TESTS_UNIT_GOLDEN_H
#define TESTS_UNIT_GOLDEN_H

#include "base/bytes.h"

/* Against tests/fixtures/FOLDER/NAME.ENDING; UPDATE_GOLDEN=1 writes it anew. */
void golden_compare(const char *folder, const char *name, const char *ending,
                    const struct buffer *got);
/* No line is wider than 72 columns but one that holds a single word or an address. */
void golden_check_text(const char *name, const struct buffer *text);
/* Every element is closed, in order; nothing was left by the templates. */
void golden_check_html(const char *name, const struct buffer *html);

#endif
