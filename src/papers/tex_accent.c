#include "papers/tex_parts.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/utf8.h"

enum { DOTLESS_I = 0x131, DOTLESS_J = 0x237, DOT_ABOVE = 0x307, ABOVE = 230 };

static int combining_class(int32_t codepoint)
{
    return codepoint < 0x300 ? 0 : utf8proc_get_property(codepoint)->combining_class;
}

/* End of the combining characters that follow at `at`. */
static size_t marks_end(struct view text, size_t at)
{
    enum { MARKS = 8 };
    int32_t mark;

    for (int i = 0; i < MARKS && at < text.size; i++) {
        size_t length = utf8_decode(text, at, &mark);

        if (!combining_class(mark))
            break;
        at += length;
    }
    return at;
}

/* NFC of the letter, its marks and the new one; for free(3); NULL on failure. */
static char *compose(int32_t base, struct view letter, struct view marks, struct view combining)
{
    struct buffer cluster;
    utf8proc_uint8_t *composed = NULL;
    int32_t mark;

    utf8_decode(combining, 0, &mark);
    if (combining_class(mark) == ABOVE && base == DOTLESS_I)
        letter = VIEW("i");
    else if (combining_class(mark) == ABOVE && base == DOTLESS_J)
        letter = VIEW("j");
    if (mark == DOT_ABOVE && view_equal_string(letter, "i"))
        return view_copy_string(letter); /* it has one */
    buffer_init(&cluster, 256);
    buffer_add_view(&cluster, letter);
    buffer_add_view(&cluster, marks);
    buffer_add_view(&cluster, combining);
    if (utf8proc_map((const utf8proc_uint8_t *)cluster.data, (utf8proc_ssize_t)cluster.size,
                     &composed, UTF8PROC_STABLE | UTF8PROC_COMPOSE) < 0)
        composed = NULL;
    buffer_free(&cluster);
    return (char *)composed;
}

bool tex_put_mark(struct tex *tex, size_t start, struct view combining, bool composed_only)
{
    struct view out = buffer_view(&tex->out), letter;
    size_t letter_end, end;
    int32_t base;
    char *composed, *rest;
    bool is_done = false;

    if (start >= out.size)
        return false;
    letter_end = start + utf8_decode(out, start, &base);
    end = marks_end(out, letter_end);
    letter = view_slice(out, start, letter_end);
    composed = compose(base, letter, view_slice(out, letter_end, end), combining);
    if (composed && !(composed_only && view_ends_with(view_of(composed), combining))) {
        rest = view_copy_string(view_slice(out, end, out.size));
        tex_replace_tail(tex, start, view_of(composed));
        buffer_add(&tex->out, rest, out.size - end);
        free(rest);
        is_done = true;
    }
    free(composed);
    return is_done;
}

static bool starts_with_letter(const struct tex *tex, size_t start)
{
    int32_t base;

    if (start >= tex->out.size)
        return false;
    utf8_decode(buffer_view(&tex->out), start, &base);
    return tex_is_alphanumeric(base) && !(base >= '0' && base <= '9');
}

struct view tex_accent_symbol(char symbol)
{
    switch (symbol) {
    case '`':
        return VIEW("\u0300");
    case '\'':
        return VIEW("\u0301");
    case '^':
        return VIEW("\u0302");
    case '~':
        return VIEW("\u0303");
    case '=':
        return VIEW("\u0304");
    case '.':
        return VIEW("\u0307");
    case '"':
        return VIEW("\u0308");
    default:
        return (struct view){NULL, 0};
    }
}

/* `\~{}` and `\^{}` are how a tilde and a caret are written. */
static bool is_tilde_itself(struct tex *tex, size_t at, size_t *next, size_t end)
{
    char symbol = tex->text.data[at + 1];
    size_t place = *next, start, stop;

    if ((symbol != '~' && symbol != '^') || !tex_take_group(tex, &place, end, &start, &stop) ||
        tex_skip_blanks(tex, start, stop) != stop)
        return false;
    buffer_add_char(&tex->out, symbol);
    *next = place;
    return true;
}

/* What an accent that has no letter looks like: as it was, but that `\"` is then
 * a quotation mark that somebody escaped, and `\~` a tilde. */
static struct view bare(const struct tex *tex, size_t at, size_t after)
{
    bool is_escape = tex->text.data[at + 1] == '"' || tex->text.data[at + 1] == '~';

    return view_slice(tex->text, is_escape ? at + 1 : at, after);
}

static size_t add_bare(struct tex *tex, size_t at, size_t after)
{
    buffer_add_view(&tex->out, bare(tex, at, after));
    return after;
}

/* The same before what was converted already, since doing that again could cost
 * exponential time. */
static void put_bare(struct tex *tex, size_t at, size_t after, size_t out_start, bool is_braced)
{
    char *mark = view_copy_string(bare(tex, at, after));

    if (is_braced) {
        tex_insert(tex, out_start, "{");
        buffer_add_char(&tex->out, '}');
    } else if (after < tex->text.size && tex->text.data[after] == ' ') {
        tex_insert(tex, out_start, " ");
    }
    tex_insert(tex, out_start, mark);
    free(mark);
}

size_t tex_convert_accent(struct tex *tex, size_t at, size_t after, size_t end,
                          struct view combining, enum tex_mode mode)
{
    size_t out_start = tex->out.size, next = after, place = tex_skip_blanks(tex, after, end);
    bool is_plain = place < end && !strchr("{\\", tex->text.data[place]);
    bool is_doubled = tex->text.data[at + 1] == '\'' && next < end && tex->text.data[next] == '\'';
    /* `\b x` and `\. Next` are rarely meant as accents. */
    bool composed_only = is_doubled || (is_plain && (after > at + 2 || place > after));

    /* "Schr\''odinger" is what becomes of \" in some forms. */
    if (is_doubled) {
        next++;
        combining = tex_accent_symbol('"');
    }
    if (is_tilde_itself(tex, at, &next, end))
        return next;
    if (!tex_add_argument(tex, &next, end, mode)) {
        buffer_cut(&tex->out, out_start);
        return add_bare(tex, at, after);
    }
    if (!starts_with_letter(tex, out_start) ||
        !tex_put_mark(tex, out_start, combining, composed_only))
        put_bare(tex, at, after, out_start, place < end && tex->text.data[place] == '{');
    return next;
}
