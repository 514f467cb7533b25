/* The lists of late.h for one digest: lines, parts of texts, reasons. */
#include "digest/assembly.h"
#include "digest/context.h"
#include "digest/wrap.h"
#include "ranking/highlight.h"

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

static struct part_list cut(struct arena *arena, const struct mapped *mapped,
                            const struct spot_cuts *spots, size_t count)
{
    struct text_part *items = arena_room(arena, 2 * count + 1, sizeof(*items));
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

/* Where all terms stand, found anew. */
static void cut_anew(struct assembly *assembly, struct part_list lists[2])
{
    const struct ranked_paper *ranked = assembly->ranked;
    const struct leaf *leaf = assembly->leaf;
    const struct mapped *mapped[2] = {&leaf->mapped_title, &leaf->mapped_abstract};
    const struct view texts[2] = {leaf->title, ranked->paper->abstract};
    struct highlights *found = assembly->sheets->found;

    highlighter_find(assembly->highlighter, assembly->digest->profile->scoring, ranked->paper,
                     ranked->reasons, assembly->reasons_shown, &found[0], &found[1]);
    for (int i = 0; i < 2; i++) {
        struct spot_cuts *cuts = arena_room(assembly->arena, found[i].count, sizeof(*cuts));

        for (size_t at = 0; at < found[i].count; at++)
            cuts[at] = (struct spot_cuts){mapped_cut(mapped[i], texts[i], found[i].items[at].start),
                                          mapped_cut(mapped[i], texts[i], found[i].items[at].end)};
        lists[i] = cut(assembly->arena, mapped[i], cuts, found[i].count);
    }
}

/* Keeps where a term stands in the paper. */
static const struct spots_term *look_up(struct assembly *assembly, const struct reason *reason,
                                        uint64_t key)
{
    const struct digest *digest = assembly->digest;
    struct leaf *leaf = assembly->leaf;
    const struct mapped *mapped[2] = {&leaf->mapped_title, &leaf->mapped_abstract};
    const struct view texts[2] = {leaf->title, assembly->ranked->paper->abstract};
    struct highlights *found = assembly->sheets->found;
    size_t before = spots_bytes(&leaf->spots);
    const struct spots_term *term;

    highlighter_find_indexed(assembly->highlighter, digest->index, digest->profile->scoring,
                             assembly->ranked->paper, reason, 1, &found[0], &found[1]);
    term = spots_add(&leaf->spots, key, found, mapped, texts);
    assembly->sheet->bytes += spots_bytes(&leaf->spots) - before;
    return term;
}

/* An author stands in neither text. */
static inline bool may_stand(const struct digest *digest, const struct reason *reason)
{
    return (reason->field != REASON_AUTHOR && reason->field != REASON_PREFERENCE) ||
           digest->profile->scoring == SCORING_SUBSTRING;
}

/* Of each reason shown that stands there: how many; -1 when one is not to be had. */
static int find_terms(struct assembly *assembly, struct spots_term *terms)
{
    const struct reason *reasons = assembly->ranked->reasons;
    int count = 0;

    for (size_t i = 0; i < assembly->reasons_shown; i++) {
        const struct spots_term *term;
        uint64_t key;

        if (!may_stand(assembly->digest, &reasons[i]))
            continue;
        key = spots_key_in(assembly->current->terms[i]->key, reasons[i].field);
        term = spots_find(&assembly->leaf->spots, key);
        if (!term && !(term = look_up(assembly, &reasons[i], key)))
            return -1;
        if (term->counts[0] + term->counts[1])
            terms[count++] = *term;
    }
    return count;
}

/* From what is known of each term. */
static void cut_by_terms(struct assembly *assembly, const struct spots_term *terms, int count,
                         struct part_list lists[2])
{
    const struct leaf *leaf = assembly->leaf;
    const struct mapped *mapped[2] = {&leaf->mapped_title, &leaf->mapped_abstract};

    for (int i = 0; i < 2; i++) {
        struct spot_cuts *cuts;
        size_t all = 0, filled = 0;

        for (int at = 0; at < count; at++)
            all += terms[at].counts[i];
        cuts = arena_room(assembly->arena, all, sizeof(*cuts));
        for (int at = 0; at < count; at++) {
            const struct spot_cuts *from =
                leaf->spots.items + terms[at].first + (i ? terms[at].counts[0] : 0);

            for (size_t spot = 0; spot < terms[at].counts[i]; spot++)
                cuts[filled++] = from[spot];
        }
        lists[i] = cut(assembly->arena, mapped[i], cuts, spots_join(cuts, all));
    }
}

static void cut_texts(struct assembly *assembly, struct part_list lists[2])
{
    const struct digest *digest = assembly->digest;
    struct spots_term *terms = NULL;
    int count = -1;

    if (digest->index && digest->papers && digest->papers_serial) {
        terms = arena_room(assembly->arena, assembly->reasons_shown, sizeof(*terms));
        count = find_terms(assembly, terms);
    }
    if (count < 0)
        cut_anew(assembly, lists);
    else
        cut_by_terms(assembly, terms, count, lists);
}

static size_t count_parts(struct assembly *assembly, bool of_title)
{
    struct part_list *lists = assembly->current->lists;
    const struct leaf *leaf = assembly->leaf;

    if (!lists[0].items)
        cut_texts(assembly, lists);
    assembly->part_list = &lists[of_title ? 0 : 1];
    assembly->mapped = of_title ? &leaf->mapped_title : &leaf->mapped_abstract;
    assembly->part_text = of_title ? leaf->title : assembly->ranked->paper->abstract;
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
        return assembly->ranked->paper->abstract.size;
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
