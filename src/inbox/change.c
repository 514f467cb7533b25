#include "inbox/change.h"

#include <stdlib.h>
#include <string.h>

#include "inbox/change_parts.h"
#include "papers/taxonomy.h"
#include "subscribers/profile_edit.h"

/* ---- notes ---- */

struct change_note *change_add(struct changing *changing, enum change_outcome outcome,
                               const char *word)
{
    struct change_notes *notes = changing->notes;
    struct change_note *note;

    /* Past the end all goes into the last one; nobody reads so many. */
    if (notes->count < changing->room)
        notes->count++;
    note = &notes->items[notes->count - 1];
    *note = (struct change_note){.command = changing->command, .outcome = outcome, .word = word,
                                 .count = -1};
    return note;
}

void change_tell(struct changing *changing, enum change_outcome outcome, const char *word,
                 const char *name, struct view text)
{
    struct change_note *note = change_add(changing, outcome, word);

    if (name)
        note->values[0] = (struct word_value){name, arena_copy(changing->arena, text)};
}

void change_tell_number(struct changing *changing, enum change_outcome outcome, const char *word,
                        const char *name, long number)
{
    char text[24];

    snprintf(text, sizeof(text), "%ld", number);
    change_tell(changing, outcome, word, name, view_of(text));
}

void change_tell_edit(struct changing *changing, enum edit_result result,
                      const struct change_words *words, struct view item)
{
    switch (result) {
    case EDIT_DONE: change_tell(changing, CHANGE_DONE, words->done, "item", item); return;
    case EDIT_SAME: change_tell(changing, CHANGE_NOTHING, words->same, "item", item); return;
    case EDIT_INVALID:
        change_tell(changing, CHANGE_REFUSED, "change_item_invalid", "item",
                    utf8_prefix(item, 200));
        return;
    case EDIT_FULL: change_tell(changing, CHANGE_REFUSED, "change_list_full", "item", item); return;
    }
}

/* ---- items ---- */

/* The next item of the command's list: words that belong together, joined by blanks. */
bool change_next_item(struct changing *changing, size_t *at, struct view *ret_item)
{
    const struct mail_command *command = changing->command;
    size_t end = *at + 1;
    struct buffer text;

    if (*at >= command->argument_count)
        return false;
    while (end < command->argument_count && !command->begins_item[end])
        end++;
    buffer_init(&text, COMMAND_LINE_BYTES);
    for (size_t i = *at; i < end; i++) {
        if (i > *at)
            buffer_add_char(&text, ' ');
        buffer_add_view(&text, command->arguments[i]);
    }
    *ret_item = arena_copy(changing->arena, buffer_view(&text));
    buffer_free(&text);
    *at = end;
    return true;
}

bool change_is_first(struct changing *changing)
{
    unsigned bit = 1u << changing->command->name;
    bool is_first = !(changing->replaced & bit);

    changing->replaced |= bit;
    return is_first;
}

bool change_says_none(const struct changing *changing)
{
    const struct mail_command *command = changing->command;

    return command->argument_count == 1 &&
           (view_equal_nocase(command->arguments[0], VIEW("none")) ||
            view_equal_nocase(command->arguments[0], VIEW("nothing")) ||
            view_equal_nocase(command->arguments[0], VIEW("-")));
}

/* `LLM^3`: the term and its weight; 0 when it has none, -1 when that is no weight. */
static double take_weight(struct view *term)
{
    size_t caret = view_find_char(*term, '^', 0);
    struct view number = view_slice(*term, caret + 1, term->size);
    char text[16], *end;
    double weight;

    if (caret == term->size || !caret || !number.size || number.size >= sizeof(text))
        return 0;
    for (size_t i = 0; i < number.size; i++)
        if (!strchr("0123456789.", number.data[i]))
            return 0; /* a caret of its own: "x^n" */
    memcpy(text, number.data, number.size);
    text[number.size] = '\0';
    weight = strtod(text, &end);
    if (*end || !(weight > 0 && weight <= PROFILE_WEIGHT_MAX))
        return -1;
    *term = view_slice(*term, 0, caret);
    return weight;
}

/* ---- keywords and categories ---- */

static const struct change_words KEYWORD_ADDED = {"change_keyword_added", "change_keyword_same"};
static const struct change_words KEYWORD_MUTED = {"change_muted", "change_muted_same"};
static const struct change_words CATEGORY_ADDED = {"change_category_added",
                                                   "change_category_same"};

static void mute(struct changing *changing, struct view term)
{
    struct profile *profile = changing->profile;
    enum edit_result result = profile_term_is_valid(term)
                                  ? strings_add(&profile->exclude_keywords, term,
                                                PROFILE_KEYWORDS, PROFILE_KEYWORD_BYTES)
                                  : EDIT_INVALID;

    if (result == EDIT_DONE)
        keywords_remove(&profile->keywords, term);
    change_tell_edit(changing, result, &KEYWORD_MUTED, term);
}

static void add_keyword(struct changing *changing, struct view term)
{
    struct profile *profile = changing->profile;
    double weight = take_weight(&term);

    if (term.size > 1 && term.data[0] == '-') {
        mute(changing, view_slice(term, 1, term.size));
        return;
    }
    if (term.size > 1 && term.data[0] == '+')
        term = view_slice(term, 1, term.size);
    if (weight < 0) {
        change_tell(changing, CHANGE_REFUSED, "change_weight_invalid", "item", term);
        return;
    }
    strings_remove(&profile->exclude_keywords, term);
    change_tell_edit(changing, keywords_add(&profile->keywords, term, weight), &KEYWORD_ADDED,
                     term);
}

static void add_category(struct changing *changing, struct view category)
{
    const char *nearest = taxonomy_nearest(category);

    if (!taxonomy_has(category) && nearest)
        category = view_of(nearest);
    if (!taxonomy_has(category)) {
        change_tell(changing, CHANGE_REFUSED, "change_category_unknown", "item", category);
        return;
    }
    change_tell_edit(changing, strings_add(&changing->profile->categories, category,
                                           PROFILE_CATEGORIES, PROFILE_CATEGORY_BYTES),
                     &CATEGORY_ADDED, category);
}

/* "cs.LG" and its like in whatever case; a keyword such as "math" is none. */
static bool is_category(struct view item)
{
    const char *nearest;

    if (view_find_char(item, '.', 0) == item.size && view_find_char(item, '-', 0) == item.size)
        return false;
    if (taxonomy_has(item))
        return true;
    nearest = taxonomy_nearest(item);
    return nearest && view_equal_nocase(view_of(nearest), item);
}

static void set_keywords(struct changing *changing)
{
    struct view item;

    if (!changing->command->argument_count) {
        change_tell(changing, CHANGE_REFUSED, "change_needs_items", NULL, (struct view){0});
        return;
    }
    if (change_is_first(changing) || change_says_none(changing))
        keywords_clear(&changing->profile->keywords);
    if (change_says_none(changing)) {
        change_tell(changing, CHANGE_DONE, "change_keywords_none", NULL, (struct view){0});
        return;
    }
    for (size_t at = 0; change_next_item(changing, &at, &item);)
        add_keyword(changing, item);
}

static void set_categories(struct changing *changing)
{
    const struct mail_command *command = changing->command;

    if (!command->argument_count) {
        change_tell(changing, CHANGE_REFUSED, "change_needs_items", NULL, (struct view){0});
        return;
    }
    if (change_says_none(changing) || view_equal_nocase(command->arguments[0], VIEW("all"))) {
        strings_clear(&changing->profile->categories);
        change_tell(changing, CHANGE_DONE, "change_categories_all", NULL, (struct view){0});
        return;
    }
    /* Not one of them known: then all stay as they are. */
    for (size_t i = 0; i < command->argument_count; i++)
        if (taxonomy_has(command->arguments[i]) || taxonomy_nearest(command->arguments[i])) {
            if (change_is_first(changing))
                strings_clear(&changing->profile->categories);
            break;
        }
    for (size_t i = 0; i < command->argument_count; i++)
        add_category(changing, command->arguments[i]);
}

/* arXiv's own `add cs.AI cs.LG` has categories with blanks between. */
static bool are_categories(const struct mail_command *command)
{
    for (size_t i = 0; i < command->argument_count; i++)
        if (!is_category(command->arguments[i]))
            return false;
    return command->argument_count > 0;
}

static void add(struct changing *changing)
{
    const struct mail_command *command = changing->command;
    struct view item;

    if (are_categories(command)) {
        for (size_t i = 0; i < command->argument_count; i++)
            add_category(changing, command->arguments[i]);
        return;
    }
    for (size_t at = 0; change_next_item(changing, &at, &item);) {
        if (is_category(item))
            add_category(changing, item);
        else
            add_keyword(changing, item);
    }
}

static bool remove_from(struct changing *changing, struct view item)
{
    struct profile *profile = changing->profile;
    bool found = keywords_remove(&profile->keywords, item) == EDIT_DONE;

    found |= keywords_remove(&profile->bonus_keywords, item) == EDIT_DONE;
    found |= keywords_remove(&profile->required_keywords, item) == EDIT_DONE;
    found |= strings_remove(&profile->categories, item) == EDIT_DONE;
    found |= strings_remove(&profile->exclude_keywords, item) == EDIT_DONE;
    found |= strings_remove(&profile->follow_authors, item) == EDIT_DONE;
    found |= strings_remove(&profile->prefer_authors, item) == EDIT_DONE;
    found |= strings_remove(&profile->exclude_authors, item) == EDIT_DONE;
    return found;
}

static void remove_item(struct changing *changing, struct view item)
{
    take_weight(&item);
    if (remove_from(changing, item))
        change_tell(changing, CHANGE_DONE, "change_removed", "item", item);
    else
        change_tell(changing, CHANGE_NOTHING, "change_not_there", "item", item);
}

static void remove_items(struct changing *changing)
{
    const struct mail_command *command = changing->command;
    struct view item;

    if (are_categories(command)) {
        for (size_t i = 0; i < command->argument_count; i++)
            remove_item(changing, command->arguments[i]);
        return;
    }
    for (size_t at = 0; change_next_item(changing, &at, &item);)
        remove_item(changing, item);
}

static void mute_items(struct changing *changing)
{
    struct view item;

    for (size_t at = 0; change_next_item(changing, &at, &item);)
        mute(changing, item.size > 1 && item.data[0] == '-' ? view_slice(item, 1, item.size) : item);
}

/* ---- authors and interests ---- */

static const struct change_words AUTHOR_ADDED = {"change_author_added", "change_author_same"};
static const struct change_words AUTHOR_EXCLUDED = {"change_author_excluded",
                                                    "change_author_excluded_same"};

static void set_authors(struct changing *changing)
{
    struct profile *profile = changing->profile;
    struct view item;

    if (!changing->command->argument_count) {
        change_tell(changing, CHANGE_REFUSED, "change_needs_items", NULL, (struct view){0});
        return;
    }
    if (change_is_first(changing) || change_says_none(changing))
        strings_clear(&profile->follow_authors);
    if (change_says_none(changing)) {
        change_tell(changing, CHANGE_DONE, "change_authors_none", NULL, (struct view){0});
        return;
    }
    for (size_t at = 0; change_next_item(changing, &at, &item);) {
        bool is_excluded = item.size > 1 && item.data[0] == '-';

        if (is_excluded)
            item = view_slice(item, 1, item.size);
        change_tell_edit(changing,
                         strings_add(is_excluded ? &profile->exclude_authors
                                                 : &profile->follow_authors,
                                     item, PROFILE_AUTHORS, PROFILE_NAME_BYTES),
                         is_excluded ? &AUTHOR_EXCLUDED : &AUTHOR_ADDED, item);
    }
}

static void set_interests(struct changing *changing)
{
    static const struct change_words WORDS = {"change_interests_set", "change_interests_same"};
    struct view text = changing->command->rest;

    if (!text.size) {
        change_tell(changing, CHANGE_REFUSED, "change_needs_items", NULL, (struct view){0});
        return;
    }
    if (change_says_none(changing)) {
        profile_text_set(&changing->profile->interests, (struct view){0}, PROFILE_INTERESTS_BYTES);
        change_tell(changing, CHANGE_DONE, "change_interests_none", NULL, (struct view){0});
        return;
    }
    change_tell_edit(changing, profile_text_set(&changing->profile->interests, text,
                                                PROFILE_INTERESTS_BYTES),
                     &WORDS, text);
}

static void set_name(struct changing *changing)
{
    const struct mail_command *command = changing->command;

    /* One in quotes is an argument without them. */
    if (changing->context->is_new && command->argument_count)
        profile_text_set(&changing->profile->name,
                         command->argument_count == 1 ? command->arguments[0] : command->rest,
                         PROFILE_NAME_BYTES);
    change_add(changing, CHANGE_OTHER, NULL);
}

static void set_max(struct changing *changing)
{
    const struct mail_command *command = changing->command;
    long number = 0;

    if (!command->argument_count || !view_to_long(command->arguments[0], &number) || number < 1 ||
        number > PROFILE_PAPERS_MAX) {
        change_tell_number(changing, CHANGE_REFUSED, "change_max_invalid", "max",
                           PROFILE_PAPERS_MAX);
        return;
    }
    change_tell_number(changing,
                       changing->profile->max_papers == number ? CHANGE_NOTHING : CHANGE_DONE,
                       changing->profile->max_papers == number ? "change_max_same"
                                                               : "change_max_set",
                       "max", number);
    changing->profile->max_papers = number;
}

/* ---- all of them ---- */

static void (*const ACTIONS[COMMAND_NAMES])(struct changing *) = {
    [COMMAND_SUBSCRIBE] = set_name, [COMMAND_KEYWORDS] = set_keywords, [COMMAND_ADD] = add,
    [COMMAND_REMOVE] = remove_items, [COMMAND_MUTE] = mute_items,
    [COMMAND_CATEGORIES] = set_categories, [COMMAND_AUTHORS] = set_authors,
    [COMMAND_INTERESTS] = set_interests, [COMMAND_MAX] = set_max,
    [COMMAND_DAILY] = change_set_daily, [COMMAND_WEEKLY] = change_set_weekly,
    [COMMAND_AT] = change_set_time, [COMMAND_PAUSE] = change_pause,
    [COMMAND_RESUME] = change_resume, [COMMAND_LIKE] = change_like,
    [COMMAND_DISLIKE] = change_dislike,
};

/* One note for each argument, each command, and no more. */
static size_t count_notes(const struct mail_commands *commands)
{
    size_t count = 1;

    for (size_t i = 0; i < commands->count; i++)
        count += commands->items[i].argument_count + 2;
    return count;
}

void change_apply(const struct mail_commands *commands, const struct change_context *context,
                  struct profile *profile, struct arena *arena, struct change_notes *ret_notes)
{
    struct changing changing = {.context = context, .profile = profile, .arena = arena,
                                .notes = ret_notes, .room = count_notes(commands)};

    *ret_notes = (struct change_notes){arena_alloc(arena, changing.room,
                                                   sizeof(*ret_notes->items)), 0};
    for (size_t i = 0; i < commands->count; i++) {
        changing.command = &commands->items[i];
        if (ACTIONS[changing.command->name])
            ACTIONS[changing.command->name](&changing);
        else
            change_add(&changing, CHANGE_OTHER, NULL);
    }
}

bool change_is_any(const struct profile *before, const struct profile *after)
{
    struct buffer a, b;
    bool differs;

    buffer_init(&a, PROFILE_FILE_BYTES);
    buffer_init(&b, PROFILE_FILE_BYTES);
    profile_write(before, &a);
    profile_write(after, &b);
    differs = !view_equal(buffer_view(&a), buffer_view(&b));
    buffer_free(&a);
    buffer_free(&b);
    return differs;
}
