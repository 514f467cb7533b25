/* Memory that is thrown away all at once: one arena per fetched batch or per
 * digest, reset between them so that its chunks are used again. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/bytes.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena **arena);  /* NULL is fine; leaves NULL */
void arena_reset(struct arena *arena);  /* everything handed out is void */
void *arena_alloc(struct arena *arena, size_t count, size_t element_bytes); /* zeroed */
void *arena_room(struct arena *arena, size_t count, size_t element_bytes); /* as it is */
struct view arena_copy(struct arena *arena, struct view view); /* NUL-terminated copy */
struct view arena_lower(struct arena *arena, struct view view); /* its ASCII letters */
char *arena_string(struct arena *arena, struct view view);
size_t arena_bytes(const struct arena *arena); /* memory held, for limits and benchmarks */

#endif
