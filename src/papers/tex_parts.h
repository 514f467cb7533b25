/* What the files of the TeX converter share: the state of one conversion, the
 * table of commands, and the functions that go from one file to another. Only
 * src/papers/tex*.c includes it; everybody else wants papers/tex.h.
 *
 * A conversion walks ranges [at, end) of the text and adds to `out`. Whatever
 * looks back at `out` looks no further than the range that it wrote itself. */
#ifndef PAPERS_TEX_PARTS_H
#define PAPERS_TEX_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum tex_mode { TEX_TEXT, TEX_MATH };

/* Nesting that is followed; what is deeper is copied as written. */
enum { TEX_DEPTH = 40, TEX_NONE = -1 };

struct tex {
    struct view text;
    /* For the first byte of `{`, `\(`, `\[` and `\begin`: where its `}`, `\)`,
     * `\]` or `\end` begins; 0: there is none. Not set for any other byte. */
    uint32_t *partner;
    struct buffer out;
    int depth;
    size_t gap_at;       /* at this size of `out` a letter or digit needs a blank before it */
    size_t formula_at;   /* size of `out` where the formula began */
    size_t range_at;     /* and where the innermost group or range did */
    size_t script_at;    /* at this place of the text a `^` or `_` belongs to a symbol */
    int double_quotes;   /* ``, whose end has not come */
    size_t single_quote; /* place of the ' that ends a ` */
    bool in_table;       /* & and \\ part cells and rows */
};

/* What a command does. */
enum tex_kind {
    TEX_LETTER,    /* a letter of text: blanks after it are eaten */
    TEX_SYMBOL,    /* an ordinary symbol: in a formula it eats the blank before a letter */
    TEX_BIG,       /* a sum or integral: the blank after it stays */
    TEX_RELATION,  /* a blank on both sides or on none */
    TEX_NAME,      /* log, sup: set apart from letters around it */
    TEX_BLANK,     /* a space */
    TEX_GONE,      /* removed, with the blanks after it */
    TEX_DELIMITER, /* \left, \right: removed, and a "." behind it too */
    TEX_ACCENT,    /* text's \v, \c: `text` is the combining character */
    TEX_HAT,       /* math's \hat, \bar: likewise */
    TEX_CONTENT,   /* what its argument contains stays */
    TEX_OPERATOR,  /* the same, set apart like a TEX_NAME */
    TEX_WORDS,     /* the same, and the argument is text */
    TEX_SECOND,    /* of two arguments the second stays */
    TEX_FIRST,     /* of two arguments the first stays */
    TEX_DROP,      /* one argument, removed */
    TEX_SKIP,      /* one argument, a space instead of it */
    TEX_AROUND,    /* `text` is what stands before and behind the argument, parted by a blank */
    TEX_LITERAL,   /* the argument is copied as it is */
    TEX_FRACTION,
    TEX_ROOT,
    TEX_BINOMIAL,
    TEX_OVER,      /* plain TeX's fraction: {a \over b} */
    TEX_ROWS,      /* plain TeX's tables: \cases{a & b \cr c & d} */
    TEX_BREAK,     /* the end of a row */
    TEX_PAIR,      /* an argument or two with a blank between */
    TEX_DOUBLE_STRUCK,
    TEX_SUPERSCRIPT,
    TEX_SUBSCRIPT,
    TEX_NOT,
    TEX_BEGIN,
    TEX_ITEM,
    TEX_CODEPOINT
};

/* Where a command means this; elsewhere it is somebody's own macro. */
enum tex_where { TEX_ANYWHERE, TEX_TEXT_ONLY, TEX_MATH_ONLY };

struct tex_command {
    enum tex_kind kind;
    enum tex_where where;
    const char *text;
};

/* tex_table.c */
bool tex_find_command(struct view name, struct tex_command *ret_command);
bool tex_table_is_sorted(void); /* for the test */
/* Is this an environment whose content is a formula? `ret_arguments` gets how
 * many arguments follow \begin{NAME}. */
bool tex_is_formula(struct view name, int *ret_arguments);
bool tex_is_list(struct view name);

/* tex_scan.c */
enum { TEX_STEP_BYTES = 32 };
/* Steps over what surely holds nothing that TeX gives a meaning outside formulas,
 * as far as whole steps go: no \ $ { ^ _ ~ `, no doubled - or ', no ://. */
size_t tex_skip_plain(struct view text, size_t at);
void tex_match_pairs(struct view text, uint32_t *partner);
size_t tex_skip_blanks(const struct tex *tex, size_t at, size_t end);
/* The letters after the backslash at `at`; empty for a control symbol. */
struct view tex_command_name(const struct tex *tex, size_t at, size_t end);
/* The content of the group that begins at `at`; false when none does. */
bool tex_take_group(const struct tex *tex, size_t *at, size_t end, size_t *ret_start,
                    size_t *ret_end);
/* A group's content, or one character, or one command without its arguments. */
bool tex_take_argument(const struct tex *tex, size_t *at, size_t end, size_t *ret_start,
                       size_t *ret_end);
/* "[…]" without braces or line ends of at most 200 bytes, right at `at`. */
bool tex_take_option(const struct tex *tex, size_t *at, size_t end, struct view *ret_option);
/* Is a formula between these two dollars, or do they stand for money? */
bool tex_reads_as_formula(struct view content, char after);
/* Where the formula that the dollar(s) at `at` open ends; `end` when they open none. */
size_t tex_find_dollar(const struct tex *tex, size_t at, size_t end);

/* tex_out.c: everything is added to `out` through these. */
void tex_add(struct tex *tex, struct view view);
void tex_add_apart(struct tex *tex, struct view view); /* from a letter or digit before it */
void tex_add_blank(struct tex *tex);                   /* unless there is one already */
bool tex_ends_with_blank(const struct tex *tex, size_t start);
void tex_insert(struct tex *tex, size_t at, const char *text);
void tex_replace_tail(struct tex *tex, size_t start, struct view tail);
bool tex_is_alphanumeric(int32_t codepoint);

/* tex_script.c: what is done to `out` from `start` on. */
void tex_make_script(struct tex *tex, size_t start, bool superscript);
void tex_bracket_operand(struct tex *tex, size_t start, bool is_denominator);
void tex_double_strike(struct tex *tex, size_t start);

/* tex.c: one thing, all of a range, a group in braces, an argument (a group, a
 * command with its own arguments, or one character; false when there is none). */
size_t tex_convert_one(struct tex *tex, size_t at, size_t end, enum tex_mode mode);
void tex_convert(struct tex *tex, size_t at, size_t end, enum tex_mode mode);
size_t tex_convert_group(struct tex *tex, size_t at, size_t end, enum tex_mode mode);
bool tex_add_argument(struct tex *tex, size_t *at, size_t end, enum tex_mode mode);

/* tex_text.c: what is neither command nor group. */
size_t tex_convert_text(struct tex *tex, size_t at, size_t end);

/* tex_math.c: the same in a formula, and what stands there mostly. Those that
 * take `at` behind a command's name return it when its arguments are missing. */
void tex_cut_blanks(struct tex *tex); /* at the end of this formula, group or argument */
size_t tex_convert_math(struct tex *tex, size_t at, size_t end);
size_t tex_convert_script(struct tex *tex, size_t at, size_t end);
void tex_convert_formula(struct tex *tex, size_t start, size_t end, bool is_display);
size_t tex_convert_fraction(struct tex *tex, size_t at, size_t end, enum tex_mode mode);
size_t tex_convert_over(struct tex *tex, size_t at, size_t end);
size_t tex_convert_root(struct tex *tex, size_t at, size_t end, enum tex_mode mode);
size_t tex_convert_binomial(struct tex *tex, size_t at, size_t end, enum tex_mode mode);
size_t tex_convert_hat(struct tex *tex, size_t at, size_t end, struct view combining,
                       enum tex_mode mode);
size_t tex_convert_break(struct tex *tex, size_t at, size_t end, enum tex_mode mode);

/* tex_command.c: what a backslash begins. */
size_t tex_convert_command(struct tex *tex, size_t at, size_t end, enum tex_mode mode);

/* tex_accent.c */
/* What follows the accent [at, after). */
size_t tex_convert_accent(struct tex *tex, size_t at, size_t after, size_t end,
                          struct view combining, enum tex_mode mode);
/* Puts a combining character on the first character of `out` from `start` on;
 * false, and nothing done, when there is none, or when Unicode has no such
 * letter and `composed_only` asks for one. */
bool tex_put_mark(struct tex *tex, size_t start, struct view combining, bool composed_only);
/* The combining character of the accents that are written with a symbol, as in
 * \'e; empty for other symbols. */
struct view tex_accent_symbol(char symbol);

#endif
