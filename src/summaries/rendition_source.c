/* What md4c would misread is put right before it reads: formulas, whose backslashes, stars
 * and bars are no markup; <br> in cells; bold text that ends in Chinese punctuation. Code
 * stays as it is. */
#include <string.h>
#include <utf8proc.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "papers/tex.h"
#include "summaries/clean.h"
#include "summaries/rendition.h"
#include "summaries/rendition_parts.h"

enum { FORMULA_BYTES = 2000 };

struct source {
    struct view text;
    struct buffer *out;
    struct buffer formula; /* scratch */
    size_t paragraph_end;  /* of the one that is read */
    size_t no_round, no_square; /* before these no \) and no \] ends a formula */
    bool is_bold;          /* an odd number of ** before, in this paragraph */
    bool is_row;           /* of a table */
};

/* ---- lines ---- */

/* Behind blanks, quote marks and bullets. */
static size_t line_start(struct view text, size_t at)
{
    while (at < text.size && (view_find_char(VIEW(" \t>"), text.data[at], 0) < 3 ||
                              ((text.data[at] == '-' || text.data[at] == '*') &&
                               at + 1 < text.size && text.data[at + 1] == ' ')))
        at++;
    return at;
}

static size_t run_length(struct view text, size_t at)
{
    size_t end = at;

    while (end < text.size && text.data[end] == text.data[at])
        end++;
    return end - at;
}

static size_t line_end(struct view text, size_t at)
{
    return view_find_char(text, '\n', at);
}

/* A line that begins a block of code (CommonMark 4.5): how many marks it has, else 0. */
static size_t fence_at(struct view text, size_t at)
{
    size_t start = line_start(text, at), count, end = line_end(text, at);

    if (start >= end || (text.data[start] != '`' && text.data[start] != '~'))
        return 0;
    count = run_length(text, start);
    if (count < 3 || (text.data[start] == '`' &&
                      view_find_char(view_slice(text, 0, end), '`', start + count) < end))
        return 0;
    return count;
}

/* The end of the block of code that begins at `at`, its last line included. */
static size_t code_end(struct view text, size_t at, size_t count)
{
    char mark = text.data[line_start(text, at)];

    for (at = line_end(text, at); at < text.size; at = line_end(text, at)) {
        size_t start = line_start(text, ++at), found, end = line_end(text, at);

        if (start >= end || text.data[start] != mark)
            continue;
        found = run_length(text, start);
        if (found >= count && !view_trim(view_slice(text, start + found, end)).size)
            return end;
    }
    return text.size;
}

/* Where the paragraph at `at` ends: at a blank line or a block of code. */
static size_t find_paragraph_end(struct view text, size_t at)
{
    while ((at = line_end(text, at)) < text.size) {
        at++;
        if (!view_trim(view_slice(text, at, line_end(text, at))).size || fence_at(text, at))
            return at;
    }
    return at;
}

/* ---- formulas ---- */

/* As text that md4c leaves alone, on one line. */
static void add_escaped(struct buffer *out, struct view text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];

        if (c > ' ' && c < 0x7F && !ascii_is_alphanumeric(c))
            buffer_add_char(out, '\\');
        buffer_add_char(out, view_is_blank(c) ? ' ' : c);
    }
}

/* "\[1\]" is a bracket that was escaped. */
static bool is_formula(struct view inside)
{
    for (size_t i = 0; i < inside.size; i++)
        if (strchr("\\=^_+<>", inside.data[i]))
            return true;
    return false;
}

/* Cells are not joined. */
static bool spans_cells(const struct source *source, struct view inside)
{
    if (!source->is_row)
        return false;
    return view_find_char(inside, '\n', 0) < inside.size ||
           view_find(inside, VIEW(" | "), 0) < inside.size ||
           view_starts_with(inside, VIEW("| ")) || view_ends_with(inside, VIEW(" |"));
}

/* text[start, end) with its marks, `marks` bytes at each end; false when it is none. What
 * follows is shown to the converter, which tells prices by it. */
static bool add_formula(struct source *source, size_t start, size_t end, size_t marks)
{
    struct view inside = view_slice(source->text, start + marks, end - marks), formula;
    bool is_square = source->text.data[start + 1] == '[' && marks == 2;
    bool is_display = is_square || (marks == 2 && source->text.data[start] == '$');
    size_t behind = end < source->text.size && ascii_is_alphanumeric(source->text.data[end]);

    if (!view_trim(inside).size || inside.size > FORMULA_BYTES || spans_cells(source, inside) ||
        (is_square && !is_formula(inside)))
        return false;
    buffer_clear(&source->formula);
    tex_to_unicode(view_slice(source->text, start, end + behind), &source->formula);
    formula = buffer_view(&source->formula);
    if (source->formula.failed || formula.size <= behind ||
        view_starts_with(formula, view_slice(source->text, start, start + marks)))
        return false;
    formula = view_trim(view_slice(formula, 0, formula.size - behind));
    is_display = is_display && !source->is_row;
    buffer_add_string(source->out, is_display ? RENDITION_BREAK : "");
    add_escaped(source->out, formula);
    buffer_add_string(source->out, is_display ? RENDITION_BREAK : "");
    return true;
}

/* The formula at `at`, which is a '$' or a backslash; where to go on, or `at`: it is none. */
static size_t read_formula(struct source *source, size_t at)
{
    struct view text = view_slice(source->text, 0, source->paragraph_end);
    char next = at + 1 < text.size ? text.data[at + 1] : 0;
    size_t *none = next == '(' ? &source->no_round : &source->no_square, end;
    struct view closing = text.data[at] == '$' ? (next == '$' ? VIEW("$$") : VIEW("$"))
                                               : (next == '(' ? VIEW("\\)") : VIEW("\\]"));

    if (text.data[at] == '\\' && ((next != '(' && next != '[') || *none > at))
        return at;
    end = view_find(view_slice(text, 0, at + FORMULA_BYTES), closing, at + closing.size);
    if (end >= text.size || end >= at + FORMULA_BYTES) {
        if (text.data[at] == '\\')
            *none = at + FORMULA_BYTES < text.size ? at + FORMULA_BYTES / 2 : text.size;
        return at;
    }
    end += closing.size;
    return add_formula(source, at, end, closing.size) ? end : at;
}

/* ---- emphasis ---- */

static int32_t before(struct view text, size_t at)
{
    int32_t codepoint;

    if (!at)
        return ' ';
    do
        at--;
    while (at && ((unsigned char)text.data[at] & 0xC0) == 0x80);
    utf8_decode(text, at, &codepoint);
    return codepoint;
}

static bool is_blank(int32_t codepoint)
{
    return codepoint <= ' ' || utf8proc_category(codepoint) == UTF8PROC_CATEGORY_ZS;
}

static bool is_punctuation(int32_t codepoint)
{
    utf8proc_category_t category = utf8proc_category(codepoint);

    return (category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO) ||
           (codepoint < 0x7F && category >= UTF8PROC_CATEGORY_SM &&
            category <= UTF8PROC_CATEGORY_SO);
}

/* "**重点：**内容" and "文**“强调”**" have no emphasis by CommonMark 6.2, which asks for a
 * blank on one side of punctuation. Between them goes what is neither. */
static void add_bold(struct source *source, size_t at)
{
    int32_t left = before(source->text, at), right = ' ';
    bool mends;

    if (at + 2 < source->text.size)
        utf8_decode(source->text, at + 2, &right);
    mends = (left >= 0x80 || right >= 0x80) && !is_blank(left) && !is_blank(right);
    if (mends && source->is_bold && is_punctuation(left) && !is_punctuation(right))
        buffer_add_string(source->out, RENDITION_JOINER);
    buffer_add_string(source->out, "**");
    if (mends && !source->is_bold && !is_punctuation(left) && is_punctuation(right))
        buffer_add_string(source->out, RENDITION_JOINER);
    source->is_bold = !source->is_bold;
}

/* ---- all of it ---- */

static size_t break_length(struct view text, size_t at)
{
    static const char *const tags[] = {"<br>", "<br/>", "<br />"};
    struct view rest = view_slice(text, at, at + 6);

    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
        if (view_starts_with_nocase(rest, view_of(tags[i])))
            return strlen(tags[i]);
    return 0;
}

/* Code between backticks: its end, or the end of the marks when it has none. */
static size_t span_end(const struct source *source, size_t at)
{
    struct view text = view_slice(source->text, 0, source->paragraph_end);
    size_t count = run_length(text, at);

    for (size_t end = at + count; (end = view_find_char(text, '`', end)) < text.size;) {
        size_t found = run_length(text, end);

        end += found;
        if (found == count)
            return end;
    }
    return at + count;
}

/* Copies or converts what stands at `at` and gives where to go on. */
static size_t read_mark(struct source *source, size_t at)
{
    struct view text = source->text;
    size_t end = at + 1;

    switch (text.data[at]) {
    case '\\':
    case '$':
        end = read_formula(source, at);
        if (end > at)
            return end;
        end += text.data[at] == '\\' && at + 1 < text.size && text.data[at + 1] != '\n' ? 2 : 1;
        break;
    case '`': end = span_end(source, at); break;
    case '<':
        end = at + break_length(text, at);
        if (end > at) {
            buffer_add_string(source->out, RENDITION_BREAK);
            return end;
        }
        end++;
        break;
    case '*':
        end = at + run_length(text, at);
        if (end == at + 2) {
            add_bold(source, at);
            return end;
        }
        break;
    default: break;
    }
    buffer_add_view(source->out, view_slice(text, at, end));
    return end;
}

static void begin_line(struct source *source, size_t at)
{
    size_t start = line_start(source->text, at);

    source->is_row = start < source->text.size && source->text.data[start] == '|';
}

/* A row of dashes below a table's heading: md4c 0.4.8 wants three of them for each column
 * where GitHub, and so models, are content with one. Where to go on; `at`: it is none. */
static size_t widen_dashes(struct source *source, size_t at)
{
    size_t start = line_start(source->text, at), end = line_end(source->text, at);
    struct view row = view_slice(source->text, start, end);
    size_t dashes = 0, bars = 0;

    for (size_t i = 0; i < row.size; i++) {
        dashes += row.data[i] == '-';
        bars += row.data[i] == '|';
        if (!memchr("-|: \t", row.data[i], 5))
            return at;
    }
    if (!dashes || !bars || end > source->paragraph_end)
        return at;
    buffer_add_view(source->out, view_slice(source->text, at, start));
    for (size_t i = 0, run; i < row.size; i += run) {
        run = row.data[i] == '-' ? run_length(row, i) : 1;
        buffer_add_view(source->out, view_slice(row, i, i + run));
        for (size_t j = run; row.data[i] == '-' && j < 3; j++)
            buffer_add_char(source->out, '-');
    }
    return end;
}

static void read_paragraph(struct source *source, size_t at)
{
    static const struct byte_set marks = {
        .has = {['\\'] = 1, ['$'] = 1, ['`'] = 1, ['<'] = 1, ['*'] = 1, ['\n'] = 1}};

    source->is_bold = false;
    begin_line(source, at);
    while (at < source->paragraph_end) {
        if (at == 0 || source->text.data[at - 1] == '\n')
            at = widen_dashes(source, at);

        size_t next = view_find_any(view_slice(source->text, 0, source->paragraph_end), &marks, at);

        buffer_add_view(source->out, view_slice(source->text, at, next));
        if (next < source->paragraph_end && source->text.data[next] == '\n')
            begin_line(source, next + 1);
        at = next < source->paragraph_end ? read_mark(source, next) : next;
    }
}

static void read_all(struct source *source)
{
    for (size_t at = 0; at < source->text.size; at = source->paragraph_end) {
        size_t count = fence_at(source->text, at);

        if (count) {
            source->paragraph_end = code_end(source->text, at, count);
            buffer_add_view(source->out, view_slice(source->text, at, source->paragraph_end));
            continue;
        }
        source->paragraph_end = find_paragraph_end(source->text, at);
        read_paragraph(source, at);
    }
}

bool rendition_prepare(struct view markdown, struct buffer *out)
{
    struct buffer clean;
    struct source source = {.out = out};
    bool is_cut;

    buffer_init(&clean, 4 * RENDITION_BYTES);
    clean_add(&clean, utf8_prefix(markdown, RENDITION_BYTES));
    source.text = utf8_prefix(buffer_view(&clean), RENDITION_BYTES);
    is_cut = markdown.size > RENDITION_BYTES || source.text.size < clean.size;
    while (is_cut && source.text.size && source.text.data[source.text.size - 1] != '\n')
        source.text.size--;
    if (is_cut && !source.text.size)
        source.text = utf8_prefix(buffer_view(&clean), RENDITION_BYTES);
    buffer_init(&source.formula, FORMULA_BYTES * (TEX_GROWTH + 1));
    read_all(&source);
    buffer_free(&source.formula);
    buffer_free(&clean);
    return is_cut;
}
