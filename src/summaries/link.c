#include "summaries/link.h"

#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"

static size_t scheme_end(struct view address)
{
    if (view_starts_with_nocase(address, VIEW("https://")))
        return sizeof("https://") - 1;
    return view_starts_with_nocase(address, VIEW("http://")) ? sizeof("http://") - 1 : 0;
}

static size_t authority_end(struct view address, size_t start)
{
    size_t end = start;

    while (end < address.size && !strchr("/?#", address.data[end]))
        end++;
    return end;
}

/* "[2001:db8::1]"; what the digits mean is the browser's to say. */
static bool is_ipv6(struct view host)
{
    if (host.size < 4 || host.data[0] != '[' || host.data[host.size - 1] != ']')
        return false;
    for (size_t i = 1; i + 1 < host.size; i++)
        if (ascii_hex_value(host.data[i]) < 0 && host.data[i] != ':' && host.data[i] != '.')
            return false;
    return true;
}

static bool is_host(struct view host)
{
    enum { HOST_BYTES = 253 };

    if (!host.size || host.size > HOST_BYTES || !ascii_is_alphanumeric(host.data[0]))
        return is_ipv6(host);
    for (size_t i = 0; i < host.size; i++)
        if (!ascii_is_alphanumeric(host.data[i]) && host.data[i] != '-' &&
            (host.data[i] != '.' || host.data[i - 1] == '.'))
            return false;
    return true;
}

/* A host with or without a port. */
static struct view host_of(struct view authority)
{
    size_t colon = authority.size;

    while (colon && ascii_is_digit(authority.data[colon - 1]))
        colon--;
    if (!colon || authority.data[colon - 1] != ':' || authority.size - colon > 5)
        return authority;
    return view_slice(authority, 0, colon - 1);
}

static bool is_in_place(char c) /* RFC 3986: unreserved, reserved, '%' */
{
    return ascii_is_alphanumeric(c) || (c && strchr("-._~:/?#[]@!$&'()*+,;=%", c));
}

static bool has_forbidden(struct view address)
{
    for (size_t i = 0; i < address.size; i++) {
        unsigned char byte = (unsigned char)address.data[i];

        if (byte <= ' ' || byte == 0x7F || byte == '\\')
            return true;
    }
    return !utf8_is_valid(address);
}

static void add_encoded(struct buffer *out, struct view rest)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < rest.size; i++) {
        unsigned char byte = (unsigned char)rest.data[i];

        if (is_in_place(rest.data[i])) {
            buffer_add_char(out, rest.data[i]);
            continue;
        }
        buffer_add_char(out, '%');
        buffer_add_char(out, hex[byte >> 4]);
        buffer_add_char(out, hex[byte & 0xF]);
    }
}

bool link_add(struct buffer *out, struct view address)
{
    size_t start = scheme_end(address), end, before = out->size;

    if (!start || address.size > LINK_BYTES || has_forbidden(address))
        return false;
    end = authority_end(address, start);
    if (!is_host(host_of(view_slice(address, start, end))))
        return false;
    buffer_add_string(out, start == sizeof("https://") - 1 ? "https://" : "http://");
    add_encoded(out, view_slice(address, start, address.size));
    if (out->failed || out->size - before > LINK_BYTES) {
        buffer_cut(out, before);
        return false;
    }
    return true;
}

static struct view without_www(struct view host)
{
    return view_starts_with_nocase(host, VIEW("www.")) ? view_slice(host, 4, host.size) : host;
}

/* The host that a text names as a browser would read it; empty: it names none. */
static struct view named_host(struct view text)
{
    size_t start = scheme_end(text), end = start;

    if (!start && !view_starts_with_nocase(text, VIEW("www.")))
        return (struct view){NULL, 0};
    while (end < text.size && (ascii_is_alphanumeric(text.data[end]) ||
                               (unsigned char)text.data[end] >= 0x80 ||
                               strchr("-.@:[]", text.data[end])))
        end++;
    return host_of(view_slice(text, start, end));
}

bool link_is_disguised(struct view text, struct view address)
{
    struct view named = without_www(named_host(view_trim(text)));
    size_t start = scheme_end(address);
    struct view host = host_of(view_slice(address, start, authority_end(address, start)));

    return named.size && !view_equal_nocase(named, without_www(host));
}
