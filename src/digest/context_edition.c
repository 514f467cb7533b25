/* What the context says of editions. Their dates belong to the step "edition",
 * the same for every subscriber of a language whose digest takes the same
 * editions; how a subscriber's categories stand belongs to "subscriber". */
#include "digest/context.h"

enum { NOTE_CATEGORIES = 10 };

static json_t *edition_context(const struct words *words, const struct digest_edition *edition,
                               struct buffer *room)
{
    json_t *object = json_object();

    context_set_date(object, words, edition->date, room);
    json_object_set_new(object, "estimated", json_boolean(edition->estimated));
    if (edition->paper_count)
        json_object_set_new(object, "paper_count", json_integer((json_int_t)edition->paper_count));
    return object;
}

static void add_notes(json_t *notes, const struct words *words,
                      const struct digest_edition *edition, struct buffer *room)
{
    static const char *const states[] = {[CATEGORY_COMPLETE] = "complete",
                                         [CATEGORY_LATE] = "late",
                                         [CATEGORY_STALE] = "stale",
                                         [CATEGORY_EMPTY] = "empty",
                                         [CATEGORY_FAILED] = "failed"};

    for (size_t i = 0; i < edition->note_count; i++) {
        json_t *note = json_object();

        context_set_date(note, words, edition->date, room);
        context_set_string(note, "category", edition->notes[i].category);
        context_set_string(note, "state", states[edition->notes[i].state]);
        json_array_append_new(notes, note);
    }
}

/* "cs.CL complete, cs.AI late: its papers will follow": one state after the
 * other. Nothing when there is nothing that a reader would miss. */
static bool add_note(const struct words *words, const struct digest_edition *edition,
                     struct buffer *out)
{
    static const char *const keys[] = {"state_complete", "state_late", "state_stale",
                                       "state_empty", "state_failed"};
    size_t counts[5] = {0};
    bool is_first = true;

    for (size_t i = 0; i < edition->note_count; i++)
        counts[edition->notes[i].state]++;
    if (!counts[CATEGORY_LATE] && !counts[CATEGORY_STALE] && !counts[CATEGORY_FAILED])
        return false;
    for (size_t state = 0; state < 5; state++) {
        struct buffer names;
        struct context_list list = {words, &names, counts[state], NOTE_CATEGORIES, 0};
        struct word_value values[] = {{"categories", {NULL, 0}}, {NULL, {NULL, 0}}};

        if (!counts[state])
            continue;
        buffer_init(&names, CONTEXT_BYTES);
        for (size_t i = 0; i < edition->note_count; i++)
            if ((size_t)edition->notes[i].state == state)
                context_add_item(&list, view_of(edition->notes[i].category));
        values[0].text = buffer_view(&names);
        if (!is_first)
            words_add(words, "comma", -1, NULL, out);
        words_add(words, keys[state], (long)counts[state], values, out);
        buffer_free(&names);
        is_first = false;
    }
    return true;
}

void context_add_edition_note(const struct digest *digest, const struct words *words,
                              struct buffer *out)
{
    size_t start = out->size;

    for (size_t i = 0; i < digest->edition_count; i++) {
        struct buffer note;

        buffer_init(&note, CONTEXT_BYTES);
        if (add_note(words, &digest->editions[i], &note)) {
            if (out->size > start)
                buffer_add_string(out, "; ");
            if (digest->edition_count > 1) {
                words_add_date(words, "date_short", digest->editions[i].date, out);
                buffer_add_string(out, ": ");
            }
            buffer_add_view(out, buffer_view(&note));
        }
        buffer_free(&note);
    }
}

/* "announced on …", or "… from … to …". */
void context_add_edition_line(const struct digest *digest, const struct words *words,
                              struct buffer *out)
{
    const struct digest_edition *editions = digest->editions;
    size_t count = digest->edition_count;
    struct buffer from, to;
    struct word_value values[] = {{"dates", {NULL, 0}}, {"from", {NULL, 0}},
                                  {"to", {NULL, 0}}, {NULL, {NULL, 0}}};

    if (!count)
        return;
    buffer_init(&from, 1024);
    buffer_init(&to, 1024);
    words_add_date(words, count > 1 ? "date_short" : "date_long", editions[0].date, &from);
    words_add_date(words, "date_short", editions[count - 1].date, &to);
    values[0].text = values[1].text = buffer_view(&from);
    values[2].text = buffer_view(&to);
    words_add(words, count > 1 ? "announced_range" : "announced", -1, values, out);
    buffer_free(&from);
    buffer_free(&to);
}

bool context_edition_differs(const struct digest *digest)
{
    return digest->edition_count && date_compare(digest->editions[0].date, digest->date) != 0;
}

void context_add_announced(const struct digest *digest, const struct words *words,
                           struct buffer *out)
{
    size_t announced = 0;

    for (size_t i = 0; i < digest->edition_count; i++) {
        if (!digest->editions[i].paper_count)
            return;
        announced += digest->editions[i].paper_count;
    }
    if (digest->edition_count)
        words_add(words, "count_of", (long)announced, NULL, out);
}

void context_set_editions(json_t *root, const struct digest *digest, const struct words *words,
                         struct buffer *room)
{
    json_t *editions = json_array(), *notes = json_array();
    bool is_estimated = false;

    for (size_t i = 0; i < digest->edition_count; i++) {
        is_estimated = is_estimated || digest->editions[i].estimated;
        json_array_append_new(editions, edition_context(words, &digest->editions[i], room));
        add_notes(notes, words, &digest->editions[i], room);
    }
    context_mark_ends(editions);
    context_mark_ends(notes);
    json_object_set_new(root, "notes", notes);
    json_object_set_new(root, "editions", editions);
    json_object_set_new(root, "is_estimated", json_boolean(is_estimated));
    if (digest->edition_count) {
        context_add_edition_line(digest, words, room);
        context_set_buffer(root, "edition_line", room);
        json_object_set_new(root, "edition_differs",
                            json_boolean(context_edition_differs(digest)));
    }
    context_add_edition_note(digest, words, room);
    context_set_lines(root, "edition_note_lines", buffer_view(room), TEXT_WIDTH);
    context_set_buffer(root, "edition_note", room);
    context_add_announced(digest, words, room);
    if (room->size)
        context_set_buffer(root, "announced_line", room);
}
