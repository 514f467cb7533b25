#include "papers/paper_id.h"

#include <string.h>

#include "base/ascii.h"

static bool is_digits(struct view text, size_t least, size_t most)
{
    return ascii_is_number(text) && text.size >= least && text.size <= most;
}

static struct view without_version(struct view id)
{
    size_t at = id.size;

    while (at && id.data[at - 1] >= '0' && id.data[at - 1] <= '9')
        at--;
    return at > 1 && at < id.size && id.data[at - 1] == 'v' ? view_slice(id, 0, at - 1) : id;
}

static struct view behind(struct view text, const char *start)
{
    struct view prefix = view_of(start);

    return view_starts_with_nocase(text, prefix) ? view_slice(text, prefix.size, text.size) : text;
}

struct view paper_id_read(struct view text)
{
    size_t slash, dot;

    text = behind(behind(text, "https://"), "http://");
    text = behind(behind(behind(text, "www."), "export."), "arxiv.org/");
    text = behind(behind(behind(text, "abs/"), "pdf/"), "html/");
    text = behind(text, "arxiv:");
    while (text.size && strchr(".,;)>", text.data[text.size - 1]))
        text.size--;
    if (view_ends_with(text, VIEW(".pdf")))
        text.size -= 4;
    text = without_version(text);
    dot = view_find_char(text, '.', 0);
    slash = view_find_char(text, '/', 0);
    if (is_digits(view_slice(text, 0, dot), 4, 4) &&
        is_digits(view_slice(text, dot + 1, text.size), 4, 5))
        return text;
    if (slash > 1 && slash < 20 && is_digits(view_slice(text, slash + 1, text.size), 7, 7))
        return text;
    return (struct view){0};
}
