#include <iconv.h>
#include <libetpan/charconv.h>
#include <libetpan/libetpan.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/ascii.h"
#include "base/utf8.h"
#include "inbox/mail_parts.h"

/* Names that mail programs write and iconv has not, or for which they send more than
 * the set has (WHATWG Encoding, "Names and labels"). */
static const struct {
    const char *written;
    const char *meant;
} NAMES[] = {
    {"iso-8859-1", "windows-1252"}, {"latin1", "windows-1252"},
    {"iso-8859-9", "windows-1254"}, {"iso-8859-8-i", "windows-1255"},
    {"iso-8859-8-e", "windows-1255"}, {"tis-620", "windows-874"},
    {"gb2312", "gb18030"}, {"gbk", "gb18030"}, {"x-gbk", "gb18030"}, {"hz-gb-2312", "hz"},
    {"big5", "big5-hkscs"}, {"x-x-big5", "big5-hkscs"},
    {"ks_c_5601-1987", "cp949"}, {"ks_c_5601", "cp949"}, {"ks_c_5601-1989", "cp949"},
    {"euc-kr", "cp949"}, {"ksc5601", "cp949"},
    {"shift_jis", "cp932"}, {"shift-jis", "cp932"}, {"x-sjis", "cp932"}, {"windows-31j", "cp932"},
    {"iso-2022-jp", "iso-2022-jp-3"}, {"cp-850", "cp850"}, {"unicode-1-1-utf-7", "utf-7"},
    {"x-mac-roman", "macintosh"}, {"utf8", "utf-8"}, {"unicode", "utf-16"},
};

/* These say nothing about bytes above 0x7F. */
static const char *const SILENT[] = {"",        "us-ascii", "ascii",     "utf-8",       "utf8",
                                     "unknown", "x-unknown", "unknown-8bit", "binary", "default"};

/* What else is met in mails. */
static const char *const LOADED[] = {
    "utf-16", "utf-7", "iso-8859-2", "iso-8859-3", "iso-8859-4", "iso-8859-5", "iso-8859-6",
    "iso-8859-7", "iso-8859-8", "iso-8859-10", "iso-8859-13", "iso-8859-14", "iso-8859-15",
    "iso-8859-16", "windows-1250", "windows-1251", "windows-1252", "windows-1253", "windows-1256",
    "windows-1257", "windows-1258", "koi8-r", "koi8-u", "cp866", "cp437", "cp850", "iso-2022-kr",
    "iso-2022-cn", "euc-jp", "euc-tw", "johab", "macintosh", "tcvn", "viscii",
};

enum { CHARSET_BYTES = 64 };

static bool is_silent(struct view charset)
{
    for (size_t i = 0; i < sizeof(SILENT) / sizeof(*SILENT); i++)
        if (view_equal_nocase(charset, view_of(SILENT[i])))
            return true;
    return false;
}

static bool is_single_byte(struct view charset)
{
    return view_starts_with_nocase(charset, VIEW("iso-8859-")) ||
           view_starts_with_nocase(charset, VIEW("windows-125")) ||
           view_starts_with_nocase(charset, VIEW("koi8-"));
}

static const char *name_of(struct view charset, char room[CHARSET_BYTES])
{
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++)
        if (view_equal_nocase(charset, view_of(NAMES[i].written)))
            return NAMES[i].meant;
    if (charset.size >= CHARSET_BYTES)
        return NULL;
    for (size_t i = 0; i < charset.size; i++) {
        room[i] = charset.data[i];
        /* iconv takes orders behind a slash. */
        if (room[i] == '/' || !room[i])
            return NULL;
    }
    room[charset.size] = '\0';
    return room;
}

static struct view clean(struct arena *arena, struct view bytes)
{
    struct buffer text;
    struct view result;

    if (view_starts_with(bytes, VIEW("\xEF\xBB\xBF"))) /* a byte order mark */
        bytes = view_slice(bytes, 3, bytes.size);
    buffer_init(&text, bytes.size * 3 + 1);
    utf8_add_clean(&text, bytes);
    result = arena_copy(arena, buffer_view(&text));
    buffer_free(&text);
    return result;
}

static bool convert(struct arena *arena, const char *name, struct view bytes, struct view *ret_text)
{
    char *converted = NULL;
    size_t size = 0;

    if (!name || charconv_buffer("utf-8", name, bytes.data, bytes.size, &converted, &size) !=
                     MAIL_CHARCONV_NO_ERROR)
        return false;
    *ret_text = clean(arena, (struct view){converted, size});
    charconv_buffer_free(converted);
    return true;
}

struct view mail_to_utf8(struct arena *arena, struct view charset, struct view bytes)
{
    char room[CHARSET_BYTES];
    struct view text;

    charset = view_trim(charset);
    if (!bytes.size)
        return (struct view){0};
    /* A set of single bytes is often untrue, and never valid UTF-8 by chance. */
    if (!is_silent(charset) && !(is_single_byte(charset) && utf8_is_valid(bytes)) &&
        convert(arena, name_of(charset, room), bytes, &text))
        return text;
    if (utf8_is_valid(bytes) || !convert(arena, "windows-1252", bytes, &text))
        return clean(arena, bytes);
    return text;
}

/* ---- encoded words ---- */

/* RFC 2047 has blanks between two of them dropped, and else one line. */
static struct view one_line(struct arena *arena, struct view text)
{
    struct view copy = arena_copy(arena, view_trim(text));
    char *bytes = (char *)(size_t)copy.data;

    for (size_t i = 0; i < copy.size; i++)
        if (bytes[i] == '\n' || bytes[i] == '\t')
            bytes[i] = ' ';
    return copy;
}

static bool decode_phrase(struct arena *arena, struct view value, struct view *ret_text)
{
    char *decoded = NULL;
    size_t at = 0;
    bool is_decoded = mailmime_encoded_phrase_parse("utf-8", value.data, value.size, &at, "utf-8",
                                                    &decoded) == MAILIMF_NO_ERROR &&
                      decoded;

    if (is_decoded)
        *ret_text = arena_copy(arena, view_of(decoded));
    free(decoded);
    return is_decoded;
}

/* Bytes above 0x7F stand in encoded words, too, and are then of the word's set; beside them
 * they are of none that is known. */
struct view mail_decode_words(struct arena *arena, struct view value)
{
    struct view raw = mail_to_utf8(arena, VIEW(""), value), text;

    if (view_find(raw, VIEW("=?"), 0) == raw.size)
        return one_line(arena, raw);
    if (!utf8_is_valid(value) && decode_phrase(arena, arena_copy(arena, value), &text) &&
        utf8_is_valid(text))
        return one_line(arena, clean(arena, text));
    return one_line(arena, decode_phrase(arena, raw, &text) ? clean(arena, text) : raw);
}

/* ---- parameters (RFC 2231 4, 7) ---- */

struct view mail_decode_parameter(struct arena *arena, struct view value)
{
    size_t charset_end = view_find_char(value, '\'', 0);
    size_t language_end = view_find_char(value, '\'', charset_end + 1);
    struct buffer bytes;
    struct view text;

    if (language_end >= value.size)
        return mail_decode_words(arena, value);
    buffer_init(&bytes, value.size);
    for (size_t i = language_end + 1; i < value.size; i++) {
        int high = i + 2 < value.size && value.data[i] == '%' ? ascii_hex_value(value.data[i + 1]) : -1;
        int low = high >= 0 ? ascii_hex_value(value.data[i + 2]) : -1;

        buffer_add_char(&bytes, low >= 0 ? (char)(high * 16 + low) : value.data[i]);
        i += low >= 0 ? 2 : 0;
    }
    text = mail_to_utf8(arena, view_slice(value, 0, charset_end), buffer_view(&bytes));
    buffer_free(&bytes);
    return one_line(arena, text);
}

/* ---- loaded in advance ---- */

struct mail_charsets {
    iconv_t *items;
    size_t count;
};

static void load(struct mail_charsets *charsets, const char *name)
{
    iconv_t converter = iconv_open("utf-8", name);

    if (converter == (iconv_t)-1)
        return;
    charsets->items = memory_resize(charsets->items, charsets->count + 1,
                                    sizeof(*charsets->items));
    charsets->items[charsets->count++] = converter;
}

struct mail_charsets *mail_charsets_load(void)
{
    struct mail_charsets *charsets = memory_new(1, sizeof(*charsets));

    for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++)
        load(charsets, NAMES[i].meant);
    for (size_t i = 0; i < sizeof(LOADED) / sizeof(*LOADED); i++)
        load(charsets, LOADED[i]);
    return charsets;
}

void mail_charsets_free(struct mail_charsets **charsets)
{
    if (!*charsets)
        return;
    for (size_t i = 0; i < (*charsets)->count; i++)
        iconv_close((*charsets)->items[i]);
    free((*charsets)->items);
    free(*charsets);
    *charsets = NULL;
}
