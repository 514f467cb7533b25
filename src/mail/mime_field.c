#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "base/ascii.h"
#include "mail/mime_private.h"

static bool is_field_name(const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < length; i++)
        if (name[i] <= ' ' || name[i] > '~' || name[i] == ':')
            return false;
    return length > 0 && length <= 40;
}

void mime_field_begin(struct mime_field *field, struct buffer *out, const char *name)
{
    assert(is_field_name(name));
    buffer_add_string(out, name);
    buffer_add_char(out, ':');
    *field = (struct mime_field){.out = out, .column = strlen(name) + 1};
}

size_t mime_field_room(const struct mime_field *field)
{
    return field->column + 1 < MIME_LINE_BYTES ? MIME_LINE_BYTES - field->column - 1 : 0;
}

void mime_field_add_word(struct mime_field *field, struct view word)
{
    if (field->has_word && word.size > mime_field_room(field)) {
        buffer_add(field->out, "\r\n", 2);
        field->column = 0;
    }
    buffer_add_char(field->out, ' ');
    buffer_add_view(field->out, word);
    field->column += 1 + word.size;
    field->has_word = true;
}

void mime_field_end(struct mime_field *field)
{
    buffer_add(field->out, "\r\n", 2);
}

bool mime_is_printable(struct view text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < ' ' || text.data[i] > '~')
            return false;
    return true;
}

/* Valid UTF-8 without C0, DEL and C1, whose bytes are C2 80 to C2 9F. */
static bool is_clean(struct view text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];

        if (byte < ' ' || byte == 0x7F)
            return false;
        if (byte == 0xC2 && i + 1 < text.size && (unsigned char)text.data[i + 1] < 0xA0)
            return false;
    }
    return utf8_is_valid(text);
}

struct view mime_clean_text(struct view text, struct buffer *scratch)
{
    /* One ill-formed byte becomes the three of U+FFFD. */
    buffer_init(scratch, text.size * 3);
    if (is_clean(text))
        return view_trim(text);
    utf8_add_clean(scratch, text);
    for (size_t i = 0; i < scratch->size; i++)
        if (scratch->data[i] == '\n' || scratch->data[i] == '\t')
            scratch->data[i] = ' ';
    return view_trim(buffer_view(scratch));
}

static bool is_atext(char c)
{
    return ascii_is_alphanumeric(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

bool mime_is_atom(struct view text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!is_atext(text.data[i]))
            return false;
    return text.size > 0;
}

bool mime_is_dot_atom(struct view text)
{
    struct view atom;

    if (!text.size || text.data[text.size - 1] == '.')
        return false;
    while (view_next_part(&text, '.', &atom))
        if (!mime_is_atom(atom))
            return false;
    return true;
}

bool mime_has_encoded_mark(struct view text)
{
    return view_find(text, VIEW("=?"), 0) < text.size;
}

void mime_add_quoted(struct buffer *out, struct view text)
{
    buffer_add_char(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\')
            buffer_add_char(out, '\\');
        buffer_add_char(out, text.data[i]);
    }
    buffer_add_char(out, '"');
}
