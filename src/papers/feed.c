#include "papers/feed.h"

#include <iconv.h>
#include <stdio.h>
#include <string.h>

#include "base/byte_block.h"
#include "base/gzip.h"
#include "base/utf8.h"
#include "papers/feed_parser.h"

const char *feed_format_name(enum feed_format format)
{
    static const char *const names[] = {"RSS 2.0",         "RSS 1.0",    "Atom",
                                        "arXiv API",       "OAI-PMH arXiv", "OAI-PMH arXivRaw",
                                        "JSON Lines",      "JSON"};

    return names[format];
}

/* The one other character set that old feeds may be written in, or NULL: by the
 * byte order mark, or by the XML declaration where the bytes are no UTF-8. */
static const char *find_charset(struct view bytes)
{
    static const char *const latin[] = {"iso-8859-1", "latin1", "latin-1", "windows-1252",
                                        "cp1252", NULL};
    struct view head = view_slice(bytes, 0, view_find_char(view_slice(bytes, 0, 200), '>', 0));
    size_t encoding = view_find(head, VIEW("encoding="), 0);

    if (view_starts_with(bytes, VIEW("\xFF\xFE")))
        return "UTF-16LE";
    if (view_starts_with(bytes, VIEW("\xFE\xFF")))
        return "UTF-16BE";
    if (!view_starts_with(head, VIEW("<?xml")) || encoding == head.size)
        return NULL;
    for (int i = 0; latin[i]; i++) {
        if (view_starts_with_nocase(view_slice(head, encoding + 10, head.size), view_of(latin[i])))
            return utf8_is_valid(bytes) ? NULL : "WINDOWS-1252";
    }
    return NULL;
}

/* What the character set does not know becomes U+FFFD and is counted. */
static void convert(struct view bytes, const char *charset, struct buffer *out, size_t *replaced)
{
    iconv_t converter = iconv_open("UTF-8", charset);
    char *in = (char *)bytes.data, step[4096];
    size_t left = bytes.size;

    if (converter == (iconv_t)-1) {
        buffer_add_view(out, bytes);
        return;
    }
    while (left > 0) {
        char *to = step;
        size_t room = sizeof(step), before = left;
        bool refused = iconv(converter, &in, &left, &to, &room) == (size_t)-1;

        buffer_add(out, step, sizeof(step) - room);
        if (!refused || left < before || room < sizeof(step))
            continue;
        utf8_add(out, 0xFFFD);
        ++*replaced;
        in++;
        left--;
    }
    iconv_close(converter);
}

/* Without the character that a cut left unfinished at the end. */
static struct view drop_unfinished(struct view bytes)
{
    for (size_t back = 1; back <= 3 && back <= bytes.size; back++) {
        unsigned char byte = (unsigned char)bytes.data[bytes.size - back];
        size_t need = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;

        if ((byte & 0xC0) != 0x80)
            return need > back ? view_slice(bytes, 0, bytes.size - back) : bytes;
    }
    return bytes;
}

/* Printable ASCII and LF only? One added to each byte makes DEL a negative
 * number, as bytes past ASCII are. */
static bool is_ascii_text(const char *bytes, size_t size)
{
    byte_block odd = {0};

    for (size_t i = 0; i < size; i += BYTE_BLOCK_SIZE) {
        byte_block above = byte_block_add_one(byte_block_load(bytes + i));

        odd |= (' ' + 1 > above) & ~(above == '\n' + 1);
    }
    return !byte_block_any(odd);
}

/* Whole blocks of ASCII text, whose lines end with LF, are stepped over. */
static size_t skip_ascii_text(struct view bytes, size_t at)
{
    enum { BLOCK_BYTES = 128 };

    while (bytes.size - at >= BLOCK_BYTES && is_ascii_text(bytes.data + at, BLOCK_BYTES))
        at += BLOCK_BYTES;
    return at;
}

/* Valid UTF-8 without control characters but TAB, LF and CR. Nearly every feed
 * is, so this has to be quick. */
static bool is_clean(struct view bytes)
{
    size_t at = 0;

    while ((at = feed_text_plain_end(bytes, skip_ascii_text(bytes, at))) < bytes.size) {
        unsigned char byte = (unsigned char)bytes.data[at];
        int32_t codepoint;
        size_t length = utf8_decode(bytes, at, &codepoint);

        if (byte >= 0x80 ? length == 1 : byte != '\n' && byte != '\r' && byte != '\t')
            return false;
        at += length;
    }
    return true;
}

/* `bytes` as clean UTF-8, in `room` unless they are that already. */
static struct view make_clean(struct view bytes, struct buffer *room, size_t *replaced)
{
    const char *charset = find_charset(bytes);
    struct buffer converted;

    buffer_init(&converted, bytes.size * 3);
    if (charset) {
        convert(bytes, charset, &converted, replaced);
        bytes = buffer_view(&converted);
    }
    if (view_starts_with(bytes, VIEW("\xEF\xBB\xBF")))
        bytes = view_slice(bytes, 3, bytes.size);
    bytes = drop_unfinished(bytes);
    if (charset || !is_clean(bytes)) {
        room->max = bytes.size * 3;
        *replaced += utf8_add_clean(room, bytes);
        bytes = buffer_view(room);
    }
    buffer_free(&converted);
    return bytes;
}

/* By the first character that is no blank. */
static int parse_text(struct feed_parser *parser, struct view text)
{
    struct view start = view_trim(text);

    if (!start.size)
        return error_set(parser->error, ERROR_INPUT, "an empty document");
    if (start.data[0] == '<')
        return feed_xml_parse(parser, text);
    if (start.data[0] == '{' || start.data[0] == '[')
        return feed_json_parse(parser, text);
    return error_set(parser->error, ERROR_INPUT, "neither XML nor JSON Lines: \"%.*s\"",
                     VIEW_ARGUMENTS(utf8_prefix(start, 60)));
}

static int parse_bytes(struct view bytes, struct papers *papers, struct feed_report *report,
                       struct error *error)
{
    struct feed_parser parser;
    struct buffer room;
    int result;

    feed_parser_init(&parser, papers, report, error);
    buffer_init(&room, 0);
    result = parse_text(&parser, make_clean(bytes, &room, &report->replaced));
    buffer_free(&room);
    feed_parser_free(&parser);
    return result;
}

int feed_parse(struct view bytes, size_t max_bytes, struct papers *papers,
               struct feed_report *ret_report, struct error *error)
{
    struct feed_report report = {0};
    enum gzip_end end = GZIP_WHOLE;
    struct buffer inflated;
    int result = -1;

    buffer_init(&inflated, max_bytes);
    if (gzip_recognise(bytes)) {
        if (gzip_inflate(bytes, &inflated, &end, error) < 0)
            goto out;
        bytes = buffer_view(&inflated);
    }
    if (bytes.size > max_bytes) {
        error_set(error, ERROR_INPUT, "larger than the %zu bytes that a document may have",
                  max_bytes);
        goto out;
    }
    result = parse_bytes(bytes, papers, &report, error);
    if (result < 0 && end != GZIP_WHOLE)
        error_add(error, "its gzip data are %s", end == GZIP_CUT ? "cut off" : "damaged");
    if (result < 0)
        goto out;
    if (end != GZIP_WHOLE && !report.truncated) {
        report.truncated = true;
        snprintf(report.truncation, sizeof(report.truncation), "the gzip data are %s",
                 end == GZIP_CUT ? "cut off" : "damaged");
    }
    /* An empty feed is a weekend; this one may have held a day's papers. */
    if (report.truncated && report.items == report.skipped) {
        result = error_set(error, ERROR_INPUT, "cut off before the first paper: %s",
                           report.truncation);
        goto out;
    }
    report.complete = !report.truncated && !report.resumption_token[0];
    *ret_report = report;
out:
    buffer_free(&inflated);
    return result;
}
