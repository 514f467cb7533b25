/* PDFs from arXiv, at the one pace that all of its services are asked at (asking.h). */
#ifndef COMMANDS_ASKING_PDF_H
#define COMMANDS_ASKING_PDF_H

#include "commands/site.h"
#include "papers/paper.h"

enum { ASKING_PDF_BYTES = 32 * 1024 * 1024 };

struct asking_pdf;

/* For one thread; the site's store must be open, and is that thread's (store.h). */
struct asking_pdf *asking_pdf_open(struct site *site, struct error *error);
void asking_pdf_close(struct asking_pdf **asking); /* NULL is fine; leaves NULL */
/* From now on nothing is asked or waited for beyond this time by timer_steady_ms (0: there
 * is no such time), or when it is stopping (NULL: never). */
void asking_pdf_limit(struct asking_pdf *asking, int64_t deadline_ms, bool (*is_stopping)(void));

/* GET of arxiv.pdf + ID, with its version where there is one; replaces what is in `ret_pdf`.
 * Kind temporary (network, 408, 429, 5xx, cut off, left alone, no time left); permanent for
 * other statuses: there is none, or it was withdrawn; input when what came is larger than
 * ASKING_PDF_BYTES or no PDF. */
int asking_pdf_get(struct asking_pdf *asking, const struct paper *paper, struct buffer *ret_pdf,
                   struct error *error);

#endif
