#include "web/markdown.h"

#include "base/ascii.h"
#include "base/utf8.h"

enum { TEXT_BYTES = 16 * 1024 * 1024, FENCE_INDENT = 3 };

/* ---- text ---- */

/* With a backslash before it each is itself (CommonMark 2.4). ':' and '.' would else make
 * addresses links, '$' formulas, '@' may name somebody. */
static const struct byte_set marks = {
    .has = {['\\'] = 1, ['`'] = 1, ['*'] = 1, ['_'] = 1, ['['] = 1, [']'] = 1, ['<'] = 1,
            ['>'] = 1,  ['&'] = 1, ['|'] = 1, ['~'] = 1, ['$'] = 1, ['@'] = 1}};

static bool begins_with_www(struct view text, size_t at)
{
    return view_starts_with_nocase(view_slice(text, at, text.size), VIEW("www."));
}

/* What is markup only where a line begins: headings, lists, rules, numbers of lists. */
static size_t find_opening_mark(struct view text)
{
    size_t at = 0;

    if (text.size && strchr("#+-=", text.data[0]))
        return 0;
    while (at < text.size && ascii_is_digit(text.data[at]))
        at++;
    if (at && at < text.size && (text.data[at] == '.' || text.data[at] == ')'))
        return at;
    return text.size;
}

/* At the beginning of a line, or of an item of a list. */
static bool is_at_start(const struct buffer *out)
{
    size_t at = out->size;

    while (at && (out->data[at - 1] == ' ' || out->data[at - 1] == '-'))
        at--;
    return at == 0 || out->data[at - 1] == '\n';
}

static void add_escaped(struct buffer *out, struct view text)
{
    size_t opening = is_at_start(out) ? find_opening_mark(text) : text.size;

    for (size_t i = 0; i < text.size; i++) {
        char byte = text.data[i];
        bool is_colon = byte == ':' && i + 1 < text.size && text.data[i + 1] == '/';

        if (begins_with_www(text, i)) {
            buffer_add_view(out, view_slice(text, i, i + 3));
            buffer_add_char(out, '\\');
            i += 3;
            byte = text.data[i];
        } else if (marks.has[(unsigned char)byte] || is_colon || i == opening) {
            buffer_add_char(out, '\\');
        }
        buffer_add_char(out, byte);
    }
}

void markdown_add_text(struct buffer *out, struct view text)
{
    struct buffer clean;

    buffer_init(&clean, TEXT_BYTES);
    utf8_add_clean(&clean, text);
    for (size_t i = 0; i < clean.size; i++)
        if (view_is_blank(clean.data[i]))
            clean.data[i] = ' ';
    add_escaped(out, view_trim(buffer_view(&clean)));
    if (clean.failed)
        out->failed = true;
    buffer_free(&clean);
}

/* ---- Markdown of others ---- */

/* Behind quote marks, bullets and numbers of lists, with the blanks around them. */
static struct view behind_containers(struct view line)
{
    size_t at = 0, end;

    for (;;) {
        while (at < line.size && (view_is_blank(line.data[at]) || line.data[at] == '>'))
            at++;
        for (end = at; end < line.size && ascii_is_digit(line.data[end]);)
            end++;
        if (end < line.size && strchr(end > at ? ".)" : "-+*", line.data[end]))
            end++;
        if (end == at || end == line.size || !view_is_blank(line.data[end]))
            return view_slice(line, at, line.size);
        at = end;
    }
}

/* How many of ` or ~ this begins with, three at least; else 0 (CommonMark 4.5). */
static size_t count_fence(struct view text)
{
    size_t count = 0;

    if (!text.size || (text.data[0] != '`' && text.data[0] != '~'))
        return 0;
    while (count < text.size && text.data[count] == text.data[0])
        count++;
    return count >= 3 ? count : 0;
}

static size_t count_opening(struct view text)
{
    size_t count = count_fence(text);

    if (count && text.data[0] == '`' && view_find_char(text, '`', count) < text.size)
        return 0; /* code in a line */
    return count;
}

static bool closes(struct view line, char mark, size_t count)
{
    size_t indent = 0;

    while (indent < line.size && line.data[indent] == ' ')
        indent++;
    line = view_trim(view_slice(line, indent, line.size));
    return indent <= FENCE_INDENT && count_fence(line) >= count && line.data[0] == mark &&
           count_fence(line) == line.size;
}

/* "](" and "]:" make links and their definitions. */
static bool is_unsafe_link(struct view line, size_t at)
{
    struct view rest = view_slice(line, at + 2, line.size);

    if (line.data[at] != ']' || at + 1 == line.size ||
        (line.data[at + 1] != '(' && line.data[at + 1] != ':'))
        return false;
    rest = view_trim(rest);
    return !view_starts_with_nocase(rest, VIEW("https://")) &&
           !view_starts_with_nocase(rest, VIEW("http://"));
}

/* As a link: a picture that is fetched tells its sender who reads. */
static bool is_image(struct view line, size_t at)
{
    return line.data[at] == '!' && at + 1 < line.size && line.data[at + 1] == '[';
}

static void add_foreign_line(struct buffer *out, struct view line)
{
    for (size_t i = 0; i < line.size; i++) {
        if (line.data[i] == '<') {
            buffer_add_string(out, "&lt;");
            continue;
        }
        if (is_image(line, i))
            buffer_add_char(out, '\\');
        buffer_add_char(out, line.data[i]);
        if (is_unsafe_link(line, i))
            buffer_add_char(out, '\\');
    }
    buffer_add_char(out, '\n');
}

/* A block of code in a list or a quote would end with it, which only a whole reading of the
 * Markdown tells; so each begins at the beginning of a line, where it ends all of them. */
static void add_lines(struct buffer *out, struct view rest)
{
    struct view line;
    size_t open = 0;
    char mark = 0;

    while (view_next_line(&rest, &line)) {
        struct view inner = behind_containers(line);

        if (open) {
            add_foreign_line(out, line);
            open = closes(line, mark, open) ? 0 : open;
        } else if ((open = count_opening(inner))) {
            mark = inner.data[0];
            add_foreign_line(out, inner);
        } else {
            add_foreign_line(out, line);
        }
    }
    if (!open)
        return;
    for (size_t i = 0; i < open; i++)
        buffer_add_char(out, mark);
    buffer_add_char(out, '\n');
}

void markdown_add_foreign(struct buffer *out, struct view markdown)
{
    struct buffer clean;

    buffer_init(&clean, TEXT_BYTES);
    utf8_add_clean(&clean, markdown);
    add_lines(out, view_trim(buffer_view(&clean)));
    if (clean.failed)
        out->failed = true;
    buffer_free(&clean);
}
