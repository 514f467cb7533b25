#include "papers/tex_parts.h"

#include <string.h>

#include "base/utf8.h"

/* A command as it is met: `at` its backslash, `after` behind its name. */
struct met {
    struct view name;
    size_t at, after, end;
    enum tex_mode mode;
};

/* A command nobody knows stays with the groups and options right behind it. */
static size_t copy_unknown(struct tex *tex, const struct met *met)
{
    size_t next = met->after, start, stop;
    struct view option;

    if (next < met->end && tex->text.data[next] == '*')
        next++;
    while (next < met->end && tex->text.data[next] > ' ' &&
           (tex_take_option(tex, &next, met->end, &option) ||
            tex_take_group(tex, &next, met->end, &start, &stop)))
        ;
    tex_add(tex, view_slice(tex->text, met->at, next));
    return next;
}

/* "{}" behind a command only ends its name. */
static size_t skip_empty_group(const struct tex *tex, size_t at, size_t end)
{
    return view_starts_with(view_slice(tex->text, at, end), VIEW("{}")) ? at + 2 : at;
}

/* In a formula, does what follows the blanks belong to the symbol before them,
 * as in `\Delta u`? Relations and names keep their distance. */
static bool clings(const struct tex *tex, size_t at, size_t end)
{
    struct tex_command next;
    char c;

    if (at >= end)
        return false;
    c = tex->text.data[at];
    if (c != '\\')
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
    if (!tex_find_command(tex_command_name(tex, at, end), &next))
        return false;
    return next.kind == TEX_SYMBOL || next.kind == TEX_HAT || next.kind == TEX_CONTENT ||
           next.kind == TEX_DOUBLE_STRUCK;
}

/* A bracket that opens takes no blank behind it, one that closes none before it:
 * `side` is 'l' or 'r'. */
static bool is_bracket(struct view name, char side)
{
    static const char *const names[] = {"angle", "ceil", "floor", "brace", "brack", "vert",
                                        "Vert", "rbracket", "lbracket"};

    if (!name.size || name.data[0] != side)
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (view_equal_string(view_slice(name, 1, name.size), names[i]))
            return true;
    return false;
}

static size_t convert_symbol(struct tex *tex, const struct met *met, const char *text)
{
    size_t next = skip_empty_group(tex, met->after, met->end), place;
    int32_t codepoint;

    if (met->mode == TEX_MATH && is_bracket(met->name, 'r'))
        tex_cut_blanks(tex);
    tex_add(tex, view_of(text));
    tex->script_at = next;
    if (met->mode == TEX_TEXT || next > met->after)
        return next;
    utf8_decode(view_of(text), 0, &codepoint);
    place = tex_skip_blanks(tex, next, met->end);
    if (is_bracket(met->name, 'l'))
        return place;
    return tex_is_alphanumeric(codepoint) && clings(tex, place, met->end) ? place : next;
}

static size_t convert_relation(struct tex *tex, const struct met *met, const char *text)
{
    bool is_apart = tex_ends_with_blank(tex, tex->formula_at);
    size_t next = met->after;

    tex_add(tex, view_of(text));
    tex->script_at = next;
    if (met->mode == TEX_TEXT)
        return next;
    next = tex_skip_blanks(tex, next, met->end);
    if (is_apart && next < met->end)
        tex_add_blank(tex);
    return next;
}

static size_t convert_name(struct tex *tex, const struct met *met, const char *text)
{
    tex_add_apart(tex, view_of(text));
    tex->gap_at = tex->out.size;
    tex->script_at = met->after;
    return met->after;
}

static size_t convert_operator(struct tex *tex, const struct met *met)
{
    size_t next = met->after, out_start;

    tex_add_apart(tex, VIEW(""));
    out_start = tex->out.size;
    if (next < met->end && tex->text.data[next] == '*')
        next++;
    if (!tex_add_argument(tex, &next, met->end, met->mode)) {
        buffer_cut(&tex->out, out_start);
        return copy_unknown(tex, met);
    }
    tex->gap_at = tex->out.size;
    return next;
}

static size_t convert_blank(struct tex *tex, const struct met *met)
{
    if (met->mode == TEX_TEXT || tex->out.size > tex->formula_at)
        tex_add_blank(tex);
    return tex_skip_blanks(tex, met->after, met->end);
}

static size_t convert_delimiter(struct tex *tex, const struct met *met)
{
    size_t next = tex_skip_blanks(tex, met->after, met->end);

    return next < met->end && tex->text.data[next] == '.' ? next + 1 : next;
}

/* Of the groups that a command takes, `which` (from 0) stays; the others go. */
static size_t keep_group(struct tex *tex, const struct met *met, int count, int which,
                         enum tex_mode mode)
{
    size_t next = met->after, start[2], stop[2];
    struct view option;

    if (next < met->end && tex->text.data[next] == '*')
        next++;
    tex_take_option(tex, &next, met->end, &option);
    for (int i = 0; i < count; i++)
        if (!tex_take_group(tex, &next, met->end, &start[i], &stop[i]))
            return copy_unknown(tex, met);
    if (which < 0)
        return next;
    if (met->mode == TEX_MATH && tex_ends_with_blank(tex, tex->formula_at))
        start[which] = tex_skip_blanks(tex, start[which], stop[which]);
    tex_convert(tex, start[which], stop[which], mode);
    return next;
}

/* \href{…}{TEXT}, \overset{…}\to */
static size_t keep_second(struct tex *tex, const struct met *met)
{
    size_t next = met->after, out_start = tex->out.size, start, stop;
    struct view option;

    tex_take_option(tex, &next, met->end, &option);
    if (tex_take_group(tex, &next, met->end, &start, &stop) &&
        tex_add_argument(tex, &next, met->end, met->mode))
        return next;
    buffer_cut(&tex->out, out_start);
    return copy_unknown(tex, met);
}

static size_t convert_around(struct tex *tex, const struct met *met, const char *text)
{
    struct view both = view_of(text);
    size_t parting = view_find_char(both, ' ', 1), next = met->after, start, stop;

    if (next < met->end && tex->text.data[next] == '*')
        next++;
    if (!tex_take_group(tex, &next, met->end, &start, &stop))
        return copy_unknown(tex, met);
    buffer_add_view(&tex->out, view_slice(both, 0, parting));
    tex_convert(tex, start, stop, met->mode);
    buffer_add_view(&tex->out, view_slice(both, parting + 1, both.size));
    return next;
}

static size_t convert_content(struct tex *tex, const struct met *met, enum tex_kind kind)
{
    size_t next = met->after, out_start = tex->out.size;

    if (!tex_add_argument(tex, &next, met->end, met->mode)) {
        buffer_cut(&tex->out, out_start);
        return copy_unknown(tex, met);
    }
    if (kind == TEX_DOUBLE_STRUCK)
        tex_double_strike(tex, out_start);
    tex->script_at = next;
    return next;
}

static size_t convert_pair(struct tex *tex, const struct met *met)
{
    size_t next = met->after, start[2], stop[2];

    if (!tex_take_group(tex, &next, met->end, &start[0], &stop[0]))
        return copy_unknown(tex, met);
    tex_convert(tex, start[0], stop[0], met->mode);
    if (next < met->end && tex->text.data[next] == '{' &&
        tex_take_group(tex, &next, met->end, &start[1], &stop[1])) {
        buffer_add_char(&tex->out, ' ');
        tex_convert(tex, start[1], stop[1], met->mode);
    }
    return next;
}

static size_t convert_rows(struct tex *tex, const struct met *met)
{
    size_t next = met->after, start, stop;

    if (!tex_take_group(tex, &next, met->end, &start, &stop))
        return copy_unknown(tex, met);
    tex_convert_formula(tex, start, stop, true);
    return next;
}

static size_t convert_text_script(struct tex *tex, const struct met *met, bool is_superscript)
{
    size_t next = met->after, out_start = tex->out.size, start, stop;

    if (!tex_take_group(tex, &next, met->end, &start, &stop))
        return copy_unknown(tex, met);
    tex_convert(tex, start, stop, TEX_TEXT);
    tex_make_script(tex, out_start, is_superscript);
    return next;
}

static size_t convert_not(struct tex *tex, const struct met *met)
{
    size_t next = met->after, out_start = tex->out.size;

    if (!tex_add_argument(tex, &next, met->end, met->mode)) {
        buffer_cut(&tex->out, out_start);
        return copy_unknown(tex, met);
    }
    if (!tex_put_mark(tex, out_start, VIEW("\u0338"), false))
        tex_insert(tex, out_start, "\\not ");
    return next;
}

static size_t convert_environment(struct tex *tex, const struct met *met)
{
    size_t stop = tex->partner[met->at], next = met->after, name_start, name_stop, start, end;
    struct view name, option;
    int arguments;

    if (!stop || stop >= met->end ||
        !tex_take_group(tex, &next, met->end, &name_start, &name_stop) || next > stop)
        return copy_unknown(tex, met);
    name = view_slice(tex->text, name_start, name_stop);
    if (!tex_is_formula(name, &arguments)) {
        if (!tex_is_list(name))
            return copy_unknown(tex, met);
        tex_convert(tex, next, stop, met->mode);
        return stop + sizeof "\\end{}" - 1 + name.size;
    }
    tex_take_option(tex, &next, stop, &option);
    for (int i = 0; i < arguments; i++)
        tex_take_group(tex, &next, stop, &start, &end);
    tex_convert_formula(tex, next, stop, true);
    return stop + sizeof "\\end{}" - 1 + name.size;
}

static size_t convert_item(struct tex *tex, const struct met *met)
{
    struct view label = VIEW("•");
    size_t next = tex_skip_blanks(tex, met->after, met->end);

    tex_take_option(tex, &next, met->end, &label);
    tex_add_blank(tex);
    tex_add(tex, label);
    tex_add_blank(tex);
    return tex_skip_blanks(tex, next, met->end);
}

/* MathJax's \unicode{x2014} or \unicode{8212}. */
static size_t convert_codepoint(struct tex *tex, const struct met *met)
{
    size_t next = met->after, start, stop;
    long value = 0;
    int base = 10;

    if (!tex_take_group(tex, &next, met->end, &start, &stop) || stop - start > 8)
        return copy_unknown(tex, met);
    if (start < stop && tex->text.data[start] == 'x') {
        base = 16;
        start++;
    }
    for (size_t i = start; i < stop; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = strchr(digits, tex->text.data[i] | 0x20);

        if (!tex->text.data[i] || !digit || !*digit || digit - digits >= base)
            return copy_unknown(tex, met);
        value = value * base + (digit - digits);
    }
    if (value < 0xA0 || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
        return copy_unknown(tex, met);
    utf8_add(&tex->out, (int32_t)value);
    return next;
}

/* For the functions that return `after` when they did nothing. */
static size_t or_unknown(struct tex *tex, const struct met *met, size_t next)
{
    return next == met->after ? copy_unknown(tex, met) : next;
}

static size_t convert_accent_word(struct tex *tex, const struct met *met, const char *text)
{
    bool is_braced = met->after < met->end && tex->text.data[met->after] == '{';

    /* In a formula \d, \b, \r are people's own shorthands. */
    if (met->mode == TEX_MATH && !is_braced)
        return copy_unknown(tex, met);
    return tex_convert_accent(tex, met->at, met->after, met->end, view_of(text), met->mode);
}

static size_t convert_literal(struct tex *tex, const struct met *met)
{
    size_t next = met->after, start, stop;

    if (!tex_take_group(tex, &next, met->end, &start, &stop))
        return copy_unknown(tex, met);
    tex_add(tex, view_slice(tex->text, start, stop));
    return next;
}

static size_t convert_structure(struct tex *tex, const struct met *met,
                                const struct tex_command *command)
{
    switch (command->kind) {
    case TEX_WORDS:
        return keep_group(tex, met, 1, 0, TEX_TEXT);
    case TEX_SECOND:
        return keep_second(tex, met);
    case TEX_FIRST:
        return keep_group(tex, met, 2, 0, met->mode);
    case TEX_DROP:
        return keep_group(tex, met, 1, -1, met->mode);
    case TEX_SKIP:
        tex_add_blank(tex);
        return keep_group(tex, met, 1, -1, met->mode);
    case TEX_AROUND:
        return convert_around(tex, met, command->text);
    case TEX_LITERAL:
        return convert_literal(tex, met);
    case TEX_FRACTION:
        return or_unknown(tex, met, tex_convert_fraction(tex, met->after, met->end, met->mode));
    case TEX_ROOT:
        return or_unknown(tex, met, tex_convert_root(tex, met->after, met->end, met->mode));
    case TEX_BINOMIAL:
        return or_unknown(tex, met, tex_convert_binomial(tex, met->after, met->end, met->mode));
    case TEX_OVER:
        return met->mode == TEX_MATH ? tex_convert_over(tex, met->after, met->end)
                                     : copy_unknown(tex, met);
    case TEX_ROWS:
        return convert_rows(tex, met);
    case TEX_BREAK:
        return tex_convert_break(tex, met->after, met->end, met->mode);
    case TEX_PAIR:
        return convert_pair(tex, met);
    case TEX_SUPERSCRIPT: case TEX_SUBSCRIPT:
        return convert_text_script(tex, met, command->kind == TEX_SUPERSCRIPT);
    case TEX_NOT:
        return convert_not(tex, met);
    case TEX_BEGIN:
        return convert_environment(tex, met);
    case TEX_ITEM:
        return convert_item(tex, met);
    case TEX_CODEPOINT:
        return convert_codepoint(tex, met);
    default:
        return copy_unknown(tex, met);
    }
}

static size_t convert_word(struct tex *tex, const struct met *met)
{
    struct tex_command command;

    if (!tex_find_command(met->name, &command) ||
        command.where == (met->mode == TEX_MATH ? TEX_TEXT_ONLY : TEX_MATH_ONLY))
        return copy_unknown(tex, met);
    switch (command.kind) {
    case TEX_LETTER:
        tex_add(tex, view_of(command.text));
        return tex_skip_blanks(tex, skip_empty_group(tex, met->after, met->end), met->end);
    case TEX_SYMBOL:
        return convert_symbol(tex, met, command.text);
    case TEX_BIG:
        tex_add(tex, view_of(command.text));
        tex->script_at = met->after;
        return met->after;
    case TEX_RELATION:
        return convert_relation(tex, met, command.text);
    case TEX_NAME:
        return convert_name(tex, met, command.text);
    case TEX_BLANK:
        return convert_blank(tex, met);
    case TEX_GONE:
        return tex_skip_blanks(tex, met->after, met->end);
    case TEX_DELIMITER:
        return convert_delimiter(tex, met);
    case TEX_ACCENT:
        return convert_accent_word(tex, met, command.text);
    case TEX_HAT:
        return or_unknown(tex, met, tex_convert_hat(tex, met->after, met->end,
                                                    view_of(command.text), met->mode));
    case TEX_CONTENT: case TEX_DOUBLE_STRUCK:
        return convert_content(tex, met, command.kind);
    case TEX_OPERATOR:
        return convert_operator(tex, met);
    default:
        return convert_structure(tex, met, &command);
    }
}

/* \( and \[ */
static size_t convert_delimited(struct tex *tex, const struct met *met)
{
    size_t close = tex->partner[met->at];

    if (!close || close >= met->end)
        return copy_unknown(tex, met);
    tex_convert_formula(tex, met->after, close, tex->text.data[met->at + 1] == '[');
    return close + 2;
}

/* \{ and \}, which part nothing from what stands between them in a formula. */
static size_t convert_brace(struct tex *tex, const struct met *met, char brace)
{
    if (met->mode == TEX_MATH && brace == '}')
        tex_cut_blanks(tex);
    buffer_add_char(&tex->out, brace);
    return met->mode == TEX_MATH && brace == '{' ? tex_skip_blanks(tex, met->after, met->end)
                                                 : met->after;
}

static size_t convert_control_symbol(struct tex *tex, const struct met *met)
{
    char symbol = tex->text.data[met->at + 1];
    struct view accent = tex_accent_symbol(symbol);

    if (accent.size)
        return tex_convert_accent(tex, met->at, met->after, met->end, accent, met->mode);
    switch (symbol) {
    case '{': case '}':
        return convert_brace(tex, met, symbol);
    case '%': case '&': case '_': case '#': case '$':
        buffer_add_char(&tex->out, symbol);
        return met->after;
    case ' ': case '\n': case '\t': case '\r': case ',': case ';': case ':': case '>':
        return convert_blank(tex, met);
    case '/': case '-': case '@':
        return met->after;
    case '!': case '*':
        return met->mode == TEX_MATH ? met->after : copy_unknown(tex, met);
    case '|':
        buffer_add_string(&tex->out, "‖");
        return met->after;
    case '\\':
        return tex_convert_break(tex, met->after, met->end, met->mode);
    case '(': case '[':
        return convert_delimited(tex, met);
    default:
        return copy_unknown(tex, met);
    }
}

size_t tex_convert_command(struct tex *tex, size_t at, size_t end, enum tex_mode mode)
{
    struct met met = {tex_command_name(tex, at, end), at, at + 1, end, mode};

    if (met.name.size) {
        met.after += met.name.size;
        return convert_word(tex, &met);
    }
    if (met.after >= end || (unsigned char)tex->text.data[met.after] >= 0x80) {
        buffer_add_char(&tex->out, '\\');
        return met.after;
    }
    met.after++;
    return convert_control_symbol(tex, &met);
}
