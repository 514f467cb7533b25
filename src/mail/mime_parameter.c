/* Parameters of Content-Type and Content-Disposition: RFC 2045 5.1, and RFC
 * 2231 for what does not fit there. */
#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "mail/mime.h"
#include "mail/mime_private.h"

/* Room for a section of a long value: `; name*99*=` stands before it. */
enum { SECTION_BYTES = 60, NAME_BYTES = 10 };

static bool is_token(struct view text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~' ||
            strchr("()<>@,;:\\\"/[]?=*'%", text.data[i]))
            return false;
    return text.size > 0;
}

static size_t percent_bytes(struct view character)
{
    return is_token(character) ? character.size : 3 * character.size;
}

static void add_percent(struct buffer *out, struct view character)
{
    if (is_token(character)) {
        buffer_add_view(out, character);
        return;
    }
    for (size_t i = 0; i < character.size; i++)
        buffer_printf(out, "%%%02X", (unsigned)(unsigned char)character.data[i]);
}

/* Takes whole characters from `*rest` while their encoding fits. */
static void add_section(struct buffer *out, struct view *rest, size_t room)
{
    int32_t codepoint;

    while (rest->size) {
        struct view character = view_slice(*rest, 0, utf8_decode(*rest, 0, &codepoint));

        if (percent_bytes(character) > room)
            return;
        room -= percent_bytes(character);
        add_percent(out, character);
        *rest = view_slice(*rest, character.size, rest->size);
    }
}

/* `name*=UTF-8''…` or `name*0*=UTF-8''…; name*1*=…`. */
static void add_extended(struct mime_field *field, const char *name, struct view value,
                         const char *end)
{
    static const char charset[] = "UTF-8''";
    struct buffer whole;
    struct view rest = value;

    buffer_init(&whole, 4 * MIME_LINE_BYTES);
    buffer_printf(&whole, "%s*=%s", name, charset);
    add_section(&whole, &rest, SECTION_BYTES - sizeof(charset));
    if (!rest.size) {
        buffer_add_string(&whole, end);
        mime_field_add_word(field, buffer_view(&whole));
    } else {
        rest = value;
        for (unsigned section = 0; rest.size; section++) {
            buffer_clear(&whole);
            buffer_printf(&whole, "%s*%u*=%s", name, section, section ? "" : charset);
            add_section(&whole, &rest, SECTION_BYTES - (section ? 0 : sizeof(charset)));
            buffer_add_string(&whole, rest.size ? ";" : end);
            mime_field_add_word(field, buffer_view(&whole));
        }
    }
    buffer_free(&whole);
}

static void add_parameter(struct mime_field *field, const char *name, struct view value,
                          const char *end)
{
    struct buffer word;
    bool is_plain = mime_is_printable(value) && !mime_has_encoded_mark(value);

    assert(is_token(view_of(name)) && strlen(name) <= NAME_BYTES);
    buffer_init(&word, 2 * value.size + 64);
    buffer_add_string(&word, name);
    buffer_add_char(&word, '=');
    if (is_plain && is_token(value))
        buffer_add_view(&word, value);
    else if (is_plain)
        mime_add_quoted(&word, value);
    buffer_add_string(&word, end);
    if (is_plain && word.size < MIME_LINE_BYTES)
        mime_field_add_word(field, buffer_view(&word));
    else
        add_extended(field, name, value, end);
    buffer_free(&word);
}

void mime_add_parameters(struct buffer *out, const char *name, const char *value,
                         const struct mime_parameter *parameters, size_t count)
{
    struct mime_field field;
    char word[MIME_LINE_BYTES];
    size_t size = strlen(value);

    assert(mime_is_printable(view_of(value)) && size + 1 < sizeof(word));
    memcpy(word, value, size);
    if (count)
        word[size++] = ';';
    mime_field_begin(&field, out, name);
    mime_field_add_word(&field, (struct view){word, size});
    for (size_t i = 0; i < count; i++) {
        struct buffer scratch;

        add_parameter(&field, parameters[i].name, mime_clean_text(parameters[i].value, &scratch),
                      i + 1 < count ? ";" : "");
        buffer_free(&scratch);
    }
    mime_field_end(&field);
}
