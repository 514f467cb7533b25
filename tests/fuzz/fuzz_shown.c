/* Any bytes as the list of papers that a digest showed: read, written again and
 * read again they give the same papers. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "store/shown.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct copy {
    struct buffer bytes;
    int64_t previous;
    size_t count;
};

static void add(void *user, struct view id, int version)
{
    struct copy *copy = user;

    shown_add(&copy->bytes, id, version, &copy->previous);
    copy->count++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct copy first = {0}, second = {0};
    struct error error = {0};

    buffer_init(&first.bytes, SHOWN_BYTES_MAX);
    buffer_init(&second.bytes, SHOWN_BYTES_MAX);
    shown_read((struct view){(const char *)data, size}, add, &first, &error);
    if (!first.bytes.failed &&
        (shown_read(buffer_view(&first.bytes), add, &second, &error) < 0 ||
         first.count != second.count ||
         !view_equal(buffer_view(&first.bytes), buffer_view(&second.bytes))))
        abort();
    buffer_free(&first.bytes);
    buffer_free(&second.bytes);
    return 0;
}
