#include "base/utf8.h"

#include <stdlib.h>
#include <utf8proc.h>

#include "base/ascii.h"

/* Length of the well-formed sequence at `at`, or 0, and then `*ret_subpart` is
 * the length of the maximal ill-formed subpart (Unicode table 3-7). */
static size_t sequence_length(struct view text, size_t at, size_t *ret_subpart)
{
    const unsigned char *bytes = (const unsigned char *)text.data + at;
    size_t left = text.size - at, length;
    unsigned char low = 0x80, high = 0xBF;

    *ret_subpart = 1;
    if (bytes[0] < 0x80)
        return 1;
    if (bytes[0] >= 0xC2 && bytes[0] <= 0xDF)
        length = 2;
    else if (bytes[0] >= 0xE0 && bytes[0] <= 0xEF)
        length = 3;
    else if (bytes[0] >= 0xF0 && bytes[0] <= 0xF4)
        length = 4;
    else
        return 0;
    if (bytes[0] == 0xE0)
        low = 0xA0;
    else if (bytes[0] == 0xED)
        high = 0x9F;
    else if (bytes[0] == 0xF0)
        low = 0x90;
    else if (bytes[0] == 0xF4)
        high = 0x8F;
    for (size_t i = 1; i < length; i++) {
        if (i >= left || bytes[i] < low || bytes[i] > high) {
            *ret_subpart = i;
            return 0;
        }
        low = 0x80;
        high = 0xBF;
    }
    return length;
}

size_t utf8_decode(struct view text, size_t at, int32_t *ret_codepoint)
{
    const unsigned char *bytes = (const unsigned char *)text.data + at;
    size_t subpart, length = sequence_length(text, at, &subpart);

    switch (length) {
    case 1:
        *ret_codepoint = bytes[0];
        return 1;
    case 2:
        *ret_codepoint = (bytes[0] & 0x1F) << 6 | (bytes[1] & 0x3F);
        return 2;
    case 3:
        *ret_codepoint = (bytes[0] & 0x0F) << 12 | (bytes[1] & 0x3F) << 6 | (bytes[2] & 0x3F);
        return 3;
    case 4:
        *ret_codepoint = (bytes[0] & 0x07) << 18 | (bytes[1] & 0x3F) << 12 |
                         (bytes[2] & 0x3F) << 6 | (bytes[3] & 0x3F);
        return 4;
    default:
        *ret_codepoint = 0xFFFD;
        return 1;
    }
}

size_t utf8_encode(int32_t codepoint, char bytes[4])
{
    if (!utf8proc_codepoint_valid(codepoint))
        return 0;
    return (size_t)utf8proc_encode_char(codepoint, (utf8proc_uint8_t *)bytes);
}

void utf8_add(struct buffer *buffer, int32_t codepoint)
{
    char bytes[4];

    buffer_add(buffer, bytes, utf8_encode(codepoint, bytes));
}

bool utf8_is_valid(struct view text)
{
    for (size_t at = 0, length, subpart; at < text.size; at += length) {
        length = sequence_length(text, at, &subpart);
        if (!length)
            return false;
    }
    return true;
}

static bool is_control(int32_t codepoint)
{
    return codepoint < 0x20 || (codepoint >= 0x7F && codepoint <= 0x9F);
}

size_t utf8_add_clean(struct buffer *buffer, struct view text)
{
    size_t changes = 0;

    for (size_t at = 0; at < text.size;) {
        size_t subpart, length = sequence_length(text, at, &subpart);
        int32_t codepoint;

        if (!length) {
            utf8_add(buffer, 0xFFFD);
            changes++;
            at += subpart;
            continue;
        }
        utf8_decode(text, at, &codepoint);
        if (codepoint == '\r') {
            buffer_add_char(buffer, '\n');
            if (at + 1 < text.size && text.data[at + 1] == '\n')
                length++;
        } else if (codepoint == '\n' || codepoint == '\t' || !is_control(codepoint)) {
            buffer_add(buffer, text.data + at, length);
        } else {
            changes++;
        }
        at += length;
    }
    return changes;
}

struct view utf8_prefix(struct view text, size_t max_bytes)
{
    if (text.size <= max_bytes)
        return text;
    while (max_bytes > 0 && ((unsigned char)text.data[max_bytes] & 0xC0) == 0x80)
        max_bytes--;
    return view_slice(text, 0, max_bytes);
}

size_t utf8_width(struct view text)
{
    size_t width = 0;
    int32_t codepoint;

    for (size_t at = 0; at < text.size;) {
        at += utf8_decode(text, at, &codepoint);
        width += (size_t)utf8proc_charwidth(codepoint);
    }
    return width;
}

size_t utf8_length(struct view text)
{
    size_t length = 0;
    int32_t codepoint;

    for (size_t at = 0; at < text.size; length++)
        at += utf8_decode(text, at, &codepoint);
    return length;
}

void utf8_add_folded(struct buffer *buffer, struct view text)
{
    utf8proc_uint8_t *folded = NULL;
    utf8proc_ssize_t size =
        utf8proc_map((const utf8proc_uint8_t *)text.data, (utf8proc_ssize_t)text.size, &folded,
                     UTF8PROC_CASEFOLD | UTF8PROC_COMPOSE | UTF8PROC_STABLE);

    if (size < 0)
        buffer->failed = true;
    else
        buffer_add(buffer, folded, (size_t)size);
    free(folded);
}

/* ---- lower case ---- */

enum { CAPITAL_SIGMA = 0x3A3, SIGMA = 0x3C3, FINAL_SIGMA = 0x3C2, CAPITAL_DOTTED_I = 0x130,
       DOT_ABOVE = 0x307 };

static bool is_cased(int32_t codepoint)
{
    utf8proc_category_t category = utf8proc_category(codepoint);

    return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LL ||
           category == UTF8PROC_CATEGORY_LT || codepoint == 0xAA || codepoint == 0xBA ||
           (codepoint >= 0x2160 && codepoint <= 0x217F) || /* Roman numerals */
           (codepoint >= 0x24B6 && codepoint <= 0x24E9);   /* circled letters */
}

/* Unicode's Case_Ignorable (chapter 3.13): marks, and punctuation inside of words. */
static bool is_case_ignorable(int32_t codepoint)
{
    static const int32_t inside[] = {'\'',   '.',    ':',    0xB7,   0x387,  0x55F,
                                     0x5F4,  0x2018, 0x2019, 0x2024, 0x2027, 0xFE13,
                                     0xFE52, 0xFE55, 0xFF07, 0xFF0E, 0xFF1A};

    for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
        if (codepoint == inside[i])
            return true;
    switch (utf8proc_category(codepoint)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
        return true;
    default:
        return false;
    }
}

/* The end of a word, by Unicode's condition Final_Sigma: the sigma between `before`
 * and `after` follows a cased letter, and none follows it. */
static bool is_final_sigma(struct view before, struct view after)
{
    int32_t codepoint = 0;

    do {
        size_t at = before.size;

        if (!at)
            return false;
        while (at > 0 && ((unsigned char)before.data[--at] & 0xC0) == 0x80)
            ;
        utf8_decode(before, at, &codepoint);
        before.size = at;
    } while (is_case_ignorable(codepoint));
    if (!is_cased(codepoint))
        return false;
    for (size_t at = 0; at < after.size;) {
        at += utf8_decode(after, at, &codepoint);
        if (!is_case_ignorable(codepoint))
            return !is_cased(codepoint);
    }
    return true;
}

void utf8_add_lower(struct buffer *buffer, struct view text)
{
    int32_t codepoint;

    for (size_t at = 0; at < text.size;) {
        unsigned char byte = (unsigned char)text.data[at];
        size_t start = at;

        if (byte < 0x80) {
            buffer_add_char(buffer, ascii_lower((char)byte));
            at++;
            continue;
        }
        at += utf8_decode(text, at, &codepoint);
        if (codepoint == CAPITAL_SIGMA)
            utf8_add(buffer, is_final_sigma(view_slice(text, 0, start),
                                            view_slice(text, at, text.size)) ? FINAL_SIGMA : SIGMA);
        else
            utf8_add(buffer, codepoint == CAPITAL_DOTTED_I ? 'i' : utf8proc_tolower(codepoint));
        if (codepoint == CAPITAL_DOTTED_I)
            utf8_add(buffer, DOT_ABOVE);
    }
}
