#include "subscribers/address.h"

#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"

enum { LABEL_BYTES = 63, DOMAIN_BYTES = 253 };

static const char FILE_ENDING[] = ".json";

/* RFC 5322 3.2.3: atext. */
static bool is_atom(char c)
{
    return ascii_is_alphanumeric(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* What no part of a mailbox may hold, said so that a person sees what to mend. */
static const char *fault_of_bytes(struct view address)
{
    for (size_t i = 0; i < address.size; i++)
        if ((unsigned char)address.data[i] < 0x20 || address.data[i] == 0x7F)
            return "it has a line break or another control character in it";
    for (size_t i = 0; i < address.size; i++)
        if (address.data[i] == '<' || address.data[i] == '>')
            return "give the bare address, without name and angle brackets";
    for (size_t i = 0; i < address.size; i++) {
        unsigned char c = (unsigned char)address.data[i];

        if (c == ' ')
            return "it has a blank in it";
        if (c >= 0x80)
            return "it has characters beyond ASCII in it; SMTPUTF8 is not supported, and a domain "
                   "must be in its xn-- form";
        if (c == '"' || c == '\\')
            return "quoted local parts are not supported";
        if (c == '(' || c == ')')
            return "comments are not supported";
        if (c == ',' || c == ';')
            return "one address is wanted";
    }
    return NULL;
}

static const char *fault_of_local_part(struct view local)
{
    if (!local.size)
        return "there is nothing before the \"@\"";
    if (local.size > ADDRESS_LOCAL_BYTES)
        return "the part before the \"@\" is longer than 64 characters";
    if (local.data[0] == '.' || local.data[local.size - 1] == '.')
        return "the part before the \"@\" begins or ends with a dot";
    for (size_t i = 0; i < local.size; i++) {
        if (local.data[i] == '.' && local.data[i + 1] == '.')
            return "it has two dots in a row";
        if (local.data[i] != '.' && !is_atom(local.data[i]))
            return "the part before the \"@\" has a character in it that mail does not allow";
    }
    return NULL;
}

static const char *fault_of_label(struct view label)
{
    if (!label.size)
        return "the domain begins or ends with a dot or has two in a row";
    if (label.size > LABEL_BYTES)
        return "a part of the domain is longer than 63 characters";
    if (label.data[0] == '-' || label.data[label.size - 1] == '-')
        return "a part of the domain begins or ends with a hyphen";
    for (size_t i = 0; i < label.size; i++)
        if (!ascii_is_alphanumeric(label.data[i]) && label.data[i] != '-')
            return "the domain may have letters, digits, hyphens and dots only";
    return NULL;
}

static bool is_all_digits(struct view label)
{
    for (size_t i = 0; i < label.size; i++)
        if (label.data[i] < '0' || label.data[i] > '9')
            return false;
    return true;
}

static const char *fault_of_domain(struct view domain)
{
    struct view rest = domain, label = {NULL, 0};
    const char *fault;
    size_t labels = 0;

    if (!domain.size)
        return "there is no domain behind the \"@\"";
    if (domain.data[0] == '[')
        return "address literals in brackets are not supported";
    if (domain.size > DOMAIN_BYTES)
        return "the domain is longer than 253 characters";
    for (; view_next_part(&rest, '.', &label); labels++)
        if ((fault = fault_of_label(label)))
            return fault;
    if (labels == 1 && !view_equal_nocase(domain, VIEW("localhost")))
        return "the domain has no dot";
    /* RFC 3696 2: a top-level domain is never a number, an IPv4 address ends in one. */
    if (is_all_digits(label))
        return "a domain does not end in a number";
    return NULL;
}

static const char *fault_of(struct view address)
{
    size_t at = view_find_char(address, '@', 0);
    const char *fault = fault_of_bytes(address);

    if (fault)
        return fault;
    if (!address.size)
        return "it is empty";
    if (at == address.size)
        return "it has no \"@\"";
    if (view_find_char(address, '@', at + 1) < address.size)
        return "it has more than one \"@\"";
    if (address.size > ADDRESS_BYTES)
        return "it is longer than 254 characters";
    fault = fault_of_local_part(view_slice(address, 0, at));
    return fault ? fault : fault_of_domain(view_slice(address, at + 1, address.size));
}

int address_check(struct view address, struct error *error)
{
    const char *fault = fault_of(address);
    struct buffer shown;

    if (!fault)
        return 0;
    buffer_init(&shown, 1024);
    utf8_add_clean(&shown, utf8_prefix(address, 300));
    error_set(error, ERROR_INPUT, "\"%s\" is no usable mail address: %s", buffer_string(&shown),
              fault);
    buffer_free(&shown);
    return -1;
}

char *address_canonical(struct view address)
{
    char *canonical = view_copy_string(address);

    for (size_t i = 0; i < address.size; i++)
        canonical[i] = ascii_lower(canonical[i]);
    return canonical;
}

struct view address_domain(struct view address)
{
    for (size_t i = address.size; i > 0; i--)
        if (address.data[i - 1] == '@')
            return view_slice(address, i, address.size);
    return (struct view){NULL, 0};
}

static bool is_plain_in_file_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("@._+-", c));
}

void address_file_name(struct view canonical, struct buffer *ret_name)
{
    for (size_t i = 0; i < canonical.size; i++) {
        char c = canonical.data[i];

        if (is_plain_in_file_name(c) && !(i == 0 && c == '.'))
            buffer_add_char(ret_name, c);
        else
            buffer_printf(ret_name, "%%%02X", (unsigned)(unsigned char)c);
    }
    buffer_add_string(ret_name, FILE_ENDING);
}

static bool has_capital(struct view text)
{
    for (size_t i = 0; i < text.size; i++)
        if (ascii_is_upper(text.data[i]))
            return true;
    return false;
}

static bool decode(struct view name, struct buffer *address)
{
    for (size_t i = 0; i < name.size; i++) {
        int high, low;

        if (name.data[i] != '%') {
            buffer_add_char(address, name.data[i]);
            continue;
        }
        if (name.size - i < 3)
            return false;
        high = ascii_hex_value(name.data[i + 1]);
        low = ascii_hex_value(name.data[i + 2]);
        if (high < 0 || low < 0)
            return false;
        buffer_add_char(address, (char)(high << 4 | low));
        i += 2;
    }
    return true;
}

bool address_from_file_name(struct view name, struct buffer *ret_address)
{
    struct buffer address, again;
    bool found;

    buffer_init(&address, ADDRESS_BYTES);
    buffer_init(&again, 4 * ADDRESS_BYTES);
    found = view_ends_with(name, VIEW(FILE_ENDING)) &&
            decode(view_slice(name, 0, name.size - strlen(FILE_ENDING)), &address) &&
            !address.failed && !has_capital(buffer_view(&address)) &&
            address_check(buffer_view(&address), NULL) == 0;
    if (found) {
        /* Only one name belongs to an address. */
        address_file_name(buffer_view(&address), &again);
        found = view_equal(buffer_view(&again), name);
    }
    if (found)
        buffer_add_view(ret_address, buffer_view(&address));
    buffer_free(&address);
    buffer_free(&again);
    return found;
}
