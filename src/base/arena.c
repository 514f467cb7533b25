#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/memory.h"

enum { CHUNK_BYTES = 64 * 1024 };

struct chunk {
    struct chunk *next;
    size_t size;
    size_t used;
    alignas(max_align_t) char data[];
};

/* `current` is the chunk that is being filled; those behind it wait for use
 * after a reset. */
struct arena {
    struct chunk *first;
    struct chunk *current;
    size_t bytes;
};

struct arena *arena_new(void)
{
    return memory_new(1, sizeof(struct arena));
}

void arena_free(struct arena **arena)
{
    struct chunk *chunk, *next;

    if (!*arena)
        return;
    for (chunk = (*arena)->first; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    free(*arena);
    *arena = NULL;
}

void arena_reset(struct arena *arena)
{
    for (struct chunk *chunk = arena->first; chunk; chunk = chunk->next)
        chunk->used = 0;
    arena->current = arena->first;
}

static struct chunk *add_chunk(struct arena *arena, size_t bytes)
{
    size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
    struct chunk *chunk = memory_resize(NULL, 1, sizeof(struct chunk) + size);

    chunk->size = size;
    chunk->used = 0;
    if (arena->current) {
        chunk->next = arena->current->next;
        arena->current->next = chunk;
    } else {
        chunk->next = arena->first;
        arena->first = chunk;
    }
    arena->bytes += size;
    return chunk;
}

static void *take(struct arena *arena, size_t count, size_t element_bytes, size_t *ret_bytes)
{
    const size_t mask = alignof(max_align_t) - 1;
    size_t bytes;
    void *memory;

    if (element_bytes && count > (SIZE_MAX - 2 * CHUNK_BYTES) / element_bytes)
        return memory_resize(NULL, SIZE_MAX, 2); /* ends the process */
    bytes = (count * element_bytes + mask) & ~mask;
    while (!arena->current || arena->current->size - arena->current->used < bytes) {
        if (arena->current && arena->current->next && arena->current->next->size >= bytes)
            arena->current = arena->current->next;
        else
            arena->current = add_chunk(arena, bytes);
    }
    memory = arena->current->data + arena->current->used;
    arena->current->used += bytes;
    *ret_bytes = bytes;
    return memory;
}

void *arena_alloc(struct arena *arena, size_t count, size_t element_bytes)
{
    size_t bytes;
    void *memory = take(arena, count, element_bytes, &bytes);

    return memset(memory, 0, bytes);
}

void *arena_room(struct arena *arena, size_t count, size_t element_bytes)
{
    size_t bytes;

    return take(arena, count, element_bytes, &bytes);
}

char *arena_string(struct arena *arena, struct view view)
{
    size_t bytes; /* not zeroed first: most of what an arena holds are texts */
    char *copy = take(arena, view.size + 1, 1, &bytes);

    if (view.size)
        memcpy(copy, view.data, view.size);
    copy[view.size] = '\0';
    return copy;
}

struct view arena_copy(struct arena *arena, struct view view)
{
    return (struct view){arena_string(arena, view), view.size};
}

struct view arena_lower(struct arena *arena, struct view view)
{
    char *copy = arena_string(arena, view);

    for (size_t i = 0; i < view.size; i++)
        copy[i] = ascii_lower(copy[i]);
    return (struct view){copy, view.size};
}

size_t arena_bytes(const struct arena *arena)
{
    return arena->bytes;
}
