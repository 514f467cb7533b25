#include "papers/tex.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "papers/tex_parts.h"

size_t tex_convert_one(struct tex *tex, size_t at, size_t end, enum tex_mode mode)
{
    switch (tex->text.data[at]) {
    case '\\':
        return tex_convert_command(tex, at, end, mode);
    case '{':
        return tex_convert_group(tex, at, end, mode);
    default:
        return mode == TEX_MATH ? tex_convert_math(tex, at, end) : tex_convert_text(tex, at, end);
    }
}

void tex_convert(struct tex *tex, size_t at, size_t end, enum tex_mode mode)
{
    size_t outer_range = tex->range_at;

    if (tex->depth >= TEX_DEPTH) {
        tex_add(tex, view_slice(tex->text, at, end));
        return;
    }
    tex->depth++;
    tex->range_at = tex->out.size;
    while (at < end)
        at = tex_convert_one(tex, at, end, mode);
    tex->range_at = outer_range;
    tex->depth--;
}

bool tex_add_argument(struct tex *tex, size_t *at, size_t end, enum tex_mode mode)
{
    size_t place = tex_skip_blanks(tex, *at, end), outer_range = tex->range_at, start, stop;

    if (place < end && tex->text.data[place] == '\\') {
        if (tex->depth >= TEX_DEPTH)
            return false;
        tex->depth++;
        tex->range_at = tex->out.size;
        *at = tex_convert_one(tex, place, end, mode);
        tex->range_at = outer_range;
        tex->depth--;
        return true;
    }
    if (!tex_take_argument(tex, at, end, &start, &stop))
        return false;
    if (tex->text.data[place] == '{')
        tex_convert(tex, start, stop, mode);
    else
        tex_add(tex, view_slice(tex->text, start, stop));
    return true;
}

/* A letter of words, not one of formulas: Latin. */
static bool is_letter_at(struct view text, size_t at)
{
    enum { LATIN_END = 0x250 };
    int32_t codepoint;

    if (at >= text.size)
        return false;
    utf8_decode(text, at, &codepoint);
    return tex_is_alphanumeric(codepoint) && codepoint < LATIN_END &&
           !(codepoint >= '0' && codepoint <= '9');
}

static bool is_digit_at(struct view text, size_t at)
{
    return at < text.size && text.data[at] >= '0' && text.data[at] <= '9';
}

/* Braces that only keep TeX from changing what is inside ("{B}ayesian",
 * "{van der Berg}", "1{,}000"), as against those of sets and of code. */
static bool is_protected_word(struct view text, size_t start, size_t stop)
{
    bool is_between_digits = start > 1 && is_digit_at(text, start - 2) &&
                             is_digit_at(text, stop + 1);
    bool is_between_letters = is_letter_at(text, stop + 1) ||
                              (start > 1 && is_letter_at(text, start - 2));
    bool has_letter = false;

    if (stop == start + 1 && is_between_digits)
        return true;
    if (start < stop && (text.data[start] == ' ' || text.data[stop - 1] == ' '))
        return false;
    for (size_t at = start; at < stop;) {
        int32_t codepoint;
        size_t length = utf8_decode(text, at, &codepoint);

        if (is_letter_at(text, at))
            has_letter = true;
        else if (!is_digit_at(text, at) && codepoint != ' ' && codepoint != '-')
            return false;
        at += length;
    }
    return has_letter && (stop - start > 1 || is_between_letters);
}

size_t tex_convert_group(struct tex *tex, size_t at, size_t end, enum tex_mode mode)
{
    size_t start, stop, out_start = tex->out.size;
    struct view source, result;

    if (!tex_take_group(tex, &at, end, &start, &stop)) {
        buffer_add_char(&tex->out, '{');
        return at + 1;
    }
    tex_convert(tex, start, stop, mode);
    if (mode == TEX_MATH)
        return at;
    source = view_slice(tex->text, start, stop);
    result = view_slice(buffer_view(&tex->out), out_start, tex->out.size);
    if (view_equal(source, result) && !is_protected_word(tex->text, start, stop)) {
        tex_insert(tex, out_start, "{");
        buffer_add_char(&tex->out, '}');
    }
    return at;
}

/* Is there nothing that could change? Most texts are like that. */
static bool is_plain(struct view text)
{
    static const struct byte_set marks = {
        .has = {['\\'] = 1, ['$'] = 1, ['{'] = 1, ['^'] = 1, ['_'] = 1, ['~'] = 1, ['`'] = 1,
                ['-'] = 1, ['\''] = 1}};

    for (size_t at = 0; (at = tex_skip_plain(text, at)) < text.size;) {
        struct view step = view_slice(text, 0, at + TEX_STEP_BYTES);

        for (; (at = view_find_any(step, &marks, at)) < step.size; at++) {
            bool means_something_doubled = text.data[at] == '-' || text.data[at] == '\'';

            if (!means_something_doubled ||
                (at + 1 < text.size && text.data[at + 1] == text.data[at]))
                return false;
        }
    }
    return true;
}

/* Room for the partners of a text of usual length. */
enum { USUAL_BYTES = 4096 };

/* To `out`, which is empty and has room: a conversion counts places from its start. */
static void convert(struct view text, struct buffer *out)
{
    uint32_t usual[USUAL_BYTES];
    uint32_t *longer = text.size > USUAL_BYTES ? memory_resize(NULL, text.size, sizeof *longer)
                                               : NULL;
    struct tex tex = {.text = text, .partner = longer ? longer : usual, .out = *out};

    tex_match_pairs(text, tex.partner);
    buffer_reserve(&tex.out, text.size);
    tex_convert(&tex, 0, text.size, TEX_TEXT);
    *out = tex.out;
    free(longer);
    if (!view_trim(buffer_view(out)).size) {
        buffer_clear(out);
        buffer_add_view(out, text);
    }
}

bool tex_to_unicode_if_any(struct view text, struct buffer *out)
{
    struct buffer converted;

    /* Places are kept in 32 bits; nothing near that size is a title. */
    if (is_plain(text) || text.size >= UINT32_MAX / TEX_GROWTH)
        return false;
    if (!out->size && !out->failed && out->max >= text.size * TEX_GROWTH) {
        convert(text, out);
        return true;
    }
    buffer_init(&converted, text.size * TEX_GROWTH);
    convert(text, &converted);
    buffer_add_view(out, buffer_view(&converted));
    buffer_free(&converted);
    return true;
}

void tex_to_unicode(struct view text, struct buffer *out)
{
    if (!tex_to_unicode_if_any(text, out))
        buffer_add_view(out, text);
}
