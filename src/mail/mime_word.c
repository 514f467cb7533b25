/* RFC 2047: words that are not ASCII, in texts and phrases. */
#include <sodium.h>
#include <string.h>

#include "base/utf8.h"
#include "base/ascii.h"
#include "mail/mime.h"
#include "mail/mime_private.h"

/* "=?UTF-8?Q?" and "?=" leave 63 of the 75 bytes of an encoded word. */
enum { WORD_BYTES = 75, WORD_FRAME_BYTES = 12, ATOM_BYTES = 60, QUOTED_BYTES = 60 };

static const char HEX[] = "0123456789ABCDEF";

/* RFC 2047 5(3): what may stand for itself in a phrase, and so anywhere. */
static bool is_plain_in_q(char c)
{
    return ascii_is_alphanumeric(c) || (c && strchr("!*+-/", c));
}

static size_t q_bytes(struct view text)
{
    size_t bytes = 0;

    for (size_t i = 0; i < text.size; i++)
        bytes += text.data[i] == ' ' || is_plain_in_q(text.data[i]) ? 1 : 3;
    return bytes;
}

/* The characters at the start of `text` that fit into `room` in Q. */
static struct view q_prefix(struct view text, size_t room)
{
    size_t at = 0, length, need;
    int32_t codepoint;

    while (at < text.size) {
        length = utf8_decode(text, at, &codepoint);
        need = q_bytes(view_slice(text, at, at + length));
        if (need > room)
            break;
        room -= need;
        at += length;
    }
    return view_slice(text, 0, at);
}

static size_t q_write(struct view text, char *at)
{
    const char *start = at;

    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];

        if (is_plain_in_q(text.data[i])) {
            *at++ = text.data[i];
        } else if (byte == ' ') {
            *at++ = '_';
        } else {
            *at++ = '=';
            *at++ = HEX[byte >> 4];
            *at++ = HEX[byte & 15];
        }
    }
    return (size_t)(at - start);
}

static size_t b_write(struct view text, char *at)
{
    sodium_bin2base64(at, WORD_BYTES, (const unsigned char *)text.data, text.size,
                      sodium_base64_VARIANT_ORIGINAL);
    return strlen(at);
}

void mime_field_add_encoded(struct mime_field *field, struct view text)
{
    bool use_b = (text.size + 2) / 3 * 4 < q_bytes(text);

    while (text.size) {
        size_t room = mime_field_room(field), size;
        char word[WORD_BYTES + WORD_BYTES] = "=?UTF-8?Q?";
        struct view part = {NULL, 0};

        if (room > WORD_FRAME_BYTES)
            room = (room > WORD_BYTES ? WORD_BYTES : room) - WORD_FRAME_BYTES;
        else
            room = 0;
        part = use_b ? utf8_prefix(text, room / 4 * 3) : q_prefix(text, room);
        if (!part.size) { /* not one character more on this line */
            room = WORD_BYTES - WORD_FRAME_BYTES;
            part = use_b ? utf8_prefix(text, room / 4 * 3) : q_prefix(text, room);
        }
        size = WORD_FRAME_BYTES - 2;
        word[size - 2] = use_b ? 'B' : 'Q';
        size += use_b ? b_write(part, word + size) : q_write(part, word + size);
        word[size++] = '?';
        word[size++] = '=';
        mime_field_add_word(field, (struct view){word, size});
        text = view_slice(text, part.size, text.size);
    }
}

static size_t word_end(struct view text, size_t start)
{
    return view_find_char(text, ' ', start);
}

/* Whether the word of a text from `start` to `end` must be encoded. Blanks in
 * a row belong to the words at both their sides: where a line is folded only
 * one of them would surely survive. */
static bool must_encode(const struct mime_field *field, struct view text, size_t start, size_t end)
{
    struct view word = view_slice(text, start, end);
    size_t longest = field->has_word ? MIME_LINE_BYTES - 1 : mime_field_room(field);

    return start == end || word.size > longest || !mime_is_printable(word) ||
           mime_has_encoded_mark(word) || (end + 1 < text.size && text.data[end + 1] == ' ') ||
           (start > 1 && text.data[start - 2] == ' ');
}

static void add_text(struct mime_field *field, struct view text)
{
    for (size_t start = 0, end; start < text.size; start = end + 1) {
        size_t next;

        end = word_end(text, start);
        if (!must_encode(field, text, start, end)) {
            mime_field_add_word(field, view_slice(text, start, end));
            continue;
        }
        /* Blanks between encoded words vanish, so that such words in a row
         * are encoded in one, with the blanks between them. */
        while (end < text.size) {
            next = word_end(text, end + 1);
            if (!must_encode(field, text, end + 1, next))
                break;
            end = next;
        }
        mime_field_add_encoded(field, view_slice(text, start, end));
    }
}

void mime_add_text(struct buffer *out, const char *name, struct view value)
{
    struct mime_field field;
    struct buffer scratch;

    value = mime_clean_text(value, &scratch);
    mime_field_begin(&field, out, name);
    add_text(&field, value);
    mime_field_end(&field);
    buffer_free(&scratch);
}

static bool is_atoms(struct view phrase)
{
    struct view word;

    while (view_next_part(&phrase, ' ', &word))
        if (!mime_is_atom(word) || word.size > ATOM_BYTES)
            return false;
    return true;
}

void mime_field_add_phrase(struct mime_field *field, struct view phrase)
{
    struct buffer quoted;
    struct view word;

    if (!phrase.size)
        return;
    if (!mime_is_printable(phrase) || mime_has_encoded_mark(phrase)) {
        mime_field_add_encoded(field, phrase);
    } else if (is_atoms(phrase)) {
        while (view_next_part(&phrase, ' ', &word))
            mime_field_add_word(field, word);
    } else {
        buffer_init(&quoted, phrase.size * 2 + 2);
        mime_add_quoted(&quoted, phrase);
        if (quoted.size <= QUOTED_BYTES)
            mime_field_add_word(field, buffer_view(&quoted));
        else
            mime_field_add_encoded(field, phrase);
        buffer_free(&quoted);
    }
}
