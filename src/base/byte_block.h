/* Bytes looked at sixteen at a time, with what every 64-bit processor has: a
 * comparison gives -1 or 0 for each. For scanners of texts whose bytes are
 * nearly all of no interest. */
#ifndef BASE_BYTE_BLOCK_H
#define BASE_BYTE_BLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { BYTE_BLOCK_SIZE = 16 };

typedef int8_t byte_block __attribute__((vector_size(BYTE_BLOCK_SIZE)));

static inline byte_block byte_block_load(const char *bytes) /* of any alignment */
{
    byte_block block;

    memcpy(&block, bytes, sizeof(block));
    return block;
}

/* One added to each; 127 becomes -128. */
static inline byte_block byte_block_add_one(byte_block block)
{
    typedef uint8_t unsigned_block __attribute__((vector_size(BYTE_BLOCK_SIZE)));

    return (byte_block)((unsigned_block)block + 1);
}

static inline bool byte_block_any(byte_block mask)
{
    uint64_t halves[2];

    memcpy(halves, &mask, sizeof(halves));
    return (halves[0] | halves[1]) != 0;
}

#endif
