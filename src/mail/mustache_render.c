#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail/mustache.h"
#include "mail/mustache_node.h"

/* Depth bounds the stack; steps bound the time of partials that multiply
 * without adding output. */
enum {
    RENDER_DEPTH = 2000,
    RENDER_STEPS = 50 * 1000 * 1000,
    PARTIAL_STEPS = 50, /* looking for one costs more than other nodes */
    NUMBER_BYTES = MUSTACHE_NUMBER_BYTES
};

/* The three stacks of a rendering are lists through the C stack's frames. */
struct context {
    const struct context *outer;
    const json_t *value;
    bool is_own; /* struct mustache_late's own, or below it */
};

struct indent {
    const struct indent *outer;
    struct view text;
};

/* The arguments of one parent tag. */
struct scope {
    const struct scope *outer;
    const struct mustache *mustache;
    const struct node *parent;
};

/* Where nodes come from and how their lines begin: `indent` is added, and
 * `strip` is what an argument's lines lose. */
struct frame {
    const struct mustache *mustache;
    const struct indent *indent;
    struct view strip;
    const struct scope *scope;
    size_t partials;
};

struct render {
    const struct mustache_partials *partials;
    const struct mustache_late *late; /* NULL: all is known */
    struct buffer *out;
    struct error *error;
    size_t depth;
    size_t steps;
    bool in_line; /* an argument begins in mid-line: its first line is not indented */
};

static int render_nodes(struct render *render, const struct frame *frame,
                        const struct context *context, size_t from, size_t to);

static int render_error(struct render *render, const struct frame *frame, const struct node *node,
                        const char *message)
{
    return error_set(render->error, ERROR_INPUT, "%s:%zu: %s", frame->mustache->name, node->line,
                     message);
}

/* A value, and the contexts around the one that has it: where the name would be
 * looked for if it were not there. */
struct found {
    const json_t *value;
    const struct context *outer;
    bool is_own;
};

static struct found lookup(const struct render *render, const struct context *context,
                           struct view name)
{
    const json_t *own = render->late ? render->late->own : NULL;
    struct found found = {NULL, NULL, false};
    size_t dot;

    if (view_equal(name, VIEW("."))) {
        found.value = context->value;
        found.is_own = context->is_own;
        return found;
    }
    dot = view_find_char(name, '.', 0);
    for (; context && !found.value; context = context->outer) {
        found.value = json_object_getn(context->value, name.data, dot);
        found.outer = context->outer;
        found.is_own = context->is_own || (own && found.value == own);
    }
    while (found.value && dot < name.size) {
        name = view_slice(name, dot + 1, name.size);
        dot = view_find_char(name, '.', 0);
        found.value = json_object_getn(found.value, name.data, dot);
        found.outer = NULL;
        found.is_own = found.is_own || (own && found.value == own);
    }
    return found;
}

static const struct mustache_mark *mark_of(const struct render *render, const json_t *value)
{
    return render->late && value ? render->late->find(render->late->user, value) : NULL;
}

static bool is_true(const json_t *value)
{
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_NULL:
    case JSON_FALSE:
        return false;
    case JSON_INTEGER:
        return json_integer_value(value) != 0;
    case JSON_REAL:
        return fpclassify(json_real_value(value)) != FP_ZERO;
    case JSON_STRING:
        return json_string_length(value) > 0;
    case JSON_ARRAY:
        return json_array_size(value) > 0;
    default:
        return true;
    }
}

/* The shortest decimal that reads back as the same number, with a point
 * whatever the locale says. As JavaScript prints it, zero has no sign. */
static size_t format_real(double value, char text[NUMBER_BYTES])
{
    if (fpclassify(value) == FP_ZERO)
        value = 0;
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, NUMBER_BYTES, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    for (char *at = text; *at; at++)
        if (!strchr("+-.0123456789e", *at))
            *at = '.';
    return strlen(text);
}

/* What `{{x}}` shows of a value; numbers are written into `number`. */
static struct view value_text(const json_t *value, char number[NUMBER_BYTES])
{
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_STRING:
        return (struct view){json_string_value(value), json_string_length(value)};
    case JSON_TRUE:
        return VIEW("true");
    case JSON_FALSE:
        return VIEW("false");
    case JSON_INTEGER:
        snprintf(number, NUMBER_BYTES, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return view_of(number);
    case JSON_REAL:
        return (struct view){number, format_real(json_real_value(value), number)};
    default:
        return (struct view){NULL, 0};
    }
}

const char *mustache_entity(char byte)
{
    switch (byte) {
#define ENTITY_OF(special, entity)                                                                 \
    case special:                                                                                  \
        return entity;
        MUSTACHE_ENTITIES(ENTITY_OF)
#undef ENTITY_OF
    default:
        return NULL;
    }
}

static void add_escaped(struct buffer *out, struct view text)
{
    size_t done = 0;

    for (size_t at = 0; at < text.size; at++) {
        const char *entity = mustache_entity(text.data[at]);

        if (!entity)
            continue;
        buffer_add_view(out, view_slice(text, done, at));
        buffer_add_string(out, entity);
        done = at + 1;
    }
    buffer_add_view(out, view_slice(text, done, text.size));
}

static void add_indent(struct buffer *out, const struct indent *indent)
{
    if (!indent)
        return;
    add_indent(out, indent->outer);
    buffer_add_view(out, indent->text);
}

/* A line's white space in the template less what the argument's lines lose. */
static struct view stripped(struct view white, struct view strip)
{
    size_t common = 0;

    while (common < white.size && common < strip.size && white.data[common] == strip.data[common])
        common++;
    return view_slice(white, common, white.size);
}

static void begin_line(struct render *render, const struct frame *frame, struct view white)
{
    if (!render->in_line)
        add_indent(render->out, frame->indent);
    render->in_line = false;
    buffer_add_view(render->out, stripped(white, frame->strip));
}

/* `indent` with `text` added to it, in the caller's `room`. */
static const struct indent *deeper(const struct indent *indent, struct view text,
                                   struct indent *room)
{
    if (!text.size)
        return indent;
    *room = (struct indent){indent, text};
    return room;
}

static int render_section(struct render *render, const struct frame *frame,
                          const struct context *context, size_t index, struct found found)
{
    const struct node *node = &frame->mustache->nodes[index];
    const json_t *value = found.value;
    struct context inner = {context, value, found.is_own};
    bool is_list = json_is_array(value);

    if (!is_true(value))
        return 0;
    for (size_t i = 0; i < (is_list ? json_array_size(value) : 1); i++) {
        if (is_list)
            inner.value = json_array_get(value, i);
        if (++render->steps > RENDER_STEPS)
            return render_error(render, frame, node, "more work than a template may take");
        if (render_nodes(render, frame, &inner, index + 1, node->end) < 0)
            return -1;
    }
    return 0;
}

/* {{>x}} and, with its arguments, {{<x}}. */
static int render_partial(struct render *render, const struct frame *frame,
                          const struct context *context, const struct node *node)
{
    char number[NUMBER_BYTES];
    struct view name = node->text;
    const struct mustache *partial = NULL;
    struct indent room;
    struct scope scope = {frame->scope, frame->mustache, node};
    struct frame inner = {.partials = frame->partials + 1, .scope = frame->scope};

    render->steps += PARTIAL_STEPS;
    if (node->is_dynamic) {
        const json_t *value = lookup(render, context, node->text).value;

        if (mark_of(render, value))
            return render_error(render, frame, node, "which partial is not known yet");
        name = value_text(value, number);
    }
    if (name.size && render->partials)
        partial = render->partials->find(render->partials->user, name);
    if (!partial)
        return 0;
    if (inner.partials > MUSTACHE_PARTIALS)
        return render_error(render, frame, node, "partials nest too deep: does one include itself?");
    inner.mustache = partial;
    inner.indent = deeper(frame->indent, stripped(node->indent, frame->strip), &room);
    if (node->argument_count)
        inner.scope = &scope;
    return render_nodes(render, &inner, context, 0, partial->node_count);
}

/* The last argument of this name, or NULL. */
static const struct node *find_argument(const struct scope *scope, struct view name)
{
    const struct argument *arguments = scope->mustache->arguments + scope->parent->arguments;
    size_t low = 0, high = scope->parent->argument_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (view_compare(arguments[middle].name, name) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low || !view_equal(arguments[low - 1].name, name))
        return NULL;
    return &scope->mustache->nodes[arguments[low - 1].node];
}

/* A parameter: what the outermost caller gives for it, else its default. An
 * argument is text of the caller's, so its own parameters are looked up among
 * the arguments that the caller was given. */
static int render_block(struct render *render, const struct frame *frame,
                        const struct context *context, size_t index)
{
    const struct node *node = &frame->mustache->nodes[index], *argument = NULL;
    const struct scope *found = NULL;
    struct indent room;
    struct frame inner = *frame;
    size_t first;
    int result;

    for (const struct scope *scope = frame->scope; scope; scope = scope->outer) {
        const struct node *given = find_argument(scope, node->text);

        if (given) {
            argument = given;
            found = scope;
        }
    }
    if (!argument)
        return render_nodes(render, frame, context, index + 1, node->end);
    inner.mustache = found->mustache;
    inner.scope = found->outer;
    inner.indent = deeper(frame->indent, stripped(node->indent, frame->strip), &room);
    inner.strip = argument->indent;
    first = (size_t)(argument - found->mustache->nodes) + 1;
    if (!node->is_standalone)
        render->in_line = true;
    else if (!argument->is_standalone && first < argument->end)
        begin_line(render, &inner, (struct view){NULL, 0});
    result = render_nodes(render, &inner, context, first, argument->end);
    if (!node->is_standalone)
        render->in_line = false;
    return result;
}

/* ---- what is not known yet ---- */

/* A body that may be passed over leaves the line as passing over it does. */
static int render_late_body(struct render *render, const struct frame *frame,
                            const struct context *context, size_t index)
{
    const struct node *node = &frame->mustache->nodes[index];
    bool in_line = render->in_line;

    if (render_nodes(render, frame, context, index + 1, node->end) < 0)
        return -1;
    if (render->in_line != in_line)
        return render_error(render, frame, node, "whether a line begins here is not known yet");
    return 0;
}

static int render_late(struct render *render, const struct frame *frame,
                       const struct context *context, size_t index,
                       const struct mustache_mark *mark, const json_t *value)
{
    static const enum mustache_late_test tests[] = {[NODE_SECTION] = MUSTACHE_IF_TRUE,
                                                    [NODE_INVERTED] = MUSTACHE_IF_FALSE};
    const struct mustache_late *late = render->late;
    const struct node *node = &frame->mustache->nodes[index];
    bool is_section = node->kind == NODE_SECTION;
    struct context inner = {context, mark->item ? mark->item : value, false};
    int opened;

    if (!node_is_container(node)) {
        render->in_line = false;
        return mark->item ? 0 : late->write(late->user, mark, node->kind == NODE_ESCAPED);
    }
    opened = late->open(late->user, is_section && mark->item ? MUSTACHE_EACH : tests[node->kind],
                        mark);
    if (opened != 0)
        return opened < 0 ? -1 : 0;
    if (render_late_body(render, frame, is_section ? &inner : context, index) < 0)
        return -1;
    return late->close(late->user);
}

static int render_value(struct render *render, const struct frame *frame,
                        const struct context *context, size_t index, struct found found);

/* A value that may turn out not to be there, under a name that has another meaning
 * further out: both ways. */
static int render_both(struct render *render, const struct frame *frame,
                       const struct context *context, size_t index,
                       const struct mustache_mark *mark, struct found found, struct found other)
{
    const struct mustache_late *late = render->late;
    const struct found there = {found.value, NULL, false};
    bool in_line = render->in_line, in_line_there;

    if (late->open(late->user, MUSTACHE_IF_THERE, mark) != 0 ||
        render_value(render, frame, context, index, there) < 0 || late->close(late->user) < 0)
        return -1;
    in_line_there = render->in_line;
    render->in_line = in_line;
    if (late->open(late->user, MUSTACHE_IF_ABSENT, mark) != 0 ||
        render_value(render, frame, context, index, other) < 0 || late->close(late->user) < 0)
        return -1;
    if (render->in_line != in_line_there)
        return render_error(render, frame, &frame->mustache->nodes[index],
                            "whether a line begins here is not known yet");
    return 0;
}

static int render_value(struct render *render, const struct frame *frame,
                        const struct context *context, size_t index, struct found found)
{
    const struct node *node = &frame->mustache->nodes[index];
    const struct mustache_mark *mark = mark_of(render, found.value);
    const struct mustache_late *late = render->late;
    char number[NUMBER_BYTES];

    if (mark && mark->may_be_absent && found.outer) {
        struct found other = lookup(render, found.outer, node->text);

        if (other.value)
            return render_both(render, frame, context, index, mark, found, other);
    }
    if (mark)
        return render_late(render, frame, context, index, mark, found.value);
    switch (node->kind) {
    case NODE_SECTION:
        return render_section(render, frame, context, index, found);
    case NODE_INVERTED:
        if (is_true(found.value))
            return 0;
        return render_nodes(render, frame, context, index + 1, node->end);
    default:
        break;
    }
    if (found.is_own && late->begin_own(late->user) < 0)
        return -1;
    if (node->kind == NODE_ESCAPED)
        add_escaped(render->out, value_text(found.value, number));
    else
        buffer_add_view(render->out, value_text(found.value, number));
    if (found.is_own)
        late->end_own(late->user);
    render->in_line = false;
    return 0;
}

/* A name with dots whose first part may be found further out instead. */
static bool is_undecided(const struct render *render, const struct context *context,
                         struct view name)
{
    size_t dot = view_find_char(name, '.', 0);
    struct found first;
    const struct mustache_mark *mark;

    if (!render->late || dot == 0 || dot >= name.size)
        return false;
    first = lookup(render, context, view_slice(name, 0, dot));
    mark = mark_of(render, first.value);
    return mark && mark->may_be_absent && lookup(render, first.outer, view_slice(name, 0, dot)).value;
}

static int render_node(struct render *render, const struct frame *frame,
                       const struct context *context, size_t index)
{
    const struct node *node = &frame->mustache->nodes[index];

    switch (node->kind) {
    case NODE_NOTHING:
        return 0;
    case NODE_LINE:
        begin_line(render, frame, node->text);
        return 0;
    case NODE_TEXT:
        buffer_add_view(render->out, node->text);
        break;
    case NODE_PARTIAL:
    case NODE_PARENT:
        return render_partial(render, frame, context, node);
    case NODE_BLOCK:
        return render_block(render, frame, context, index);
    case NODE_ESCAPED:
    case NODE_RAW:
    case NODE_SECTION:
    case NODE_INVERTED:
        if (is_undecided(render, context, node->text))
            return render_error(render, frame, node, "what a name means is not known yet");
        return render_value(render, frame, context, index, lookup(render, context, node->text));
    }
    render->in_line = false;
    return 0;
}

static int render_nodes(struct render *render, const struct frame *frame,
                        const struct context *context, size_t from, size_t to)
{
    const struct node *nodes = frame->mustache->nodes;

    if (from >= to)
        return 0;
    if (render->depth == RENDER_DEPTH)
        return render_error(render, frame, &nodes[from], "sections and partials nest too deep");
    render->depth++;
    for (size_t i = from; i < to; i = node_is_container(&nodes[i]) ? nodes[i].end : i + 1) {
        if (++render->steps > RENDER_STEPS)
            return render_error(render, frame, &nodes[i], "more work than a template may take");
        if (render_node(render, frame, context, i) < 0)
            return -1;
        if (render->out->failed)
            return error_set(render->error, ERROR_INPUT,
                             "%s:%zu: the output is larger than %zu bytes", frame->mustache->name,
                             nodes[i].line, render->out->max);
    }
    render->depth--;
    return 0;
}

int mustache_render_early(const struct mustache *mustache, const json_t *context,
                          const struct mustache_partials *partials,
                          const struct mustache_late *late, struct buffer *out,
                          struct error *error)
{
    struct render render = {.partials = partials, .late = late, .out = out, .error = error};
    struct frame frame = {.mustache = mustache};
    struct context root = {NULL, context, false};

    return render_nodes(&render, &frame, &root, 0, mustache->node_count);
}

int mustache_render(const struct mustache *mustache, const json_t *context,
                    const struct mustache_partials *partials, struct buffer *out,
                    struct error *error)
{
    return mustache_render_early(mustache, context, partials, NULL, out, error);
}

size_t mustache_format_real(double value, char text[MUSTACHE_NUMBER_BYTES])
{
    return format_real(value, text);
}
