/* The current paper of a digest: what sections test of it, its reasons' terms, its
 * line of reasons. */
#include "digest/assembly.h"
#include "digest/context.h"

enum {
    TERMS_MAX = TERM_SLOTS * 3 / 4,
    CACHE_LINE_BYTES = 64,
    REASON_LINE_BYTES = TEXT_WIDTH - TEXT_INDENT
};

/* ---- terms ---- */

/* The same term is at the same place for every paper that has it. */
static struct term *slot_of(struct assembly *assembly, struct view term)
{
    size_t at = ((uintptr_t)term.data >> 2) * 31 + term.size;

    for (at %= TERM_SLOTS; assembly->terms[at].data; at = (at + 1) % TERM_SLOTS)
        if (assembly->terms[at].data == term.data && assembly->terms[at].size == term.size)
            break;
    return &assembly->terms[at];
}

static const struct term *see_term(struct assembly *assembly, struct view term)
{
    struct term *slot = slot_of(assembly, term), *made;

    if (slot->data)
        return slot;
    made = slot;
    if (assembly->term_count == TERMS_MAX || !term.data)
        made = arena_room(assembly->arena, 1, sizeof(*made));
    else
        assembly->term_count++;
    *made = (struct term){term.data, term.size, short_text_make(assembly->arena, term),
                          spots_key(assembly->digest->profile->scoring, term)};
    return made;
}

/* An author stands in neither text. */
static bool may_stand(const struct digest *digest, const struct reason *reason)
{
    return (reason->field != REASON_AUTHOR && reason->field != REASON_PREFERENCE) ||
           digest->profile->scoring == SCORING_SUBSTRING;
}

static void see_paper(struct assembly *assembly, const struct ranked_paper *ranked,
                      struct shown *shown)
{
    shown->reasons_shown = context_reasons_shown(ranked);
    shown->reasons = arena_room(assembly->arena, shown->reasons_shown, sizeof(*shown->reasons));
    for (size_t i = 0; i < shown->reasons_shown; i++) {
        const struct reason *reason = &ranked->reasons[i];
        const struct term *term = see_term(assembly, reason->term);

        shown->reasons[i].term = term;
        shown->reasons[i].key = may_stand(assembly->digest, reason)
                                    ? spots_key_in(term->key, reason->field)
                                    : 0;
    }
    shown->score = score_text(ranked->score, shown->score_room);
}

enum fetch_step { FETCH_LEAF, FETCH_TERM, FETCH_SPOTS, FETCH_STEPS };

static void fetch_spots(const struct leaf *leaf, uint64_t key, enum fetch_step step)
{
    const struct spots_term *term;

    if (step == FETCH_TERM) {
        __builtin_prefetch(spots_slot(&leaf->spots, key));
        return;
    }
    term = spots_find(&leaf->spots, key);
    if (term)
        __builtin_prefetch(&leaf->spots.items[term->first]);
}

static void fetch(const struct assembly *assembly, size_t rank, enum fetch_step step)
{
    const struct leaf *leaf = sheet_known_leaf(assembly->sheet, assembly->digest, rank);
    const struct shown *shown = &assembly->shown[rank];

    if (!leaf)
        return;
    if (step == FETCH_LEAF)
        for (size_t at = 0; at < sizeof(*leaf); at += CACHE_LINE_BYTES)
            __builtin_prefetch((const char *)leaf + at);
    else if (leaf->spots.term_capacity)
        for (size_t i = 0; i < shown->reasons_shown; i++)
            if (shown->reasons[i].key)
                fetch_spots(leaf, shown->reasons[i].key, step);
}

/* A day's papers are larger than a near cache, and a digest takes thirty here and there:
 * most of its time would be waiting for memory. Each step goes through all papers, so that
 * their waits overlap. */
void papers_see(struct assembly *assembly)
{
    const struct ranking *ranking = assembly->digest->ranking;

    for (size_t rank = 0; rank < ranking->count; rank++)
        fetch(assembly, rank, FETCH_LEAF);
    for (size_t rank = 0; rank < ranking->count; rank++)
        see_paper(assembly, &ranking->items[rank], &assembly->shown[rank]);
    for (int step = FETCH_TERM; step < FETCH_STEPS; step++)
        for (size_t rank = 0; rank < ranking->count; rank++)
            fetch(assembly, rank, (enum fetch_step)step);
}

/* ---- the line of reasons ---- */

/* NULL once it gets too long, or was before. */
static inline char *put(char *at, const char *end, struct view text)
{
    return at && (size_t)(end - at) >= text.size ? pen_put(at, text.data, text.size) : NULL;
}

static inline char *put_two(char *at, const char *end, const char *two)
{
    if (!at || end - at < 2)
        return NULL;
    memcpy(at, two, 2);
    return at + 2;
}

/* Most are one line of plain words. */
static bool add_simple_reasons(struct assembly *assembly, struct line_list *lines)
{
    const struct sheet *sheet = assembly->sheet;
    const struct shown *shown = assembly->current;
    char *line = arena_room(assembly->arena, REASON_LINE_BYTES + PEN_SLACK_BYTES, 1), *at = line;
    const char *end = line + REASON_LINE_BYTES;

    if (assembly->ranked->reason_count > shown->reasons_shown || !sheet->why.is_words ||
        !sheet->why.is_simple[0])
        return false;
    at = put(at, end, sheet->why.text);
    for (size_t i = 0; i < shown->reasons_shown; i++) {
        const struct short_text *term = &shown->reasons[i].term->word;
        const struct short_text *field = &sheet->field_words[assembly->ranked->reasons[i].field];

        if (!term->is_words || !term->is_simple[0] || !field->is_words || !field->is_simple[0])
            return false;
        at = put_two(at, end, i ? ", " : ": ");
        at = put(at, end, term->text);
        at = put_two(at, end, " (");
        at = put(at, end, field->text);
        if (!at || at == end)
            return false;
        *at++ = ')';
    }
    lines->items = arena_room(assembly->arena, 1, sizeof(*lines->items));
    lines->items[0] = (struct view){line, (size_t)(at - line)};
    lines->count = 1;
    lines->is_simple = true;
    return true;
}

/* As context.c has it. */
static void add_reasons(struct assembly *assembly, struct line_list *lines)
{
    const struct ranked_paper *ranked = assembly->ranked;
    const struct sheet *sheet = assembly->sheet;
    struct buffer *room = assembly->room;

    buffer_add_view(room, sheet->why.text);
    buffer_add(room, ": ", 2);
    for (size_t i = 0; i < assembly->reasons_shown; i++) {
        const struct reason *reason = &ranked->reasons[i];

        if (i)
            buffer_add(room, ", ", 2);
        buffer_add_view(room, reason->term);
        if (reason->term.size)
            buffer_add(room, " (", 2);
        buffer_add_view(room, sheet->field_words[reason->field].text);
        if (reason->term.size)
            buffer_add(room, ")", 1);
    }
    if (ranked->reason_count > assembly->reasons_shown) {
        buffer_add(room, " ", 1);
        words_add(sheet->words, "reasons_more",
                  (long)(ranked->reason_count - assembly->reasons_shown), NULL, room);
    }
    *lines = value_lines(assembly, arena_copy(assembly->arena, buffer_view(room)),
                         REASON_LINE_BYTES);
    buffer_clear(room);
}

const struct line_list *paper_reason_lines(struct assembly *assembly)
{
    struct shown *shown = assembly->current;
    struct line_list *lines;

    if (!shown->reason_lines) {
        shown->reason_lines = lines = arena_alloc(assembly->arena, 1, sizeof(*lines));
        if (shown->reasons_shown && !add_simple_reasons(assembly, lines))
            add_reasons(assembly, lines);
    }
    return shown->reason_lines;
}

/* ---- other texts ---- */

static enum digest_mark mark_of(const struct assembly *assembly)
{
    return assembly->digest->marks ? assembly->digest->marks[assembly->rank] : DIGEST_MARK_NONE;
}

struct view paper_mark(struct assembly *assembly)
{
    enum digest_mark mark = mark_of(assembly);
    struct view text;

    if (mark == DIGEST_MARK_NONE)
        return (struct view){NULL, 0};
    words_add(assembly->sheet->words, mark == DIGEST_MARK_LATE ? "mark_late" : "mark_update", -1,
              NULL, assembly->room);
    text = arena_copy(assembly->arena, buffer_view(assembly->room));
    buffer_clear(assembly->room);
    return text;
}

struct view paper_reasons_more(struct assembly *assembly)
{
    size_t more = assembly->ranked->reason_count - assembly->reasons_shown;
    struct view text;

    if (!more)
        return (struct view){NULL, 0};
    words_add(assembly->sheet->words, "reasons_more", (long)more, NULL, assembly->room);
    text = arena_copy(assembly->arena, buffer_view(assembly->room));
    buffer_clear(assembly->room);
    return text;
}

struct view paper_link(const struct assembly *assembly, bool is_like)
{
    const struct digest_links *links = assembly->digest->links;

    if (!links)
        return (struct view){NULL, 0};
    return view_of(is_like ? links[assembly->rank].like : links[assembly->rank].dislike);
}

/* ---- what sections test ---- */

static void set(struct assembly *assembly, enum late_key key, bool is_there, bool is_true)
{
    assembly->is_there[key] = is_there;
    assembly->is_true[key] = is_true;
}

static void set_truths(struct assembly *assembly)
{
    const struct digest_links *links =
        assembly->digest->links ? &assembly->digest->links[assembly->rank] : NULL;
    enum digest_mark mark = mark_of(assembly);
    bool has_more = assembly->ranked->reason_count > assembly->reasons_shown;
    bool has_reasons = assembly->reasons_shown > 0;
    size_t at = assembly->places[SCOPE_PAPER].at;

    set(assembly, LATE_RANK, true, true);
    set(assembly, LATE_RANK_COLUMN, true, true);
    set(assembly, LATE_IS_LATE, true, mark == DIGEST_MARK_LATE);
    set(assembly, LATE_IS_UPDATE, true, mark == DIGEST_MARK_UPDATE);
    set(assembly, LATE_MARK, mark != DIGEST_MARK_NONE,
        mark != DIGEST_MARK_NONE && paper_mark(assembly).size > 0);
    set(assembly, LATE_SCORE, assembly->score.size > 0, assembly->score.size > 0);
    set(assembly, LATE_HAS_REASONS, true, has_reasons);
    set(assembly, LATE_REASONS, true, has_reasons);
    set(assembly, LATE_REASONS_MORE, has_more, has_more && paper_reasons_more(assembly).size > 0);
    set(assembly, LATE_REASON_LINES, has_reasons, has_reasons); /* there is a line for a reason */
    set(assembly, LATE_TITLE_PARTS, true, assembly->leaf->title.size > 0);
    set(assembly, LATE_ABSTRACT_PARTS, true, assembly->leaf->abstract.size > 0);
    set(assembly, LATE_LIKE, links && links->like, links && links->like && *links->like);
    set(assembly, LATE_DISLIKE, links && links->dislike,
        links && links->dislike && *links->dislike);
    set(assembly, LATE_PAPER_FIRST, true, at == 0);
    set(assembly, LATE_PAPER_LAST, true, at + 1 == assembly->places[SCOPE_PAPER].count);
}

void paper_begin(struct assembly *assembly, size_t rank, struct leaf *leaf)
{
    struct shown *shown = &assembly->shown[rank];

    assembly->rank = rank;
    assembly->leaf = leaf;
    assembly->ranked = &assembly->digest->ranking->items[rank];
    assembly->current = shown;
    assembly->reasons_shown = shown->reasons_shown;
    assembly->score = shown->score;
    set_truths(assembly);
}
