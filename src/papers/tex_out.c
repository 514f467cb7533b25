#include "papers/tex_parts.h"

#include <string.h>
#include <utf8proc.h>

#include "base/utf8.h"

bool tex_is_alphanumeric(int32_t codepoint)
{
    if (codepoint < 0x80)
        return (codepoint >= '0' && codepoint <= '9') || (codepoint >= 'a' && codepoint <= 'z') ||
               (codepoint >= 'A' && codepoint <= 'Z');
    switch (utf8proc_category(codepoint)) {
    case UTF8PROC_CATEGORY_LU: case UTF8PROC_CATEGORY_LL: case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM: case UTF8PROC_CATEGORY_LO: case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NO:
        return true;
    default:
        return codepoint == 0x2202 || codepoint == 0x2207; /* ∂ and ∇ begin an operand */
    }
}

static bool is_alphanumeric_at(struct view text, size_t at)
{
    int32_t codepoint;

    if (at >= text.size)
        return false;
    utf8_decode(text, at, &codepoint);
    return tex_is_alphanumeric(codepoint);
}

/* Sums, integrals and roots begin an operand as letters do. */
static bool begins_operand(struct view text)
{
    int32_t codepoint;

    if (!text.size)
        return false;
    utf8_decode(text, 0, &codepoint);
    return tex_is_alphanumeric(codepoint) || (codepoint >= 0x220F && codepoint <= 0x2211) ||
           (codepoint >= 0x221A && codepoint <= 0x221C) ||
           (codepoint >= 0x222B && codepoint <= 0x2230);
}

void tex_add(struct tex *tex, struct view view)
{
    if (tex->gap_at && tex->gap_at == tex->out.size && begins_operand(view))
        buffer_add_char(&tex->out, ' ');
    buffer_add_view(&tex->out, view);
}

bool tex_ends_with_blank(const struct tex *tex, size_t start)
{
    return tex->out.size > start && strchr(" \n\t\r", tex->out.data[tex->out.size - 1]) != NULL;
}

void tex_add_blank(struct tex *tex)
{
    if (tex->out.size && !tex_ends_with_blank(tex, 0))
        buffer_add_char(&tex->out, ' ');
}

void tex_add_apart(struct tex *tex, struct view view)
{
    size_t last = tex->out.size;

    while (last > tex->formula_at && ((unsigned char)tex->out.data[last - 1] & 0xC0) == 0x80)
        last--;
    if (last > tex->formula_at && is_alphanumeric_at(buffer_view(&tex->out), last - 1))
        buffer_add_char(&tex->out, ' ');
    tex_add(tex, view);
}

void tex_insert(struct tex *tex, size_t at, const char *text)
{
    size_t old_size = tex->out.size, size = strlen(text);

    buffer_add(&tex->out, text, size);
    if (tex->out.failed)
        return;
    memmove(tex->out.data + at + size, tex->out.data + at, old_size - at);
    memcpy(tex->out.data + at, text, size);
}

void tex_replace_tail(struct tex *tex, size_t start, struct view tail)
{
    buffer_cut(&tex->out, start);
    buffer_add_view(&tex->out, tail);
}
