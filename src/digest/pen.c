#include "digest/pen.h"

#include <stdlib.h>

#include "base/memory.h"
#include "mail/mime.h"
#include "mail/mustache.h"

enum {
    SOFT_BREAK_BYTES = 3,
    ENCODED_BYTES = 3,
    FULL_LINE_BYTES = PEN_LINE_BYTES + SOFT_BREAK_BYTES,
    MAPPED_BYTES = UINT16_MAX - 2 * FULL_LINE_BYTES
};

static const char HEX[] = "0123456789ABCDEF";

/* What a byte becomes. Blanks stand for themselves but at an end. */
enum byte_class { BYTE_ENCODED, BYTE_PLAIN, BYTE_BLANK, BYTE_HTML };

static const unsigned char CLASSES[256] = {
#define CLASS_OF(byte, entity) [byte] = BYTE_HTML,
    MUSTACHE_ENTITIES(CLASS_OF)
#undef CLASS_OF
    ['\t'] = BYTE_BLANK, [' '] = BYTE_BLANK,
    ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1, ['('] = 1, [')'] = 1, ['*'] = 1, ['+'] = 1,
    [','] = 1, ['-'] = 1, ['.'] = 1, ['/'] = 1, ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1,
    ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1, ['8'] = 1, ['9'] = 1, [':'] = 1, [';'] = 1,
    ['?'] = 1, ['@'] = 1, ['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1,
    ['G'] = 1, ['H'] = 1, ['I'] = 1, ['J'] = 1, ['K'] = 1, ['L'] = 1, ['M'] = 1, ['N'] = 1,
    ['O'] = 1, ['P'] = 1, ['Q'] = 1, ['R'] = 1, ['S'] = 1, ['T'] = 1, ['U'] = 1, ['V'] = 1,
    ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1, ['['] = 1, ['\\'] = 1, [']'] = 1, ['^'] = 1,
    ['_'] = 1, ['`'] = 1, ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1,
    ['g'] = 1, ['h'] = 1, ['i'] = 1, ['j'] = 1, ['k'] = 1, ['l'] = 1, ['m'] = 1, ['n'] = 1,
    ['o'] = 1, ['p'] = 1, ['q'] = 1, ['r'] = 1, ['s'] = 1, ['t'] = 1, ['u'] = 1, ['v'] = 1,
    ['w'] = 1, ['x'] = 1, ['y'] = 1, ['z'] = 1, ['{'] = 1, ['|'] = 1, ['}'] = 1, ['~'] = 1,
};

void pen_begin(struct pen *pen, struct buffer *out)
{
    *pen = (struct pen){.out = out};
    pen_grow(pen, PEN_SLACK_BYTES);
}

void pen_end(struct pen *pen)
{
    if (!pen->at)
        return;
    pen->out->size = (size_t)(pen->at - pen->out->data);
    pen->out->data[pen->out->size] = '\0';
    if (pen->out->size > pen->out->max)
        pen->out->failed = true;
}

bool pen_grow(struct pen *pen, size_t bytes)
{
    struct buffer *out = pen->out;
    size_t need = bytes + 2 * PEN_SLACK_BYTES;

    pen_end(pen);
    if (out->failed || out->size + need > out->max) {
        out->failed = true;
        return false;
    }
    buffer_reserve(out, need);
    pen->at = out->data + out->size;
    pen->end = out->data + out->capacity - PEN_SLACK_BYTES;
    return true;
}

/* Something that stays in one line. */
static void add_unit(struct pen *pen, const char *bytes, size_t size)
{
    if (!pen_room(pen, size + SOFT_BREAK_BYTES))
        return;
    if (pen->column + size > PEN_LINE_BYTES)
        pen_soft_break(pen);
    memcpy(pen->at, bytes, size);
    pen->at += size;
    pen->column += size;
}

static void add_encoded(struct pen *pen, char byte)
{
    const char escape[] = {'=', HEX[(unsigned char)byte >> 4], HEX[(unsigned char)byte & 15]};

    add_unit(pen, escape, sizeof(escape));
}

/* What careless servers and mailboxes change at the start of a line: "." and
 * "From ". */
static bool is_unsafe_start(char byte)
{
    return byte == '.' || byte == 'F';
}

static bool is_line_end(struct view text, size_t at)
{
    return at < text.size && (text.data[at] == '\n' ||
                              (text.data[at] == '\r' && at + 1 < text.size &&
                               text.data[at + 1] == '\n'));
}

static void add_byte(struct pen *pen, struct view text, size_t at, bool is_escaped)
{
    char byte = text.data[at];
    enum byte_class class = CLASSES[(unsigned char)byte];
    const char *entity;

    if (class == BYTE_HTML && is_escaped) {
        entity = mustache_entity(byte);
        add_unit(pen, entity, strlen(entity));
        return;
    }
    if (class == BYTE_ENCODED ||
        (class == BYTE_BLANK && (at + 1 == text.size || is_line_end(text, at + 1)))) {
        add_encoded(pen, byte);
        return;
    }
    if (!pen_room(pen, SOFT_BREAK_BYTES))
        return;
    if (pen->column + 1 > PEN_LINE_BYTES)
        pen_soft_break(pen);
    if (pen->column == 0 && is_unsafe_start(byte))
        add_encoded(pen, byte);
    else
        add_unit(pen, &byte, 1);
}

bool pen_is_simple(struct view text, bool is_escaped)
{
    if (!text.size || text.size > PEN_LINE_BYTES ||
        CLASSES[(unsigned char)text.data[text.size - 1]] == BYTE_BLANK)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        enum byte_class class = CLASSES[(unsigned char)text.data[i]];

        if (class == BYTE_ENCODED || (class == BYTE_HTML && is_escaped))
            return false;
    }
    return true;
}

/* Short words without anything special are most of what there is. */
static bool add_simple(struct pen *pen, struct view text, bool is_escaped)
{
    if (pen->column + text.size > PEN_LINE_BYTES ||
        (pen->column == 0 && is_unsafe_start(text.data[0])) || !pen_is_simple(text, is_escaped) ||
        !pen_room(pen, text.size))
        return false;
    memcpy(pen->at, text.data, text.size);
    pen->at += text.size;
    pen->column += text.size;
    return true;
}

/* Bytes that can be copied to this line as they are. */
static size_t plain_run(const struct pen *pen, struct view text, size_t at)
{
    size_t room = PEN_LINE_BYTES - pen->column, most = text.size - at, run = 0;

    if (most > room)
        most = room;
    if (pen->column == 0 && is_unsafe_start(text.data[at]))
        return 0;
    while (run < most && (CLASSES[(unsigned char)text.data[at + run]] == BYTE_PLAIN ||
                          CLASSES[(unsigned char)text.data[at + run]] == BYTE_BLANK))
        run++;
    /* A blank may be the last of a line. */
    while (run && CLASSES[(unsigned char)text.data[at + run - 1]] == BYTE_BLANK)
        run--;
    return run;
}

void pen_text(struct pen *pen, struct view text, bool is_escaped)
{
    if (!text.size || add_simple(pen, text, is_escaped))
        return;
    for (size_t at = 0; at < text.size; at++) {
        size_t run = plain_run(pen, text, at);

        if (run) {
            if (!pen_room(pen, run))
                return;
            memcpy(pen->at, text.data + at, run);
            pen->at += run;
            pen->column += run;
            at += run - 1;
            continue;
        }
        if (!is_line_end(text, at)) {
            add_byte(pen, text, at, is_escaped);
            continue;
        }
        at += text.data[at] == '\r';
        if (!pen_room(pen, 2))
            return;
        memcpy(pen->at, "\r\n", 2);
        pen->at += 2;
        pen->column = 0;
    }
}

/* ---- encoded before ---- */

struct piece piece_make(struct buffer *pool, struct view text)
{
    struct piece piece = {.at = (uint32_t)pool->size};
    size_t column = 0, end;
    struct view encoded;

    mime_add_quoted_printable(pool, text, &column);
    encoded = view_slice(buffer_view(pool), piece.at, pool->size);
    piece.size = (uint32_t)encoded.size;
    end = view_find_char(encoded, '\n', 0);
    piece.has_end = end < encoded.size;
    if (piece.has_end) {
        end -= 1; /* the CR */
        if (end && encoded.data[end - 1] == '=')
            end--;
    }
    piece.first = (uint8_t)end;
    piece.last = (uint8_t)column;
    return piece;
}

void pieces_init(struct pieces *pieces, size_t max_bytes)
{
    *pieces = (struct pieces){0};
    buffer_init(&pieces->pool, max_bytes);
}

void pieces_free(struct pieces *pieces)
{
    free(pieces->items);
    pieces->items = NULL;
    pieces->count = pieces->capacity = 0;
    buffer_free(&pieces->pool);
}

size_t pieces_bytes(const struct pieces *pieces)
{
    return pieces->pool.capacity + pieces->capacity * sizeof(*pieces->items);
}

struct piece pieces_add(struct pieces *pieces, struct view text)
{
    size_t before = pieces->pool.size;
    struct piece made = piece_make(&pieces->pool, text);

    for (size_t i = 0; i < pieces->count; i++) {
        const struct piece *other = &pieces->items[i];

        if (other->size == made.size &&
            memcmp(pieces->pool.data + other->at, pieces->pool.data + made.at, made.size) == 0) {
            buffer_cut(&pieces->pool, before);
            return *other;
        }
    }
    /* Else it is full. */
    if (pieces->pool.max - pieces->pool.size < PEN_SLACK_BYTES)
        pieces->pool.failed = true;
    buffer_reserve(&pieces->pool, PEN_SLACK_BYTES);
    pieces->items = memory_grow(pieces->items, &pieces->capacity, pieces->count + 1,
                                sizeof(*pieces->items));
    return pieces->items[pieces->count++] = made;
}

void pool_close(struct buffer *pool)
{
    static const char slack[PEN_SLACK_BYTES];

    pool->max += sizeof(slack);
    buffer_add(pool, slack, sizeof(slack));
    if (pool->failed)
        return;
    pool->capacity = pool->size + 1;
    pool->data = memory_resize(pool->data, pool->capacity, 1);
}

/* ---- texts to be cut ---- */

/* A line but the first begins behind a soft break. */
struct mapped_line {
    uint32_t offset;
    uint16_t place; /* of that break */
};

static void add_line(struct mapped *mapped, size_t *capacity, size_t offset, size_t place)
{
    mapped->lines =
        memory_grow(mapped->lines, capacity, mapped->line_count + 1, sizeof(*mapped->lines));
    mapped->lines[mapped->line_count++] =
        (struct mapped_line){(uint32_t)offset, (uint16_t)place};
}

void mapped_make(struct mapped *mapped, struct buffer *pool, struct view text)
{
    size_t place = 0, capacity = 0;
    struct pen pen;

    *mapped = (struct mapped){.at = (uint32_t)pool->size};
    mapped->end.offset = (uint32_t)text.size;
    if (view_find_char(text, '\n', 0) < text.size || view_find_char(text, '\r', 0) < text.size ||
        text.size > MAPPED_BYTES)
        return;
    pen_begin(&pen, pool);
    for (size_t at = 0; at < text.size; at++) {
        size_t before = place;

        add_byte(&pen, text, at, true);
        pen_end(&pen);
        place = pool->size - mapped->at;
        if (pool->failed || place > MAPPED_BYTES) {
            mapped_free(mapped);
            mapped->end.offset = (uint32_t)text.size;
            return;
        }
        if (place - before > pen.column)
            add_line(mapped, &capacity, at, before);
    }
    mapped->lines = memory_resize(mapped->lines, mapped->line_count, sizeof(*mapped->lines));
    mapped->is_mapped = true;
    mapped->end = (struct cut){.offset = (uint32_t)text.size,
                               .place = (uint16_t)place,
                               .column = (uint8_t)pen.column};
    mapped->start = mapped_cut(mapped, text, 0);
}

void mapped_free(struct mapped *mapped)
{
    free(mapped->lines);
    *mapped = (struct mapped){0};
}

/* What add_byte writes, but for the break before it. */
static size_t unit_bytes(struct view text, size_t at, size_t column)
{
    char byte = text.data[at];

    switch (CLASSES[(unsigned char)byte]) {
    case BYTE_HTML:
        return strlen(mustache_entity(byte));
    case BYTE_BLANK:
        return at + 1 == text.size ? ENCODED_BYTES : 1;
    case BYTE_PLAIN:
        return column == 0 && is_unsafe_start(byte) ? ENCODED_BYTES : 1;
    default:
        return ENCODED_BYTES;
    }
}

/* How many lines begin at the offset or before it, the first one not counted. */
static size_t lines_before(const struct mapped *mapped, size_t offset)
{
    size_t low = 0, high = mapped->line_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (mapped->lines[middle].offset <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Where a line's bytes begin. */
static size_t line_start(const struct mapped *mapped, size_t line)
{
    return line ? (size_t)mapped->lines[line - 1].place + SOFT_BREAK_BYTES : 0;
}

struct cut mapped_cut(const struct mapped *mapped, struct view text, size_t offset)
{
    struct cut cut = {.offset = (uint32_t)offset};
    size_t line = lines_before(mapped, offset), start, place, end;

    if (!mapped->is_mapped || offset >= mapped->end.offset)
        return mapped->is_mapped ? mapped->end : cut;
    start = place = line_start(mapped, line);
    end = line < mapped->line_count ? mapped->lines[line].place : mapped->end.place;
    for (size_t at = line ? mapped->lines[line - 1].offset : 0; at < offset; at++)
        place += unit_bytes(text, at, place - start);
    cut.left = (end - place) & 0x7F; /* no line is longer */
    cut.place = (uint16_t)place;
    cut.column = (uint8_t)(place - start);
    if (line && place == start) {
        cut.skip = 1;
        cut.place = (uint16_t)(place - SOFT_BREAK_BYTES);
        cut.column = (uint8_t)(cut.place - line_start(mapped, line - 1));
    }
    return cut;
}

/* What careless mail servers change at the start of a line; `*first` is how much of the
 * slice is in this line. */
static size_t add_unsafe_start(struct pen *pen, const char *encoded, size_t at, size_t end,
                               size_t *first)
{
    while (at < end && pen->column == 0 && is_unsafe_start(encoded[at])) {
        add_encoded(pen, encoded[at++]);
        if (pen->column + --*first > PEN_LINE_BYTES)
            pen_soft_break(pen);
    }
    return at;
}

void pen_slice(struct pen *pen, const char *encoded, const struct cut *from,
               const struct cut *to)
{
    size_t at = from->place + (from->skip ? (size_t)SOFT_BREAK_BYTES : 0), end = to->place, first;
    bool ends_blank, is_cut;

    if (at >= end || !pen_room(pen, end - at + 4 * PEN_LINE_BYTES))
        return;
    /* It may be the last of a line. */
    ends_blank = encoded[end - 1] == ' ' || encoded[end - 1] == '\t';
    end -= ends_blank;
    is_cut = end - at > from->left;
    first = is_cut ? from->left : end - at;
    if (pen->column + first > PEN_LINE_BYTES)
        pen_soft_break(pen);
    if (pen->column == 0)
        at = add_unsafe_start(pen, encoded, at, end, &first);
    pen->at = pen_put(pen->at, encoded + at, end - at);
    pen->column = is_cut ? to->column - (size_t)ends_blank : pen->column + end - at;
    if (ends_blank)
        add_encoded(pen, encoded[end]);
}

/* ---- decoded ---- */

static int hex_value(char digit)
{
    return digit <= '9' ? digit - '0' : digit - 'A' + 10;
}

void pen_decode(struct view encoded, struct buffer *out)
{
    size_t at = 0;

    buffer_reserve(out, encoded.size);
    while (at < encoded.size) {
        size_t end = at;

        while (end < encoded.size && encoded.data[end] != '=' && encoded.data[end] != '\r')
            end++;
        buffer_add_view(out, view_slice(encoded, at, end));
        at = end;
        if (at + 1 < encoded.size && encoded.data[at] == '\r') {
            buffer_add_char(out, '\n');
            at += 2;
        } else if (at + 2 < encoded.size) {
            if (encoded.data[at + 1] != '\r')
                buffer_add_char(out, (char)(hex_value(encoded.data[at + 1]) * 16 +
                                            hex_value(encoded.data[at + 2])));
            at += 3;
        } else {
            at = encoded.size;
        }
    }
}

size_t pen_decoded_bytes(struct view encoded)
{
    size_t bytes = encoded.size;

    for (size_t at = 0; at < encoded.size; at++) {
        if (encoded.data[at] == '\n')
            bytes--;
        else if (encoded.data[at] == '=')
            bytes -= 2; /* two of "=XX", or of "=\r\n", whose third is the LF */
    }
    return bytes;
}
