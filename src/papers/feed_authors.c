#include <string.h>

#include "papers/feed_parser.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* "(Bill)" between two words of a name, not "(MIT)" or "(1)" behind it. */
static bool is_nickname(struct view text, size_t open, size_t close)
{
    if (open == 0 || !is_space(text.data[open - 1]) || close - open < 3 ||
        close + 2 >= text.size || !is_space(text.data[close + 1]) ||
        !is_upper(text.data[close + 2]))
        return false;
    if (!is_upper(text.data[open + 1]))
        return false;
    for (size_t i = open + 2; i < close; i++) {
        if (!is_lower(text.data[i]))
            return false;
    }
    return true;
}

/* Where the parenthesis at `open` ends: its partner, or, when it has none, the
 * next comma. `*unmatched` remembers a search without result, so that a text
 * full of them stays cheap. */
static size_t find_close(struct view text, size_t open, bool *unmatched)
{
    int depth = 0;

    for (size_t i = open; i < text.size && !*unmatched; i++) {
        if (text.data[i] == '(')
            depth++;
        else if (text.data[i] == ')' && --depth == 0)
            return i;
    }
    *unmatched = true;
    return view_find_char(text, ',', open);
}

/* Adds `text` without affiliations and without stray closing parentheses. */
static void drop_affiliations(struct view text, struct buffer *out)
{
    bool unmatched = false;

    for (size_t i = 0; i < text.size; i++) {
        size_t close;

        if (text.data[i] == '(') {
            close = find_close(text, i, &unmatched);
            if (close < text.size && text.data[close] == ')' && is_nickname(text, i, close)) {
                buffer_add_view(out, view_slice(text, i, close + 1));
                i = close;
            } else {
                i = close < text.size && text.data[close] == ',' ? close - 1 : close;
                buffer_add_char(out, ' ');
            }
        } else if (text.data[i] != ')') {
            buffer_add_char(out, text.data[i]);
        }
    }
}

/* Offset of the whole word `word`, blanks on both sides. */
static size_t find_word(struct view text, struct view word)
{
    for (size_t at = view_find(text, word, 0); at < text.size;
         at = view_find(text, word, at + 1)) {
        size_t end = at + word.size;

        if (at > 0 && is_space(text.data[at - 1]) && end < text.size && is_space(text.data[end]))
            return at;
    }
    return text.size;
}

/* What a collaboration's name ends with. Few names do: the last letter says it
 * for most of them. */
static bool ends_as_group(struct view name)
{
    static const char *const words[] = {"ollaboration", "ollaborations", "Team", "team",
                                        "onsortium",    "Group",         "group", NULL};

    if (!name.size || !strchr("nsmp", name.data[name.size - 1]))
        return false;
    for (int i = 0; words[i]; i++) {
        if (view_ends_with(name, view_of(words[i])))
            return true;
    }
    return false;
}

/* "for the Belle Collaboration" to "Belle Collaboration"; "The Belle
 * Collaboration", as its own name is written, stays. */
static struct view drop_group_words(struct view name, bool is_group)
{
    static const char *const words[] = {"on behalf of the ", "On behalf of the ",
                                        "on behalf of ",     "for the ",
                                        "For the ",          "for ",
                                        "the ",              NULL};

    if (!is_group)
        return name;
    for (int i = 0; words[i]; i++) {
        if (view_starts_with(name, view_of(words[i])))
            return view_trim(view_slice(name, strlen(words[i]), name.size));
    }
    return name;
}

static bool is_suffix(struct view part)
{
    static const char *const suffixes[] = {"Jr",  "Jr.", "Sr",  "Sr.",   "II",   "III",
                                           "IV",  "PhD", "Ph.D", "Ph.D.", "M.D.", NULL};

    if (part.size > 5)
        return false;
    for (int i = 0; suffixes[i]; i++) {
        if (view_equal_nocase(part, view_of(suffixes[i])))
            return true;
    }
    return false;
}

static bool is_no_name(struct view part)
{
    static const char *const words[] = {"et al", "et al.", "eds", "eds.", "ed.", "and", "others",
                                        NULL};

    for (int i = 0; words[i] && part.size <= 6; i++) {
        if (view_equal_nocase(part, view_of(words[i])))
            return true;
    }
    for (size_t i = 0; i < part.size; i++) {
        if (is_upper(part.data[i]) || is_lower(part.data[i]) || (unsigned char)part.data[i] >= 0x80)
            return false;
    }
    return true;
}

/* One name is held back until it is known that no suffix follows. */
struct splitter {
    void (*take)(struct feed_parser *, struct view);
    struct feed_parser *parser;
    struct view held;
    bool has_joints; /* somewhere in the text stands "and" or "&" */
    bool has_colons;
};

static void flush_name(struct splitter *splitter)
{
    if (splitter->held.size)
        splitter->take(splitter->parser, splitter->held);
    splitter->held = (struct view){NULL, 0};
}

/* "Dee" and "Jr." with a blank between. */
static struct view join(struct arena *arena, struct view name, struct view suffix)
{
    size_t size = name.size + 1 + suffix.size;
    char *joined = arena_alloc(arena, size + 1, 1);

    memcpy(joined, name.data, name.size);
    joined[name.size] = ' ';
    memcpy(joined + name.size + 1, suffix.data, suffix.size);
    return (struct view){joined, size};
}

static void add_name(struct splitter *splitter, struct view name)
{
    name = view_trim(name);
    if (is_suffix(name) && splitter->held.size) {
        splitter->take(splitter->parser, join(splitter->parser->arena, splitter->held, name));
        splitter->held = (struct view){NULL, 0};
        return;
    }
    flush_name(splitter);
    if (!is_no_name(name))
        splitter->held = name;
}

/* Offset and length of the first " and " or " & ". */
static size_t find_joint(struct view part, size_t *ret_length)
{
    for (size_t i = 0; i + 2 < part.size; i++) {
        if (!is_space(part.data[i]))
            continue;
        if (part.data[i + 1] == '&' && is_space(part.data[i + 2])) {
            *ret_length = 3;
            return i;
        }
        if (i + 4 < part.size && is_space(part.data[i + 4]) &&
            view_equal(view_slice(part, i + 1, i + 4), VIEW("and"))) {
            *ret_length = 5;
            return i;
        }
    }
    return part.size;
}

/* "ATLAS and CMS Collaborations" is one name. */
static void add_names(struct splitter *splitter, struct view part)
{
    bool is_plural = view_ends_with(part, VIEW("ollaborations"));
    size_t length, at;

    while (splitter->has_joints && !is_plural && (at = find_joint(part, &length)) < part.size) {
        add_name(splitter, view_slice(part, 0, at));
        part = view_slice(part, at + length - 1, part.size);
    }
    add_name(splitter, part);
}

/* "A. Bee for the X Collaboration" is a person and a group. */
static void add_part(struct splitter *splitter, struct view part)
{
    struct view name;
    bool is_group;

    part = view_trim(part);
    if (view_starts_with(part, VIEW("and ")))
        part = view_trim(view_slice(part, 4, part.size));
    is_group = ends_as_group(part);
    name = drop_group_words(part, is_group);
    if (name.size < part.size) {
        add_name(splitter, name);
        return;
    }
    if (is_group) {
        size_t by = find_word(part, VIEW("for")), behalf = find_word(part, VIEW("on behalf of"));
        size_t at = by < behalf ? by : behalf;

        if (at < part.size) {
            add_names(splitter, view_trim(view_slice(part, 0, at)));
            add_name(splitter, drop_group_words(view_slice(part, at, part.size), true));
            return;
        }
    }
    add_names(splitter, part);
}

/* "Planck Collaboration: A. Bee" is a group and a person. */
static void add_part_with_group(struct splitter *splitter, struct view part)
{
    size_t colon = splitter->has_colons ? view_find_char(part, ':', 0) : part.size;

    if (colon < part.size && ends_as_group(view_trim(view_slice(part, 0, colon)))) {
        add_part(splitter, view_slice(part, 0, colon));
        part = view_slice(part, colon + 1, part.size);
    }
    add_part(splitter, part);
}

/* The next comma that parts names: "J.\,Bee" holds TeX's thin space. */
static size_t find_comma(struct view names, size_t at)
{
    while ((at = view_find_char(names, ',', at)) < names.size) {
        if (at == 0 || names.data[at - 1] != '\\')
            break;
        at++;
    }
    return at;
}

void feed_authors_split(struct view text, void (*take)(struct feed_parser *, struct view),
                        struct feed_parser *parser)
{
    struct splitter splitter = {.take = take, .parser = parser};
    struct view names = text;
    size_t start = 0;

    if (view_find_char(text, '(', 0) < text.size || view_find_char(text, ')', 0) < text.size) {
        struct buffer plain;

        buffer_init(&plain, text.size);
        drop_affiliations(text, &plain);
        names = arena_copy(parser->arena, buffer_view(&plain));
        buffer_free(&plain);
    }
    splitter.has_joints = view_find(names, VIEW("and"), 0) < names.size ||
                          view_find_char(names, '&', 0) < names.size;
    splitter.has_colons = view_find_char(names, ':', 0) < names.size;
    while (start <= names.size) {
        size_t comma = find_comma(names, start);

        add_part_with_group(&splitter, view_slice(names, start, comma));
        start = comma + 1;
    }
    flush_name(&splitter);
}
