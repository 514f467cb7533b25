#include "papers/tex_parts.h"

#include <string.h>

#include "base/byte_block.h"
#include "base/utf8.h"

/* With the byte behind the step. Brackets, `|`, `}`, a doubled % or / are taken for
 * marks, too: fewer comparisons find those of ASCII's columns 5 and 7 together. */
static bool is_plain_step(const char *bytes)
{
    byte_block marks = {0};

    for (size_t i = 0; i < TEX_STEP_BYTES; i += BYTE_BLOCK_SIZE) {
        byte_block c = byte_block_load(bytes + i), next = byte_block_load(bytes + i + 1);

        marks |= ((c | 0x20) > 'z') | (c == '`') | (c == '$') | ((c == ':') & (next == '/'));
        marks |= (c == next) & ((c & ~('-' ^ '\'')) == ('-' & '\''));
    }
    return !byte_block_any(marks);
}

size_t tex_skip_plain(struct view text, size_t at)
{
    while (at < text.size && text.size - at > TEX_STEP_BYTES && is_plain_step(text.data + at))
        at += TEX_STEP_BYTES;
    return at;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t letters_end(struct view text, size_t at)
{
    while (at < text.size && is_letter(text.data[at]))
        at++;
    return at;
}

/* "{NAME}" right at `at`, as after \begin; empty when it is not there. */
static struct view environment_name(struct view text, size_t at)
{
    enum { LONGEST = 40 };
    struct view rest = view_slice(text, at, at + LONGEST);
    size_t end = view_find_char(rest, '}', 0);

    if (rest.size < 2 || rest.data[0] != '{' || end == rest.size)
        return (struct view){NULL, 0};
    return view_slice(rest, 1, end);
}

/* Openers that wait for their partner; each keeps the one before it, plus one,
 * in the place that will later hold its partner. */
struct waiting {
    uint32_t brace, environment, round, square; /* place + 1; 0: none */
};

/* Finds the \begin of this \end among the few that were opened last, so that
 * a wrong one costs neither the others nor time. */
static void close_environment(struct view text, uint32_t *partner, struct waiting *waiting,
                              size_t end_at, struct view name)
{
    enum { LOOK_BACK = 8 };
    uint32_t open = waiting->environment;

    for (int i = 0; i < LOOK_BACK && open; i++, open = partner[open - 1]) {
        static const size_t name_at = sizeof "\\begin" - 1;

        if (!view_equal(environment_name(text, open - 1 + name_at), name))
            continue;
        while (waiting->environment != open) {
            uint32_t skipped = waiting->environment;

            waiting->environment = partner[skipped - 1];
            partner[skipped - 1] = 0;
        }
        waiting->environment = partner[open - 1];
        partner[open - 1] = (uint32_t)end_at;
        return;
    }
}

static void forget(uint32_t *partner, uint32_t open)
{
    while (open) {
        uint32_t before = partner[open - 1];

        partner[open - 1] = 0;
        open = before;
    }
}

/* One backslash with what it begins; returns where to go on. */
static size_t match_command(struct view text, uint32_t *partner, struct waiting *waiting, size_t at)
{
    size_t end = letters_end(text, at + 1);
    struct view name = view_slice(text, at + 1, end);
    char symbol;

    partner[at] = 0;
    if (view_equal_string(name, "begin")) {
        if (environment_name(text, end).size) {
            partner[at] = waiting->environment;
            waiting->environment = (uint32_t)at + 1;
        }
        return end;
    }
    if (view_equal_string(name, "end")) {
        close_environment(text, partner, waiting, at, environment_name(text, end));
        return end;
    }
    if (name.size || end >= text.size)
        return end;
    partner[end] = 0;
    symbol = text.data[end];
    if (symbol == '(')
        waiting->round = (uint32_t)at + 1;
    else if (symbol == '[')
        waiting->square = (uint32_t)at + 1;
    else if (symbol == ')' && waiting->round) {
        partner[waiting->round - 1] = (uint32_t)at;
        waiting->round = 0;
    } else if (symbol == ']' && waiting->square) {
        partner[waiting->square - 1] = (uint32_t)at;
        waiting->square = 0;
    }
    return end + 1;
}

/* Where the next of each stands; looked for again when passed. */
struct next {
    size_t backslash, open, close; /* place + 1; 0: not known yet */
};

static size_t step(struct view text, size_t *next, char c, size_t at)
{
    if (*next <= at)
        *next = view_find_char(text, c, at) + 1;
    return *next - 1;
}

/* Of the three that match_pairs cares about: most texts have few of them, and
 * searching for one byte is what the C library does fastest. */
static size_t next_mark(struct view text, struct next *next, size_t at)
{
    size_t backslash = step(text, &next->backslash, '\\', at);
    size_t open = step(text, &next->open, '{', at), close = step(text, &next->close, '}', at);
    size_t brace = open < close ? open : close;

    return backslash < brace ? backslash : brace;
}

void tex_match_pairs(struct view text, uint32_t *partner)
{
    struct next next = {0};
    struct waiting waiting = {0};

    for (size_t at = 0; (at = next_mark(text, &next, at)) < text.size;) {
        char c = text.data[at];

        if (c == '\\') {
            at = match_command(text, partner, &waiting, at);
            continue;
        }
        if (c == '{') {
            partner[at] = waiting.brace;
            waiting.brace = (uint32_t)at + 1;
        } else if (c == '}' && waiting.brace) {
            uint32_t open = waiting.brace - 1;

            waiting.brace = partner[open];
            partner[open] = (uint32_t)at;
        }
        at++;
    }
    forget(partner, waiting.brace);
    forget(partner, waiting.environment);
}

size_t tex_skip_blanks(const struct tex *tex, size_t at, size_t end)
{
    while (at < end && is_blank(tex->text.data[at]))
        at++;
    return at;
}

struct view tex_command_name(const struct tex *tex, size_t at, size_t end)
{
    struct view rest = view_slice(tex->text, 0, end);

    return view_slice(rest, at + 1, letters_end(rest, at + 1));
}

bool tex_take_group(const struct tex *tex, size_t *at, size_t end, size_t *ret_start,
                    size_t *ret_end)
{
    size_t open = tex_skip_blanks(tex, *at, end), close;

    if (open >= end || tex->text.data[open] != '{')
        return false;
    close = tex->partner[open];
    if (!close || close >= end)
        return false;
    *ret_start = open + 1;
    *ret_end = close;
    *at = close + 1;
    return true;
}

bool tex_take_argument(const struct tex *tex, size_t *at, size_t end, size_t *ret_start,
                       size_t *ret_end)
{
    size_t start = tex_skip_blanks(tex, *at, end);
    int32_t codepoint;

    if (start >= end)
        return false;
    switch (tex->text.data[start]) {
    case '{':
        return tex_take_group(tex, at, end, ret_start, ret_end);
    case '}': case '$': case '&': case '^': case '_':
        return false;
    case '\\':
        *ret_end = start + 1 + tex_command_name(tex, start, end).size;
        if (*ret_end == start + 1)
            return false;
        break;
    default:
        *ret_end = start + utf8_decode(tex->text, start, &codepoint);
    }
    if (*ret_end > end)
        return false;
    *ret_start = start;
    *at = *ret_end;
    return true;
}

bool tex_take_option(const struct tex *tex, size_t *at, size_t end, struct view *ret_option)
{
    enum { LONGEST = 200 };
    struct view rest = view_slice(view_slice(tex->text, 0, end), *at, *at + LONGEST);
    size_t close;

    if (!rest.size || rest.data[0] != '[')
        return false;
    for (close = 1; close < rest.size && rest.data[close] != ']'; close++)
        if (strchr("{}$\n", rest.data[close]))
            return false;
    if (close == rest.size)
        return false;
    *ret_option = view_slice(rest, 1, close);
    *at += close + 1;
    return true;
}

/* What a dollar's content looks like, for tex_reads_as_formula. */
struct impression {
    int words;      /* in all: two letters or more, no command, outside braces */
    int in_a_row;   /* the longest run of words with only blanks between */
    bool has_link;  /* "and", "per", …: words that join prices */
};

static bool is_link(struct view word)
{
    static const char *const links[] = {"and", "to", "or", "per", "for", "the", "of", "in", "vs",
                                        "from", "with", "while", "than", "on", "at", "by"};

    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        if (view_equal_string(word, links[i]))
            return true;
    return false;
}

static struct impression look_at(struct view content)
{
    struct impression seen = {0};
    int depth = 0, row = 0;

    for (size_t at = 0; at < content.size;) {
        char c = content.data[at];
        size_t end = letters_end(content, at);

        if (c == '\\') {
            end = letters_end(content, at + 1);
            row = 0;
        } else if (end >= at + 2 && !depth) {
            seen.words++;
            if (++row > seen.in_a_row)
                seen.in_a_row = row;
            seen.has_link |= is_link(view_slice(content, at, end));
        } else if (!is_blank(c)) {
            row = 0;
            depth += (c == '{') - (c == '}' && depth);
        }
        at = end > at + (c == '\\') ? end : at + 1 + (c == '\\');
    }
    return seen;
}

bool tex_reads_as_formula(struct view content, char after)
{
    struct view trimmed = view_trim(content);
    struct impression seen;
    char first, last;

    if (!trimmed.size)
        return false;
    first = trimmed.data[0];
    last = content.data[content.size - 1];
    seen = look_at(content);
    if (seen.in_a_row >= 3)
        return false;
    if (is_digit(first) && (is_digit(after) || (is_blank(last) && seen.words)))
        return false;
    if ((is_digit(first) || first == '/' || first == ')') && seen.has_link)
        return false;
    return !(first == '/' && seen.words && last == '(');
}

size_t tex_find_dollar(const struct tex *tex, size_t at, size_t end)
{
    bool is_double = at + 1 < end && tex->text.data[at + 1] == '$';

    for (size_t i = at + 1 + is_double; i < end; i++) {
        char c = tex->text.data[i];

        if (c == '\\')
            i++;
        else if (c == '{' && tex->partner[i] && tex->partner[i] < end)
            i = tex->partner[i];
        else if (c == '$' && (!is_double || (i + 1 < end && tex->text.data[i + 1] == '$')))
            return i;
    }
    return end;
}
