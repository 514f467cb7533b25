/* Digests assembled from what was evaluated, escaped and encoded once: the same
 * text as digest_make's, quoted-printable, in microseconds. Called by those who
 * write many digests; a `sheets` belongs to one thread and is bounded in memory.
 * Pure: no clock, no file, no network. */
#ifndef DIGEST_ASSEMBLE_H
#define DIGEST_ASSEMBLE_H

#include "digest/digest.h"

enum { SHEETS_BYTES = 24 * 1024 * 1024 }; /* about what is kept */

struct sheets;

/* `templates` must outlive the result. */
struct sheets *sheets_new(const struct templates *templates);
void sheets_free(struct sheets **sheets); /* NULL is fine; leaves NULL */

/* As digest_make; `output` says whether the texts are encoded. They are not when
 * a template asks for what can only be evaluated plainly. */
int digest_assemble(struct sheets *sheets, const struct digest *digest,
                    struct digest_output *output, struct error *error);
/* Why the last digest was not assembled; NULL: it was. */
const char *sheets_refusal(const struct sheets *sheets);

/* Whether digests with these templates are assembled; else, why not: for `check`. */
bool templates_are_assembled(const struct templates *templates, struct buffer *ret_why);

/* Makes the texts of an encoded output readable again. */
void digest_decode(struct digest_output *output);

#endif
