/* A profile's form as templates see it. */
#include <stdio.h>
#include <string.h>

#include "digest/context_text.h"
#include "papers/taxonomy.h"
#include "web/profile_form.h"

static const struct {
    const char *value, *word;
} EVERY[] = {
    {"day", "row_each_day"}, {"weekdays", "row_weekdays"}, {"monday", "monday"},
    {"tuesday", "tuesday"}, {"wednesday", "wednesday"}, {"thursday", "thursday"},
    {"friday", "friday"}, {"saturday", "saturday"}, {"sunday", "sunday"},
};

/* Mails have no word for Monday to Friday, so only who has that keeps it. */
static void set_days(const struct profile_form *form, const struct words *words, json_t *root,
                     struct buffer *room)
{
    json_t *days = json_array();

    for (size_t i = 0; i < sizeof(EVERY) / sizeof(*EVERY); i++) {
        bool is_chosen = view_equal_string(form->every, EVERY[i].value);
        json_t *day;

        if (!is_chosen && view_equal(view_of(EVERY[i].value), VIEW("weekdays")))
            continue;
        day = json_object();
        context_set_string(day, "value", EVERY[i].value);
        words_add(words, EVERY[i].word, -1, NULL, room);
        context_set_buffer(day, "label", room);
        json_object_set_new(day, "is_chosen", json_boolean(is_chosen));
        json_array_append_new(days, day);
    }
    json_object_set_new(root, "days", days);
}

static bool is_ticked(const struct profile_form *form, const char *name)
{
    for (size_t i = 0; i < form->ticked_count; i++)
        if (view_equal_string(form->ticked[i], name))
            return true;
    return false;
}

static struct view archive_of(const char *name)
{
    return view_slice(view_of(name), 0, view_find_char(view_of(name), '.', 0));
}

/* An archive and its categories, each with a box. They are many, so that a page keeps them
 * folded up and says how many are ticked. */
static void set_archives(const struct profile_form *form, const struct words *words, json_t *root,
                         struct buffer *room)
{
    long ticked_count = 0;
    json_t *archives = json_array(), *archive = NULL;
    struct view last = {0};

    for (size_t i = 0; i < taxonomy_count(); i++) {
        const char *name = taxonomy_name(i);
        json_t *item = json_object();

        if (!archive || !view_equal(archive_of(name), last)) {
            last = archive_of(name);
            archive = json_object();
            context_set_view(archive, "archive", last);
            json_object_set_new(archive, "categories", json_array());
            json_array_append_new(archives, archive);
        }
        context_set_string(item, "category", name);
        json_object_set_new(item, "is_chosen", json_boolean(is_ticked(form, name)));
        ticked_count += is_ticked(form, name);
        json_array_append_new(json_object_get(archive, "categories"), item);
    }
    json_object_set_new(root, "archives", archives);
    if (ticked_count) {
        words_add(words, "web_ticked", ticked_count, NULL, room);
        context_set_buffer(root, "ticked_line", room);
    }
}

/* The field that a command comes from. */
static const char *field_of(enum mail_command_name name)
{
    switch (name) {
    case COMMAND_CATEGORIES: return "categories_wrong";
    case COMMAND_AUTHORS: return "authors_wrong";
    case COMMAND_INTERESTS: return "interests_wrong";
    case COMMAND_MAX: return "max_wrong";
    case COMMAND_DAILY:
    case COMMAND_WEEKLY: return "every_wrong";
    case COMMAND_AT: return "at_wrong";
    case COMMAND_PAUSE: return "pause_wrong";
    default: return "keywords_wrong";
    }
}

/* What a mail is told names its commands; a form has fields. `field` NULL: the command's. */
static const struct own_word {
    const char *said, *word, *field;
} OWN_WORDS[] = {
    {"change_max_invalid", "web_max_wrong", NULL},
    {"change_day_unknown", "web_day_wrong", NULL},
    {"change_at_invalid", "web_at_wrong", NULL},
    {"change_zone_unknown", "web_zone_wrong", "zone_wrong"},
    {"change_pause_invalid", "web_weeks_wrong", NULL},
    {"change_pause_past", "web_weeks_wrong", NULL},
    {"change_needs_items", "web_needs_items", NULL},
};

static struct own_word own_word_of(const struct change_note *note)
{
    struct own_word result = {note->word, note->word, NULL};

    for (size_t i = 0; i < sizeof(OWN_WORDS) / sizeof(*OWN_WORDS); i++)
        if (strcmp(OWN_WORDS[i].said, note->word) == 0)
            result = OWN_WORDS[i];
    if (!result.field)
        result.field = field_of(note->command->name);
    return result;
}

static void add_wrong(json_t *root, const char *field, struct buffer *room)
{
    json_t *list = json_object_get(root, field), *item = json_object();
    char has[40];

    if (!list) {
        list = json_array();
        snprintf(has, sizeof(has), "has_%s", field);
        json_object_set_new(root, field, list);
        json_object_set_new(root, has, json_true());
    }
    context_set_buffer(item, "text", room);
    json_array_append_new(list, item);
}

static void set_wrong(const struct words *words, const struct change_notes *notes, json_t *root,
                      struct buffer *room)
{
    for (size_t i = 0; notes && i < notes->count; i++) {
        const struct change_note *note = &notes->items[i];
        struct own_word own;

        if (note->outcome != CHANGE_REFUSED || !note->word)
            continue;
        own = own_word_of(note);
        words_add(words, own.word, note->count, note->values, room);
        add_wrong(root, own.field, room);
        json_object_set_new(root, "has_wrong", json_true());
    }
}

/* What was not quite a category, and for which it is taken. */
static void set_taken(const struct profile_form *form, const struct words *words, json_t *root,
                      struct buffer *room)
{
    size_t at = 0, end;

    for (; at < form->categories.size; at = end + 1) {
        struct view item;
        const char *nearest;

        for (end = at; end < form->categories.size; end++)
            if (view_is_blank(form->categories.data[end]) || form->categories.data[end] == ',' ||
                form->categories.data[end] == ';')
                break;
        item = view_slice(form->categories, at, end);
        nearest = item.size && !taxonomy_has(item) ? taxonomy_nearest(item) : NULL;
        if (nearest) {
            const struct word_value values[] = {{"item", item}, {"category", view_of(nearest)},
                                                {NULL, {NULL, 0}}};

            words_add(words, "web_category_taken", -1, values, room);
            add_wrong(root, "categories_wrong", room);
        }
    }
}

void profile_form_context(const struct profile_form *form, const struct words *words,
                          const struct change_notes *notes, json_t *root)
{
    struct buffer room;

    buffer_init(&room, CONTEXT_BYTES);
    context_set_view(root, "form_name", form->name);
    context_set_view(root, "form_keywords", form->keywords);
    context_set_view(root, "form_authors", form->authors);
    context_set_view(root, "form_interests", form->interests);
    context_set_view(root, "form_categories", form->categories);
    context_set_view(root, "form_max", form->max);
    context_set_view(root, "form_at", form->at);
    context_set_view(root, "form_zone", form->zone);
    set_days(form, words, root, &room);
    set_archives(form, words, root, &room);
    set_wrong(words, notes, root, &room);
    set_taken(form, words, root, &room);
    buffer_free(&room);
}
