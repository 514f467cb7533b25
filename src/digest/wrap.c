#include "digest/wrap.h"

#include <stdint.h>

#include "base/utf8.h"

static bool is_white(char character)
{
    return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

/* Of ASCII, neither blank nor control character. */
static bool is_letter(char character)
{
    return (unsigned char)character > ' ' && (unsigned char)character < 0x7F;
}

/* Ideographs, kana, Hangul and full-width forms: a line may end behind each. */
static bool is_ideographic(int32_t codepoint)
{
    return (codepoint >= 0x2E80 && codepoint <= 0xA4CF) ||
           (codepoint >= 0xF900 && codepoint <= 0xFAFF) ||
           (codepoint >= 0xFE30 && codepoint <= 0xFE4F) ||
           (codepoint >= 0xFF00 && codepoint <= 0xFFEF) ||
           (codepoint >= 0x20000 && codepoint <= 0x3FFFD);
}

/* Characters that no line begins with (closing marks) or ends with (opening). */
static bool is_in(int32_t codepoint, const char *set)
{
    struct view view = view_of(set);
    int32_t member;

    for (size_t at = 0; at < view.size;) {
        at += utf8_decode(view, at, &member);
        if (member == codepoint)
            return true;
    }
    return false;
}

static bool may_begin(int32_t codepoint)
{
    return !is_in(codepoint, "、。，．・：；？！ー々）］｝」』】〉》〕…‥’”ぁぃぅぇぉっゃゅょァィゥェォッャュョ,.:;?!)]}");
}

static bool may_end(int32_t codepoint)
{
    return !is_in(codepoint, "（［｛「『【〈《〔‘“([{");
}

/* Whether a line may be broken between two characters that touch. */
static bool may_break(int32_t before, int32_t after)
{
    return (is_ideographic(before) || is_ideographic(after)) && may_end(before) && may_begin(after);
}

/* The end and width of the next piece that cannot be broken, from `at`, which
 * is no white space. ASCII, most of what there is, needs no table. */
static size_t piece_end(struct view text, size_t at, size_t *ret_width)
{
    int32_t before = 0, after;
    size_t next = at, size, width;

    *ret_width = 0;
    while (next < text.size && !is_white(text.data[next])) {
        /* Nothing breaks within ASCII. */
        if (before && before < 0x80) {
            size_t first = next;

            while (next < text.size && is_letter(text.data[next]))
                next++;
            *ret_width += next - first;
            before = text.data[next - 1];
            if (next > first)
                continue;
        }
        if ((unsigned char)text.data[next] < 0x80) {
            after = text.data[next];
            size = width = 1;
        } else {
            size = utf8_decode(text, next, &after);
            width = utf8_width(view_slice(text, next, next + size));
        }
        if (next > at && width > 0 && (before >= 0x80 || after >= 0x80) && may_break(before, after))
            break;
        *ret_width += width;
        before = after;
        next += size;
    }
    return next;
}

static size_t skip_white(struct view text, size_t at)
{
    while (at < text.size && is_white(text.data[at]))
        at++;
    return at;
}

void wrap_each_line(struct view text, size_t width, void (*see)(void *user, struct view line),
                    void *user)
{
    size_t start = skip_white(text, 0), end = start, used = 0;

    for (size_t at = start; at < text.size;) {
        size_t piece, stop = piece_end(text, at, &piece);
        size_t blank = at > end ? 1 : 0;

        if (end > start && used + blank + piece > width) {
            see(user, view_slice(text, start, end));
            start = at;
            used = piece;
        } else {
            used += blank + piece;
        }
        end = stop;
        at = skip_white(text, stop);
    }
    if (end > start)
        see(user, view_slice(text, start, end));
}

struct view wrap_cut(struct view text, size_t max_characters)
{
    size_t characters = 0, cut = 0, at = 0;
    int32_t codepoint;

    while (at < text.size && characters < max_characters) {
        if (is_white(text.data[at]))
            cut = at;
        characters++;
        if ((unsigned char)text.data[at] < 0x80) {
            at++;
            continue;
        }
        at += utf8_decode(text, at, &codepoint);
        if (is_ideographic(codepoint))
            cut = at;
    }
    if (at >= text.size)
        return text;
    if (is_white(text.data[at]) || cut == 0)
        cut = at;
    return view_trim(view_slice(text, 0, cut));
}
