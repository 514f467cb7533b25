#include "mail/mustache.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "mail/mustache_node.h"

/* A container that is not yet closed, and how its opening tag stood. */
struct opened {
    size_t node;
    bool is_first;
    struct view white;
};

enum { NAME_SHOWN = 60, DELIMITER_BYTES = 32 };

/* One pass over the text. A line's leading white space is held back until it is
 * known whether a standalone tag takes the whole line. */
struct parser {
    struct mustache *mustache;
    struct view text;
    size_t at;
    size_t line;         /* of `line_counted` */
    size_t line_counted; /* an offset */
    struct view opening;
    struct view closing;
    bool at_line_start;  /* only white space since `line_start` */
    size_t line_start;
    struct opened *open;
    size_t open_count;
    size_t open_capacity;
    struct error *error;
};

/* One tag as it stands in the text. */
struct tag {
    char sigil; /* one of "#^/>$<!=&{", or 0 */
    struct view name;
    bool is_dynamic;
    size_t start;
    size_t line;
    struct view white; /* before it on its line; meaningful when is_first */
    bool is_first;     /* only white space before it on its line */
    bool is_last;      /* only white space behind it on its line */
    size_t next_line;  /* offset of the next line, when is_last */
};

static bool is_blank(char character)
{
    return character == ' ' || character == '\t';
}

static bool is_space(char character)
{
    return is_blank(character) || character == '\n' || character == '\r';
}

static size_t line_at(struct parser *parser, size_t offset)
{
    for (; parser->line_counted < offset; parser->line_counted++)
        if (parser->text.data[parser->line_counted] == '\n')
            parser->line++;
    return parser->line;
}

static struct view shown(struct view name)
{
    return utf8_prefix(name, NAME_SHOWN);
}

/* "NAME:LINE: " and the message. */
#define parse_error(parser, line, ...)                                                             \
    (error_set((parser)->error, ERROR_INPUT, __VA_ARGS__),                                         \
     error_add((parser)->error, "%s:%zu", (parser)->mustache->name, (size_t)(line)))

static struct node *add_node(struct parser *parser, enum node_kind kind, size_t line,
                             struct view text)
{
    struct mustache *mustache = parser->mustache;
    struct node *node;

    mustache->nodes = memory_grow(mustache->nodes, &mustache->node_capacity,
                                  mustache->node_count + 1, sizeof(*mustache->nodes));
    node = &mustache->nodes[mustache->node_count++];
    *node = (struct node){.kind = kind, .line = line, .text = text};
    return node;
}

static struct node *innermost(struct parser *parser)
{
    return parser->open_count ? &parser->mustache->nodes[parser->open[parser->open_count - 1].node]
                              : NULL;
}

static size_t skip_blanks(const struct parser *parser, size_t at)
{
    while (at < parser->text.size && is_blank(parser->text.data[at]))
        at++;
    return at;
}

/* The line's start and leading white space, once it is known to stay. */
static void begin_line(struct parser *parser, struct view white)
{
    if (parser->at_line_start)
        add_node(parser, NODE_LINE, line_at(parser, parser->line_start), white);
    parser->at_line_start = false;
}

static bool is_line_end(struct view text)
{
    return view_equal(text, VIEW("\n")) || view_equal(text, VIEW("\r\n"));
}

/* The text up to `end`, where a tag or the end of the template is. */
static void parse_text(struct parser *parser, size_t end)
{
    while (parser->at < end) {
        size_t newline = view_find_char(view_slice(parser->text, 0, end), '\n', parser->at);
        size_t stop = newline < end ? newline + 1 : end, inner = parser->at;
        struct view rest;

        if (parser->at_line_start) {
            inner = skip_blanks(parser, parser->at);
            if (inner == end && end < parser->text.size)
                break; /* perhaps the white space of a standalone tag */
            rest = view_slice(parser->text, inner, stop);
            if (inner > parser->line_start || !is_line_end(rest))
                begin_line(parser, view_slice(parser->text, parser->line_start, inner));
        }
        if (inner < stop)
            add_node(parser, NODE_TEXT, line_at(parser, inner),
                     view_slice(parser->text, inner, stop));
        parser->at_line_start = newline < end;
        parser->at = stop;
        if (parser->at_line_start)
            parser->line_start = stop;
    }
    parser->at = end;
}

/* {{=<% %>=}} */
static int set_delimiters(struct parser *parser, const struct tag *tag, struct view content)
{
    struct view opening, closing;
    size_t space = 0;

    content = view_trim(content);
    while (space < content.size && !is_space(content.data[space]))
        space++;
    opening = view_slice(content, 0, space);
    closing = view_trim(view_slice(content, space, content.size));
    for (size_t i = 0; i < closing.size; i++)
        if (is_space(closing.data[i]))
            closing.size = 0;
    if (!opening.size || !closing.size || view_find_char(content, '=', 0) < content.size ||
        opening.size > DELIMITER_BYTES || closing.size > DELIMITER_BYTES)
        return parse_error(parser, tag->line,
                           "bad delimiters \"%.*s\": two words without \"=\" are wanted, "
                           "as in {{=<%% %%>=}}",
                           VIEW_ARGUMENTS(shown(content)));
    parser->opening = opening;
    parser->closing = closing;
    return 0;
}

/* Finds the tag's end; `*ret_content` is what stands between sigil and end. */
static int find_end(struct parser *parser, struct tag *tag, struct view *ret_content)
{
    struct buffer end;
    size_t from = tag->start + parser->opening.size, found;

    tag->sigil = 0;
    if (from < parser->text.size && view_find_char(VIEW("#^/>$<!=&{"), parser->text.data[from], 0) <
                                        sizeof("#^/>$<!=&{") - 1)
        tag->sigil = parser->text.data[from++];
    buffer_init(&end, DELIMITER_BYTES + 2);
    if (tag->sigil == '{' || tag->sigil == '=')
        buffer_add_char(&end, tag->sigil == '{' ? '}' : '=');
    buffer_add_view(&end, parser->closing);
    found = view_find(parser->text, buffer_view(&end), from);
    if (found < parser->text.size) {
        *ret_content = view_slice(parser->text, from, found);
        parser->at = found + end.size;
        buffer_free(&end);
        return 0;
    }
    parse_error(parser, tag->line, "this tag, opened by \"%.*s\", is never closed by \"%s\"",
                VIEW_ARGUMENTS(parser->opening), buffer_string(&end));
    buffer_free(&end);
    return -1;
}

static int read_name(struct parser *parser, struct tag *tag, struct view content)
{
    struct view name = view_trim(content);
    bool may_be_dynamic = tag->sigil == '>' || tag->sigil == '<';

    if (tag->sigil == '/' && parser->open_count)
        may_be_dynamic = innermost(parser)->is_dynamic;
    if (may_be_dynamic && name.size && name.data[0] == '*') {
        tag->is_dynamic = true;
        name = view_trim(view_slice(name, 1, name.size));
    }
    if (!name.size)
        return parse_error(parser, tag->line, "a tag without a name");
    for (size_t i = 0; i < name.size; i++)
        if (is_space(name.data[i]))
            return parse_error(parser, tag->line, "the name \"%.*s\" holds a blank",
                               VIEW_ARGUMENTS(shown(name)));
    tag->name = name;
    return 0;
}

static void look_behind(struct parser *parser, struct tag *tag)
{
    size_t at = skip_blanks(parser, parser->at);

    if (at + 1 < parser->text.size && parser->text.data[at] == '\r' &&
        parser->text.data[at + 1] == '\n')
        at++;
    tag->is_last = at >= parser->text.size || parser->text.data[at] == '\n';
    tag->next_line = at < parser->text.size ? at + 1 : at;
}

/* Goes on with the next line: this one held nothing but tags. */
static void drop_line(struct parser *parser, const struct tag *tag)
{
    parser->at = parser->line_start = tag->next_line;
    parser->at_line_start = true;
}

/* The leading white space of the first line that has more than that. */
static struct view first_indent(const struct parser *parser, size_t at)
{
    size_t start = at;

    for (; at < parser->text.size && is_space(parser->text.data[at]); at++)
        if (parser->text.data[at] == '\n')
            start = at + 1;
    return view_slice(parser->text, start, at);
}

static int open_container(struct parser *parser, enum node_kind kind, const struct tag *tag)
{
    const struct node *outer = innermost(parser);
    bool is_argument = kind == NODE_BLOCK && outer && outer->kind == NODE_PARENT;
    bool is_standalone = kind != NODE_PARENT && tag->is_last && (tag->is_first || is_argument);
    struct node *node;

    if (parser->open_count == MUSTACHE_OPEN)
        return parse_error(parser, tag->line, "more than %d sections are open", MUSTACHE_OPEN);
    if (!is_standalone && !is_argument)
        begin_line(parser, tag->white);
    node = add_node(parser, kind, tag->line, tag->name);
    node->is_dynamic = tag->is_dynamic;
    node->is_argument = is_argument;
    node->is_standalone = is_standalone;
    parser->at_line_start = false;
    if (is_standalone)
        drop_line(parser, tag);
    if (kind == NODE_BLOCK)
        node->indent = is_standalone ? first_indent(parser, parser->at) : tag->white;
    parser->open = memory_grow(parser->open, &parser->open_capacity, parser->open_count + 1,
                               sizeof(*parser->open));
    parser->open[parser->open_count++] = (struct opened){
        .node = parser->mustache->node_count - 1, .is_first = tag->is_first, .white = tag->white};
    return 0;
}

static int compare_arguments(const void *a, const void *b)
{
    const struct argument *left = a, *right = b;
    int order = view_compare(left->name, right->name);

    return order ? order : (left->node > right->node) - (left->node < right->node);
}

static void collect_arguments(struct mustache *mustache, size_t parent)
{
    struct node *node = &mustache->nodes[parent], *child;

    node->arguments = mustache->argument_count;
    for (size_t i = parent + 1; i < node->end; i = node_is_container(child) ? child->end : i + 1) {
        child = &mustache->nodes[i];
        if (child->kind != NODE_BLOCK)
            continue;
        mustache->arguments =
            memory_grow(mustache->arguments, &mustache->argument_capacity,
                        mustache->argument_count + 1, sizeof(*mustache->arguments));
        mustache->arguments[mustache->argument_count++] = (struct argument){child->text, i};
    }
    node->argument_count = mustache->argument_count - node->arguments;
    if (node->argument_count > 1)
        qsort(mustache->arguments + node->arguments, node->argument_count,
              sizeof(*mustache->arguments), compare_arguments);
}

static int check_close(struct parser *parser, const struct tag *tag)
{
    const struct node *node = innermost(parser);
    const char *star;

    if (!node)
        return parse_error(parser, tag->line, "{{/%.*s}} closes nothing that is open",
                           VIEW_ARGUMENTS(shown(tag->name)));
    if (view_equal(node->text, tag->name) && node->is_dynamic == tag->is_dynamic)
        return 0;
    star = node->is_dynamic ? "*" : "";
    return parse_error(parser, tag->line,
                       "{{/%.*s}} stands where {{%c%s%.*s}}, opened on line %zu, "
                       "must be closed first",
                       VIEW_ARGUMENTS(shown(tag->name)), "#^<$"[node->kind - NODE_SECTION], star,
                       VIEW_ARGUMENTS(shown(node->text)), node->line);
}

/* A parent counts as one tag from its opening to its end: standalone when
 * nothing stands before the one and behind the other. */
static void close_parent(struct parser *parser, const struct opened *opened, const struct tag *tag)
{
    struct mustache *mustache = parser->mustache;
    struct node *node = &mustache->nodes[opened->node];

    node->end = mustache->node_count;
    collect_arguments(mustache, opened->node);
    parser->at_line_start = false;
    if (!opened->is_first || !tag->is_last)
        return;
    node->is_standalone = true;
    node->indent = opened->white;
    mustache->nodes[opened->node - 1].kind = NODE_NOTHING; /* the line that it began */
    drop_line(parser, tag);
}

static int close_container(struct parser *parser, const struct tag *tag)
{
    struct mustache *mustache = parser->mustache;
    struct opened opened;
    struct node *node;

    if (check_close(parser, tag) < 0)
        return -1;
    opened = parser->open[--parser->open_count];
    node = &mustache->nodes[opened.node];
    if (node->kind == NODE_PARENT) {
        close_parent(parser, &opened, tag);
        return 0;
    }
    if (node->kind == NODE_BLOCK && mustache->node_count == opened.node + 1)
        node->indent = opened.white;
    if (node->is_argument) {
        parser->at_line_start = false;
    } else if (tag->is_first && tag->is_last) {
        drop_line(parser, tag);
    } else {
        begin_line(parser, tag->white);
    }
    mustache->nodes[opened.node].end = mustache->node_count;
    return 0;
}

static void add_partial(struct parser *parser, const struct tag *tag)
{
    bool is_standalone = tag->is_first && tag->is_last;
    struct node *node;

    if (is_standalone)
        drop_line(parser, tag);
    else
        begin_line(parser, tag->white);
    node = add_node(parser, NODE_PARTIAL, tag->line, tag->name);
    node->is_dynamic = tag->is_dynamic;
    node->is_standalone = is_standalone;
    if (is_standalone)
        node->indent = tag->white;
}

static void add_nothing(struct parser *parser, const struct tag *tag)
{
    if (tag->is_first && tag->is_last)
        drop_line(parser, tag);
    else
        begin_line(parser, tag->white);
}

static int parse_tag(struct parser *parser, size_t start)
{
    struct tag tag = {.start = start, .line = line_at(parser, start)};
    struct view content;

    tag.is_first = parser->at_line_start;
    if (tag.is_first)
        tag.white = view_slice(parser->text, parser->line_start, start);
    if (find_end(parser, &tag, &content) < 0)
        return -1;
    look_behind(parser, &tag);
    if (tag.sigil == '!' || tag.sigil == '=') {
        add_nothing(parser, &tag);
        return tag.sigil == '=' ? set_delimiters(parser, &tag, content) : 0;
    }
    if (read_name(parser, &tag, content) < 0)
        return -1;
    switch (tag.sigil) {
    case '#':
        return open_container(parser, NODE_SECTION, &tag);
    case '^':
        return open_container(parser, NODE_INVERTED, &tag);
    case '<':
        return open_container(parser, NODE_PARENT, &tag);
    case '$':
        return open_container(parser, NODE_BLOCK, &tag);
    case '/':
        return close_container(parser, &tag);
    case '>':
        add_partial(parser, &tag);
        return 0;
    default:
        begin_line(parser, tag.white);
        add_node(parser, tag.sigil ? NODE_RAW : NODE_ESCAPED, tag.line, tag.name);
        return 0;
    }
}

static int check_utf8(struct parser *parser)
{
    int32_t codepoint;
    size_t length;

    for (size_t at = 0; at < parser->text.size; at += length) {
        length = utf8_decode(parser->text, at, &codepoint);
        if (length == 1 && codepoint == 0xFFFD)
            return parse_error(parser, line_at(parser, at), "not UTF-8");
    }
    return 0;
}

static int parse(struct parser *parser)
{
    const struct node *unclosed;
    size_t start;

    for (;;) {
        start = view_find(parser->text, parser->opening, parser->at);
        parse_text(parser, start);
        if (start >= parser->text.size)
            break;
        if (parse_tag(parser, start) < 0)
            return -1;
    }
    unclosed = innermost(parser);
    if (!unclosed)
        return 0;
    return parse_error(parser, unclosed->line, "{{%c%s%.*s}} is never closed",
                       "#^<$"[unclosed->kind - NODE_SECTION], unclosed->is_dynamic ? "*" : "",
                       VIEW_ARGUMENTS(shown(unclosed->text)));
}

int mustache_compile(const char *name, struct view text, struct mustache **ret_mustache,
                     struct error *error)
{
    struct mustache *mustache = memory_new(1, sizeof(*mustache));
    struct parser parser = {.mustache = mustache,
                            .line = 1,
                            .opening = VIEW("{{"),
                            .closing = VIEW("}}"),
                            .at_line_start = true,
                            .error = error};
    int result;

    if (view_starts_with(text, VIEW("\xEF\xBB\xBF")))
        text = view_slice(text, 3, text.size);
    mustache->name = memory_copy_string(name);
    mustache->text = view_copy_string(text);
    parser.text = (struct view){mustache->text, text.size};
    result = check_utf8(&parser);
    parser.line = 1;
    parser.line_counted = 0;
    if (result == 0)
        result = parse(&parser);
    free(parser.open);
    if (result < 0)
        mustache_free(&mustache);
    else
        *ret_mustache = mustache;
    return result;
}
