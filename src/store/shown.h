/* What a digest has shown, as its row keeps it: the papers as compact bytes, about
 * 4 bytes a paper, and its editions as text. What the outbox keeps and what
 * delivery passes on unread. Pure. */
#ifndef STORE_SHOWN_H
#define STORE_SHOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "store/outbox.h"

enum { SHOWN_PAPERS_MAX = 4096, SHOWN_BYTES_MAX = 512 * 1024, EDITION_SHOWN_BYTES = 40 };

/* Adds one paper to the list in `bytes`, keeping order. `*previous` is 0 for the
 * first paper of a list and then left to these calls. */
void shown_add(struct buffer *bytes, struct view id, int version, int64_t *previous);

/* Calls `each` for every paper in order; `id` lives for the call. Damaged bytes
 * are kind input, found after what stands before them was given. */
int shown_read(struct view bytes, void (*each)(void *user, struct view id, int version),
               void *user, struct error *error);

/* "2026-02-17:134", or the date alone when the number is not known. */
void edition_shown_format(const struct edition_shown *edition, char ret_text[EDITION_SHOWN_BYTES]);
bool edition_shown_parse(struct view text, struct edition_shown *ret_edition);
/* Several with blanks between, as a row keeps them; how many there were. */
size_t editions_shown_read(struct view text, struct edition_shown ret_editions[OUTBOX_EDITIONS_MAX]);

#endif
