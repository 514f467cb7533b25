/* The profile as it is now, in rows; what was added and removed is marked. */
#include <stddef.h>
#include <string.h>

#include "base/utf8.h"
#include "inbox/answer_parts.h"

enum {
    UNCHANGED_SHOWN = 60, /* of a list; what changed is shown in any case, up to: */
    CHANGED_SHOWN = 200,
    PAPERS_SHOWN = 10,
    TERM_CHARACTERS = 200,
    INTERESTS_CHARACTERS = 1000,
    LABEL_COLUMNS = 24,
    LINE_LEAST = 20
};

struct rows {
    struct answering *answering;
    const struct profile *before, *after; /* before NULL: nothing is marked */
    json_t *array;
};

/* ---- items of a list ---- */

enum item_mark { ITEM_SAME, ITEM_ADDED, ITEM_REMOVED };

struct item_list {
    struct rows *rows;
    json_t *items;
    size_t unchanged, changed, left_out, most;
};

static void add_item(struct item_list *list, struct view text, enum item_mark mark)
{
    static const char *const words[] = {[ITEM_ADDED] = "row_added", [ITEM_REMOVED] = "row_removed"};
    struct answering *answering = list->rows->answering;
    size_t *count = mark == ITEM_SAME ? &list->unchanged : &list->changed;
    json_t *item;

    if (*count >= (mark == ITEM_SAME ? list->most : CHANGED_SHOWN)) {
        list->left_out += mark != ITEM_REMOVED;
        return;
    }
    (*count)++;
    item = json_object();
    answer_add_clean(answering->room, text, TERM_CHARACTERS);
    context_set_buffer(item, "text", answering->room);
    json_object_set_new(item, "is_added", json_boolean(mark == ITEM_ADDED));
    json_object_set_new(item, "is_removed", json_boolean(mark == ITEM_REMOVED));
    if (mark != ITEM_SAME) {
        words_add(answering->words, words[mark], -1, NULL, answering->room);
        context_set_buffer(item, "mark", answering->room);
    }
    json_array_append_new(list->items, item);
}

/* ---- rows ---- */

/* "LLM, kv cache (new), survey (gone) and 3 more" */
static void add_items_text(const json_t *row, const json_t *items, struct buffer *out)
{
    const char *more = json_string_value(json_object_get(row, "more"));
    size_t i;
    json_t *item;

    json_array_foreach((json_t *)items, i, item) {
        const char *mark = json_string_value(json_object_get(item, "mark"));

        buffer_printf(out, "%s%s", i ? ", " : "",
                      json_string_value(json_object_get(item, "text")));
        if (mark)
            buffer_printf(out, " (%s)", mark);
    }
    if (more)
        buffer_printf(out, " %s", more);
}

static json_t *add_row(struct rows *rows, const char *label, bool is_changed)
{
    json_t *row = json_object();

    words_add(rows->answering->words, label, -1, NULL, rows->answering->room);
    context_set_buffer(row, "label", rows->answering->room);
    json_object_set_new(row, "is_changed", json_boolean(is_changed));
    json_array_append_new(rows->array, row);
    return row;
}

static void finish_list(struct item_list *list, const char *label, const char *none)
{
    struct answering *answering = list->rows->answering;
    size_t shown = json_array_size(list->items);
    json_t *row;

    if (!shown && !none) {
        json_decref(list->items);
        return;
    }
    row = add_row(list->rows, label, list->changed > 0);
    if (list->left_out) {
        words_add(answering->words, "row_more", (long)list->left_out, NULL, answering->room);
        context_set_buffer(row, "more", answering->room);
    }
    if (!shown) {
        words_add(answering->words, none, -1, NULL, answering->room);
        context_set_buffer(row, "value", answering->room);
    }
    context_mark_ends(list->items);
    json_object_set_new(row, "items", list->items);
}

static bool strings_hold(const struct strings *strings, const char *text)
{
    for (size_t i = 0; i < strings->count; i++)
        if (view_equal_nocase(view_of(strings->items[i]), view_of(text)))
            return true;
    return false;
}

/* `none`: the word for an empty list; NULL: it has no row then. */
static void add_strings(struct rows *rows, const char *label, size_t offset, size_t most,
                        const char *none)
{
    const struct strings *now = (const void *)((const char *)rows->after + offset);
    const struct strings *then =
        rows->before ? (const void *)((const char *)rows->before + offset) : now;
    struct item_list list = {.rows = rows, .items = json_array(), .most = most};

    for (size_t i = 0; i < now->count; i++)
        add_item(&list, view_of(now->items[i]),
                 strings_hold(then, now->items[i]) ? ITEM_SAME : ITEM_ADDED);
    for (size_t i = 0; i < then->count; i++)
        if (!strings_hold(now, then->items[i]))
            add_item(&list, view_of(then->items[i]), ITEM_REMOVED);
    finish_list(&list, label, none);
}

static bool keywords_hold(const struct keywords *keywords, const struct keyword *wanted)
{
    for (size_t i = 0; i < keywords->count; i++)
        if (keywords->items[i].weight == wanted->weight &&
            keywords->items[i].field == wanted->field &&
            view_equal_nocase(view_of(keywords->items[i].term), view_of(wanted->term)))
            return true;
    return false;
}

/* As it is written in a mail: LLM^3. */
static void add_keyword(struct item_list *list, const struct keyword *keyword, enum item_mark mark)
{
    struct buffer text;

    buffer_init(&text, CONTEXT_BYTES);
    buffer_add_string(&text, keyword->term);
    if (keyword->weight != 1)
        buffer_printf(&text, "^%g", keyword->weight);
    add_item(list, buffer_view(&text), mark);
    buffer_free(&text);
}

static void add_keywords(struct rows *rows, const char *label, size_t offset, const char *none)
{
    const struct keywords *now = (const void *)((const char *)rows->after + offset);
    const struct keywords *then =
        rows->before ? (const void *)((const char *)rows->before + offset) : now;
    struct item_list list = {.rows = rows, .items = json_array(), .most = UNCHANGED_SHOWN};

    for (size_t i = 0; i < now->count; i++)
        add_keyword(&list, &now->items[i],
                    keywords_hold(then, &now->items[i]) ? ITEM_SAME : ITEM_ADDED);
    for (size_t i = 0; i < then->count; i++)
        if (!keywords_hold(now, &then->items[i]))
            add_keyword(&list, &then->items[i], ITEM_REMOVED);
    finish_list(&list, label, none);
}

/* Takes what `now` and `then` hold; an empty `now` is no row, unless `then` is not. */
static void add_value(struct rows *rows, const char *label, struct buffer *now,
                      struct buffer *then)
{
    struct answering *answering = rows->answering;
    bool is_changed = rows->before && !view_equal(buffer_view(now), buffer_view(then));
    struct word_value values[] = {{"value", buffer_view(then)}, {NULL, {NULL, 0}}};
    json_t *row;

    if (now->size || is_changed) {
        row = add_row(rows, label, is_changed);
        if (!now->size)
            words_add(answering->words, "row_none", -1, NULL, now);
        context_set_view(row, "value", buffer_view(now));
        if (is_changed) {
            words_add(answering->words, then->size ? "row_was" : "row_added", -1, values,
                      answering->room);
            context_set_buffer(row, "was", answering->room);
        }
    }
    buffer_clear(now);
    buffer_clear(then);
}

/* ---- values ---- */

typedef void row_writer(const struct words *words, const struct profile *profile,
                        struct buffer *out);

static void write_address(const struct words *words, const struct profile *profile,
                          struct buffer *out)
{
    (void)words;
    buffer_add_string(out, profile->email ? profile->email : "");
}

static void write_interests(const struct words *words, const struct profile *profile,
                            struct buffer *out)
{
    (void)words;
    answer_add_clean(out, view_of(profile->interests), INTERESTS_CHARACTERS);
}

static void write_max(const struct words *words, const struct profile *profile,
                      struct buffer *out)
{
    (void)words;
    buffer_printf(out, "%ld", profile->max_papers);
}

static void write_every(const struct words *words, const struct profile *profile,
                        struct buffer *out)
{
    static const char *const days[] = {"monday", "tuesday", "wednesday", "thursday",
                                       "friday", "saturday", "sunday"};
    struct word_value values[] = {{"day", {NULL, 0}}, {NULL, {NULL, 0}}};
    enum schedule_every every = profile->schedule.every;
    struct buffer day;

    if (every == EVERY_DAY || every == EVERY_WEEKDAYS) {
        words_add(words, every == EVERY_DAY ? "row_each_day" : "row_weekdays", -1, NULL, out);
        return;
    }
    buffer_init(&day, CONTEXT_BYTES);
    words_add(words, days[every], -1, NULL, &day);
    values[0].text = buffer_view(&day);
    words_add(words, "row_each_week", -1, values, out);
    buffer_free(&day);
}

static void write_schedule(const struct words *words, const struct profile *profile,
                           struct buffer *out)
{
    const char *zone = profile->schedule.zone ? profile->schedule.zone : "UTC";
    int minutes = profile->schedule.at_minutes;
    struct word_value values[] = {{"every", {NULL, 0}}, {"time", {NULL, 0}},
                                  {"zone", view_of(zone)}, {NULL, {NULL, 0}}};
    struct buffer every;
    char time[16];

    buffer_init(&every, CONTEXT_BYTES);
    write_every(words, profile, &every);
    snprintf(time, sizeof(time), "%02d:%02d", minutes / 60, minutes % 60);
    values[0].text = buffer_view(&every);
    values[1].text = view_of(time);
    words_add(words, minutes < 0 ? "row_schedule_soon" : "row_schedule_at", -1, values, out);
    buffer_free(&every);
}

static void write_pause(const struct words *words, const struct profile *profile,
                        struct buffer *out)
{
    if (date_is_set(profile->paused_until))
        words_add_date(words, "date_medium", profile->paused_until, out);
}

static void add_written(struct rows *rows, const char *label, row_writer *write)
{
    struct buffer now, then;

    buffer_init(&now, CONTEXT_BYTES);
    buffer_init(&then, CONTEXT_BYTES);
    write(rows->answering->words, rows->after, &now);
    if (rows->before)
        write(rows->answering->words, rows->before, &then);
    add_value(rows, label, &now, &then);
    buffer_free(&now);
    buffer_free(&then);
}

/* ---- in plain text ---- */

/* All labels as wide as the widest, as far as that leaves room. */
static size_t label_columns(const json_t *rows)
{
    size_t columns = 0, i;
    json_t *row;

    json_array_foreach((json_t *)rows, i, row) {
        size_t width = utf8_width(view_of(json_string_value(json_object_get(row, "label"))));

        if (width > columns && width <= LABEL_COLUMNS)
            columns = width;
    }
    return columns;
}

static void add_spaces(struct buffer *out, size_t count)
{
    while (count--)
        buffer_add_char(out, ' ');
}

static void add_row_text(const json_t *row, struct buffer *out)
{
    const json_t *items = json_object_get(row, "items");
    const char *value = json_string_value(json_object_get(row, "value"));
    const char *was = json_string_value(json_object_get(row, "was"));

    add_items_text(row, items, out);
    if (value)
        buffer_add_string(out, value);
    if (was)
        buffer_printf(out, " (%s)", was);
}

static void set_lines(struct rows *rows)
{
    struct buffer *room = rows->answering->room;
    size_t columns = label_columns(rows->array), i;
    json_t *row;

    json_array_foreach(rows->array, i, row) {
        const char *label = json_string_value(json_object_get(row, "label"));
        size_t width = utf8_width(view_of(label));

        buffer_add_string(room, label);
        add_spaces(room, width < columns ? columns - width : 0);
        context_set_buffer(row, "label_column", room);
        add_spaces(room, columns);
        context_set_buffer(row, "blank_column", room);
        add_row_text(row, room);
        context_set_lines(row, "lines", buffer_view(room),
                          columns + LINE_LEAST < TEXT_WIDTH ? TEXT_WIDTH - columns - 3
                                                            : LINE_LEAST);
        buffer_clear(room);
    }
}

/* ---- all of it ---- */

#define AT(member) offsetof(struct profile, member)

void answer_set_profile(struct answering *answering)
{
    const struct answer *answer = answering->answer;
    struct rows rows = {answering, answer->before, answer->after, json_array()};

    if (rows.after) {
        add_written(&rows, "row_address", write_address);
        add_keywords(&rows, "row_keywords", AT(keywords), "row_none");
        add_keywords(&rows, "row_required", AT(required_keywords), NULL);
        add_keywords(&rows, "row_bonus", AT(bonus_keywords), NULL);
        add_strings(&rows, "row_excluded", AT(exclude_keywords), UNCHANGED_SHOWN, NULL);
        add_strings(&rows, "row_categories", AT(categories), UNCHANGED_SHOWN,
                    "row_all_categories");
        add_strings(&rows, "row_authors", AT(follow_authors), UNCHANGED_SHOWN, NULL);
        add_strings(&rows, "row_authors_preferred", AT(prefer_authors), UNCHANGED_SHOWN, NULL);
        add_strings(&rows, "row_authors_excluded", AT(exclude_authors), UNCHANGED_SHOWN, NULL);
        add_written(&rows, "row_interests", write_interests);
        add_strings(&rows, "row_liked", AT(liked), PAPERS_SHOWN, NULL);
        add_strings(&rows, "row_disliked", AT(disliked), PAPERS_SHOWN, NULL);
        add_written(&rows, "row_max", write_max);
        add_written(&rows, "row_schedule", write_schedule);
        add_written(&rows, "row_paused", write_pause);
        set_lines(&rows);
    }
    answer_set_list(answering, "rows", rows.array);
}
