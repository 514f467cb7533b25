/* md4c's events to a tree, within bounds: where one is reached, parsing ends there and what
 * is in the tree is whole. */
#include <md4c.h>

#include "base/utf8.h"
#include "papers/feed_parser.h"
#include "summaries/clean.h"
#include "summaries/link.h"
#include "summaries/rendition.h"
#include "summaries/rendition_parts.h"

enum {
    TEXT_BYTES = 64 * 1024, /* of all runs and addresses */
    MOST_BLOCKS = 3000,
    MOST_RUNS = 8000,
    MOST_EVENTS = 100 * 1000,
    SPAN_DEPTH = 32,
    RUN_BYTES = 8 * 1024, /* after so many another one is begun */
    OPEN_BLOCKS = RENDITION_DEPTH * 2 + 4
};

struct builder {
    struct arena *arena;
    struct rendition_block *open[OPEN_BLOCKS]; /* document first */
    size_t depth;                              /* of it; the innermost is open[depth - 1] */
    size_t nesting;                            /* quotes and lists among them */
    size_t flat;                               /* more of them than may nest */
    struct rendition_block *leaf;              /* that takes runs; NULL: none */
    bool is_muted;                             /* in a cell too many */
    struct buffer text;                        /* of the run that is written */
    unsigned marks[SPAN_DEPTH];                /* before each span that is open */
    struct rendition_link *link;               /* that is open, or NULL */
    size_t spans, links, images;               /* open ones; links: how deep this one is */
    struct buffer label;                       /* its text */
    unsigned now;                              /* marks */
    int32_t last;                              /* character of the leaf; 0: none, or a break */
    bool wants_blank, wants_break; /* before the next character */
    size_t text_bytes, blocks, runs, events;
    bool is_full;
};

/* ---- runs ---- */

static struct rendition_run *add_run(struct builder *builder)
{
    struct rendition_run *run = arena_alloc(builder->arena, 1, sizeof(*run));
    struct rendition_block *leaf = builder->leaf;

    if (leaf->last_run)
        leaf->last_run->next = run;
    else
        leaf->first_run = run;
    leaf->last_run = run;
    builder->is_full |= ++builder->runs > MOST_RUNS;
    return run;
}

static void end_run(struct builder *builder)
{
    struct rendition_run *run;

    if (!builder->leaf || !builder->text.size)
        return;
    run = add_run(builder);
    run->text = arena_copy(builder->arena, buffer_view(&builder->text));
    run->marks = builder->now;
    run->link = builder->link;
    builder->text_bytes += run->text.size + (run->link ? run->link->address.size : 0);
    builder->is_full |= builder->text_bytes > TEXT_BYTES;
    buffer_clear(&builder->text);
}

static bool is_wide(int32_t codepoint)
{
    char bytes[4];
    size_t size = utf8_encode(codepoint, bytes);

    return codepoint >= 0x2E80 && utf8_width((struct view){bytes, size}) == 2;
}

/* The last blank of a line shows nothing. */
static void trim_line(struct builder *builder)
{
    struct rendition_run *run = builder->leaf ? builder->leaf->last_run : NULL;

    if (run && builder->last == ' ' && run->text.size)
        run->text.size--;
}

static void add_blank(struct builder *builder)
{
    if (!builder->last || builder->last == ' ')
        return;
    buffer_add_char(&builder->text, ' ');
    buffer_add_string(&builder->label, builder->link ? " " : "");
    builder->last = ' ';
}

/* The end of a line of Markdown is a blank, but not between wide characters. */
static void settle(struct builder *builder, int32_t next)
{
    if (builder->wants_break && builder->leaf->first_run)
        add_run(builder)->is_break = true;
    else if (builder->wants_blank && !(is_wide(builder->last) && is_wide(next)))
        add_blank(builder);
    builder->wants_break = builder->wants_blank = false;
}

static void add_break(struct builder *builder)
{
    end_run(builder);
    trim_line(builder);
    builder->wants_break = true;
    builder->wants_blank = false;
    builder->last = 0;
}

static void add_character(struct builder *builder, int32_t codepoint)
{
    if (codepoint == RENDITION_BREAK_CODEPOINT) {
        add_break(builder);
    } else if (codepoint == ' ' || codepoint == '\t' || codepoint == '\n') {
        add_blank(builder);
    } else if (!clean_drops(codepoint)) {
        settle(builder, codepoint);
        utf8_add(&builder->text, codepoint);
        if (builder->link)
            utf8_add(&builder->label, codepoint);
        builder->last = codepoint;
        if (builder->text.size > RUN_BYTES)
            end_run(builder);
    }
}

static void add_text(struct builder *builder, struct view text)
{
    int32_t codepoint;

    for (size_t at = 0; at < text.size;) {
        at += utf8_decode(text, at, &codepoint);
        add_character(builder, codepoint);
    }
}

static void add_code(struct builder *builder, struct view text)
{
    int32_t codepoint;

    for (size_t at = 0; at < text.size;) {
        at += utf8_decode(text, at, &codepoint);
        if (codepoint == '\t')
            buffer_add_string(&builder->text, "    ");
        else if (!clean_drops(codepoint))
            utf8_add(&builder->text, codepoint);
        if (builder->text.size > RUN_BYTES && codepoint == '\n')
            end_run(builder);
    }
}

/* ---- blocks ---- */

static struct rendition_block *add_block(struct builder *builder, enum rendition_kind kind)
{
    struct rendition_block *block = arena_alloc(builder->arena, 1, sizeof(*block));
    struct rendition_block *parent = builder->open[builder->depth - 1];

    block->kind = kind;
    if (parent->last)
        parent->last->next = block;
    else
        parent->first = block;
    parent->last = block;
    builder->is_full |= ++builder->blocks > MOST_BLOCKS;
    return block;
}

static void end_leaf(struct builder *builder)
{
    end_run(builder);
    trim_line(builder);
    builder->leaf = NULL;
    builder->last = 0;
    builder->wants_blank = builder->wants_break = false;
}

static struct rendition_block *begin_leaf(struct builder *builder, enum rendition_kind kind)
{
    end_leaf(builder);
    builder->leaf = add_block(builder, kind);
    return builder->leaf;
}

static struct rendition_block *push(struct builder *builder, enum rendition_kind kind)
{
    struct rendition_block *block;

    end_leaf(builder);
    block = add_block(builder, kind);
    if (builder->depth < OPEN_BLOCKS)
        builder->open[builder->depth++] = block;
    else
        builder->is_full = true;
    return block;
}

static void pop(struct builder *builder)
{
    end_leaf(builder);
    if (builder->depth > 1)
        builder->depth--;
}

/* A quote or a list; NULL when it is too deep and what it holds stands where it would. */
static struct rendition_block *push_nested(struct builder *builder, enum rendition_kind kind)
{
    end_leaf(builder);
    if (builder->flat || builder->nesting == RENDITION_DEPTH) {
        builder->flat++;
        return NULL;
    }
    builder->nesting++;
    return push(builder, kind);
}

static void pop_nested(struct builder *builder)
{
    end_leaf(builder);
    if (builder->flat) {
        builder->flat--;
        return;
    }
    builder->nesting--;
    pop(builder);
}

static enum rendition_align align_of(MD_ALIGN align)
{
    return align == MD_ALIGN_CENTER  ? RENDITION_CENTER
           : align == MD_ALIGN_RIGHT ? RENDITION_END
                                     : RENDITION_START;
}

static void begin_cell(struct builder *builder, bool is_head, const MD_BLOCK_TD_DETAIL *detail)
{
    struct rendition_block *row = builder->open[builder->depth - 1], *table, *cell;

    end_leaf(builder);
    builder->is_muted = row->columns == RENDITION_COLUMNS;
    if (builder->is_muted)
        return;
    cell = begin_leaf(builder, RENDITION_CELL);
    cell->is_head = row->is_head = is_head;
    cell->align = align_of(detail->align);
    row->columns++;
    table = builder->open[builder->depth - 2];
    if (table->columns < row->columns)
        table->columns = row->columns;
}

/* What a link pretends is known at its end: then its runs lead nowhere. */
static void close_link(struct builder *builder)
{
    struct rendition_link *link = builder->link;

    link->text = arena_copy(builder->arena, buffer_view(&builder->label));
    if (link_is_disguised(link->text, link->address))
        link->address.size = 0;
    builder->link = NULL;
}

/* Between runs: a blank goes to the one before, where it is neither underlined nor marked. */
static void change_run(struct builder *builder)
{
    if (builder->wants_blank && builder->last && !is_wide(builder->last))
        settle(builder, ' ');
    end_run(builder);
}

/* md4c 0.4.8 leaves an emphasis open whose mark is also in a link's address ("*[a](*)"): it
 * ends with its block, as everything of a line does. */
static void end_spans(struct builder *builder)
{
    if (!builder->spans)
        return;
    change_run(builder);
    if (builder->link)
        close_link(builder);
    builder->spans = 0;
    builder->images = 0;
    builder->now = 0;
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *user)
{
    struct builder *builder = user;
    struct rendition_block *block;

    end_spans(builder);
    switch (type) {
    case MD_BLOCK_QUOTE: push_nested(builder, RENDITION_QUOTE); break;
    case MD_BLOCK_UL:
        block = push_nested(builder, RENDITION_LIST);
        if (block)
            block->is_tight = ((MD_BLOCK_UL_DETAIL *)detail)->is_tight;
        break;
    case MD_BLOCK_OL:
        block = push_nested(builder, RENDITION_NUMBERED);
        if (block) {
            block->is_tight = ((MD_BLOCK_OL_DETAIL *)detail)->is_tight;
            block->number = ((MD_BLOCK_OL_DETAIL *)detail)->start;
        }
        break;
    case MD_BLOCK_LI:
        end_leaf(builder);
        if (!builder->flat)
            push(builder, RENDITION_ITEM);
        break;
    case MD_BLOCK_HR: begin_leaf(builder, RENDITION_RULE); break;
    case MD_BLOCK_H:
        begin_leaf(builder, RENDITION_HEADING)->number = ((MD_BLOCK_H_DETAIL *)detail)->level;
        break;
    case MD_BLOCK_CODE: begin_leaf(builder, RENDITION_CODE); break;
    case MD_BLOCK_P:
    case MD_BLOCK_HTML: begin_leaf(builder, RENDITION_PARAGRAPH); break;
    case MD_BLOCK_TABLE: push(builder, RENDITION_TABLE); break;
    case MD_BLOCK_TR: push(builder, RENDITION_ROW); break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD: begin_cell(builder, type == MD_BLOCK_TH, detail); break;
    default: break;
    }
    return ++builder->events > MOST_EVENTS || builder->is_full;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *user)
{
    struct builder *builder = user;

    (void)detail;
    end_spans(builder);
    switch (type) {
    case MD_BLOCK_QUOTE:
    case MD_BLOCK_UL:
    case MD_BLOCK_OL: pop_nested(builder); break;
    case MD_BLOCK_LI:
        end_leaf(builder);
        if (!builder->flat)
            pop(builder);
        break;
    case MD_BLOCK_TABLE:
    case MD_BLOCK_TR: pop(builder); break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD: builder->is_muted = false; end_leaf(builder); break;
    default: end_leaf(builder); break;
    }
    return builder->is_full;
}

/* ---- spans ---- */

static int32_t entity_of(struct view text)
{
    int32_t codepoint;

    return feed_text_reference(text, 0, &codepoint) == text.size ? codepoint : 0;
}

static void open_link(struct builder *builder, const MD_ATTRIBUTE *href)
{
    struct buffer raw, address;

    buffer_init(&raw, TEXT_BYTES);
    buffer_init(&address, 3 * LINK_BYTES + 16);
    for (size_t i = 0; href->size && href->substr_offsets[i] < href->size; i++) {
        struct view part = view_slice((struct view){href->text, href->size},
                                      href->substr_offsets[i], href->substr_offsets[i + 1]);
        int32_t codepoint = href->substr_types[i] == MD_TEXT_ENTITY ? entity_of(part) : 0;

        if (codepoint)
            utf8_add(&raw, codepoint);
        else
            buffer_add_view(&raw, part);
    }
    if (!raw.failed && link_add(&address, buffer_view(&raw))) {
        builder->link = arena_alloc(builder->arena, 1, sizeof(*builder->link));
        builder->link->address = arena_copy(builder->arena, buffer_view(&address));
        buffer_clear(&builder->label);
    }
    buffer_free(&address);
    buffer_free(&raw);
}

static unsigned mark_of(MD_SPANTYPE type)
{
    switch (type) {
    case MD_SPAN_EM: return RENDITION_EMPHASIS;
    case MD_SPAN_STRONG: return RENDITION_STRONG;
    case MD_SPAN_DEL: return RENDITION_STRUCK;
    case MD_SPAN_CODE: return RENDITION_FIXED;
    default: return 0;
    }
}

static int enter_span(MD_SPANTYPE type, void *detail, void *user)
{
    struct builder *builder = user;

    change_run(builder);
    if (builder->spans < SPAN_DEPTH) {
        builder->marks[builder->spans] = builder->now;
        builder->now |= mark_of(type);
    }
    builder->spans++;
    builder->images += type == MD_SPAN_IMG;
    if (type == MD_SPAN_A && !builder->link && !builder->images) {
        builder->links = builder->spans;
        open_link(builder, &((MD_SPAN_A_DETAIL *)detail)->href);
    }
    return ++builder->events > MOST_EVENTS || builder->is_full;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *user)
{
    struct builder *builder = user;

    (void)detail;
    change_run(builder);
    builder->images -= type == MD_SPAN_IMG && builder->images;
    if (type == MD_SPAN_A && builder->link && builder->links == builder->spans)
        close_link(builder);
    if (builder->spans && --builder->spans < SPAN_DEPTH)
        builder->now = builder->marks[builder->spans];
    return builder->is_full;
}

static int take_text(MD_TEXTTYPE type, const MD_CHAR *data, MD_SIZE size, void *user)
{
    struct builder *builder = user;
    struct view text = {data, size};
    int32_t codepoint;

    if (builder->is_muted)
        return 0;
    if (!builder->leaf)
        begin_leaf(builder, RENDITION_PARAGRAPH)->is_tight = true;
    codepoint = type == MD_TEXT_ENTITY ? entity_of(text) : 0;
    if (type == MD_TEXT_SOFTBR)
        builder->wants_blank = !builder->wants_break;
    else if (type == MD_TEXT_BR)
        add_break(builder);
    else if (builder->leaf->kind == RENDITION_CODE)
        add_code(builder, text);
    else if (codepoint)
        add_character(builder, codepoint);
    else if (type != MD_TEXT_NULLCHAR)
        add_text(builder, text);
    return ++builder->events > MOST_EVENTS || builder->is_full;
}

/* ---- what shows nothing ---- */

static bool is_shown(const struct rendition_block *block)
{
    if (block->kind >= RENDITION_PARAGRAPH)
        return block->first_run || block->kind == RENDITION_RULE || block->kind == RENDITION_CELL;
    return block->kind == RENDITION_ITEM || block->first;
}

/* A rule divides what it stands between; a heading does so by itself. */
static bool is_needed(const struct rendition_block *block, const struct rendition_block *before)
{
    const struct rendition_block *next = block->next;

    if (block->kind != RENDITION_RULE)
        return true;
    while (next && (next->kind == RENDITION_RULE || !is_shown(next)))
        next = next->next;
    return before && before->kind != RENDITION_RULE && before->kind != RENDITION_HEADING && next &&
           next->kind != RENDITION_HEADING;
}

static void prune(struct rendition_block *block)
{
    struct rendition_block **link = &block->first, *before = NULL;

    for (struct rendition_block *child = block->first; child; child = child->next) {
        if (child->kind < RENDITION_PARAGRAPH)
            prune(child);
        if (!is_shown(child) || !is_needed(child, before))
            continue;
        *link = before = child;
        link = &child->next;
    }
    *link = NULL;
    block->last = before;
}

static unsigned highest_heading(const struct rendition_block *block)
{
    unsigned highest = block->kind == RENDITION_HEADING ? block->number : 7;

    for (const struct rendition_block *child = block->first; child; child = child->next) {
        unsigned inside = highest_heading(child);

        highest = inside < highest ? inside : highest;
    }
    return highest;
}

static void lower_headings(struct rendition_block *block, unsigned highest)
{
    if (block->kind == RENDITION_HEADING)
        block->number -= highest - 1;
    for (struct rendition_block *child = block->first; child; child = child->next)
        lower_headings(child, highest);
}

struct rendition_block *rendition_read(struct view markdown, struct arena *arena)
{
    static const MD_PARSER parser = {
        0, MD_FLAG_NOHTML | MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH |
           MD_FLAG_PERMISSIVEURLAUTOLINKS | MD_FLAG_NOINDENTEDCODEBLOCKS,
        enter_block, leave_block, enter_span, leave_span, take_text, NULL, NULL};
    struct rendition_block *document = arena_alloc(arena, 1, sizeof(*document));
    struct builder builder = {.arena = arena, .open = {document}, .depth = 1};
    struct buffer source;
    bool is_cut;

    document->kind = RENDITION_DOCUMENT;
    buffer_init(&source, 16 * RENDITION_BYTES);
    buffer_init(&builder.text, 16 * RENDITION_BYTES);
    buffer_init(&builder.label, 16 * RENDITION_BYTES);
    is_cut = rendition_prepare(markdown, &source) || source.failed;
    is_cut |= md_parse(buffer_string(&source), (MD_SIZE)source.size, &parser, &builder) != 0;
    end_leaf(&builder);
    if (builder.link)
        builder.link->address.size = 0;
    prune(document);
    if (is_cut) {
        builder.depth = 1;
        builder.now = 0;
        builder.link = NULL;
        begin_leaf(&builder, RENDITION_PARAGRAPH);
        add_text(&builder, VIEW("…"));
        end_leaf(&builder);
    }
    lower_headings(document, highest_heading(document));
    buffer_free(&builder.label);
    buffer_free(&builder.text);
    buffer_free(&source);
    return document;
}
