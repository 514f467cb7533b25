#include "unit/quoted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int hex(char digit)
{
    const char *found = digit ? strchr("0123456789ABCDEF", digit) : NULL;

    if (!found)
        fail_msg("not a hexadecimal digit: %d", digit);
    return (int)(found - "0123456789ABCDEF");
}

static void decode_line(struct view line, struct buffer *out)
{
    if (line.size > 76)
        fail_msg("a line of %zu bytes: %.*s", line.size, VIEW_ARGUMENTS(line));
    if (line.size && (line.data[line.size - 1] == ' ' || line.data[line.size - 1] == '\t'))
        fail_msg("a blank before a line end: %.*s", VIEW_ARGUMENTS(line));
    if (view_starts_with(line, VIEW(".")) || view_starts_with(line, VIEW("From ")))
        fail_msg("an unsafe start: %.*s", VIEW_ARGUMENTS(line));
    for (size_t at = 0; at < line.size; at++) {
        char byte = line.data[at];

        assert_true((byte >= ' ' && byte <= '~') || byte == '\t');
        if (byte == '=' && at + 1 == line.size)
            return;
        if (byte == '=') {
            assert_true(at + 2 < line.size);
            byte = (char)(hex(line.data[at + 1]) * 16 + hex(line.data[at + 2]));
            at += 2;
        }
        buffer_add_char(out, byte);
    }
    buffer_add_char(out, '\n');
}

void quoted_decode(struct view encoded, struct buffer *out)
{
    bool ends_open = !view_ends_with(encoded, VIEW("\r\n"));
    size_t at = 0;

    buffer_clear(out);
    while (at < encoded.size) {
        size_t end = view_find(encoded, VIEW("\r\n"), at);

        decode_line(view_slice(encoded, at, end), out);
        at = end + 2;
    }
    if (encoded.size && ends_open)
        buffer_cut(out, out->size - 1);
}
