#include "summaries/clean.h"

#include <utf8proc.h>

#include "base/utf8.h"

static const struct {
    int32_t first, last;
} dropped[] = {
    {0x00, 0x08},       {0x0B, 0x1F},       {0x7F, 0x9F},
    {0xAD, 0xAD},       /* soft hyphen */
    {0x034F, 0x034F},   /* combining grapheme joiner */
    {0x061C, 0x061C},   /* Arabic letter mark */
    {0x115F, 0x1160},   /* Hangul fillers */
    {0x17B4, 0x17B5},   /* Khmer vowels that show nothing */
    {0x180B, 0x180E},   /* Mongolian selectors */
    {0x200B, 0x200B},   /* zero width space; U+200C and U+200D join emoji and Persian */
    {0x200E, 0x200F},   {0x2028, 0x202E},   {0x2060, 0x206F},
    {0x3164, 0x3164},   {0xD800, 0xDFFF},   {0xFDD0, 0xFDEF},
    {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},
    {0xFFFE, 0xFFFF},   {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
    {0xE0000, 0xE0FFF}, /* tags, and more variation selectors */
};

bool clean_drops(int32_t codepoint)
{
    for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++)
        if (codepoint >= dropped[i].first && codepoint <= dropped[i].last)
            return true;
    return codepoint > 0xFFFF && (codepoint & 0xFFFE) == 0xFFFE;
}

static bool is_mark(int32_t codepoint)
{
    utf8proc_category_t category;

    if (codepoint < 0x300)
        return false;
    category = utf8proc_category(codepoint);
    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ME ||
           codepoint == 0x200C || codepoint == 0x200D;
}

static size_t count_replacements(struct view text)
{
    size_t count = 0;

    for (size_t at = 0; (at = view_find(text, VIEW("\xEF\xBF\xBD"), at)) < text.size; at++)
        count++;
    return count;
}

size_t clean_add(struct buffer *out, struct view text)
{
    struct buffer valid;
    struct view rest;
    size_t marks = 0, replaced;

    buffer_init(&valid, text.size * 3 + 1);
    utf8_add_clean(&valid, text);
    rest = buffer_view(&valid);
    for (size_t at = 0; at < rest.size;) {
        int32_t codepoint;
        size_t size = utf8_decode(rest, at, &codepoint);

        marks = is_mark(codepoint) ? marks + 1 : 0;
        if (codepoint == 0x2028 || codepoint == 0x2029)
            buffer_add_char(out, '\n');
        else if (!clean_drops(codepoint) && marks <= CLEAN_MARKS)
            buffer_add_view(out, view_slice(rest, at, at + size));
        at += size;
    }
    replaced = count_replacements(rest) - count_replacements(text);
    buffer_free(&valid);
    return replaced;
}
