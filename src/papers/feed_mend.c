/* Raw `<` and `&`, and the `>` of a raw `]]>`, in the texts of a feed made
 * references. A leaf's text reaches to its own end tag: whatever stands between
 * is no markup. */
#include <string.h>

#include "base/utf8.h"
#include "papers/feed_parser.h"

enum {
    FRUITLESS_SEARCHES = 64,     /* for an end tag; more are not worth the time */
    LEAF_BYTES = 4 * 1024 * 1024 /* how far away an end tag is looked for */
};

struct mender {
    const struct feed_family *family;
    struct view piece;
    struct buffer *out;
    size_t *replaced;
    int fruitless;
    size_t cdata_end; /* of the last search */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}

static size_t name_end(struct view text, size_t at)
{
    while (at < text.size && !is_blank(text.data[at]) && !strchr("<>/=\"'&", text.data[at]))
        at++;
    return at;
}

static const struct feed_element *find_known(const struct feed_family *family, struct view name)
{
    size_t colon = view_find_char(name, ':', 0);

    if (colon < name.size)
        name = view_slice(name, colon + 1, name.size);
    for (const struct feed_element *element = family->elements; element->name; element++) {
        if (view_equal_string(name, element->name))
            return element;
    }
    return NULL;
}

/* "&#1;" looks like a reference but stands for no character that XML allows. */
static size_t bad_number_length(struct view text, size_t at)
{
    size_t end = at + 2;

    if (at + 1 >= text.size || text.data[at + 1] != '#')
        return 0;
    while (end < text.size && end - at < 12 && text.data[end] != ';')
        end++;
    if (end >= text.size || text.data[end] != ';' || end == at + 2 ||
        strspn(text.data + at + 2, "0123456789abcdefABCDEFx") < end - at - 2)
        return 0;
    return end + 1 - at;
}

/* Adds the character at `at`, as a reference where XML needs one; gives its length. */
static size_t add_text_char(struct mender *mender, struct view text, size_t at)
{
    int32_t codepoint;
    size_t length = 1;

    if (text.data[at] == '<') {
        buffer_add_string(mender->out, "&lt;");
    } else if (text.data[at] == '>' && at >= 2 && text.data[at - 1] == ']' &&
               text.data[at - 2] == ']') {
        buffer_add_string(mender->out, "&gt;");
    } else if (text.data[at] != '&') {
        buffer_add_char(mender->out, text.data[at]);
    } else if ((length = feed_text_reference(text, at, &codepoint)) > 0) {
        buffer_add_view(mender->out, view_slice(text, at, at + length));
    } else if ((length = bad_number_length(text, at)) > 0) {
        utf8_add(mender->out, 0xFFFD);
        ++*mender->replaced;
    } else {
        buffer_add_string(mender->out, "&amp;");
        length = 1;
    }
    return length;
}

/* Copies the CDATA section at `at` whole; 0 when there is none that ends before `limit`. */
static size_t copy_cdata(struct mender *mender, size_t at, size_t limit)
{
    struct view piece = mender->piece;

    if (!view_starts_with(view_slice(piece, at, piece.size), VIEW("<![CDATA[")))
        return 0;
    if (mender->cdata_end < at + 9)
        mender->cdata_end = view_find(piece, VIEW("]]>"), at + 9);
    if (mender->cdata_end + 3 > limit)
        return 0;
    buffer_add_view(mender->out, view_slice(piece, at, mender->cdata_end + 3));
    return mender->cdata_end + 3 - at;
}

static void add_text(struct mender *mender, size_t at, size_t end)
{
    struct view text = view_slice(mender->piece, 0, end);

    while (at < end) {
        size_t length = copy_cdata(mender, at, end);

        at += length ? length : add_text_char(mender, text, at);
    }
}

/* Where the end tag of `name` begins; piece.size when there is none. */
static size_t find_end_tag(struct mender *mender, struct view name, size_t from)
{
    struct view piece = view_slice(mender->piece, 0, from + LEAF_BYTES);
    size_t at = from;

    if (mender->fruitless == FRUITLESS_SEARCHES)
        return mender->piece.size;
    while ((at = view_find(piece, VIEW("</"), at)) < piece.size) {
        size_t end = at + 2 + name.size;

        if (view_equal(view_slice(piece, at + 2, end), name)) {
            while (end < piece.size && is_blank(piece.data[end]))
                end++;
            if (end < piece.size && piece.data[end] == '>')
                return at;
        }
        at += 2;
    }
    mender->fruitless++;
    return mender->piece.size;
}

/* The end of the tag at `at`, behind its '>'; 0 when it is no tag. */
static size_t find_tag_end(struct view piece, size_t at)
{
    size_t start = at + 1;
    char quote = '\0';

    if (start < piece.size && piece.data[start] == '/')
        start++;
    if (start >= piece.size || !is_name_start(piece.data[start]))
        return 0;
    for (size_t i = name_end(piece, start); i < piece.size; i++) {
        char c = piece.data[i];

        if (quote)
            quote = c == quote ? '\0' : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '<')
            return 0;
        else if (c == '>')
            return i + 1;
    }
    return 0;
}

static bool is_container(struct mender *mender, struct view name, size_t inside)
{
    const struct feed_element *element = find_known(mender->family, name);
    struct view piece = mender->piece;

    if (view_ends_with(name, view_of(mender->family->root)))
        return true;
    if (element && !element->has_text)
        return true;
    while (inside < piece.size && is_blank(piece.data[inside]))
        inside++;
    if (inside >= piece.size || piece.data[inside] != '<')
        return false;
    return find_known(mender->family,
                      view_slice(piece, inside + 1, name_end(piece, inside + 1))) != NULL;
}

/* Copies the tag at `at`, and with the start tag of a leaf its text as well;
 * gives the length of what was copied, 0 when it is no tag. */
static size_t copy_tag(struct mender *mender, size_t at)
{
    struct view piece = mender->piece, name;
    size_t end = find_tag_end(piece, at), close;

    if (!end)
        return 0;
    buffer_add_char(mender->out, '<');
    for (size_t i = at + 1; i < end;)
        i += add_text_char(mender, piece, i);
    name = view_slice(piece, at + 1, name_end(piece, at + 1));
    if (!name.size || piece.data[end - 2] == '/' || is_container(mender, name, end))
        return end - at;
    close = find_end_tag(mender, name, end);
    if (close == piece.size)
        return end - at;
    add_text(mender, end, close);
    return close - at;
}

void feed_mend(const struct feed_family *family, struct view piece, struct buffer *out,
               size_t *replaced)
{
    struct mender mender = {.family = family, .piece = piece, .out = out, .replaced = replaced};
    size_t at = 0;

    while (at < piece.size) {
        size_t length = 0;

        if (piece.data[at] == '<') {
            length = copy_cdata(&mender, at, piece.size);
            if (!length)
                length = copy_tag(&mender, at);
        }
        at += length ? length : add_text_char(&mender, piece, at);
    }
}
