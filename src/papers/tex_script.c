#include "papers/tex_parts.h"

#include <string.h>

#include "base/utf8.h"

/* Super- and subscript forms, of those that ordinary fonts have. */
static const struct {
    const char *plain, *superscript, *subscript; /* "" where Unicode has none */
} FORMS[] = {
    {"0", "⁰", "₀"}, {"1", "¹", "₁"}, {"2", "²", "₂"}, {"3", "³", "₃"}, {"4", "⁴", "₄"},
    {"5", "⁵", "₅"}, {"6", "⁶", "₆"}, {"7", "⁷", "₇"}, {"8", "⁸", "₈"}, {"9", "⁹", "₉"},
    {"+", "⁺", "₊"}, {"-", "⁻", "₋"}, {"−", "⁻", "₋"}, {"=", "⁼", "₌"}, {"(", "⁽", "₍"},
    {")", "⁾", "₎"}, {"a", "ᵃ", "ₐ"}, {"b", "ᵇ", ""},  {"c", "ᶜ", ""},  {"d", "ᵈ", ""},
    {"e", "ᵉ", "ₑ"}, {"f", "ᶠ", ""},  {"g", "ᵍ", ""},  {"h", "ʰ", "ₕ"}, {"i", "ⁱ", "ᵢ"},
    {"j", "ʲ", "ⱼ"}, {"k", "ᵏ", "ₖ"}, {"l", "ˡ", "ₗ"}, {"m", "ᵐ", "ₘ"}, {"n", "ⁿ", "ₙ"},
    {"o", "ᵒ", "ₒ"}, {"p", "ᵖ", "ₚ"}, {"r", "ʳ", "ᵣ"}, {"s", "ˢ", "ₛ"}, {"t", "ᵗ", "ₜ"},
    {"u", "ᵘ", "ᵤ"}, {"v", "ᵛ", "ᵥ"}, {"w", "ʷ", ""},  {"x", "ˣ", "ₓ"}, {"y", "ʸ", ""},
    {"z", "ᶻ", ""},  {"A", "ᴬ", ""},  {"B", "ᴮ", ""},  {"D", "ᴰ", ""},  {"E", "ᴱ", ""},
    {"G", "ᴳ", ""},  {"H", "ᴴ", ""},  {"I", "ᴵ", ""},  {"J", "ᴶ", ""},  {"K", "ᴷ", ""},
    {"L", "ᴸ", ""},  {"M", "ᴹ", ""},  {"N", "ᴺ", ""},  {"O", "ᴼ", ""},  {"P", "ᴾ", ""},
    {"R", "ᴿ", ""},  {"T", "ᵀ", ""},  {"U", "ᵁ", ""},  {"V", "ⱽ", ""},  {"W", "ᵂ", ""},
    {"β", "ᵝ", "ᵦ"}, {"γ", "ᵞ", "ᵧ"}, {"δ", "ᵟ", ""},  {"θ", "ᶿ", ""},  {"φ", "ᵠ", "ᵩ"},
    {"χ", "ᵡ", "ᵪ"}, {"ρ", "", "ᵨ"},
};

/* Marks that stand raised by themselves. */
static const struct {
    const char *plain, *raised;
} RAISED[] = {{"∘", "°"}, {"°", "°"}, {"′", "′"}, {"″", "″"}, {"†", "†"}, {"‡", "‡"}, {"⊤", "ᵀ"}};

static const char *script_form(struct view character, bool superscript)
{
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++)
        if (view_equal_string(character, FORMS[i].plain))
            return superscript ? FORMS[i].superscript : FORMS[i].subscript;
    return "";
}

static bool is_ascii_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* All of it in small characters. False when one has none, or when it holds a
 * word: "x_max" reads better than tiny letters, and can be searched for. */
static bool make_small(struct view script, bool superscript, struct buffer *small)
{
    enum { LONGEST_WORD = 2 };
    bool is_decimal = script.size > 2 && script.data[0] >= '0' && script.data[0] <= '9' &&
                      script.data[script.size - 1] != '.';
    size_t row = 0;

    for (size_t at = 0; at < script.size;) {
        int32_t codepoint;
        size_t length = utf8_decode(script, at, &codepoint);
        const char *form = script_form(view_slice(script, at, at + length), superscript);

        if (codepoint == '.' && !superscript && is_decimal)
            form = "."; /* as chemists write it */
        row = is_ascii_letter(script.data[at]) ? row + 1 : 0;
        if (row > LONGEST_WORD || (!form[0] && codepoint != ' '))
            return false;
        buffer_add_string(small, form);
        at += length;
    }
    return small->size > 0;
}

/* Combining marks, primes, and the blocks that small letters and digits are in. */
static bool is_script_or_mark(int32_t codepoint)
{
    return (codepoint >= 0x300 && codepoint < 0x370) || codepoint == 0x2032 ||
           codepoint == 0x2033 || codepoint == '\'' || codepoint == '^' || codepoint == '_' ||
           (codepoint >= 0x2B0 && codepoint < 0x300) || codepoint == 0xB2 || codepoint == 0xB3 ||
           codepoint == 0xB9 || (codepoint >= 0x1D2C && codepoint <= 0x1DBF) ||
           (codepoint >= 0x2070 && codepoint <= 0x209C) || codepoint == 0x2C7C ||
           codepoint == 0x2C7D;
}

/* One character, or plain letters and digits only: needs no brackets. */
static bool is_simple(struct view script, bool is_superscript)
{
    size_t count = 0;
    bool is_word = true, is_stars = true, has_digit = false, has_letter = false;

    for (size_t at = 0; at < script.size; count++) {
        int32_t codepoint;

        at += utf8_decode(script, at, &codepoint);
        is_word &= (codepoint >= 0x300 && codepoint < 0x370) ||
                   (tex_is_alphanumeric(codepoint) && !is_script_or_mark(codepoint));
        has_digit |= codepoint >= '0' && codepoint <= '9';
        has_letter |= codepoint > '9';
        is_stars &= codepoint == '*' || codepoint == 0x2032;
    }
    return count == 1 || is_stars || (is_word && !(is_superscript && has_digit && has_letter));
}

/* Is all of it one bracket with its partner? */
static bool is_bracketed(struct view text)
{
    int depth = 0;

    if (text.size < 2 || text.data[0] != '(')
        return false;
    for (size_t at = 0; at < text.size; at++) {
        depth += (text.data[at] == '(') - (text.data[at] == ')');
        if (!depth)
            return at + 1 == text.size;
    }
    return false;
}

static const char *find_raised(struct view script)
{
    for (size_t i = 0; i < sizeof RAISED / sizeof RAISED[0]; i++)
        if (view_equal_string(script, RAISED[i].plain))
            return RAISED[i].raised;
    return NULL;
}

void tex_make_script(struct tex *tex, size_t start, bool superscript)
{
    struct view script = view_trim(view_slice(buffer_view(&tex->out), start, tex->out.size));
    const char *raised = superscript ? find_raised(script) : NULL;
    struct buffer small, full;

    buffer_init(&small, 4 * script.size + 16);
    buffer_init(&full, script.size + 16);
    if (!script.size) {
        buffer_cut(&tex->out, start);
    } else if (raised) {
        tex_replace_tail(tex, start, view_of(raised));
    } else if (make_small(script, superscript, &small)) {
        tex_replace_tail(tex, start, buffer_view(&small));
    } else {
        bool is_bare = is_simple(script, superscript) || is_bracketed(script);

        buffer_printf(&full, "%c%s", superscript ? '^' : '_', is_bare ? "" : "(");
        buffer_add_view(&full, script);
        buffer_add_string(&full, is_bare ? "" : ")");
        tex_replace_tail(tex, start, buffer_view(&full));
        tex->gap_at = tex->out.size;
    }
    buffer_free(&small);
    buffer_free(&full);
}

/* A product or a sum: what a fraction bar must not tear apart. */
struct operand {
    int parts;   /* letters and numbers side by side, scripts not counted */
    bool is_sum; /* an operator or blank outside brackets */
};

static struct operand look_at_operand(struct view text)
{
    struct operand seen = {0};
    int depth = 0;
    bool in_number = false;

    for (size_t at = 0; at < text.size;) {
        int32_t codepoint;
        size_t length = utf8_decode(text, at, &codepoint);
        bool is_digit = (codepoint >= '0' && codepoint <= '9') || codepoint == '.';

        if (codepoint == ')' || codepoint == ']' || codepoint == '}')
            depth -= depth > 0;
        else if (codepoint == '(' || codepoint == '[' || codepoint == '{')
            seen.parts += !depth++;
        else if (depth || is_script_or_mark(codepoint))
            ;
        else if (is_digit)
            seen.parts += !in_number;
        else if (codepoint == '|' || codepoint == 0x2016 || codepoint == '/' || codepoint == ',')
            seen.is_sum |= codepoint == '/' || codepoint == ',';
        else if (!tex_is_alphanumeric(codepoint) && codepoint != 0x221E && at > 0)
            seen.is_sum = true;
        else if (codepoint != 0x2202 && codepoint != 0x2207 && codepoint != 0x221A &&
                 !(codepoint == 'd' && at == 0 && text.size > 1))
            seen.parts++;
        in_number = is_digit;
        at += length;
    }
    return seen;
}

void tex_bracket_operand(struct tex *tex, size_t start, bool is_denominator)
{
    struct view text = view_slice(buffer_view(&tex->out), start, tex->out.size);
    struct operand seen = look_at_operand(text);

    if (is_bracketed(text) || !(seen.is_sum || (is_denominator && seen.parts > 1)))
        return;
    tex_insert(tex, start, "(");
    buffer_add_char(&tex->out, ')');
}

/* ℝ and the like were in Unicode before the others, at places of their own. */
static int32_t double_struck(char c)
{
    static const struct {
        char plain;
        int32_t codepoint;
    } early[] = {{'C', 0x2102}, {'H', 0x210D}, {'N', 0x2115}, {'P', 0x2119},
                 {'Q', 0x211A}, {'R', 0x211D}, {'Z', 0x2124}};

    for (size_t i = 0; i < sizeof early / sizeof early[0]; i++)
        if (early[i].plain == c)
            return early[i].codepoint;
    if (c >= 'A' && c <= 'Z')
        return 0x1D538 + (c - 'A');
    if (c >= 'a' && c <= 'z')
        return 0x1D552 + (c - 'a');
    return c >= '0' && c <= '9' ? 0x1D7D8 + (c - '0') : 0;
}

void tex_double_strike(struct tex *tex, size_t start)
{
    struct view plain = view_slice(buffer_view(&tex->out), start, tex->out.size);
    struct buffer struck;

    buffer_init(&struck, 4 * plain.size + 4);
    for (size_t i = 0; i < plain.size; i++) {
        int32_t codepoint = double_struck(plain.data[i]);

        if (codepoint)
            utf8_add(&struck, codepoint);
        else
            buffer_add_char(&struck, plain.data[i]);
    }
    tex_replace_tail(tex, start, buffer_view(&struck));
    buffer_free(&struck);
}
