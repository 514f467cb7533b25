/* The text of a PDF, for endpoints that take no files. A PDF is a stranger's, and poppler's
 * pdftotext reads it in a process of its own: with little memory and processor time, without
 * files to write, further processes, and any descriptor of ours; ended, with all that it has
 * started, when it takes too long. Safe in a process with threads. */
#ifndef SUMMARIES_PDF_TEXT_H
#define SUMMARIES_PDF_TEXT_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"

struct pdf_text_limits {
    size_t memory_bytes;
    long cpu_seconds;
    long wall_ms;
    size_t output_bytes;      /* what it prints beyond is left out */
    bool (*is_stopping)(void); /* NULL: never; asked while it is waited for */
};
extern const struct pdf_text_limits PDF_TEXT_LIMITS; /* a thesis fits */

/* Appends the text, tidy as below, as far as `out` has room. `limits` NULL: PDF_TEXT_LIMITS.
 * Kind configuration when there is no pdftotext in PATH, or it cannot be limited; input for
 * what is no PDF, cannot be read within the limits, or has no text (a scan); temporary when
 * there is no process or memory to be had, it took longer than wall_ms, or it is stopping.
 * `out` is then as it was. */
int pdf_text_read(struct view pdf, const struct pdf_text_limits *limits, struct buffer *out,
                  struct error *error);

/* Whether pdftotext is there to be run; else kind configuration. */
int pdf_text_check(struct error *error);

/* What pdftotext prints as text to be read: valid UTF-8 without control characters, blank
 * lines for form feeds, words cut at the end of a line made whole, no blanks at the ends of
 * lines and none doubled, at most one blank line in a row, and a line feed at the end. As far
 * as `out` has room. Pure. */
void pdf_text_tidy(struct view printed, struct buffer *out);

#endif
