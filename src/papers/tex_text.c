#include "papers/tex_parts.h"

#include <string.h>

#include "base/utf8.h"

/* NUL stands for the outside of the range. */
static char char_before(const struct tex *tex, size_t at)
{
    return at ? tex->text.data[at - 1] : '\0';
}

static char char_at(const struct tex *tex, size_t at, size_t end)
{
    return at < end ? tex->text.data[at] : '\0';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank_or_edge(char c)
{
    return c == '\0' || c == ' ' || (c >= '\t' && c <= '\r');
}

/* Something may begin behind this character: a word, a quotation, an option. */
static bool is_opening(char c)
{
    return is_blank_or_edge(c) || strchr("([{<\"'`/=", c);
}

static size_t run_length(const struct tex *tex, size_t at, size_t end)
{
    size_t next = at;

    while (next < end && tex->text.data[next] == tex->text.data[at])
        next++;
    return next - at;
}

static size_t add_source(struct tex *tex, size_t at, size_t size)
{
    tex_add(tex, view_slice(tex->text, at, at + size));
    return at + size;
}

static size_t add_instead(struct tex *tex, const char *text, size_t next)
{
    tex_add(tex, view_of(text));
    return next;
}

/* Dashes, but neither options (--flag) nor a comment's or arrow's end. */
static size_t convert_hyphens(struct tex *tex, size_t at, size_t end)
{
    size_t run = run_length(tex, at, end);
    char before = char_before(tex, at), after = char_at(tex, at + run, end);
    bool is_option = is_opening(before) && (is_letter(after) || after == '[');

    if (run < 2 || run > 3 || (run == 2 && is_option) || strchr("<!>|+", before ? before : ' ') ||
        strchr("<>|;)", after ? after : ' '))
        return add_source(tex, at, run);
    return add_instead(tex, run == 3 ? "—" : "–", at + run);
}

/* Where the ' stands that ends the quotation begun by the ` at `at`; 0: nowhere
 * near, and then it is some other mark, as in Hawai`i or `code`. */
static size_t find_single_end(const struct tex *tex, size_t at, size_t end)
{
    enum { LONGEST = 120 };

    if (!is_opening(char_before(tex, at)) || is_blank_or_edge(char_at(tex, at + 1, end)))
        return 0;
    for (size_t i = at + 1; i < end && i < at + LONGEST; i++) {
        char c = tex->text.data[i];

        if (c == '`')
            return 0;
        if (c == '\\')
            i++;
        else if (c == '\'' && !is_letter(char_at(tex, i + 1, end)) &&
                 !is_digit(char_at(tex, i + 1, end)))
            return i;
    }
    return 0;
}

static size_t convert_backquotes(struct tex *tex, size_t at, size_t end)
{
    size_t run = run_length(tex, at, end);

    if (run == 2) {
        bool is_closing = tex->double_quotes && !is_opening(char_before(tex, at)) &&
                          !is_letter(char_at(tex, at + 2, end));

        tex->double_quotes += is_closing ? -1 : 1;
        return add_instead(tex, is_closing ? "”" : "“", at + 2);
    }
    if (run == 1) {
        size_t close = find_single_end(tex, at, end);

        if (close) {
            tex->single_quote = close;
            return add_instead(tex, "‘", at + 1);
        }
    }
    return add_source(tex, at, run);
}

/* `''mental image''`: opened with the wrong marks. */
static bool opens_wrongly(const struct tex *tex, size_t at, size_t end)
{
    enum { LONGEST = 200 };
    struct view near = view_slice(view_slice(tex->text, 0, end), at + 2, at + 2 + LONGEST);

    return is_opening(char_before(tex, at)) && !is_blank_or_edge(char_at(tex, at + 2, end)) &&
           view_find(near, VIEW("''"), 0) < near.size;
}

static size_t convert_quotes(struct tex *tex, size_t at, size_t end)
{
    size_t run = run_length(tex, at, end);

    if (at == tex->single_quote && at)
        return add_instead(tex, "’", at + 1);
    if (run == 2 && tex->double_quotes) {
        tex->double_quotes--;
        return add_instead(tex, "”", at + 2);
    }
    if (run == 2 && opens_wrongly(tex, at, end)) {
        tex->double_quotes++;
        return add_instead(tex, "“", at + 2);
    }
    return add_source(tex, at, run == 3 && tex->double_quotes ? 1 : run);
}

static size_t convert_double_quote(struct tex *tex, size_t at, size_t end)
{
    char after = char_at(tex, at + 1, end);

    if (tex->double_quotes && !is_opening(char_before(tex, at)) && !is_letter(after) &&
        !is_digit(after)) {
        tex->double_quotes--;
        return add_instead(tex, "”", at + 1);
    }
    return add_source(tex, at, 1);
}

/* A tie between words is a blank; before a number, "~50", it says "about". */
static size_t convert_tilde(struct tex *tex, size_t at, size_t end)
{
    if (is_opening(char_before(tex, at)) || char_before(tex, at) == '>')
        return add_source(tex, at, 1);
    tex_add_blank(tex);
    return tex_skip_blanks(tex, at + 1, end);
}

static size_t convert_dollar(struct tex *tex, size_t at, size_t end)
{
    bool is_double = char_at(tex, at + 1, end) == '$';
    size_t start = at + 1 + is_double, close = tex_find_dollar(tex, at, end);

    if (close < end) {
        size_t next = close + 1 + is_double;
        struct view content = view_slice(tex->text, start, close);

        if (tex_reads_as_formula(content, is_double ? '\0' : char_at(tex, next, end))) {
            tex_convert_formula(tex, start, close, is_double);
            return next;
        }
    }
    return add_source(tex, at, 1);
}

/* How far the letters before `at` reach, looking at three at most. */
static size_t letters_before(const struct tex *tex, size_t at)
{
    size_t count = 0;

    while (count < 3 && count < at && is_letter(tex->text.data[at - 1 - count]))
        count++;
    return count;
}

/* Outside a formula only what surely is a power: a short base and a number, as
 * in R^2, 10^-3, cm^{-2}. */
static size_t convert_caret(struct tex *tex, size_t at, size_t end)
{
    char before = char_before(tex, at);
    size_t digits = at + 1, out_start = tex->out.size;

    if (tex->script_at == at && at)
        return tex_convert_script(tex, at, end);
    if (is_opening(before))
        return add_source(tex, at, 1);
    if (char_at(tex, at + 1, end) == '{')
        return tex_convert_script(tex, at, end);
    if (char_at(tex, digits, end) == '-' || char_at(tex, digits, end) == '+')
        digits++;
    if (!is_digit(char_at(tex, digits, end)) || letters_before(tex, at) > 2 ||
        !(is_letter(before) || is_digit(before) || strchr(")]}", before)))
        return add_source(tex, at, 1);
    while (is_digit(char_at(tex, digits, end)))
        digits++;
    buffer_add_view(&tex->out, view_slice(tex->text, at + 1, digits));
    tex_make_script(tex, out_start, true);
    tex->script_at = digits;
    return digits;
}

static size_t convert_underscore(struct tex *tex, size_t at, size_t end)
{
    if ((tex->script_at == at && at) ||
        (!is_opening(char_before(tex, at)) && char_at(tex, at + 1, end) == '{'))
        return tex_convert_script(tex, at, end);
    return add_source(tex, at, run_length(tex, at, end));
}

/* The rest of an address behind "http" is copied as it is, but for TeX's
 * escapes. */
static size_t convert_colon(struct tex *tex, size_t at, size_t end)
{
    struct view before = view_slice(tex->text, at > 5 ? at - 5 : 0, at);
    struct view rest = view_slice(tex->text, at, end);

    if (!view_starts_with(rest, VIEW("://")) ||
        !(view_ends_with(before, VIEW("http")) || view_ends_with(before, VIEW("https")) ||
          view_ends_with(before, VIEW("ftp"))))
        return add_source(tex, at, 1);
    while (at < end) {
        char c = tex->text.data[at], after = char_at(tex, at + 1, end);

        if (is_blank_or_edge(c) || strchr("{}$\"<>`", c))
            break;
        if (c == '\\') {
            if (!strchr("_%#&~", after ? after : ' '))
                break;
            at++;
        }
        buffer_add_char(&tex->out, tex->text.data[at++]);
        if (c == '\\' && after == '~' && view_starts_with(view_slice(tex->text, at, end), VIEW("{}")))
            at += 2;
    }
    return at;
}

/* Does the mark at `at` only stand for itself? So do most of them in prose: the
 * hyphen of a word, an apostrophe, the colon of a sentence. */
static bool is_ordinary_mark(const struct tex *tex, size_t at, size_t end)
{
    char after = char_at(tex, at + 1, end);

    switch (tex->text.data[at]) {
    case '-':
        return after != '-';
    case '\'':
        return after != '\'' && at != tex->single_quote;
    case '"':
        return !tex->double_quotes;
    case ':':
        return after != '/';
    default:
        return false;
    }
}

/* Where the run of text that is copied as it is, begun at `at`, ends. */
static size_t plain_end(const struct tex *tex, size_t at, size_t end)
{
    static const struct byte_set marks = {
        .has = {['\\'] = 1, ['{'] = 1, ['$'] = 1, ['^'] = 1, ['_'] = 1, ['~'] = 1, ['`'] = 1,
                ['\''] = 1, ['"'] = 1, ['-'] = 1, [':'] = 1}};
    struct view range = view_slice(tex->text, 0, end);
    bool is_quoted = tex->double_quotes || tex->single_quote >= at;

    for (;;) {
        struct view step;

        if (!is_quoted)
            at = tex_skip_plain(range, at);
        step = view_slice(range, 0, is_quoted ? end : at + TEX_STEP_BYTES);
        while ((at = view_find_any(step, &marks, at)) < step.size && is_ordinary_mark(tex, at, end))
            at++;
        if (at < step.size || at >= end)
            return at;
    }
}

size_t tex_convert_text(struct tex *tex, size_t at, size_t end)
{
    switch (tex->text.data[at]) {
    case '$':
        return convert_dollar(tex, at, end);
    case '^':
        return convert_caret(tex, at, end);
    case '_':
        return convert_underscore(tex, at, end);
    case '~':
        return convert_tilde(tex, at, end);
    case '`':
        return convert_backquotes(tex, at, end);
    case '\'':
        return convert_quotes(tex, at, end);
    case '"':
        return convert_double_quote(tex, at, end);
    case '-':
        return convert_hyphens(tex, at, end);
    case ':':
        return convert_colon(tex, at, end);
    default:
        return add_source(tex, at, plain_end(tex, at + 1, end) - at);
    }
}
