/* What the files of rendition.h share: Markdown as a tree of blocks whose leaves hold runs
 * of text. HTML made by walking it is well-formed whatever md4c reports. */
#ifndef SUMMARIES_RENDITION_PARTS_H
#define SUMMARIES_RENDITION_PARTS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"

enum rendition_kind {
    RENDITION_DOCUMENT,
    RENDITION_QUOTE,
    RENDITION_LIST,
    RENDITION_NUMBERED,
    RENDITION_ITEM,
    RENDITION_TABLE,
    RENDITION_ROW,
    RENDITION_PARAGRAPH, /* this and the following hold runs and no blocks */
    RENDITION_HEADING,
    RENDITION_CODE,
    RENDITION_CELL,
    RENDITION_RULE
};

enum rendition_mark {
    RENDITION_STRONG = 1 << 0,
    RENDITION_EMPHASIS = 1 << 1,
    RENDITION_STRUCK = 1 << 2,
    RENDITION_FIXED = 1 << 3 /* code */
};

struct rendition_link {
    struct view address; /* as link_add made it */
    struct view text;    /* of all its runs, without breaks */
};

struct rendition_run {
    struct rendition_run *next;
    struct view text; /* clean; no line feed but in code blocks */
    unsigned marks;
    const struct rendition_link *link; /* NULL: none */
    bool is_break;                     /* instead of text: the line ends here */
};

enum rendition_align { RENDITION_START, RENDITION_CENTER, RENDITION_END };

struct rendition_block {
    enum rendition_kind kind;
    struct rendition_block *next, *first, *last;
    struct rendition_run *first_run, *last_run;
    unsigned number; /* heading: its level, 1 is the highest in use; numbered: its first */
    bool is_tight;   /* lists, and paragraphs of tight lists */
    bool is_head;    /* rows and cells of a table's head */
    enum rendition_align align; /* cells */
    size_t columns;             /* tables */
};

/* The tree of a text, in the arena; never NULL. Blocks that show nothing are not in it. */
struct rendition_block *rendition_read(struct view markdown, struct arena *arena);

/* Markdown made ready for md4c: clean, at most RENDITION_BYTES, formulas as escaped text,
 * <br> and the ends of display formulas as RENDITION_BREAK. True when it was cut. */
bool rendition_prepare(struct view markdown, struct buffer *out);

/* Stand in what rendition_prepare makes and in nothing that was cleaned: a line break, and
 * a character that lets emphasis end beside punctuation (word joiner). */
#define RENDITION_BREAK "\xE2\x80\xA8"
#define RENDITION_JOINER "\xE2\x81\xA0"
enum { RENDITION_BREAK_CODEPOINT = 0x2028, RENDITION_JOINER_CODEPOINT = 0x2060 };

/* ---- plain text ---- */

struct rendition_writer {
    struct buffer *out;
    size_t width;
    size_t end; /* of out->size, where nothing more is begun */
    /* What lines begin with, the next one and those behind it: equally long. */
    struct buffer first, rest;
};

/* Columns that are left for text. */
size_t rendition_room(const struct rendition_writer *writer);
void rendition_write_line(struct rendition_writer *writer, struct view line);
/* Several lines of text, each wrapped. */
void rendition_write_wrapped(struct rendition_writer *writer, struct view text);
/* `marker` before the next line and blanks of its width before those that follow, or itself
 * again. Where no room would be left it has a line of its own. Gives what to go back to. */
size_t rendition_indent(struct rendition_writer *writer, struct view marker, bool is_repeated);
void rendition_outdent(struct rendition_writer *writer, size_t indent);
/* Runs as text: links with their addresses, breaks as line feeds. */
void rendition_add_runs(struct buffer *out, const struct rendition_run *run);
void rendition_write_table(struct rendition_writer *writer, const struct rendition_block *table);

#endif
