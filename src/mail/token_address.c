/* LOCAL+PURPOSE-TOKEN@DOMAIN: a token as the address of a mail. */
#include <string.h>

#include "base/utf8.h"
#include "mail/mime.h"
#include "mail/token.h"

int token_check_inbox(struct view inbox, struct error *error)
{
    size_t at = view_find_char(inbox, '@', 0);
    size_t more = strlen("+unsubscribe-") + TOKEN_TEXT_BYTES - 1;

    if (at + more > MIME_LOCAL_PART_BYTES || inbox.size + more > MIME_ADDRESS_BYTES)
        return error_set(error, ERROR_INPUT,
                         "\"%.*s\" is too long: at most %zu characters may stand before the @ and "
                         "%zu in all, so that \"+unsubscribe-\" and a token fit in between",
                         VIEW_ARGUMENTS(utf8_prefix(inbox, 100)), MIME_LOCAL_PART_BYTES - more,
                         MIME_ADDRESS_BYTES - more);
    return 0;
}

int token_add_address(struct buffer *out, struct view inbox, enum token_purpose purpose,
                      const char *token, struct error *error)
{
    struct view word = view_of(token_purpose_name(purpose)), text = view_of(token);
    size_t at = view_find_char(inbox, '@', 0);
    size_t more = 1 + word.size + 1 + text.size;

    if (!mime_address_is_valid(inbox))
        return error_set(error, ERROR_CONFIGURATION, "inbox.address: not a mail address: \"%.*s\"",
                         VIEW_ARGUMENTS(utf8_prefix(inbox, 100)));
    if (at + more > MIME_LOCAL_PART_BYTES || inbox.size + more > MIME_ADDRESS_BYTES)
        return error_set(error, ERROR_CONFIGURATION,
                         "inbox.address: \"%.*s\" is too long: before the @ it may have %zu "
                         "characters, so that \"+%s-\" and a token fit behind them",
                         VIEW_ARGUMENTS(inbox), MIME_LOCAL_PART_BYTES - more,
                         token_purpose_name(purpose));
    buffer_add_view(out, view_slice(inbox, 0, at));
    buffer_add_char(out, '+');
    buffer_add_view(out, word);
    buffer_add_char(out, '-');
    buffer_add_view(out, text);
    buffer_add_view(out, view_slice(inbox, at, inbox.size));
    return 0;
}

bool token_read_address(struct view address, struct view inbox, struct token *ret_token)
{
    size_t at = view_find_char(inbox, '@', 0), dash;
    struct view domain = view_slice(inbox, at, inbox.size), rest;
    enum token_purpose purpose;
    struct token token;

    if (at == inbox.size || address.size < inbox.size || address.data[at] != '+' ||
        !view_starts_with_nocase(address, view_slice(inbox, 0, at)))
        return false;
    rest = view_slice(address, at + 1, address.size);
    if (rest.size < domain.size ||
        !view_equal_nocase(view_slice(rest, rest.size - domain.size, rest.size), domain))
        return false;
    rest = view_slice(rest, 0, rest.size - domain.size);
    dash = view_find_char(rest, '-', 0);
    if (!token_purpose_parse(view_slice(rest, 0, dash), &purpose) ||
        token_read(view_slice(rest, dash + 1, rest.size), &token, NULL) < 0 ||
        token.purpose != purpose)
        return false;
    *ret_token = token;
    return true;
}
