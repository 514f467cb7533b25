#include "web/framing.h"

#include <string.h>

#include "base/ascii.h"

/* RFC 9110 5.6.2 */
static bool is_token(struct view text)
{
    static const char OTHERS[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < text.size; i++)
        if (!ascii_is_alphanumeric(text.data[i]) &&
            !memchr(OTHERS, text.data[i], sizeof(OTHERS) - 1))
            return false;
    return text.size > 0;
}

void web_framing_see(struct web_framing *framing, struct view name, struct view value)
{
    if (!is_token(name))
        framing->has_bad_name = true;
    framing->hosts += view_equal_nocase(name, VIEW("Host"));
    framing->lengths += view_equal_nocase(name, VIEW("Content-Length"));
    if (!view_equal_nocase(name, VIEW("Transfer-Encoding")))
        return;
    framing->codings++;
    if (!view_equal_nocase(view_trim(value), VIEW("chunked")))
        framing->has_unknown_coding = true;
}

unsigned web_framing_judge(const struct web_framing *framing, const char *version)
{
    if (framing->has_bad_name || framing->hosts > 1 || framing->lengths > 1 ||
        framing->codings > 1 || (framing->codings && framing->lengths))
        return 400;
    /* Those before 1.1 know no codings, and a proxy may have passed the header on unread. */
    if (framing->codings && strcmp(version, "HTTP/1.0") == 0)
        return 400;
    return framing->has_unknown_coding ? 501 : 0;
}

struct view web_framing_origin_form(struct view target, struct view *ret_authority)
{
    size_t start = view_starts_with_nocase(target, VIEW("http://"))    ? 7
                   : view_starts_with_nocase(target, VIEW("https://")) ? 8
                                                                       : 0;
    size_t end = start;

    *ret_authority = (struct view){0};
    if (!start)
        return target;
    while (end < target.size && target.data[end] != '/' && target.data[end] != '?')
        end++;
    *ret_authority = view_slice(target, start, end);
    return view_slice(target, end, target.size);
}
