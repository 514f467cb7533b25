#include <utf8proc.h>

#include "base/utf8.h"
#include "summaries/pdf_text.h"

enum { GROWTH = 3 /* at most: the replacement for an ill-formed byte */ };

static bool is_letter(int32_t codepoint)
{
    switch (utf8proc_category(codepoint)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
        return true;
    default:
        return false;
    }
}

/* Those of the direction of writing, and others without a width of their own. */
static bool is_unseen(int32_t codepoint)
{
    return codepoint == 0x200B || codepoint == 0x200E || codepoint == 0x200F ||
           (codepoint >= 0x202A && codepoint <= 0x202E) ||
           (codepoint >= 0x2060 && codepoint <= 0x206F) || codepoint == 0x061C ||
           codepoint == 0xFEFF;
}

static bool is_space(int32_t codepoint)
{
    return codepoint == ' ' || codepoint == '\t' ||
           utf8proc_category(codepoint) == UTF8PROC_CATEGORY_ZS;
}

/* ---- words cut at the end of a line ---- */

enum { SOFT_HYPHEN = 0xAD, HYPHEN = 0x2010 };

/* The last character before `end`; 0: there is none. */
static int32_t character_before(struct view text, size_t end, size_t *ret_start)
{
    int32_t codepoint = 0;
    size_t start = end;

    while (start > 0 && ((unsigned char)text.data[--start] & 0xC0) == 0x80)
        ;
    if (end)
        utf8_decode(text, start, &codepoint);
    *ret_start = start;
    return codepoint;
}

/* Whether the word before `end` has a hyphen inside: state-of-. */
static bool is_compound(struct view text, size_t end)
{
    while (end > 0 && text.data[end - 1] != ' ' && text.data[end - 1] != '\n')
        if (text.data[--end] == '-')
            return true;
    return false;
}

/* Where the text that ends in a cut word ends without what cut it; `*ret_is_cut` false: it
 * is none. A hyphen that belongs to the word stays: GPT-4, state-of-the-art. */
static size_t find_cut(struct view text, struct view next, bool *ret_is_cut)
{
    size_t start, before;
    int32_t last = character_before(text, text.size, &start), first = 0;

    *ret_is_cut = false;
    if ((last != '-' && last != HYPHEN && last != SOFT_HYPHEN) || !next.size ||
        !is_letter(character_before(text, start, &before)))
        return text.size;
    *ret_is_cut = true;
    utf8_decode(next, 0, &first);
    if (last == SOFT_HYPHEN)
        return start;
    return utf8proc_category(first) == UTF8PROC_CATEGORY_LL && !is_compound(text, start)
               ? start
               : text.size;
}

/* ---- lines ---- */

/* Its characters, one blank between words, none at the ends. */
static void add_line(struct view line, struct buffer *out)
{
    bool has_blank = false;
    size_t before = out->size;
    int32_t codepoint;

    for (size_t at = 0, bytes; at < line.size; at += bytes) {
        bytes = utf8_decode(line, at, &codepoint);
        if (is_unseen(codepoint))
            continue;
        if (is_space(codepoint)) {
            has_blank = out->size > before;
            continue;
        }
        if (has_blank)
            buffer_add_char(out, ' ');
        has_blank = false;
        buffer_add(out, line.data + at, bytes);
    }
}

static void add_lines(struct view text, struct buffer *line, struct buffer *out)
{
    bool has_gap = false;
    struct view raw;

    while (view_next_line(&text, &raw)) {
        bool is_cut = false;
        size_t end = out->size;

        buffer_clear(line);
        add_line(raw, line);
        if (!line->size) {
            has_gap = true;
            continue;
        }
        if (!has_gap)
            end = find_cut(buffer_view(out), buffer_view(line), &is_cut);
        buffer_cut(out, end);
        if (out->size && !is_cut)
            buffer_add_string(out, has_gap ? "\n\n" : "\n");
        buffer_add_view(out, buffer_view(line));
        has_gap = false;
    }
    if (out->size)
        buffer_add_char(out, '\n');
}

/* As lines of valid text. */
static void add_pages(struct view printed, struct buffer *out)
{
    struct view page;

    while (view_next_part(&printed, '\f', &page)) {
        utf8_add_clean(out, page);
        buffer_add_string(out, "\n\n");
    }
}

/* The beginning that ends with a line or at least with a character. */
static struct view cut_to(struct view text, size_t bytes)
{
    struct view start = utf8_prefix(text, bytes);
    size_t end = start.size;

    if (start.size == text.size)
        return text;
    while (end > 0 && start.data[end - 1] != '\n')
        end--;
    return end ? view_slice(start, 0, end) : start;
}

void pdf_text_tidy(struct view printed, struct buffer *out)
{
    size_t most = printed.size * GROWTH + GROWTH;
    struct buffer pages, line, text;

    buffer_init(&pages, most);
    buffer_init(&line, most);
    buffer_init(&text, most);
    add_pages(printed, &pages);
    add_lines(buffer_view(&pages), &line, &text);
    buffer_add_view(out, cut_to(buffer_view(&text), out->max - out->size));
    buffer_free(&pages);
    buffer_free(&line);
    buffer_free(&text);
}
