/* The lists of late.h for one digest: lines, parts of texts, reasons. */
#include "digest/assembly.h"
#include "digest/context.h"
#include "digest/wrap.h"
#include "ranking/highlight.h"

enum { FEW_SPOTS = 32 };

/* ---- lines ---- */

struct line_maker {
    struct arena *arena;
    struct line_list list;
    size_t capacity;
};

/* One blank between words, as in the context. */
static struct view single_blanks(struct arena *arena, struct view line)
{
    char *text = NULL;
    size_t size = 0, at = 0;
    bool is_single = true;

    for (size_t i = 0; i < line.size && is_single; i++)
        is_single = (unsigned char)line.data[i] > ' ' ||
                    (line.data[i] == ' ' && i + 1 < line.size && line.data[i + 1] != ' ');
    if (is_single)
        return line;
    text = arena_alloc(arena, line.size + 1, 1);
    while (at < line.size) {
        struct view word;
        size_t end = view_find_char(line, ' ', at);

        word = view_trim(view_slice(line, at, end));
        if (word.size && size)
            text[size++] = ' ';
        memcpy(text + size, word.size ? word.data : "", word.size);
        size += word.size;
        at = end + 1;
    }
    return (struct view){text, size};
}

static void see_line(void *user, struct view line)
{
    struct line_maker *maker = user;

    if (maker->list.count == maker->capacity) {
        size_t more = maker->capacity ? 2 * maker->capacity : 4;
        struct view *items = arena_alloc(maker->arena, more, sizeof(*items));

        if (maker->list.count)
            memcpy(items, maker->list.items, maker->list.count * sizeof(*items));
        maker->list.items = items;
        maker->capacity = more;
    }
    maker->list.items[maker->list.count++] = single_blanks(maker->arena, line);
}

struct line_list value_lines(struct assembly *assembly, struct view text, size_t width)
{
    struct line_maker maker = {.arena = assembly->arena};

    wrap_each_line(text, width, see_line, &maker);
    return maker.list;
}

static const struct line_list *digest_lines(struct assembly *assembly, enum late_key key)
{
    static const enum late_key texts[] = {[LATE_SUMMARY_LINES] = LATE_SUMMARY,
                                          [LATE_EDITION_NOTE_LINES] = LATE_EDITION_NOTE,
                                          [LATE_PROFILE_LINES] = LATE_PROFILE_LINE,
                                          [LATE_REPLY_HINT_LINES] = LATE_REPLY_HINT,
                                          [LATE_SENT_TO_LINES] = LATE_SENT_TO};

    if (!assembly->has_lines[key]) {
        assembly->lines[key] =
            value_lines(assembly, value_digest_text(assembly, texts[key]), TEXT_WIDTH);
        assembly->has_lines[key] = true;
    }
    return &assembly->lines[key];
}

static size_t count_lines(struct assembly *assembly, const struct line_list *lines)
{
    assembly->line_list = lines;
    return lines->count;
}

/* ---- parts ---- */

static inline struct text_part *add_part(struct text_part *part, const struct cut *start,
                                         const struct cut *end, bool is_hit)
{
    if (start->offset < end->offset)
        *part++ = (struct text_part){*start, *end, is_hit};
    return part;
}

/* `items` has room for two for each spot, and one. */
static struct part_list cut(struct text_part *items, const struct mapped *mapped,
                            const struct spot_cuts *spots, size_t count)
{
    struct text_part *part = items;
    const struct cut *at = &mapped->start;

    for (size_t i = 0; i < count; i++) {
        part = add_part(part, at, &spots[i].start, false);
        part = add_part(part, &spots[i].start, &spots[i].end, true);
        at = &spots[i].end;
    }
    part = add_part(part, at, &mapped->end, false);
    return (struct part_list){items, (size_t)(part - items)};
}

static struct text_part *room_for_parts(struct assembly *assembly, size_t spots)
{
    return arena_room(assembly->arena, 2 * spots + 2, sizeof(struct text_part));
}

/* Where all terms stand, found anew. */
static void cut_anew(struct assembly *assembly, struct part_list lists[2])
{
    const struct ranked_paper *ranked = assembly->ranked;
    const struct leaf *leaf = assembly->leaf;
    const struct mapped *mapped[2] = {&leaf->mapped_title, &leaf->mapped_abstract};
    const struct view texts[2] = {leaf->title, leaf->abstract};
    struct highlights *found = assembly->sheets->found;

    highlighter_find(assembly->highlighter, assembly->digest->profile->scoring, ranked->paper,
                     ranked->reasons, assembly->reasons_shown, &found[0], &found[1]);
    for (int i = 0; i < 2; i++) {
        struct spot_cuts *cuts = arena_room(assembly->arena, found[i].count, sizeof(*cuts));

        for (size_t at = 0; at < found[i].count; at++)
            cuts[at] = (struct spot_cuts){mapped_cut(mapped[i], texts[i], found[i].items[at].start),
                                          mapped_cut(mapped[i], texts[i], found[i].items[at].end)};
        lists[i] = cut(room_for_parts(assembly, found[i].count), mapped[i], cuts, found[i].count);
    }
}

/* Keeps where a term stands in the paper. */
static const struct spots_term *look_up(struct assembly *assembly, const struct reason *reason,
                                        uint64_t key)
{
    const struct digest *digest = assembly->digest;
    struct leaf *leaf = assembly->leaf;
    const struct mapped *mapped[2] = {&leaf->mapped_title, &leaf->mapped_abstract};
    const struct view texts[2] = {leaf->title, leaf->abstract};
    struct highlights *found = assembly->sheets->found;
    size_t before = spots_bytes(&leaf->spots);
    const struct spots_term *term;

    highlighter_find_indexed(assembly->highlighter, digest->index, digest->profile->scoring,
                             assembly->ranked->paper, reason, 1, &found[0], &found[1]);
    term = spots_add(&leaf->spots, key, found, mapped, texts);
    assembly->sheet->bytes += spots_bytes(&leaf->spots) - before;
    return term;
}

/* Makes sure of each reason shown that may stand there; how many spots they have in both
 * texts, or SIZE_MAX when one is not to be had. */
static size_t find_terms(struct assembly *assembly, const struct reason *reasons)
{
    size_t spots = 0;

    for (size_t i = 0; i < assembly->reasons_shown; i++) {
        uint64_t key = assembly->current->reasons[i].key;
        const struct spots_term *term;

        if (!key)
            continue;
        term = spots_find(&assembly->leaf->spots, key);
        if (!term && !(term = look_up(assembly, &reasons[i], key)))
            return SIZE_MAX;
        spots += (size_t)term->counts[0] + term->counts[1];
    }
    return spots;
}

static size_t gather(const struct assembly *assembly, bool of_abstract, struct spot_cuts *cuts)
{
    const struct spots *spots = &assembly->leaf->spots;
    size_t count = 0;

    for (size_t i = 0; i < assembly->reasons_shown; i++) {
        uint64_t key = assembly->current->reasons[i].key;
        const struct spots_term *term = key ? spots_find(spots, key) : NULL;
        const struct spot_cuts *from;

        if (!term)
            continue;
        from = spots->items + term->first + (of_abstract ? term->counts[0] : 0);
        for (size_t spot = 0; spot < term->counts[of_abstract]; spot++)
            cuts[count++] = from[spot];
    }
    return spots_join(cuts, count);
}

static void cut_texts(struct assembly *assembly, struct part_list lists[2])
{
    const struct digest *digest = assembly->digest;
    const struct leaf *leaf = assembly->leaf;
    struct spot_cuts few[FEW_SPOTS], *cuts = few;
    struct text_part *parts;
    size_t spots = SIZE_MAX;

    if (digest->index && digest->papers && digest->papers_serial)
        spots = find_terms(assembly, assembly->ranked->reasons);
    if (spots == SIZE_MAX) {
        cut_anew(assembly, lists);
        return;
    }
    if (spots > FEW_SPOTS)
        cuts = arena_room(assembly->arena, spots, sizeof(*cuts));
    parts = room_for_parts(assembly, spots);
    lists[0] = cut(parts, &leaf->mapped_title, cuts, gather(assembly, false, cuts));
    lists[1] = cut(parts + lists[0].count, &leaf->mapped_abstract, cuts,
                   gather(assembly, true, cuts));
}

static size_t count_parts(struct assembly *assembly, bool of_title)
{
    struct part_list *lists = assembly->current->lists;
    const struct leaf *leaf = assembly->leaf;

    if (!lists[0].items)
        cut_texts(assembly, lists);
    assembly->part_list = &lists[of_title ? 0 : 1];
    assembly->mapped = of_title ? &leaf->mapped_title : &leaf->mapped_abstract;
    assembly->part_text = of_title ? leaf->title : leaf->abstract;
    return assembly->part_list->count;
}

/* ---- by key ---- */

size_t value_list_size(struct assembly *assembly, enum late_key key)
{
    const struct digest *digest = assembly->digest;

    switch (key) {
    case LATE_PAPERS:
        return assembly->full;
    case LATE_MORE_PAPERS:
        return digest->ranking->count - assembly->full;
    case LATE_REASONS:
        return assembly->reasons_shown;
    case LATE_REASON_LINES:
        return assembly->reasons_shown; /* there is a line if there is a reason */
    case LATE_SUBSCRIBER_KEYWORDS:
        return digest->profile->keywords.count;
    case LATE_SUBSCRIBER_CATEGORIES:
        return digest->profile->categories.count;
    case LATE_TITLE_PARTS:
        return assembly->leaf->title.size;
    case LATE_ABSTRACT_PARTS:
        return assembly->leaf->abstract.size;
    case LATE_REPLY_HINT_LINES:
        return value_is_there(assembly, key) ? digest_lines(assembly, key)->count : 0;
    default:
        return digest_lines(assembly, key)->count;
    }
}

size_t value_list(struct assembly *assembly, enum late_key key)
{
    switch (key) {
    case LATE_TITLE_PARTS:
    case LATE_ABSTRACT_PARTS:
        return count_parts(assembly, key == LATE_TITLE_PARTS);
    case LATE_REASON_LINES:
        return count_lines(assembly, paper_reason_lines(assembly));
    case LATE_SUMMARY_LINES:
    case LATE_EDITION_NOTE_LINES:
    case LATE_PROFILE_LINES:
    case LATE_SENT_TO_LINES:
        return count_lines(assembly, digest_lines(assembly, key));
    case LATE_REPLY_HINT_LINES:
        return value_is_there(assembly, key) ? count_lines(assembly, digest_lines(assembly, key))
                                             : 0;
    default:
        return value_list_size(assembly, key);
    }
}
