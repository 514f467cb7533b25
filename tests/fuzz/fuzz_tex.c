/* TeX of any kind: no crash, a bounded size, and well-formed text stays so.
 * libFuzzer's own time limit finds what is not linear. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "papers/tex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view text = {(const char *)data, size};
    struct buffer output;

    buffer_init(&output, size * TEX_GROWTH);
    tex_to_unicode(text, &output);
    if (output.failed || (utf8_is_valid(text) && !utf8_is_valid(buffer_view(&output))))
        abort();
    buffer_free(&output);
    return 0;
}
