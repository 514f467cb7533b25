/* What is encoded, whole or in pieces joined by soft line breaks, is decoded
 * to the same text, and its lines keep their promises. The first byte says how
 * the text is cut. */
#include <stdint.h>
#include <stdlib.h>

#include "mail/mime.h"

enum { MAX_BYTES = 1 << 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    must(c >= 'A' && c <= 'F');
    return c - 'A' + 10;
}

static void decode(struct view text, struct buffer *out)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] != '=') {
            buffer_add_char(out, text.data[i]);
            continue;
        }
        must(i + 2 < text.size);
        if (text.data[i + 1] == '\r')
            must(text.data[i + 2] == '\n');
        else
            buffer_add_char(out,
                            (char)(hex_value(text.data[i + 1]) << 4 | hex_value(text.data[i + 2])));
        i += 2;
    }
}

static void canonical(struct view text, struct buffer *out)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '\n' && (i == 0 || text.data[i - 1] != '\r'))
            buffer_add_char(out, '\r');
        buffer_add_char(out, text.data[i]);
    }
}

static void check_lines(struct view encoded)
{
    struct view line;

    for (size_t i = 0; i < encoded.size; i++) {
        char c = encoded.data[i];

        must((c >= ' ' && c <= '~') || c == '\t' || c == '\r' || c == '\n');
        must(c != '\n' || (i > 0 && encoded.data[i - 1] == '\r'));
        must(c != '\r' || (i + 1 < encoded.size && encoded.data[i + 1] == '\n'));
    }
    must(view_find(encoded, VIEW("=_"), 0) == encoded.size);
    while (view_next_line(&encoded, &line)) {
        must(line.size <= 76);
        must(!view_starts_with(line, VIEW(".")) && !view_starts_with(line, VIEW("From ")));
        must(!view_ends_with(line, VIEW(" ")) && !view_ends_with(line, VIEW("\t")));
    }
}

static void encode(struct view text, size_t piece, bool apart, struct buffer *out)
{
    size_t column = 0;

    for (size_t at = 0, end; at < text.size; at = end) {
        end = piece ? at + piece : text.size;
        if (end < text.size && text.data[end] == '\n')
            end++;
        if (apart)
            mime_add_soft_break(out, &column);
        mime_add_quoted_printable(out, view_slice(text, at, end), &column);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view text = {(const char *)data, size};
    struct buffer encoded, decoded, want;

    if (size == 0)
        return 0;
    text = view_slice(text, 1, size);
    buffer_init(&encoded, MAX_BYTES);
    buffer_init(&decoded, MAX_BYTES);
    buffer_init(&want, MAX_BYTES);
    encode(text, data[0] >> 1, data[0] & 1, &encoded);
    check_lines(buffer_view(&encoded));
    decode(buffer_view(&encoded), &decoded);
    canonical(text, &want);
    must(view_equal(buffer_view(&want), buffer_view(&decoded)));
    buffer_free(&encoded);
    buffer_free(&decoded);
    buffer_free(&want);
    return 0;
}
