#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *memory)
{
    if (!memory) {
        fputs("paperboy: out of memory\n", stderr);
        abort();
    }
    return memory;
}

void *memory_new(size_t count, size_t element_bytes)
{
    return must(calloc(count ? count : 1, element_bytes ? element_bytes : 1));
}

void *memory_resize(void *old, size_t count, size_t element_bytes)
{
    size_t bytes;

    if (element_bytes && count > SIZE_MAX / element_bytes)
        return must(NULL);
    bytes = count * element_bytes;
    return must(realloc(old, bytes ? bytes : 1));
}

char *memory_copy_string(const char *text)
{
    return text ? must(strdup(text)) : NULL;
}

void *memory_grow(void *array, size_t *capacity, size_t need, size_t element_bytes)
{
    size_t wanted = *capacity ? *capacity : 8;

    if (array && need <= *capacity)
        return array;
    while (wanted < need)
        wanted = wanted > SIZE_MAX / 2 ? need : wanted * 2;
    array = memory_resize(array, wanted, element_bytes);
    *capacity = wanted;
    return array;
}
