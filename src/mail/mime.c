/* The body: one part, or several between boundaries. */
#include "mail/mime.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "mail/mime_private.h"

enum { BOUNDARY_HASH_BYTES = 12, BOUNDARY_BYTES = 2 + 2 * BOUNDARY_HASH_BYTES + 1, TYPE_BYTES = 40 };

/* How each of ours begins. "=_" cannot occur in quoted-printable (RFC 2045 6.7, last
 * note), and a text that has such a line is not left as 7bit. */
#define DELIMITER "--=_"

static void make_boundary(struct view seed, char ret_boundary[BOUNDARY_BYTES])
{
    unsigned char hash[crypto_generichash_BYTES_MIN];

    crypto_generichash(hash, sizeof(hash), (const unsigned char *)seed.data, seed.size, NULL, 0);
    memcpy(ret_boundary, "=_", 2);
    sodium_bin2hex(ret_boundary + 2, BOUNDARY_BYTES - 2, hash, BOUNDARY_HASH_BYTES);
}

static bool is_simple_line(struct view line)
{
    if (!line.size)
        return true;
    return line.size <= MIME_LINE_BYTES && mime_is_printable(line) && line.data[0] != '.' &&
           line.data[line.size - 1] != ' ' && !view_starts_with(line, VIEW("From ")) &&
           !view_starts_with(line, VIEW(DELIMITER));
}

/* Whether the text arrives as it is in 7bit. */
static bool is_simple(struct view text)
{
    struct view rest = text, line;

    if (view_ends_with(text, VIEW("\r"))) /* view_next_line would take it for a line end */
        return false;
    while (view_next_line(&rest, &line))
        if (!is_simple_line(line))
            return false;
    return true;
}

static void add_lines(struct buffer *out, struct view text)
{
    struct view line;
    bool ends_open = text.size && text.data[text.size - 1] != '\n';

    while (view_next_line(&text, &line)) {
        buffer_add_view(out, line);
        if (text.size || !ends_open)
            buffer_add(out, "\r\n", 2);
    }
}

static void add_text_part(struct buffer *out, const struct mime_part *part)
{
    const struct mime_parameter file_name = {"filename", part->file_name};
    bool is_7bit = !part->is_encoded && is_simple(part->text);
    bool is_text = view_starts_with(view_of(part->type), VIEW("text/"));
    size_t column = 0;

    /* As mime_add_parameters would: a type is short, the charset a token. */
    assert(strlen(part->type) < TYPE_BYTES);
    buffer_add_string(out, "Content-Type: ");
    buffer_add_string(out, part->type);
    buffer_add_string(out, is_text ? "; charset=utf-8\r\n" : "\r\n");
    if (part->file_name.size)
        mime_add_parameters(out, "Content-Disposition", "attachment", &file_name, 1);
    buffer_add_string(out, "Content-Transfer-Encoding: ");
    buffer_add_string(out, is_7bit ? "7bit\r\n\r\n" : "quoted-printable\r\n\r\n");
    if (part->is_encoded)
        buffer_add_view(out, part->text);
    else if (is_7bit)
        add_lines(out, part->text);
    else
        mime_add_quoted_printable(out, part->text, &column);
}

/* The line end before a boundary belongs to the boundary. */
static void add_boundary(struct buffer *out, const char *boundary)
{
    buffer_add(out, "\r\n--", 4);
    buffer_add(out, boundary, BOUNDARY_BYTES - 1);
}

static void begin_multipart(struct buffer *out, const char *type, const char *boundary)
{
    const struct mime_parameter parameter = {"boundary", {boundary, BOUNDARY_BYTES - 1}};

    mime_add_parameters(out, "Content-Type", type, &parameter, 1);
}

static void begin_part(struct buffer *out, const char *boundary)
{
    add_boundary(out, boundary);
    buffer_add(out, "\r\n", 2);
}

static void end_multipart(struct buffer *out, const char *boundary)
{
    add_boundary(out, boundary);
    buffer_add(out, "--\r\n", 4);
}

/* A part, or the multipart that it is; its boundary follows from the one around it. */
static void add_part(struct buffer *out, const struct mime_part *part, const char *outer)
{
    char boundary[BOUNDARY_BYTES];

    if (!part->part_count) {
        add_text_part(out, part);
        return;
    }
    make_boundary((struct view){outer, BOUNDARY_BYTES - 1}, boundary);
    begin_multipart(out, part->type, boundary);
    for (size_t i = 0; i < part->part_count; i++) {
        begin_part(out, boundary);
        add_text_part(out, &part->parts[i]);
    }
    end_multipart(out, boundary);
}

void mime_add_body(struct buffer *out, const char *subtype, const struct mime_part *parts,
                   size_t count, struct view seed)
{
    char boundary[BOUNDARY_BYTES], type[MIME_LINE_BYTES];

    assert(count > 0);
    make_boundary(seed, boundary);
    buffer_add_string(out, "MIME-Version: 1.0\r\n");
    if (count == 1) {
        add_part(out, parts, boundary);
        if (!view_ends_with(buffer_view(out), VIEW("\r\n")))
            buffer_add(out, "\r\n", 2);
        return;
    }
    snprintf(type, sizeof(type), "multipart/%s", subtype);
    begin_multipart(out, type, boundary);
    for (size_t i = 0; i < count; i++) {
        begin_part(out, boundary);
        add_part(out, &parts[i], boundary);
    }
    end_multipart(out, boundary);
}
