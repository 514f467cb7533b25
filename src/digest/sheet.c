#include "digest/sheet.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "digest/assemble.h"
#include "digest/context.h"

enum { SHEETS_MAX = 8, TEXT_POOL_BYTES = 1 << 20, COUNTS_MAX = 512,
       PIECES_BYTES = 4 << 20 };

static const char *const part_names[] = {[PART_HTML] = "digest.html", [PART_TEXT] = "digest.txt"};

/* ---- one paper ---- */

static void leaf_free(struct leaf *leaf)
{
    if (!leaf)
        return;
    for (size_t part = 0; part < SHEET_PARTS; part++)
        free(leaf->slots[part]);
    mapped_free(&leaf->mapped_title);
    mapped_free(&leaf->mapped_abstract);
    spots_free(&leaf->spots);
    buffer_free(&leaf->pool);
    free(leaf);
}

static struct leaf *leaf_new(const struct sheet *sheet, const struct paper *paper)
{
    struct leaf *leaf = memory_new(1, sizeof(*leaf));

    buffer_init(&leaf->pool, TEXT_POOL_BYTES);
    leaf->title = paper->title.size ? paper->title : sheet->no_title;
    leaf->abstract = paper->abstract;
    leaf->mapped_title.end.offset = (uint32_t)leaf->title.size;
    leaf->mapped_abstract.end.offset = (uint32_t)leaf->abstract.size;
    return leaf;
}

/* Of one leaf: title and abstract. So the pool never fails. */
_Static_assert(TEXT_POOL_BYTES >= 3 * UINT16_MAX, "mapped texts have room");

static bool uses_parts(const struct program *program)
{
    for (size_t i = 0; i < program->count; i++) {
        const struct op *op = &program->ops[i];

        if ((op->code == OP_EACH || op->code == OP_EITHER) &&
            (op->key == LATE_TITLE_PARTS || op->key == LATE_ABSTRACT_PARTS))
            return true;
    }
    return false;
}

static void map_texts(struct sheet *sheet, struct leaf *leaf)
{
    if (leaf->pool.size)
        return;
    mapped_make(&leaf->mapped_title, &leaf->pool, leaf->title);
    mapped_make(&leaf->mapped_abstract, &leaf->pool, leaf->abstract);
    pool_close(&leaf->pool);
    sheet->bytes += leaf->pool.capacity;
}

static void tell_refusal(char refusal[SHEET_REFUSAL_BYTES], enum sheet_part part,
                         const struct error *error)
{
    snprintf(refusal, SHEET_REFUSAL_BYTES, "%s: %.*s", part_names[part],
             SHEET_REFUSAL_BYTES - 20, error->text);
}

/* Takes over what `made` holds. */
static const struct program *keep_shape(struct sheet *sheet, enum sheet_part part,
                                        struct program *made)
{
    struct shapes *shapes = &sheet->shapes[part];
    struct program *kept;

    for (size_t i = 0; i < shapes->count; i++)
        if (program_equal(shapes->items[i], made)) {
            program_free(made);
            return shapes->items[i];
        }
    kept = memory_new(1, sizeof(*kept));
    *kept = *made;
    program_init(made);
    shapes->items =
        memory_grow(shapes->items, &shapes->capacity, shapes->count + 1, sizeof(*shapes->items));
    shapes->items[shapes->count++] = kept;
    sheet->bytes += sizeof(*kept) + program_bytes(kept);
    return kept;
}

static void drop_shapes(struct shapes *shapes)
{
    for (size_t i = 0; i < shapes->count; i++) {
        program_free(shapes->items[i]);
        free(shapes->items[i]);
    }
    free(shapes->items);
    *shapes = (struct shapes){0};
}

/* In one block, so that a digest finds it in few places. */
static void keep_slots(struct sheet *sheet, struct leaf *leaf, enum sheet_part part,
                       struct slots *slots)
{
    size_t head = slots->count * sizeof(*slots->items);
    char *block;

    pool_close(&slots->pool);
    block = memory_new(head + slots->pool.size, 1);
    if (head)
        memcpy(block, slots->items, head);
    memcpy(block + head, slots->pool.data, slots->pool.size);
    leaf->slots[part] = (struct piece *)(void *)block;
    leaf->slot_pools[part] = block + head;
    leaf->slot_bytes[part] = head + slots->pool.size;
    sheet->bytes += head + slots->pool.size;
}

static int make_program(struct sheets *sheets, struct sheet *sheet, enum sheet_part part,
                        const json_t *own, struct program *program, struct slots *slots,
                        struct error *error)
{
    size_t before = pieces_bytes(&sheet->pieces);
    int result = program_make(templates_find(sheets->templates, part_names[part]), sheet->context,
                              templates_partials(sheets->templates), &sheets->marks, own,
                              &sheet->pieces, program, slots, error);

    sheet->bytes += pieces_bytes(&sheet->pieces) - before;
    return result;
}

static void drop_context(struct recent_context *recent)
{
    json_decref(recent->context);
    *recent = (struct recent_context){NULL, NULL};
}

static void keep_context(struct sheet *sheet, const struct leaf *leaf, json_t *context)
{
    struct recent_context *recent = &sheet->recent[sheet->recent_next++ % SHEET_RECENT];

    drop_context(recent);
    *recent = (struct recent_context){leaf, json_incref(context)};
}

/* The paper's context: of its other part, or made. */
static json_t *take_context(struct sheet *sheet, const struct leaf *leaf,
                            const struct digest *digest, const struct paper *paper)
{
    for (size_t i = 0; i < SHEET_RECENT; i++) {
        json_t *context = sheet->recent[i].context;

        if (sheet->recent[i].leaf != leaf)
            continue;
        json_incref(context);
        drop_context(&sheet->recent[i]);
        return context;
    }
    return context_paper(digest, sheet->words, paper);
}

static int make_leaf(struct sheets *sheets, struct sheet *sheet, struct leaf *leaf,
                     const struct digest *digest, const struct paper *paper, enum sheet_part part)
{
    json_t *item = sheets->marks.items[SCOPE_PAPER];
    json_t *own = take_context(sheet, leaf, digest, paper);
    struct program program;
    struct slots slots;
    struct error error;
    int result;

    program_init(&program);
    slots_init(&slots);
    if (!leaf->programs[part == PART_HTML ? PART_TEXT : PART_HTML])
        keep_context(sheet, leaf, own);
    json_object_set_new(item, "paper", own);
    result = make_program(sheets, sheet, part, own, &program, &slots, &error);
    json_object_del(item, "paper");
    if (result == 0 && program.loop_count != sheet->programs[part].loop_count)
        result = error_set(&error, ERROR_INPUT, "what it shows of a paper depends on the paper");
    if (result < 0) {
        tell_refusal(sheets->refusal, part, &error);
    } else {
        leaf->programs[part] = keep_shape(sheet, part, &program);
        keep_slots(sheet, leaf, part, &slots);
        if (uses_parts(leaf->programs[part]))
            map_texts(sheet, leaf);
    }
    program_free(&program);
    slots_free(&slots);
    return result;
}

struct leaf *sheet_leaf(struct sheets *sheets, struct sheet *sheet, const struct digest *digest,
                        size_t rank, enum sheet_part part)
{
    const struct paper *paper = digest->ranking->items[rank].paper;
    size_t place = digest->papers ? (size_t)(paper - digest->papers->items) : rank;
    struct leaf *leaf = sheet->leaves[place];

    if (leaf && leaf->programs[part])
        return leaf;
    if (!leaf) {
        leaf = sheet->leaves[place] = leaf_new(sheet, paper);
        sheet->bytes += sizeof(*leaf);
    }
    return make_leaf(sheets, sheet, leaf, digest, paper, part) < 0 ? NULL : leaf;
}

/* ---- a sheet ---- */

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* They are known by their papers' places. */
static const struct digest_summary *const *summaries_of(const struct digest *digest)
{
    return digest->papers ? digest->summaries : NULL;
}

static bool is_made_for(const struct sheet *sheet, const struct digest *digest,
                        const struct words *words)
{
    const struct digest *made = &sheet->made_for;

    /* Papers of no list are known by their rank in one digest. A note has none. */
    if (!digest->papers && (digest->ranking->count || sheet->leaf_count))
        return false;
    if (made->papers != digest->papers ||
        made->papers_serial != digest->papers_serial || made->summaries != summaries_of(digest) ||
        sheet->words != words ||
        date_compare(made->date, digest->date) != 0 ||
        made->edition_count != digest->edition_count || made->is_preview != digest->is_preview)
        return false;
    for (size_t i = 0; i < digest->edition_count; i++)
        if (date_compare(made->editions[i].date, digest->editions[i].date) != 0 ||
            made->editions[i].estimated != digest->editions[i].estimated ||
            made->editions[i].paper_count != digest->editions[i].paper_count)
            return false;
    return is_same_text(made->sender_name, digest->sender_name) &&
           is_same_text(made->sender_address, digest->sender_address) &&
           is_same_text(made->list_name, digest->list_name) &&
           is_same_text(made->owner, digest->owner) && is_same_text(made->inbox, digest->inbox) &&
           is_same_text(made->abs_base, digest->abs_base) &&
           is_same_text(made->pdf_base, digest->pdf_base) &&
           is_same_text(made->html_base, digest->html_base);
}

static const char *copy(struct arena *arena, const char *text)
{
    return text ? arena_string(arena, view_of(text)) : NULL;
}

static void keep_key(struct sheet *sheet, const struct digest *digest)
{
    struct digest_edition *editions =
        arena_alloc(sheet->arena, digest->edition_count + 1, sizeof(*editions));
    const struct digest_edition none = {0};

    for (size_t i = 0; i < digest->edition_count; i++) {
        editions[i] = none;
        editions[i].date = digest->editions[i].date;
        editions[i].estimated = digest->editions[i].estimated;
        editions[i].paper_count = digest->editions[i].paper_count;
    }
    sheet->made_for = (struct digest){.date = digest->date,
                                      .editions = editions,
                                      .edition_count = digest->edition_count,
                                      .is_preview = digest->is_preview,
                                      .papers = digest->papers,
                                      .papers_serial = digest->papers_serial,
                                      .summaries = summaries_of(digest)};
    sheet->made_for.sender_name = copy(sheet->arena, digest->sender_name);
    sheet->made_for.sender_address = copy(sheet->arena, digest->sender_address);
    sheet->made_for.list_name = copy(sheet->arena, digest->list_name);
    sheet->made_for.owner = copy(sheet->arena, digest->owner);
    sheet->made_for.inbox = copy(sheet->arena, digest->inbox);
    sheet->made_for.abs_base = copy(sheet->arena, digest->abs_base);
    sheet->made_for.pdf_base = copy(sheet->arena, digest->pdf_base);
    sheet->made_for.html_base = copy(sheet->arena, digest->html_base);
}

static struct view keep_text(struct sheet *sheet, struct buffer *room)
{
    struct view text = arena_copy(sheet->arena, buffer_view(room));

    buffer_clear(room);
    return text;
}

static bool is_words(struct view text)
{
    if (!text.size || text.data[0] == ' ' || text.data[text.size - 1] == ' ')
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < ' ' || text.data[i] > '~' ||
            (text.data[i] == ' ' && text.data[i + 1] == ' '))
            return false;
    return true;
}

struct short_text short_text_make(struct arena *arena, struct view text)
{
    char *copy = arena_room(arena, text.size + PEN_SLACK_BYTES, 1);
    struct view kept = {copy, text.size};

    memcpy(copy, text.size ? text.data : "", text.size);
    return (struct short_text){
        .text = kept,
        .is_simple = {pen_is_simple(kept, false), pen_is_simple(kept, true)},
        .is_words = is_words(kept)};
}

static struct short_text keep_word(struct sheet *sheet, const char *key, struct buffer *room)
{
    struct short_text word;

    words_add(sheet->words, key, -1, NULL, room);
    word = short_text_make(sheet->arena, buffer_view(room));
    buffer_clear(room);
    return word;
}

static void keep_words(struct sheet *sheet, const struct digest *digest)
{
    struct buffer room;

    buffer_init(&room, CONTEXT_BYTES);
    sheet->why = keep_word(sheet, "why", &room);
    sheet->no_title = keep_word(sheet, "no_title", &room).text;
    for (size_t field = 0; field < SHEET_FIELDS; field++)
        sheet->field_words[field] =
            keep_word(sheet, context_field_word((enum reason_field)field), &room);
    context_add_summary_rest(digest, sheet->words, &room);
    sheet->summary_rest = keep_text(sheet, &room);
    sheet->counts = COUNTS_MAX;
    sheet->subjects = arena_alloc(sheet->arena, sheet->counts, sizeof(*sheet->subjects));
    sheet->count_lines = arena_alloc(sheet->arena, sheet->counts, sizeof(*sheet->count_lines));
    buffer_free(&room);
}

/* Everything but marks is known without a paper. */
static void make_context(struct sheets *sheets, struct sheet *sheet, const struct digest *digest)
{
    const struct ranking none = {0};
    struct digest without = *digest;

    without.ranking = &none;
    sheet->context = digest_context(sheets->templates, &without);
    late_marks_set(&sheets->marks, sheet->context);
}

static void make_programs(struct sheets *sheets, struct sheet *sheet)
{
    struct error error;

    for (size_t part = 0; part < SHEET_PARTS; part++) {
        if (make_program(sheets, sheet, (enum sheet_part)part, NULL, &sheet->programs[part], NULL,
                         &error) < 0) {
            sheet->is_refused = true;
            tell_refusal(sheet->refusal, (enum sheet_part)part, &error);
            return;
        }
        sheet->bytes += program_bytes(&sheet->programs[part]);
    }
}

static struct sheet *sheet_new(struct sheets *sheets, const struct digest *digest,
                               const struct words *words)
{
    struct sheet *sheet = memory_new(1, sizeof(*sheet));

    sheet->arena = arena_new();
    sheet->words = words;
    for (size_t part = 0; part < SHEET_PARTS; part++)
        program_init(&sheet->programs[part]);
    pieces_init(&sheet->pieces, PIECES_BYTES);
    keep_key(sheet, digest);
    keep_words(sheet, digest);
    make_context(sheets, sheet, digest);
    make_programs(sheets, sheet);
    sheet->leaf_count = digest->papers ? digest->papers->count : digest->ranking->count;
    sheet->leaves = memory_new(sheet->leaf_count + 1, sizeof(*sheet->leaves));
    sheet->bytes += sizeof(*sheet) + sheet->leaf_count * sizeof(*sheet->leaves) +
                    arena_bytes(sheet->arena);
    return sheet;
}

static void drop_leaves(struct sheet *sheet)
{
    for (size_t i = 0; i < SHEET_RECENT; i++)
        drop_context(&sheet->recent[i]);
    for (size_t i = 0; i < sheet->leaf_count; i++) {
        leaf_free(sheet->leaves[i]);
        sheet->leaves[i] = NULL;
    }
    for (size_t part = 0; part < SHEET_PARTS; part++)
        drop_shapes(&sheet->shapes[part]);
    sheet->bytes = sizeof(*sheet) + sheet->leaf_count * sizeof(*sheet->leaves) +
                   arena_bytes(sheet->arena) + pieces_bytes(&sheet->pieces);
}

static void sheet_free(struct sheet *sheet)
{
    drop_leaves(sheet);
    free(sheet->leaves);
    for (size_t part = 0; part < SHEET_PARTS; part++)
        program_free(&sheet->programs[part]);
    pieces_free(&sheet->pieces);
    json_decref(sheet->context);
    arena_free(&sheet->arena);
    free(sheet);
}

static struct view cached(struct sheet *sheet, struct view *texts, const struct digest *digest,
                          void (*add)(const struct digest *, const struct words *,
                                      struct buffer *))
{
    size_t count = digest->ranking->count;
    struct buffer room;

    if (!texts[count].data) {
        buffer_init(&room, CONTEXT_BYTES);
        add(digest, sheet->words, &room);
        texts[count] = keep_text(sheet, &room);
        buffer_free(&room);
    }
    return texts[count];
}

struct view sheet_subject(struct sheet *sheet, const struct digest *digest)
{
    if (digest->ranking->count >= sheet->counts)
        return (struct view){NULL, 0};
    return cached(sheet, sheet->subjects, digest, context_add_subject);
}

struct view sheet_count_line(struct sheet *sheet, const struct digest *digest)
{
    if (digest->ranking->count >= sheet->counts || digest->profile->name)
        return (struct view){NULL, 0};
    return cached(sheet, sheet->count_lines, digest, context_add_count_line);
}

/* ---- all of them ---- */

struct sheets *sheets_new(const struct templates *templates)
{
    struct sheets *sheets = memory_new(1, sizeof(*sheets));

    sheets->templates = templates;
    sheets->bytes_max = SHEETS_BYTES;
    sheets->arena = arena_new();
    buffer_init(&sheets->room, CONTEXT_BYTES);
    sheets->highlighter = highlighter_new();
    late_marks_init(&sheets->marks);
    return sheets;
}

void sheets_free(struct sheets **sheets)
{
    if (!*sheets)
        return;
    for (size_t i = 0; i < (*sheets)->count; i++)
        sheet_free((*sheets)->items[i]);
    free((*sheets)->items);
    arena_free(&(*sheets)->arena);
    buffer_free(&(*sheets)->room);
    highlighter_free(&(*sheets)->highlighter);
    highlights_free(&(*sheets)->found[0]);
    highlights_free(&(*sheets)->found[1]);
    late_marks_free(&(*sheets)->marks);
    free(*sheets);
    *sheets = NULL;
}

static void drop_oldest(struct sheets *sheets)
{
    size_t oldest = 0;

    for (size_t i = 1; i < sheets->count; i++)
        if (sheets->items[i]->used < sheets->items[oldest]->used)
            oldest = i;
    sheet_free(sheets->items[oldest]);
    sheets->items[oldest] = sheets->items[--sheets->count];
}

static size_t bytes_held(const struct sheets *sheets)
{
    size_t bytes = 0;

    for (size_t i = 0; i < sheets->count; i++)
        bytes += sheets->items[i]->bytes;
    return bytes;
}

void sheets_trim(struct sheets *sheets)
{
    while (sheets->count > 1 && bytes_held(sheets) > sheets->bytes_max)
        drop_oldest(sheets);
    if (sheets->count && bytes_held(sheets) > sheets->bytes_max)
        drop_leaves(sheets->items[0]);
}

struct sheet *sheets_find(struct sheets *sheets, const struct digest *digest)
{
    const struct words *words = templates_words(sheets->templates, digest->profile->language);
    struct sheet *sheet = NULL;

    for (size_t i = 0; i < sheets->count && !sheet; i++)
        if (is_made_for(sheets->items[i], digest, words))
            sheet = sheets->items[i];
    if (!sheet) {
        if (sheets->count == SHEETS_MAX)
            drop_oldest(sheets);
        sheet = sheet_new(sheets, digest, words);
        sheets->items =
            memory_grow(sheets->items, &sheets->capacity, sheets->count + 1, sizeof(sheet));
        sheets->items[sheets->count++] = sheet;
    }
    sheet->used = ++sheets->clock;
    return sheet;
}
