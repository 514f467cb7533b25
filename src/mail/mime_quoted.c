/* Quoted-printable, RFC 2045 6.7. */
#include <string.h>

#include "mail/mime.h"

/* A line has LINE_BYTES at most before its hard or soft end, so that the "="
 * of a soft break fits wherever a piece stops. */
enum { LINE_BYTES = 75, ESCAPE_BYTES = 3, SCRATCH_BYTES = 4096 };

static const char HEX[] = "0123456789ABCDEF";

/* 1: stands for itself. Blanks do, but at the end of a line. */
static const unsigned char LITERAL[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, /* TAB */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, /* = */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, /* DEL, and the rest is 0 */
};

/* The text on its way into the buffer. */
struct writer {
    struct buffer *out;
    size_t used;
    char scratch[SCRATCH_BYTES];
};

/* Room for one more line, whatever is added next. */
static void flush_if_full(struct writer *writer)
{
    if (writer->used + LINE_BYTES + 2 <= SCRATCH_BYTES)
        return;
    buffer_add(writer->out, writer->scratch, writer->used);
    writer->used = 0;
}

static void put(struct writer *writer, const char *bytes, size_t size)
{
    memcpy(writer->scratch + writer->used, bytes, size);
    writer->used += size;
}

/* Length of the line end at `at`, or 0. */
static size_t line_end_at(struct view text, size_t at)
{
    if (at < text.size && text.data[at] == '\n')
        return 1;
    if (at + 1 < text.size && text.data[at] == '\r' && text.data[at + 1] == '\n')
        return 2;
    return 0;
}

/* Bytes from `at` on that can be copied onto a line with `room`. */
static size_t literal_run(struct view text, size_t at, size_t room)
{
    const unsigned char *bytes = (const unsigned char *)text.data + at;
    size_t left = text.size - at, most = left < room ? left : room, run = 0;

    while (run < most && LITERAL[bytes[run]])
        run++;
    /* Blanks before a line end are lost on the way. What follows the last
     * piece's end is not known. */
    if (run && (bytes[run - 1] == ' ' || bytes[run - 1] == '\t') &&
        (run == left || line_end_at(text, at + run)))
        run--;
    return run;
}

/* A line that begins with a dot or "From " is changed by careless servers and
 * mailboxes. A piece that stops within "From " counts: the rest may follow. */
static bool is_unsafe_line_start(struct view rest)
{
    static const char from[] = "From ";
    size_t size = rest.size < sizeof(from) - 1 ? rest.size : sizeof(from) - 1;

    return rest.data[0] == '.' || (rest.data[0] == 'F' && memcmp(rest.data, from, size) == 0);
}

void mime_add_quoted_printable(struct buffer *out, struct view text, size_t *column)
{
    struct writer writer;
    size_t at = 0, in_line = *column;

    writer.out = out;
    writer.used = 0;
    while (at < text.size) {
        size_t size = line_end_at(text, at);
        unsigned char byte = (unsigned char)text.data[at];

        flush_if_full(&writer);
        if (size) {
            put(&writer, "\r\n", 2);
            in_line = 0;
            at += size;
            continue;
        }
        size = literal_run(text, at, LINE_BYTES - in_line);
        if (in_line == 0 && is_unsafe_line_start(view_slice(text, at, text.size)))
            size = 0;
        if (size) {
            put(&writer, text.data + at, size);
            in_line += size;
            at += size;
        } else if (in_line + ESCAPE_BYTES > LINE_BYTES) {
            put(&writer, "=\r\n", 3);
            in_line = 0;
        } else {
            const char escape[] = {'=', HEX[byte >> 4], HEX[byte & 15]};

            put(&writer, escape, sizeof(escape));
            in_line += sizeof(escape);
            at++;
        }
    }
    buffer_add(out, writer.scratch, writer.used);
    *column = in_line;
}

void mime_add_soft_break(struct buffer *out, size_t *column)
{
    if (*column)
        buffer_add(out, "=\r\n", 3);
    *column = 0;
}
