#include "digest/program.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum {
    PROGRAM_OPS = 20000,
    PROGRAM_BYTES = 4 * 1024 * 1024,
    SHARED_BYTES = 40, /* less of the template's text goes to what stands beside it */
    PROGRAM_OPEN = 2000, /* more than a rendering has */
    BODY_OPS = 32 /* of a list that is split in two bodies */
};

void program_init(struct program *program)
{
    *program = (struct program){0};
}

void program_free(struct program *program)
{
    free(program->ops);
    free(program->loops);
    program_init(program);
}

size_t program_bytes(const struct program *program)
{
    return program->capacity * sizeof(*program->ops) +
           program->loop_capacity * sizeof(*program->loops);
}

static bool is_same_op(const struct op *a, const struct op *b)
{
    if (a->code != b->code || a->key != b->key || a->end != b->end)
        return false;
    if (a->code == OP_PIECE)
        return a->piece.at == b->piece.at && a->piece.size == b->piece.size;
    return a->code != OP_EITHER ||
           (a->either.second == b->either.second && a->either.test == b->either.test);
}

bool program_equal(const struct program *a, const struct program *b)
{
    if (a->count != b->count || a->loop_count != b->loop_count ||
        (a->loop_count &&
         memcmp(a->loops, b->loops, (a->loop_count + 1) * sizeof(*a->loops)) != 0))
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!is_same_op(&a->ops[i], &b->ops[i]))
            return false;
    return true;
}

void slots_init(struct slots *slots)
{
    *slots = (struct slots){0};
    buffer_init(&slots->pool, PROGRAM_BYTES - PEN_SLACK_BYTES); /* which pool_close adds */
}

void slots_free(struct slots *slots)
{
    free(slots->items);
    buffer_free(&slots->pool);
    slots_init(slots);
}

static const char NOTES_USED[] = "`notes` are evaluated last";

/* What was opened, so that its end can be told. */
struct opening {
    enum mustache_late_test test;
    enum late_key key;
    uint32_t op;
};

struct builder {
    const struct late_marks *marks;
    struct pieces *pieces;
    struct program *program;
    struct slots *slots;
    struct buffer text; /* rendered, not yet in the program */
    bool has_own;       /* some of it is the paper's: up to `own_end` */
    size_t own_end;
    bool of_paper;
    bool in_loop; /* the body of `papers` or `more_papers` */
    struct opening *open;
    size_t open_count;
    size_t open_capacity;
    struct error *error;
};

static int refuse(struct builder *builder, const char *why)
{
    return error_set(builder->error, ERROR_INPUT, "%s", why);
}

static bool is_papers(enum late_key key)
{
    return key == LATE_PAPERS || key == LATE_MORE_PAPERS;
}

static bool is_recording(const struct builder *builder)
{
    return !builder->of_paper || builder->in_loop;
}

static struct op *add_op(struct builder *builder, enum op_code code, enum late_key key)
{
    struct program *program = builder->program;

    program->ops =
        memory_grow(program->ops, &program->capacity, program->count + 1, sizeof(*program->ops));
    program->ops[program->count] = (struct op){.code = (uint8_t)code, .key = (uint8_t)key};
    return &program->ops[program->count++];
}

static void add_piece(struct builder *builder, struct view text)
{
    if (text.size)
        add_op(builder, OP_PIECE, 0)->piece = pieces_add(builder->pieces, text);
}

static void add_slot(struct builder *builder, struct view text)
{
    struct slots *slots = builder->slots;

    slots->items =
        memory_grow(slots->items, &slots->capacity, slots->count + 1, sizeof(*slots->items));
    slots->items[slots->count] = piece_make(&slots->pool, text);
    add_op(builder, OP_SLOT, 0)->end = (uint32_t)slots->count++;
}

static bool is_too_much(const struct builder *builder)
{
    return builder->text.failed || builder->pieces->pool.failed ||
           (builder->slots && builder->slots->pool.failed) ||
           builder->program->count > PROGRAM_OPS;
}

/* A CR's LF might be in the next piece; and sizes are counted with LF alone. */
static int flush(struct builder *builder)
{
    struct view text = buffer_view(&builder->text);
    size_t own = builder->has_own ? builder->own_end : 0;

    if (is_too_much(builder))
        return refuse(builder, "too much of it");
    if (text.size && is_recording(builder)) {
        if (view_find_char(text, '\r', 0) < text.size)
            return refuse(builder, "there are carriage returns; line ends must be LF");
        if (builder->has_own && text.size - own < SHARED_BYTES)
            own = text.size;
        if (builder->has_own)
            add_slot(builder, view_slice(text, 0, own));
        add_piece(builder, view_slice(text, own, text.size));
    }
    buffer_clear(&builder->text);
    builder->has_own = false;
    return 0;
}

/* What is the template's is the same for all papers, if it is worth a piece. */
static int begin_own(void *user)
{
    struct builder *builder = user;
    size_t own = builder->has_own ? builder->own_end : 0;

    if (builder->text.size - own >= SHARED_BYTES && flush(builder) < 0)
        return -1;
    builder->has_own = true;
    return 0;
}

static void end_own(void *user)
{
    struct builder *builder = user;

    builder->own_end = builder->text.size;
}

static const struct mustache_mark *find(void *user, const json_t *value)
{
    const struct builder *builder = user;

    return late_marks_find(builder->marks, value);
}

static int write_mark(void *user, const struct mustache_mark *mark, bool is_escaped)
{
    struct builder *builder = user;

    if (flush(builder) < 0)
        return -1;
    if (late_entries[mark->number].is_plain)
        return refuse(builder, NOTES_USED);
    if (is_recording(builder))
        add_op(builder, is_escaped ? OP_ESCAPED : OP_RAW, (enum late_key)mark->number);
    return 0;
}

/* Items of one kind have keys that may be absent; inside each other these would be
 * looked up in the outer one. */
static int check_nesting(struct builder *builder, enum late_key key)
{
    enum late_scope items = late_entries[key].items;

    if (late_entries[key].is_plain)
        return refuse(builder, NOTES_USED);
    for (size_t i = 0; i < builder->open_count; i++)
        if (builder->open[i].test == MUSTACHE_EACH &&
            late_entries[builder->open[i].key].items == items)
            return refuse(builder, "a list stands inside a list of its kind");
    return 0;
}

static void begin_loop(struct builder *builder)
{
    struct program *program = builder->program;

    program->loops = memory_grow(program->loops, &program->loop_capacity,
                                 program->loop_count + 2, sizeof(*program->loops));
    program->loops[program->loop_count++] = (uint32_t)program->count;
    builder->in_loop = true;
}

static void push(struct builder *builder, enum mustache_late_test test, enum late_key key,
                 size_t op)
{
    builder->open = memory_grow(builder->open, &builder->open_capacity, builder->open_count + 1,
                                sizeof(*builder->open));
    builder->open[builder->open_count++] = (struct opening){test, key, (uint32_t)op};
}

static int open_papers(struct builder *builder, enum late_key key)
{
    if (builder->in_loop)
        return refuse(builder, "a list of papers stands inside another one");
    if (!builder->of_paper) {
        add_op(builder, OP_PAPERS, key)->end = (uint32_t)builder->program->loop_count++;
        return 1;
    }
    begin_loop(builder);
    push(builder, MUSTACHE_EACH, key, 0);
    return 0;
}

static int open_mark(void *user, enum mustache_late_test test, const struct mustache_mark *mark)
{
    static const enum op_code codes[] = {[MUSTACHE_IF_TRUE] = OP_IF_TRUE,
                                         [MUSTACHE_IF_FALSE] = OP_IF_FALSE,
                                         [MUSTACHE_IF_THERE] = OP_IF_THERE,
                                         [MUSTACHE_IF_ABSENT] = OP_IF_ABSENT,
                                         [MUSTACHE_EACH] = OP_EACH};
    struct builder *builder = user;
    enum late_key key = (enum late_key)mark->number;
    size_t op = builder->program->count;

    if (flush(builder) < 0 ||
        ((test == MUSTACHE_EACH || late_entries[key].is_plain) && check_nesting(builder, key) < 0))
        return -1;
    if (test == MUSTACHE_EACH && is_papers(key))
        return open_papers(builder, key);
    if (builder->open_count == PROGRAM_OPEN)
        return refuse(builder, "too many sections are open");
    if (is_recording(builder)) {
        op = builder->program->count;
        add_op(builder, codes[test], key);
    }
    push(builder, test, key, op);
    return 0;
}

/* What most lists test of their items, and nothing else. */
static bool find_test(enum late_scope items, enum late_key *ret_test)
{
    if (items != SCOPE_PART && items != SCOPE_REASON)
        return false;
    *ret_test = items == SCOPE_PART ? LATE_PART_IS_HIT : LATE_REASON_LAST;
    return true;
}

/* The body from `from` to `to` for a test that is known. */
static void add_body(struct program *program, const struct op *body, size_t count, size_t from,
                     bool truth)
{
    for (size_t at = 0; at < count; at++) {
        if (body[at].code == OP_IF_TRUE || body[at].code == OP_IF_FALSE) {
            if ((body[at].code == OP_IF_TRUE) != truth)
                at = body[at].end - from - 1;
            continue;
        }
        program->ops = memory_grow(program->ops, &program->capacity, program->count + 1,
                                   sizeof(*program->ops));
        program->ops[program->count++] = body[at];
    }
}

/* Tests are made once for an item then. */
static void split_body(struct program *program, size_t list)
{
    size_t from = list + 1, count = program->count - from;
    struct op body[BODY_OPS];
    enum late_key test;

    if (count > BODY_OPS || !find_test(late_entries[program->ops[list].key].items, &test))
        return;
    for (size_t at = 0; at < count; at++) {
        body[at] = program->ops[from + at];
        if (body[at].code > OP_IF_FALSE ||
            (body[at].code >= OP_IF_TRUE && body[at].key != test))
            return;
    }
    program->count = from;
    add_body(program, body, count, from, true);
    program->ops[list].code = OP_EITHER;
    program->ops[list].either.test = (uint8_t)test;
    program->ops[list].either.second = (uint32_t)program->count;
    add_body(program, body, count, from, false);
}

static int close_mark(void *user)
{
    struct builder *builder = user;
    const struct opening *opening;

    if (flush(builder) < 0)
        return -1;
    opening = &builder->open[--builder->open_count];
    if (opening->test == MUSTACHE_EACH && is_papers(opening->key)) {
        builder->in_loop = false;
        builder->program->loops[builder->program->loop_count] = (uint32_t)builder->program->count;
    } else if (is_recording(builder)) {
        if (opening->test == MUSTACHE_EACH)
            split_body(builder->program, opening->op);
        builder->program->ops[opening->op].end = (uint32_t)builder->program->count;
    }
    return 0;
}

/* Programs are kept for a day and many papers. */
static void fit_memory(struct program *program)
{
    if (program->count) {
        program->ops = memory_resize(program->ops, program->count, sizeof(*program->ops));
        program->capacity = program->count;
    }
}

int program_make(const struct mustache *mustache, const json_t *context,
                 const struct mustache_partials *partials, const struct late_marks *marks,
                 const json_t *own, struct pieces *pieces, struct program *program,
                 struct slots *slots, struct error *error)
{
    struct builder builder = {.marks = marks,
                              .pieces = pieces,
                              .program = program,
                              .slots = slots,
                              .of_paper = own != NULL,
                              .error = error};
    const struct mustache_late late = {find,       write_mark, open_mark, close_mark,
                                       &builder,   own,        begin_own, end_own};
    int result;

    program_free(program);
    buffer_init(&builder.text, PROGRAM_BYTES / 4);
    result = mustache_render_early(mustache, context, partials, &late, &builder.text, error);
    if (result == 0)
        result = flush(&builder);
    if (result == 0 && is_too_much(&builder))
        result = refuse(&builder, "too much of it");
    if (result == 0)
        fit_memory(program);
    else
        program_free(program);
    buffer_free(&builder.text);
    free(builder.open);
    return result;
}
