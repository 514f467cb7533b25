/* Quoted-printable written in pieces (mail/mime.h), some of them encoded before:
 * each of those begins at column 0 and is joined to what stands before it, in the
 * same line where it fits, behind a soft line break where it does not. Private to
 * src/digest. */
#ifndef DIGEST_PEN_H
#define DIGEST_PEN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

enum {
    PEN_LINE_BYTES = 75, /* and the "=" of a soft break */
    PEN_SLACK_BYTES = 64, /* that may be written behind what is asked for, and read behind a pool */
    PEN_STRIDE_BYTES = 32,
    PEN_SHORT_BYTES = 512
};

/* Writes behind what `out` holds, which is told of it by pen_end. */
struct pen {
    struct buffer *out;
    char *at;
    char *end; /* PEN_SLACK_BYTES before that of the memory */
    size_t column;
};

/* Encoded text: its bytes are in a pool. */
struct piece {
    uint32_t at;
    uint32_t size;
    uint8_t first; /* length of its first line, without how that ends */
    uint8_t last;  /* the column that it leaves, when it has a line end */
    bool has_end;  /* of a line, hard or soft */
};

void pen_begin(struct pen *pen, struct buffer *out);
void pen_end(struct pen *pen);
/* For pen_room: more memory, or false at the buffer's maximum. */
bool pen_grow(struct pen *pen, size_t bytes);

static inline bool pen_room(struct pen *pen, size_t bytes)
{
    return (size_t)(pen->end - pen->at) >= bytes || pen_grow(pen, bytes);
}

/* Needs room for three. */
static inline void pen_soft_break(struct pen *pen)
{
    if (pen->column) {
        memcpy(pen->at, "=\r\n", 3);
        pen->at += 3;
        pen->column = 0;
    }
}

/* Copies, and up to a stride more, which is written over: `from` must go on so far. */
static inline char *pen_put(char *to, const char *from, size_t size)
{
    char *end = to + size;

    if (size > PEN_SHORT_BYTES) {
        memcpy(to, from, size);
        return end;
    }
    do {
        memcpy(to, from, PEN_STRIDE_BYTES);
        to += PEN_STRIDE_BYTES;
        from += PEN_STRIDE_BYTES;
    } while (to < end);
    return end;
}

/* Encodes `text` into the pool. The pieces of one text may be split anywhere but
 * between CR and LF. */
struct piece piece_make(struct buffer *pool, struct view text);

/* Pieces that many programs have, each once. */
struct pieces {
    struct buffer pool;
    struct piece *items;
    size_t count;
    size_t capacity;
};

void pieces_init(struct pieces *pieces, size_t max_bytes);
void pieces_free(struct pieces *pieces); /* zeroed is fine */
size_t pieces_bytes(const struct pieces *pieces); /* of memory */
/* As piece_make, but what there is already is found again. The pool needs no closing; it has failed
 * when it is full. */
struct piece pieces_add(struct pieces *pieces, struct view text);

/* Where a text that is escaped for HTML and encoded whole may be cut. */
struct cut {
    uint32_t offset; /* in the text; all that there is when it is not mapped */
    uint16_t place;  /* in its encoded bytes: where what stands before it ends */
    uint8_t column;  /* there */
    uint8_t left : 7; /* bytes of the line of what stands behind it */
    uint8_t skip : 1; /* a soft line break is between the two */
};

/* Such a text, so that any part of it is a copy. */
struct mapped {
    bool is_mapped;
    uint32_t at; /* in the pool */
    struct cut start;
    struct cut end;
    struct mapped_line *lines; /* where its soft line breaks are, owned */
    size_t line_count;
};

/* A text with line ends, or one that takes more than 64 KB, is not mapped: its cuts are
 * offsets only. */
void mapped_make(struct mapped *mapped, struct buffer *pool, struct view text);
void mapped_free(struct mapped *mapped);
/* `text` is that which was mapped; the offset is that of a character. */
struct cut mapped_cut(const struct mapped *mapped, struct view text, size_t offset);

/* A pool's memory goes on for PEN_SLACK_BYTES behind its last piece, over its maximum if
 * need be. Not for one that has failed; nothing is added to it later. */
void pool_close(struct buffer *pool);

static inline void pen_piece(struct pen *pen, const char *pool, const struct piece *piece)
{
    if (!pen_room(pen, piece->size + 3u))
        return;
    if (pen->column + piece->first > PEN_LINE_BYTES)
        pen_soft_break(pen);
    pen->at = pen_put(pen->at, pool + piece->at, piece->size);
    pen->column = piece->has_end ? piece->last : pen->column + piece->size;
}

/* What is between two cuts of a mapped text, whose first byte in the pool is `encoded`. */
void pen_slice(struct pen *pen, const char *encoded, const struct cut *from,
               const struct cut *to);
/* Encodes now; `is_escaped`: for HTML, as mustache does. */
void pen_text(struct pen *pen, struct view text, bool is_escaped);

/* Whether a text comes out as it is wherever it stands, but at the start of a line. */
bool pen_is_simple(struct view text, bool is_escaped);

/* Writes such a text, whose memory goes on for PEN_SLACK_BYTES. */
static inline void pen_simple(struct pen *pen, struct view text)
{
    if (!pen_room(pen, text.size + 3))
        return;
    if (pen->column + text.size > PEN_LINE_BYTES)
        pen_soft_break(pen);
    if (pen->column == 0) {
        pen_text(pen, text, false);
        return;
    }
    pen->at = pen_put(pen->at, text.data, text.size);
    pen->column += text.size;
}

/* Bytes of what `encoded` decodes to, line ends counted as LF. */
size_t pen_decoded_bytes(struct view encoded);
/* Appends what `encoded` decodes to, line ends as LF. */
void pen_decode(struct view encoded, struct buffer *out);

#endif
