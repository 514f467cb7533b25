/* The list of papers that a digest shows, as compact bytes: about 4 bytes a
 * paper. What the outbox keeps and what delivery passes on unread. Pure. */
#ifndef STORE_SHOWN_H
#define STORE_SHOWN_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

enum { SHOWN_PAPERS_MAX = 4096, SHOWN_BYTES_MAX = 512 * 1024 };

/* Adds one paper to the list in `bytes`, keeping order. `*previous` is 0 for the
 * first paper of a list and then left to these calls. */
void shown_add(struct buffer *bytes, struct view id, int version, int64_t *previous);

/* Calls `each` for every paper in order; `id` lives for the call. Damaged bytes
 * are kind input, found after what stands before them was given. */
int shown_read(struct view bytes, void (*each)(void *user, struct view id, int version),
               void *user, struct error *error);

#endif
