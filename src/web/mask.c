#include "web/mask.h"

#include "base/utf8.h"

static void add_first(struct buffer *out, struct view text)
{
    int32_t codepoint;

    if (text.size)
        buffer_add(out, text.data, utf8_decode(text, 0, &codepoint));
    buffer_add_string(out, "…");
}

void web_mask_address(struct view address, struct buffer *out)
{
    size_t at = address.size, dot;
    struct view domain;

    while (at && address.data[at - 1] != '@')
        at--;
    domain = view_slice(address, at, address.size);
    add_first(out, view_slice(address, 0, at ? at - 1 : 0));
    buffer_add_char(out, '@');
    dot = domain.size;
    while (dot && domain.data[dot - 1] != '.')
        dot--;
    add_first(out, view_slice(domain, 0, dot ? dot - 1 : domain.size));
    if (dot)
        buffer_add_view(out, view_slice(domain, dot - 1, domain.size));
}
