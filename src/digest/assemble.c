#include "digest/assemble.h"

#include <string.h>

#include "base/memory.h"
#include "digest/assembly.h"
#include "digest/context.h"
#include "ranking/highlight.h"

enum { CACHE_LINE_BYTES = 64 };

static void run(struct assembly *assembly, const struct program *program, size_t from, size_t to);

static inline void write_short(struct assembly *assembly, const struct short_text *text,
                               bool is_escaped)
{
    if (text->is_simple[is_escaped])
        pen_simple(&assembly->pen, text->text);
    else
        pen_text(&assembly->pen, text->text, is_escaped);
}

static inline void write_part_text(struct assembly *assembly, bool is_escaped)
{
    const struct text_part *part = &assembly->part_list->items[assembly->places[SCOPE_PART].at];

    if (is_escaped && assembly->mapped->is_mapped)
        pen_slice(&assembly->pen, assembly->leaf->pool.data + assembly->mapped->at, &part->start,
                  &part->end);
    else
        pen_text(&assembly->pen,
                 view_slice(assembly->part_text, part->start.offset, part->end.offset),
                 is_escaped);
}

static void write_line(struct assembly *assembly, bool is_escaped)
{
    const struct line_list *lines = assembly->line_list;
    struct view line = lines->items[assembly->places[SCOPE_LINE].at];

    if (lines->is_simple && !is_escaped)
        pen_simple(&assembly->pen, line);
    else
        pen_text(&assembly->pen, line, is_escaped);
}

static inline void write_slot(struct assembly *assembly, size_t slot)
{
    const struct leaf *leaf = assembly->leaf;

    pen_piece(&assembly->pen, leaf->slot_pools[assembly->part],
              &leaf->slots[assembly->part][slot]);
}

static __attribute__((noinline)) void write_value(struct assembly *assembly, enum late_key key,
                                                  bool is_escaped)
{
    switch (key) {
    case LATE_LINE:
        write_line(assembly, is_escaped);
        break;
    case LATE_RANK:
        pen_simple(&assembly->pen, number_text(assembly->rank + 1, assembly->number));
        break;
    case LATE_RANK_COLUMN:
        pen_simple(&assembly->pen, rank_column(assembly));
        break;
    case LATE_SCORE:
        if (assembly->score.size)
            pen_simple(&assembly->pen, assembly->score);
        break;
    default:
        pen_text(&assembly->pen, value_text(assembly, key), is_escaped);
        break;
    }
}

/* What most digests are made of comes first. */
static inline void write_key(struct assembly *assembly, enum late_key key, bool is_escaped)
{
    size_t reason = assembly->places[SCOPE_REASON].at;

    if (key == LATE_PART_TEXT)
        write_part_text(assembly, is_escaped);
    else if (key == LATE_REASON_TERM)
        write_short(assembly, &assembly->current->reasons[reason].term->word, is_escaped);
    else if (key == LATE_REASON_FIELD_WORD)
        write_short(assembly,
                    &assembly->sheet->field_words[assembly->ranked->reasons[reason].field],
                    is_escaped);
    else
        write_value(assembly, key, is_escaped);
}

/* Lists of a kind do not stand inside each other (program.c), so what is current
 * outside needs no keeping. */
static void run_each(struct assembly *assembly, const struct program *program, size_t at)
{
    const struct op *op = &program->ops[at];
    struct place *place = &assembly->places[late_entries[op->key].items];

    place->count = value_list(assembly, (enum late_key)op->key);
    for (place->at = 0; place->at < place->count; place->at++)
        run(assembly, program, at + 1, op->end);
}

/* The tests that are made most often need no call. */
static inline bool is_true(struct assembly *assembly, enum late_key key)
{
    if (is_of_paper(key))
        return assembly->is_true[key];
    if (key == LATE_PART_IS_HIT)
        return assembly->part_list->items[assembly->places[SCOPE_PART].at].is_hit;
    if (key == LATE_REASON_LAST)
        return assembly->places[SCOPE_REASON].at + 1 == assembly->places[SCOPE_REASON].count;
    return value_is_true(assembly, key);
}

static inline bool is_there(struct assembly *assembly, enum late_key key)
{
    return is_of_paper(key) ? assembly->is_there[key] : value_is_there(assembly, key);
}

/* Without tests inside. */
static inline void run_body(struct assembly *assembly, const struct program *program, size_t from,
                            size_t to)
{
    for (size_t at = from; at < to; at++) {
        const struct op *op = &program->ops[at];

        if (op->code == OP_PIECE)
            pen_piece(&assembly->pen, assembly->pieces, &op->piece);
        else if (op->code == OP_SLOT)
            write_slot(assembly, op->end);
        else
            write_key(assembly, (enum late_key)op->key, op->code == OP_ESCAPED);
    }
}

static void run_either(struct assembly *assembly, const struct program *program, size_t at)
{
    const struct op *op = &program->ops[at];
    struct place *place = &assembly->places[late_entries[op->key].items];

    place->count = value_list(assembly, (enum late_key)op->key);
    for (place->at = 0; place->at < place->count; place->at++) {
        if (is_true(assembly, (enum late_key)op->either.test))
            run_body(assembly, program, at + 1, op->either.second);
        else
            run_body(assembly, program, op->either.second, op->end);
    }
}

static void fetch(const void *memory, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += CACHE_LINE_BYTES)
        __builtin_prefetch((const char *)memory + at);
}

/* The next paper's texts, while this one is written. */
static void fetch_next(const struct assembly *assembly)
{
    size_t rank = assembly->rank + 1;
    const struct leaf *leaf;

    if (rank >= assembly->digest->ranking->count ||
        !(leaf = sheet_known_leaf(assembly->sheet, assembly->digest, rank)))
        return;
    fetch(leaf->slots[assembly->part], leaf->slot_bytes[assembly->part]);
    if (assembly->part == PART_HTML)
        fetch(leaf->pool.data, leaf->pool.size);
}

static void run_papers(struct assembly *assembly, const struct op *op)
{
    struct place *place = &assembly->places[SCOPE_PAPER];
    size_t first = op->key == LATE_MORE_PAPERS ? assembly->full : 0;

    place->count = value_list(assembly, (enum late_key)op->key);
    for (place->at = 0; place->at < place->count && !assembly->is_refused; place->at++) {
        struct leaf *leaf = sheet_leaf(assembly->sheets, assembly->sheet, assembly->digest,
                                       first + place->at, assembly->part);
        const struct program *program;

        assembly->pieces = assembly->sheet->pieces.pool.data; /* may have moved, also in vain */
        if (!leaf) {
            assembly->is_refused = true;
            break;
        }
        paper_begin(assembly, first + place->at, leaf);
        fetch_next(assembly);
        program = leaf->programs[assembly->part];
        run(assembly, program, program->loops[op->end], program->loops[op->end + 1]);
    }
    assembly->ranked = NULL;
    assembly->leaf = NULL;
}

static inline bool is_passed(struct assembly *assembly, const struct op *op)
{
    enum late_key key = (enum late_key)op->key;

    switch (op->code) {
    case OP_IF_TRUE:
        return !is_true(assembly, key);
    case OP_IF_FALSE:
        return is_true(assembly, key);
    case OP_IF_THERE:
        return !is_there(assembly, key);
    default:
        return is_there(assembly, key);
    }
}

static void run(struct assembly *assembly, const struct program *program, size_t from, size_t to)
{
    for (size_t at = from; at < to;) {
        const struct op *op = &program->ops[at];

        switch (op->code) {
        case OP_PIECE:
            pen_piece(&assembly->pen, assembly->pieces, &op->piece);
            at++;
            break;
        case OP_SLOT:
            write_slot(assembly, op->end);
            at++;
            break;
        case OP_ESCAPED:
        case OP_RAW:
            write_key(assembly, (enum late_key)op->key, op->code == OP_ESCAPED);
            at++;
            break;
        case OP_EACH:
            run_each(assembly, program, at);
            at = op->end;
            break;
        case OP_EITHER:
            run_either(assembly, program, at);
            at = op->end;
            break;
        case OP_PAPERS:
            run_papers(assembly, op);
            at++;
            break;
        default:
            at = is_passed(assembly, op) ? op->end : at + 1;
            break;
        }
    }
}

static void write_part(struct assembly *assembly, enum sheet_part part, size_t full,
                       struct buffer *out)
{
    const struct program *program = &assembly->sheet->programs[part];

    buffer_clear(out);
    assembly->part = part;
    assembly->full = full;
    assembly->pieces = assembly->sheet->pieces.pool.data;
    pen_begin(&assembly->pen, out);
    run(assembly, program, 0, program->count);
    pen_end(&assembly->pen);
}

static bool is_too_long(const struct buffer *html)
{
    return html->size > DIGEST_HTML_BYTES &&
           pen_decoded_bytes(buffer_view(html)) > DIGEST_HTML_BYTES;
}

/* The same division as digest_fit's. */
static void write_html(struct assembly *assembly, struct buffer *out)
{
    size_t count = assembly->digest->ranking->count, fits = DIGEST_FULL_PAPERS, fails = count;

    write_part(assembly, PART_HTML, count, out);
    if (count <= DIGEST_FULL_PAPERS || !is_too_long(out))
        return;
    while (fits + 1 < fails && !assembly->is_refused) {
        size_t middle = fits + (fails - fits) / 2;

        write_part(assembly, PART_HTML, middle, out);
        if (is_too_long(out))
            fails = middle;
        else
            fits = middle;
    }
    if (assembly->full != fits)
        write_part(assembly, PART_HTML, fits, out);
}

static int assemble(struct sheets *sheets, struct sheet *sheet, const struct digest *digest,
                    struct digest_output *output, struct error *error)
{
    struct assembly assembly = {.sheets = sheets,
                                .sheet = sheet,
                                .digest = digest,
                                .arena = sheets->arena,
                                .room = &sheets->room,
                                .highlighter = sheets->highlighter,
                                .full = digest->ranking->count};
    enum profile_format format = digest->profile->format;
    struct view subject;

    assembly.shown = arena_alloc(sheets->arena, digest->ranking->count + 1,
                                 sizeof(*assembly.shown));
    papers_see(&assembly);
    subject = value_text(&assembly, LATE_SUBJECT);
    buffer_add_view(&output->subject, subject);
    if (format != FORMAT_TEXT)
        write_html(&assembly, &output->html);
    if (format != FORMAT_HTML && !assembly.is_refused)
        write_part(&assembly, PART_TEXT, assembly.full, &output->text);
    if (assembly.is_refused)
        return 1;
    output->is_encoded = true;
    if (output->html.failed || output->text.failed)
        return error_set(error, ERROR_INPUT, "the digest is larger than %d bytes",
                         DIGEST_OUTPUT_BYTES);
    return 0;
}

int digest_assemble(struct sheets *sheets, const struct digest *digest,
                    struct digest_output *output, struct error *error)
{
    struct sheet *sheet = sheets_find(sheets, digest);
    int result = 1;

    arena_reset(sheets->arena);
    buffer_clear(&output->subject);
    buffer_clear(&output->html);
    buffer_clear(&output->text);
    if (sheet->is_refused)
        memcpy(sheets->refusal, sheet->refusal, sizeof(sheets->refusal));
    else
        result = assemble(sheets, sheet, digest, output, error);
    sheets->is_refused = result > 0;
    if (result > 0)
        result = digest_make(sheets->templates, digest, output, error);
    sheets_trim(sheets);
    return result;
}

const char *sheets_refusal(const struct sheets *sheets)
{
    return sheets->is_refused ? sheets->refusal : NULL;
}

bool templates_are_assembled(const struct templates *templates, struct buffer *ret_why)
{
    const struct paper paper = {.id = VIEW("2602.00001"), .title = VIEW("Tides")};
    const struct ranked_paper ranked = {.paper = &paper, .score = 1};
    const struct ranking ranking = {&ranked, 1};
    char address[] = "reader@example.org";
    struct profile profile;
    struct digest digest = {.profile = &profile, .ranking = &ranking, .date = {2026, 2, 17}};
    struct sheets *sheets = sheets_new(templates);
    struct digest_output output;
    struct error error;
    const char *refusal = NULL;

    profile_init(&profile);
    profile.email = address;
    digest_output_init(&output);
    if (digest_assemble(sheets, &digest, &output, &error) == 0)
        refusal = sheets_refusal(sheets);
    if (refusal)
        buffer_add_string(ret_why, refusal);
    profile.email = NULL;
    profile_free(&profile);
    digest_output_free(&output);
    sheets_free(&sheets);
    return !refusal;
}

static void decode(struct buffer *text)
{
    struct buffer decoded;

    buffer_init(&decoded, text->max);
    pen_decode(buffer_view(text), &decoded);
    buffer_free(text);
    *text = decoded;
}

void digest_decode(struct digest_output *output)
{
    if (!output->is_encoded)
        return;
    decode(&output->html);
    decode(&output->text);
    output->is_encoded = false;
}
