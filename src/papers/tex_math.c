#include "papers/tex_parts.h"

#include <string.h>

#include "base/utf8.h"

static void cut_blanks(struct tex *tex, size_t start)
{
    while (tex_ends_with_blank(tex, start))
        buffer_cut(&tex->out, tex->out.size - 1);
}

/* Nothing may be cut that was there before this formula, group or argument. */
static size_t inner_start(const struct tex *tex)
{
    return tex->range_at > tex->formula_at ? tex->range_at : tex->formula_at;
}

void tex_cut_blanks(struct tex *tex)
{
    cut_blanks(tex, inner_start(tex));
}

void tex_convert_formula(struct tex *tex, size_t start, size_t end, bool is_display)
{
    size_t outer_formula = tex->formula_at;
    bool outer_table = tex->in_table;

    if (is_display && tex->out.size > outer_formula &&
        !strchr("([{", tex->out.data[tex->out.size - 1]))
        tex_add_blank(tex);
    tex->formula_at = tex->out.size;
    tex->in_table = is_display;
    tex_convert(tex, start, end, TEX_MATH);
    cut_blanks(tex, tex->formula_at);
    if (is_display)
        tex->gap_at = tex->out.size;
    tex->script_at = 0;
    tex->formula_at = outer_formula;
    tex->in_table = outer_table;
}

static size_t add_math_blank(struct tex *tex, size_t at, size_t end)
{
    if (tex->out.size > tex->formula_at)
        tex_add_blank(tex);
    return tex_skip_blanks(tex, at, end);
}

static size_t convert_primes(struct tex *tex, size_t at, size_t end)
{
    size_t next = at;

    while (next < end && tex->text.data[next] == '\'')
        next++;
    for (; next - at >= 2; at += 2)
        buffer_add_string(&tex->out, "″");
    if (next > at)
        buffer_add_string(&tex->out, "′");
    return next;
}

size_t tex_convert_break(struct tex *tex, size_t at, size_t end, enum tex_mode mode)
{
    struct view option;
    size_t next = at;

    if (mode == TEX_TEXT || !tex->in_table) {
        tex_add_blank(tex);
        return tex_skip_blanks(tex, next, end);
    }
    tex_take_option(tex, &next, end, &option);
    next = tex_skip_blanks(tex, next, end);
    cut_blanks(tex, inner_start(tex));
    if (next < end && tex->out.size > tex->formula_at) {
        if (!strchr(",;.:", tex->out.data[tex->out.size - 1]))
            buffer_add_char(&tex->out, ';');
        buffer_add_char(&tex->out, ' ');
    }
    return next;
}

size_t tex_convert_script(struct tex *tex, size_t at, size_t end)
{
    size_t next = at + 1, out_start = tex->out.size, outer_formula = tex->formula_at;
    bool is_superscript = tex->text.data[at] == '^', is_there;

    tex->formula_at = out_start;
    is_there = tex_add_argument(tex, &next, end, TEX_MATH);
    tex->formula_at = outer_formula;
    if (!is_there) {
        buffer_add_char(&tex->out, tex->text.data[at]);
        return at + 1;
    }
    tex_make_script(tex, out_start, is_superscript);
    tex->script_at = next;
    return next;
}

static bool is_special(char c)
{
    switch (c) {
    case '\\': case '{': case '$': case '^': case '_': case '~': case '\'': case '&': case ' ':
    case '\t': case '\n': case '\r':
        return true;
    default:
        return false;
    }
}

size_t tex_convert_math(struct tex *tex, size_t at, size_t end)
{
    size_t next = at + 1;

    switch (tex->text.data[at]) {
    case ' ': case '\t': case '\n': case '\r': case '~':
        return add_math_blank(tex, next, end);
    case '&':
        if (tex->in_table)
            return add_math_blank(tex, next, end);
        break;
    case '^': case '_':
        tex_cut_blanks(tex);
        return tex_convert_script(tex, at, end);
    case '\'':
        return convert_primes(tex, at, end);
    case '$': /* a formula in a formula */
        return next;
    default:
        while (next < end && !is_special(tex->text.data[next]))
            next++;
    }
    tex_add(tex, view_slice(tex->text, at, next));
    return next;
}

/* Arguments as TeX takes them, one token or group each, so that it is known
 * that they are there before the first is converted: nothing is done twice. */
struct operands {
    size_t start[2], stop[2];
};

static bool take_operands(const struct tex *tex, size_t *at, size_t end, struct operands *ret_taken)
{
    size_t next = *at;

    for (int i = 0; i < 2; i++)
        if (!tex_take_argument(tex, &next, end, &ret_taken->start[i], &ret_taken->stop[i]))
            return false;
    *at = next;
    return true;
}

static void end_operand(struct tex *tex, size_t out_start, bool is_denominator)
{
    cut_blanks(tex, out_start);
    tex_bracket_operand(tex, out_start, is_denominator);
}

static void convert_operand(struct tex *tex, const struct operands *taken, int which,
                            enum tex_mode mode)
{
    size_t outer_formula = tex->formula_at;

    tex->formula_at = tex->out.size;
    tex_convert(tex, taken->start[which], taken->stop[which], mode);
    tex->formula_at = outer_formula;
}

size_t tex_convert_fraction(struct tex *tex, size_t at, size_t end, enum tex_mode mode)
{
    struct operands taken;
    size_t out_start;

    if (!take_operands(tex, &at, end, &taken))
        return at;
    tex_add_apart(tex, VIEW(""));
    out_start = tex->out.size;
    convert_operand(tex, &taken, 0, mode);
    end_operand(tex, out_start, false);
    buffer_add_char(&tex->out, '/');
    out_start = tex->out.size;
    convert_operand(tex, &taken, 1, mode);
    end_operand(tex, out_start, true);
    tex->gap_at = tex->out.size;
    return at;
}

size_t tex_convert_over(struct tex *tex, size_t at, size_t end)
{
    size_t out_start;

    end_operand(tex, tex->range_at, false);
    buffer_add_char(&tex->out, '/');
    out_start = tex->out.size;
    tex_convert(tex, tex_skip_blanks(tex, at, end), end, TEX_MATH);
    end_operand(tex, out_start, true);
    return end;
}

static void add_root_sign(struct tex *tex, struct view degree)
{
    size_t start = tex->out.size;

    if (!degree.size || view_equal_string(degree, "2"))
        buffer_add_string(&tex->out, "√");
    else if (view_equal_string(degree, "3"))
        buffer_add_string(&tex->out, "∛");
    else if (view_equal_string(degree, "4"))
        buffer_add_string(&tex->out, "∜");
    else {
        buffer_add_view(&tex->out, degree);
        tex_make_script(tex, start, true);
        buffer_add_string(&tex->out, "√");
    }
}

size_t tex_convert_root(struct tex *tex, size_t at, size_t end, enum tex_mode mode)
{
    struct view degree = {NULL, 0};
    size_t next = tex_skip_blanks(tex, at, end), out_start = tex->out.size;
    size_t outer_formula = tex->formula_at, operand;

    if (tex->gap_at == tex->out.size && tex->out.size > tex->formula_at)
        tex_add_blank(tex);
    tex_take_option(tex, &next, end, &degree);
    add_root_sign(tex, degree);
    operand = tex->formula_at = tex->out.size;
    if (!tex_add_argument(tex, &next, end, mode)) {
        buffer_cut(&tex->out, out_start);
        next = at;
    } else {
        end_operand(tex, operand, true);
        tex->gap_at = tex->out.size;
    }
    tex->formula_at = outer_formula;
    return next;
}

size_t tex_convert_binomial(struct tex *tex, size_t at, size_t end, enum tex_mode mode)
{
    struct operands taken;

    if (!take_operands(tex, &at, end, &taken))
        return at;
    buffer_add_char(&tex->out, '(');
    convert_operand(tex, &taken, 0, mode);
    buffer_add_string(&tex->out, " choose ");
    convert_operand(tex, &taken, 1, mode);
    buffer_add_char(&tex->out, ')');
    return at;
}

/* Is it one letter, maybe with scripts? A hat over more than that is left out. */
static bool is_one_letter(struct view text)
{
    size_t letters = 0;

    for (size_t at = 0; at < text.size;) {
        int32_t codepoint;

        at += utf8_decode(text, at, &codepoint);
        if (codepoint < 0x80 && tex_is_alphanumeric(codepoint))
            letters++;
        else if (codepoint >= 0x370 && codepoint < 0x400)
            letters++;
        else if (codepoint < 0x80)
            return text.size == 1;
        if (letters > 1)
            return false;
    }
    return text.size > 0;
}

size_t tex_convert_hat(struct tex *tex, size_t at, size_t end, struct view combining,
                       enum tex_mode mode)
{
    size_t next = at, out_start = tex->out.size;

    if (!tex_add_argument(tex, &next, end, mode)) {
        buffer_cut(&tex->out, out_start);
        return at;
    }
    if (is_one_letter(view_slice(buffer_view(&tex->out), out_start, tex->out.size)))
        tex_put_mark(tex, out_start, combining, false);
    return next;
}
