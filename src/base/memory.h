/* Allocation that does not fail: out of memory ends the process, in one place.
 * Everything here returns memory for free(3). */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

void *memory_new(size_t count, size_t element_bytes); /* zeroed */
void *memory_resize(void *old, size_t count, size_t element_bytes);
char *memory_copy_string(const char *text); /* NULL stays NULL */

/* Makes room for at least `need` elements in `array` (doubling `*capacity`) and
 * returns the array, which may have moved. New room is not zeroed. */
void *memory_grow(void *array, size_t *capacity, size_t need, size_t element_bytes);

#endif
