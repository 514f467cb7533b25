/* Fields with a grammar: addresses, URIs, ids, dates, parameters. */
#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/mime.h"
#include "mail/mime_private.h"

static bool all_are(struct view text, const char *others)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];

        if (!ascii_is_alphanumeric(c) && (!c || !strchr(others, c)))
            return false;
    }
    return true;
}

static bool is_domain(struct view domain)
{
    if (domain.size > 2 && domain.data[0] == '[' && domain.data[domain.size - 1] == ']')
        return all_are(view_slice(domain, 1, domain.size - 1), ".:");
    return mime_is_dot_atom(domain) && all_are(domain, ".-_");
}

bool mime_address_is_valid(struct view address)
{
    size_t at = view_find_char(address, '@', 0);

    return address.size <= MIME_ADDRESS_BYTES && at <= MIME_LOCAL_PART_BYTES &&
           mime_is_dot_atom(view_slice(address, 0, at)) &&
           is_domain(view_slice(address, at + 1, address.size));
}

static int check_mailboxes(const char *name, const struct mime_mailbox *items, size_t count,
                           struct error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!mime_address_is_valid(items[i].address))
            return error_set(error, ERROR_INPUT,
                             "%s: not a mail address: \"%.*s\" (wanted: name@domain, plain ASCII)",
                             name, VIEW_ARGUMENTS(utf8_prefix(items[i].address, 100)));
    return 0;
}

/* "text" or "<text>", with the comma of a list behind it but for the last. */
static void add_item(struct mime_field *field, struct view text, bool in_brackets, bool is_last)
{
    char word[MIME_WORD_BYTES + 3];
    size_t size = 0;

    assert(text.size <= MIME_WORD_BYTES);
    if (in_brackets)
        word[size++] = '<';
    memcpy(word + size, text.data, text.size);
    size += text.size;
    if (in_brackets)
        word[size++] = '>';
    if (!is_last)
        word[size++] = ',';
    mime_field_add_word(field, (struct view){word, size});
}

int mime_add_mailboxes(struct buffer *out, const char *name, const struct mime_mailbox *items,
                       size_t count, struct error *error)
{
    struct mime_field field;

    assert(count > 0);
    if (check_mailboxes(name, items, count, error) < 0)
        return -1;
    mime_field_begin(&field, out, name);
    for (size_t i = 0; i < count; i++) {
        struct buffer scratch;
        struct view phrase = mime_clean_text(items[i].name, &scratch);

        mime_field_add_phrase(&field, phrase);
        add_item(&field, items[i].address, phrase.size > 0, i + 1 == count);
        buffer_free(&scratch);
    }
    mime_field_end(&field);
    return 0;
}

int mime_add_list_id(struct buffer *out, const char *name, struct view phrase, struct view id,
                     struct error *error)
{
    struct mime_field field;
    struct buffer scratch;

    if (!mime_is_dot_atom(id) || id.size > MIME_ADDRESS_BYTES)
        return error_set(error, ERROR_INPUT,
                         "%s: not a list id: \"%.*s\" (wanted: words between dots, as in "
                         "digest.example.org)",
                         name, VIEW_ARGUMENTS(utf8_prefix(id, 100)));
    mime_field_begin(&field, out, name);
    mime_field_add_phrase(&field, mime_clean_text(phrase, &scratch));
    add_item(&field, id, true, true);
    mime_field_end(&field);
    buffer_free(&scratch);
    return 0;
}

static bool is_uri(struct view uri)
{
    size_t colon = view_find_char(uri, ':', 0);
    struct view scheme = view_slice(uri, 0, colon);

    if (uri.size > MIME_WORD_BYTES || colon + 1 >= uri.size || !scheme.size ||
        !all_are(scheme, "+-."))
        return false;
    for (size_t i = 0; i < uri.size; i++) {
        char c = uri.data[i];

        if (c <= ' ' || c > '~' || c == '<' || c == '>' || c == '"')
            return false;
    }
    return true;
}

int mime_add_uris(struct buffer *out, const char *name, const struct view *uris, size_t count,
                  struct error *error)
{
    struct mime_field field;

    assert(count > 0);
    for (size_t i = 0; i < count; i++)
        if (!is_uri(uris[i]))
            return error_set(error, ERROR_INPUT,
                             "%s: not a URI of at most %d bytes: \"%.*s\" (wanted: a scheme, and "
                             "all but plain ASCII percent-encoded)",
                             name, MIME_WORD_BYTES,
                             VIEW_ARGUMENTS(utf8_prefix(uris[i], 100)));
    mime_field_begin(&field, out, name);
    for (size_t i = 0; i < count; i++)
        add_item(&field, uris[i], true, i + 1 == count);
    mime_field_end(&field);
    return 0;
}

static bool is_id(struct view id)
{
    size_t at = view_find_char(id, '@', 0);

    return id.size <= MIME_WORD_BYTES && mime_is_dot_atom(view_slice(id, 0, at)) &&
           is_domain(view_slice(id, at + 1, id.size));
}

int mime_add_ids(struct buffer *out, const char *name, const struct view *ids, size_t count,
                 struct error *error)
{
    struct mime_field field;

    assert(count > 0);
    for (size_t i = 0; i < count; i++)
        if (!is_id(ids[i]))
            return error_set(error, ERROR_INPUT,
                             "%s: not a message id: \"%.*s\" (wanted: left@right, plain ASCII)",
                             name, VIEW_ARGUMENTS(utf8_prefix(ids[i], 100)));
    mime_field_begin(&field, out, name);
    for (size_t i = 0; i < count; i++) /* ids stand side by side, without commas */
        add_item(&field, ids[i], true, true);
    mime_field_end(&field);
    return 0;
}

void mime_add_date(struct buffer *out, const char *name, int64_t utc)
{
    char text[TIME_TEXT_BYTES];

    time_format_rfc5322(utc, text);
    mime_add_text(out, name, view_of(text));
}
