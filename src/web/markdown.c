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

/* How many of ` or ~ open or close a block of code here; 0: none (CommonMark 4.5). */
static size_t fence_of(struct view line, char *ret_mark)
{
    size_t indent = 0, count = 0;

    while (indent < line.size && line.data[indent] == ' ')
        indent++;
    if (indent > FENCE_INDENT || indent == line.size ||
        (line.data[indent] != '`' && line.data[indent] != '~'))
        return 0;
    while (indent + count < line.size && line.data[indent + count] == line.data[indent])
        count++;
    *ret_mark = line.data[indent];
    return count >= 3 ? count : 0;
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

static void add_foreign_line(struct buffer *out, struct view line)
{
    for (size_t i = 0; i < line.size; i++) {
        if (line.data[i] == '<') {
            buffer_add_string(out, "&lt;");
            continue;
        }
        buffer_add_char(out, line.data[i]);
        if (is_unsafe_link(line, i))
            buffer_add_char(out, '\\');
    }
    buffer_add_char(out, '\n');
}

static bool closes(struct view line, char mark, size_t count)
{
    char found;
    size_t marks_found = fence_of(line, &found);
    struct view rest = view_trim(line);

    return marks_found >= count && found == mark && rest.size == marks_found;
}

static void add_lines(struct buffer *out, struct view rest)
{
    struct view line;
    size_t open = 0;
    char mark = 0;

    while (view_next_line(&rest, &line)) {
        /* Within code, too: a fence in a list ends with the list, and HTML is HTML again. */
        add_foreign_line(out, line);
        if (!open)
            open = fence_of(line, &mark);
        else if (closes(line, mark, open))
            open = 0;
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
