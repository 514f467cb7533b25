#include <libxml/HTMLparser.h>
#include <string.h>

#include "base/byte_block.h"
#include "base/utf8.h"
#include "papers/feed_parser.h"

/* How long a character is that ends a line or has no place in a text; 0 for
 * any other. Text is valid UTF-8 here: C1 controls are C2 80 to C2 9F, U+2028
 * and U+2029 are E2 80 A8 and E2 80 A9. */
static size_t special_length(struct view text, size_t at, bool *ret_is_break)
{
    unsigned char byte = (unsigned char)text.data[at];
    unsigned char second = at + 1 < text.size ? (unsigned char)text.data[at + 1] : 0;
    unsigned char third = at + 2 < text.size ? (unsigned char)text.data[at + 2] : 0;

    *ret_is_break = byte == '\n' || byte == '\r';
    if (byte < ' ' || byte == 0x7F)
        return 1;
    if (byte == 0xC2 && second >= 0x80 && second <= 0x9F)
        return 2;
    *ret_is_break = byte == 0xE2 && second == 0x80 && (third == 0xA8 || third == 0xA9);
    return *ret_is_break ? 3 : 0;
}

enum { STEP_BYTES = 4 * BYTE_BLOCK_SIZE };

/* Bytes past ASCII are negative; one added to DEL makes it so, too. */
static bool is_plain_step(const char *bytes)
{
    byte_block odd = {0};

    for (size_t i = 0; i < STEP_BYTES; i += BYTE_BLOCK_SIZE)
        odd |= ' ' + 1 > byte_block_add_one(byte_block_load(bytes + i));
    return !byte_block_any(odd);
}

/* Then eight bytes at a time: none of them has the high bit, is below a blank or DEL. */
size_t feed_text_plain_end(struct view text, size_t at)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t word;

    while (text.size - at >= STEP_BYTES && is_plain_step(text.data + at))
        at += STEP_BYTES;
    while (text.size - at >= sizeof(word)) {
        memcpy(&word, text.data + at, sizeof(word));
        if ((word | (word - ones * ' ') | (word + ones)) & highs)
            break;
        at += sizeof(word);
    }
    while (at < text.size && text.data[at] >= ' ' && text.data[at] < 0x7F)
        at++;
    return at;
}

static struct view trim_blanks(struct view text)
{
    while (text.size && text.data[0] == ' ')
        text = view_slice(text, 1, text.size);
    while (text.size && text.data[text.size - 1] == ' ')
        text.size--;
    return text;
}

static size_t trimmed_size(const char *line, size_t size)
{
    while (size && line[size - 1] == ' ')
        size--;
    return size;
}

struct view feed_text_line(struct feed_parser *parser, struct view text)
{
    struct view trimmed = trim_blanks(text);
    bool after_break = true; /* blanks are dropped, as at the start */
    size_t at = 0, size = 0;
    char *line;

    if (feed_text_plain_end(trimmed, 0) == trimmed.size)
        return arena_copy(parser->arena, trimmed);
    line = arena_room(parser->arena, text.size, 1); /* it only gets shorter */
    while (at < text.size) {
        bool is_break;
        size_t start = at, length;

        if (after_break && (text.data[at] == ' ' || text.data[at] == '\t')) {
            at++;
            continue;
        }
        at = feed_text_plain_end(text, at);
        if (at > start) {
            memcpy(line + size, text.data + start, at - start);
            size += at - start;
            after_break = false;
            continue;
        }
        length = special_length(text, at, &is_break);
        if (is_break && !after_break) {
            size = trimmed_size(line, size);
            line[size++] = ' ';
            after_break = true;
        } else if (text.data[at] == '\t') {
            line[size++] = ' ';
        } else if (!length) {
            line[size++] = text.data[at];
            after_break = false;
        } else if (!is_break) {
            parser->report->replaced++;
        }
        at += length ? length : 1;
    }
    return (struct view){line, trimmed_size(line, size)};
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* The value of "#233" or "#xE9"; false when it is no character of text. */
static bool parse_number(struct view digits, int32_t *ret_codepoint)
{
    bool hex = digits.size > 1 && (digits.data[1] == 'x' || digits.data[1] == 'X');
    int32_t value = 0;

    digits = view_slice(digits, hex ? 2 : 1, digits.size);
    if (!digits.size || digits.size > 7)
        return false;
    for (size_t i = 0; i < digits.size; i++) {
        char c = digits.data[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : 16;

        if (digit >= (hex ? 16 : 10))
            return false;
        value = value * (hex ? 16 : 10) + digit;
    }
    *ret_codepoint = value;
    return (value >= ' ' && value < 0xD800) || (value >= 0xE000 && value < 0xFFFE) ||
           (value >= 0x10000 && value <= 0x10FFFF) || value == '\n' || value == '\t';
}

size_t feed_text_reference(struct view text, size_t at, int32_t *ret_codepoint)
{
    enum { NAME_BYTES = 12 };
    size_t end = at + 1;
    char name[NAME_BYTES + 1];
    const htmlEntityDesc *entity;

    if (text.data[at] != '&')
        return 0;
    if (end < text.size && text.data[end] == '#')
        end++;
    while (end < text.size && end - at <= NAME_BYTES && is_name_char(text.data[end]))
        end++;
    if (end >= text.size || text.data[end] != ';' || end == at + 1 || end - at - 1 > NAME_BYTES)
        return 0;
    if (text.data[at + 1] == '#')
        return parse_number(view_slice(text, at + 1, end), ret_codepoint) ? end + 1 - at : 0;
    memcpy(name, text.data + at + 1, end - at - 1);
    name[end - at - 1] = '\0';
    entity = htmlEntityLookup((const xmlChar *)name);
    if (!entity && strcmp(name, "apos") != 0)
        return 0;
    *ret_codepoint = entity ? (int32_t)entity->value : '\'';
    return end + 1 - at;
}

/* Adds `text` with its references decoded. */
static void add_decoded(struct buffer *out, struct view text)
{
    size_t at = 0;

    while (at < text.size) {
        size_t ampersand = view_find_char(text, '&', at), length;
        int32_t codepoint;

        buffer_add_view(out, view_slice(text, at, ampersand));
        at = ampersand;
        if (at == text.size)
            return;
        length = feed_text_reference(text, at, &codepoint);
        if (length)
            utf8_add(out, codepoint);
        else
            buffer_add_char(out, '&');
        at += length ? length : 1;
    }
}

struct view feed_text_decode(struct feed_parser *parser, struct view text)
{
    struct buffer out;
    struct view decoded;

    if (view_find_char(text, '&', 0) == text.size)
        return text;
    buffer_init(&out, text.size * 2 + 4);
    add_decoded(&out, text);
    decoded = arena_copy(parser->arena, buffer_view(&out));
    buffer_free(&out);
    return decoded;
}

/* Length of the tag that begins at `at`, or 0 when it is none of HTML's: "a < b"
 * and "<x>" are text. `*ret_is_block` says that it parts words. */
static size_t html_tag_length(struct view html, size_t at, bool *ret_is_block)
{
    static const char *const blocks[] = {"p", "br", "li", "ul", "ol", "div", NULL};
    static const char *const inlines[] = {"a",  "b",    "i",    "em", "strong", "sub",
                                          "sup", "span", "code", "tt", "u",     NULL};
    size_t start = at + 1, end, close;
    struct view name;

    if (start < html.size && html.data[start] == '/')
        start++;
    for (end = start; end < html.size && is_name_char(html.data[end]); end++)
        ;
    name = view_slice(html, start, end);
    if (end >= html.size || !name.size || name.size > 6 || !strchr(" \t\r\n/>", html.data[end]))
        return 0;
    close = view_find_char(html, '>', end);
    if (close == html.size)
        return 0;
    for (int i = 0; blocks[i]; i++) {
        if (view_equal_nocase(name, view_of(blocks[i]))) {
            *ret_is_block = true;
            return close + 1 - at;
        }
    }
    for (int i = 0; inlines[i]; i++) {
        if (view_equal_nocase(name, view_of(inlines[i]))) {
            *ret_is_block = false;
            return close + 1 - at;
        }
    }
    return 0;
}

struct view feed_text_from_html(struct feed_parser *parser, struct view html)
{
    struct buffer plain;
    struct view text;
    size_t at = 0;

    if (view_find_char(html, '<', 0) == html.size)
        return feed_text_decode(parser, html);
    buffer_init(&plain, html.size * 2 + 4);
    while (at < html.size) {
        size_t tag = view_find_char(html, '<', at), length;
        bool is_block = false;

        add_decoded(&plain, view_slice(html, at, tag));
        at = tag;
        if (at == html.size)
            break;
        length = html_tag_length(html, at, &is_block);
        if (!length || is_block)
            buffer_add_char(&plain, length ? '\n' : '<');
        at += length ? length : 1;
    }
    text = arena_copy(parser->arena, buffer_view(&plain));
    buffer_free(&plain);
    return text;
}

bool feed_text_date(struct view text, struct date *ret_date, bool *ret_has_instant,
                    int64_t *ret_utc)
{
    text = view_trim(text);
    *ret_has_instant =
        time_parse_rfc5322(text, ret_utc, ret_date) || time_parse_rfc3339(text, ret_utc, ret_date);
    return *ret_has_instant || date_parse(text, ret_date);
}
