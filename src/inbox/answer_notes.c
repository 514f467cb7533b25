/* What became of each line: done, refused, not understood; and the line that leads. */
#include <string.h>

#include "inbox/answer_parts.h"

enum {
    ITEMS_SHOWN = 40,     /* of each list; nobody reads more */
    ITEM_CHARACTERS = 300,
    LINE_CHARACTERS = 160,
    NOTE_WIDTH = TEXT_WIDTH - 2
};

/* Words of commands that are not about the profile's content, which did not do it. */
static const char *const REFUSALS[] = {"answer_nothing_to_undo", "answer_changed_since",
                                       "answer_no_address",      "answer_address_taken",
                                       "answer_asked_already",   "answer_no_feed",
                                       "answer_no_digest"};

void answer_note(struct change_notes *notes, const struct mail_command *command, const char *word)
{
    enum change_outcome outcome = CHANGE_DONE;

    for (size_t i = 0; i < sizeof(REFUSALS) / sizeof(*REFUSALS); i++)
        if (strcmp(word, REFUSALS[i]) == 0)
            outcome = CHANGE_REFUSED;
    for (size_t i = 0; i < notes->count; i++)
        if (notes->items[i].command == command && notes->items[i].outcome == CHANGE_OTHER) {
            notes->items[i].word = word;
            notes->items[i].outcome = outcome;
            return;
        }
}

/* Commands that need no word of their caller's. */
static const char *usual_word(const struct answer *answer, const struct change_note *note)
{
    switch (note->command->name) {
    case COMMAND_SUBSCRIBE:
        return answer->state && strcmp(answer->state, "answer_subscribed") == 0
                   ? NULL
                   : "answer_subscribed_already";
    case COMMAND_PREVIEW: return "answer_preview";
    case COMMAND_RESEND: return "answer_resend";
    case COMMAND_EXPORT: return "answer_export";
    default: return NULL;
    }
}

/* ---- a list that ends with how many more there are ---- */

struct items {
    struct answering *answering;
    json_t *array;
    size_t left_out;
};

static json_t *add_item(struct items *items)
{
    json_t *item;

    if (json_array_size(items->array) == ITEMS_SHOWN) {
        items->left_out++;
        return NULL;
    }
    item = json_object();
    json_array_append_new(items->array, item);
    return item;
}

static void finish(struct items *items, const char *key)
{
    struct answering *answering = items->answering;
    json_t *item = json_object();

    if (items->left_out) {
        words_add(answering->words, "answer_more", (long)items->left_out, NULL, answering->room);
        answer_set_room(answering, item, "text", NOTE_WIDTH);
        json_array_append(items->array, item);
    }
    json_decref(item);
    answer_set_list(answering, key, items->array);
}

/* ---- notes ---- */

/* Its values are names of words ("monday"), dates, or what was written. */
static void add_value(struct answering *answering, const struct word_value *value,
                      struct buffer *out)
{
    struct date date;
    char key[16];

    if (strcmp(value->name, "day") == 0) {
        snprintf(key, sizeof(key), "%.*s", VIEW_ARGUMENTS(value->text));
        words_add(answering->words, key, -1, NULL, out);
    } else if (strcmp(value->name, "date") == 0 && date_parse(value->text, &date)) {
        words_add_date(answering->words, "date_medium", date, out);
    } else {
        answer_add_clean(out, value->text, ITEM_CHARACTERS);
    }
}

static void add_note_text(struct answering *answering, const struct change_note *note,
                          const char *word)
{
    const struct answer *answer = answering->answer;
    struct word_value values[CHANGE_VALUES + 3] = {{NULL, {NULL, 0}}};
    struct buffer texts[CHANGE_VALUES];
    size_t count = 0;

    for (; count < CHANGE_VALUES && note->values[count].name; count++) {
        buffer_init(&texts[count], CONTEXT_BYTES);
        add_value(answering, &note->values[count], &texts[count]);
        values[count] = (struct word_value){note->values[count].name, buffer_view(&texts[count])};
    }
    values[count] = (struct word_value){"list", view_of(answer->list_name)};
    values[count + 1] = (struct word_value){"inbox", view_of(answer->inbox)};
    words_add(answering->words, word, note->count, values, answering->room);
    while (count)
        buffer_free(&texts[--count]);
}

static void add_note(struct items *items, const struct change_note *note, const char *word)
{
    json_t *item = add_item(items);

    if (!item)
        return;
    json_object_set_new(item, "is_done", json_boolean(note->outcome == CHANGE_DONE));
    add_note_text(items->answering, note, word);
    answer_set_room(items->answering, item, "text", NOTE_WIDTH);
}

static const char *word_of(const struct answer *answer, const struct change_note *note)
{
    const char *word = note->word ? note->word : usual_word(answer, note);

    /* What leads is not said again. */
    return word && answer->state && strcmp(word, answer->state) == 0 ? NULL : word;
}

static void set_done(struct answering *answering)
{
    const struct answer *answer = answering->answer;
    struct items done = {answering, json_array(), 0}, refused = {answering, json_array(), 0};

    for (size_t i = 0; answer->notes && i < answer->notes->count; i++) {
        const struct change_note *note = &answer->notes->items[i];
        const char *word = word_of(answer, note);

        if (word)
            add_note(note->outcome == CHANGE_REFUSED ? &refused : &done, note, word);
    }
    finish(&done, "done");
    finish(&refused, "refused");
}

static void add_unknown(struct items *items, const struct mail_command *command)
{
    struct answering *answering = items->answering;
    const struct word_value values[] = {{"command", view_of(command->nearest)},
                                        {NULL, {NULL, 0}}};
    json_t *item = add_item(items);

    if (!item)
        return;
    answer_add_clean(answering->room, command->line, LINE_CHARACTERS);
    answer_set_room(answering, item, "text", NOTE_WIDTH);
    if (!command->nearest)
        return;
    context_set_string(item, "nearest", command->nearest);
    words_add(answering->words, "answer_nearest", -1, values, answering->room);
    context_set_buffer(item, "hint", answering->room);
}

static void set_unknown(struct answering *answering)
{
    const struct mail_commands *commands = answering->answer->commands;
    struct items unknown = {answering, json_array(), 0};

    for (size_t i = 0; commands && i < commands->count; i++)
        if (commands->items[i].name == COMMAND_UNKNOWN)
            add_unknown(&unknown, &commands->items[i]);
    finish(&unknown, "unknown");
    if (commands && commands->is_cut)
        answer_set_text(answering, "cut_note", "answer_cut", -1, NULL);
}

/* ---- what leads ---- */

bool answer_is_changed(const struct answer *answer)
{
    return answer->before && answer->after && change_is_any(answer->before, answer->after);
}

static size_t size_of(const struct answering *answering, const char *key)
{
    return json_array_size(json_object_get(answering->root, key));
}

static const char *lead_word(const struct answering *answering)
{
    const struct answer *answer = answering->answer;
    size_t refused = size_of(answering, "refused"), unknown = size_of(answering, "unknown");

    if (answer->state)
        return answer->state;
    if (answer->kind == ANSWER_HELP && unknown)
        return answer->after ? "answer_not_understood" : "answer_stranger_not_understood";
    if (answer->kind == ANSWER_HELP)
        return answer->after ? "answer_help" : "answer_help_stranger";
    if (answer_is_changed(answer))
        return refused || unknown ? "answer_changed_partly" : "answer_changed";
    if (refused || unknown)
        return "answer_unchanged";
    return "answer_shown";
}

/* A single note leads by itself, and is then not repeated below. */
static bool take_only_note(struct answering *answering)
{
    const char *const lists[] = {"done", "refused"};
    json_t *item;

    if (answering->answer->state || answering->answer->kind == ANSWER_HELP ||
        size_of(answering, "done") + size_of(answering, "refused") != 1 ||
        size_of(answering, "unknown"))
        return false;
    for (size_t i = 0; i < 2; i++) {
        item = json_array_get(json_object_get(answering->root, lists[i]), 0);
        if (!item)
            continue;
        buffer_add_string(answering->room, json_string_value(json_object_get(item, "text")));
        answer_set_list(answering, lists[i], json_array());
    }
    answer_set_room(answering, answering->root, "summary", TEXT_WIDTH);
    return true;
}

static void set_lead(struct answering *answering)
{
    const struct answer *answer = answering->answer;
    const struct word_value values[] = {{"list", view_of(answer->list_name)},
                                        {"inbox", view_of(answer->inbox)},
                                        {NULL, {NULL, 0}}};

    if (!take_only_note(answering))
        answer_set_text(answering, "summary", lead_word(answering), -1, values);
}

/* Our own subject, when none is answered. */
static void set_subject(struct answering *answering)
{
    const struct answer *answer = answering->answer;
    const struct word_value values[] = {{"list", view_of(answer->list_name)}, {NULL, {NULL, 0}}};
    struct view subject = view_trim(answer->subject_of);

    if (subject.size) {
        if (!view_starts_with_nocase(subject, VIEW("Re:")))
            buffer_add_string(answering->room, "Re: ");
        answer_add_clean(answering->room, subject, LINE_CHARACTERS);
    } else {
        words_add(answering->words, answer->kind == ANSWER_HELP ? "answer_subject_help"
                                                                : "answer_subject",
                  -1, values, answering->room);
    }
    context_set_buffer(answering->root, "subject", answering->room);
}

static void set_preheader(struct answering *answering)
{
    const json_t *first = json_array_get(json_object_get(answering->root, "done"), 0);
    const char *text = json_string_value(
        json_object_get(first ? first : answering->root, first ? "text" : "summary"));

    context_set_string(answering->root, "preheader", text);
}

void answer_set_notes(struct answering *answering)
{
    set_done(answering);
    set_unknown(answering);
    set_lead(answering);
    set_subject(answering);
    set_preheader(answering);
}
