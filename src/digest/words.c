#include "digest/words.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "base/file.h"
#include "base/memory.h"
#include "digest/words_needed.h"

enum { GAP_BYTES = 2048, GAP_WORDS = 5 };
enum { LANGUAGE_BYTES = 36, WORDS_FILE_BYTES = 256 * 1024, WORD_BYTES = 2000 };

struct words {
    char language[LANGUAGE_BYTES]; /* the file's name, "pt-BR" */
    json_t *own;                   /* as the file has it */
    json_t *all;                   /* with what it lacks */
    json_t *fixed;
};

struct catalogues {
    struct words *items;
    size_t count;
    size_t capacity;
};

static const char *const plural_names[] = {"zero", "one", "two", "few", "many", "other", NULL};

/* Calls for each {name}: `*at` moves behind it. Braces that hold no plain name
 * are text. */
static bool next_placeholder(struct view word, size_t *at, size_t *ret_start, struct view *ret_name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";

    for (size_t start = *at; start < word.size; start++) {
        size_t end = start + 1;

        if (word.data[start] != '{')
            continue;
        while (end < word.size && memchr(letters, word.data[end], sizeof(letters) - 1))
            end++;
        if (end == start + 1 || end >= word.size || word.data[end] != '}')
            continue;
        *ret_start = start;
        *ret_name = view_slice(word, start + 1, end);
        *at = end + 1;
        return true;
    }
    return false;
}

static bool has_placeholder(struct view word)
{
    size_t at = 0, start;
    struct view name;

    return next_placeholder(word, &at, &start, &name);
}

static struct view view_of_json(const json_t *string)
{
    return (struct view){json_string_value(string), json_string_length(string)};
}

static struct view form_of(const json_t *word, const char *form)
{
    if (json_is_string(word))
        return view_of_json(word);
    return view_of_json(json_object_get(word, json_object_get(word, form) ? form : "other"));
}

/* Whether one of the forms of `word` knows this placeholder. */
static bool word_knows(const json_t *word, struct view name)
{
    for (size_t i = 0; plural_names[i]; i++) {
        struct view form = form_of(word, plural_names[i]), other;
        size_t at = 0, start;

        while (next_placeholder(form, &at, &start, &other))
            if (view_equal(name, other))
                return true;
    }
    return view_equal(name, VIEW("count")) && json_is_object(word);
}

static int check_form(struct place place, const char *form, struct error *error)
{
    const char *string;

    return place_take_string(place, form, WORD_BYTES, &string, error);
}

static int check_word(struct place root, const char *key, const json_t *value, struct error *error)
{
    struct place place;

    if (!json_is_object(value))
        return check_form(root, key, error);
    if (place_take_object(root, key, plural_names, &place, error) < 0)
        return -1;
    if (!json_object_get(value, "other"))
        return place_error(place, error, "plural forms need \"other\"");
    for (size_t i = 0; plural_names[i]; i++)
        if (check_form(place, plural_names[i], error) < 0)
            return -1;
    return 0;
}

static bool is_date_part(const char *key, struct view name)
{
    return view_starts_with(view_of(key), VIEW("date_")) &&
           (view_equal(name, VIEW("weekday")) || view_equal(name, VIEW("weekday_short")) ||
            view_equal(name, VIEW("day")) || view_equal(name, VIEW("month")) ||
            view_equal(name, VIEW("month_short")) || view_equal(name, VIEW("month_number")) ||
            view_equal(name, VIEW("year")));
}

/* A translation may leave a placeholder out, not invent one. */
static int check_placeholders(struct place root, const char *key, const json_t *word,
                              const json_t *english, struct error *error)
{
    for (size_t i = 0; english && plural_names[i]; i++) {
        struct view form = form_of(word, plural_names[i]), name;
        size_t at = 0, start;

        while (next_placeholder(form, &at, &start, &name))
            if (!word_knows(english, name) && !is_date_part(key, name))
                return place_error(place_at_key(root, key), error,
                                   "nothing fills {%.*s}: en.json does not use it here",
                                   VIEW_ARGUMENTS(name));
    }
    return 0;
}

static int check_needed(struct place root, const char *const needed[], struct error_sink *sink,
                        struct error *error)
{
    for (size_t i = 0; needed[i]; i++)
        if (!json_object_get(root.value, needed[i]) &&
            place_error(root, error, "the word \"%s\" is missing", needed[i]) < 0 &&
            error_collect(sink, error) < 0)
            return -1;
    return 0;
}

/* A copy of the folder that was made for an earlier version lacks words of answers, and of
 * their templates. */
static int take_shipped(json_t *own, const char *shipped, struct error *error)
{
    struct document document = {0};
    char *path = file_join(shipped, "en.json");
    int result = document_read(path, WORDS_FILE_BYTES, &document, error);

    if (result == 0)
        json_object_update_missing(own, document.root);
    document_free(&document);
    free(path);
    return result;
}

static int check_english(struct place root, const char *shipped, struct error_sink *sink,
                         struct error *error)
{
    if (check_needed(root, words_needed, sink, error) < 0)
        return -1;
    if (shipped && take_shipped((json_t *)root.value, shipped, error) < 0 &&
        error_collect(sink, error) < 0)
        return -1;
    if (check_needed(root, words_needed_answers, sink, error) < 0)
        return -1;
    return check_needed(root, words_needed_people, sink, error);
}

static struct words *find_exact(const struct catalogues *catalogues, struct view language)
{
    for (size_t i = 0; i < catalogues->count; i++)
        if (view_equal_nocase(view_of(catalogues->items[i].language), language))
            return &catalogues->items[i];
    return NULL;
}

static int check_words(const struct document *document, const struct words *english,
                       const char *shipped, struct error_sink *sink, struct error *error)
{
    struct place root = document_root(document);
    const char *key;
    json_t *value;

    json_object_foreach(document->root, key, value) {
        const json_t *model = english ? json_object_get(english->own, key) : NULL;

        if ((check_word(root, key, value, error) < 0 ||
             check_placeholders(root, key, value, model, error) < 0) &&
            error_collect(sink, error) < 0)
            return -1;
    }
    return english ? 0 : check_english(root, shipped, sink, error);
}

static int load_language(struct catalogues *catalogues, const char *folder, const char *shipped,
                         struct view language, struct error_sink *sink, struct error *error)
{
    const struct words *english = find_exact(catalogues, VIEW("en"));
    struct buffer name;
    struct document document = {0};
    struct words *words;
    char *path;
    int result = -1;

    buffer_init(&name, 256);
    buffer_printf(&name, "%.*s.json", VIEW_ARGUMENTS(language));
    path = file_join(folder, buffer_string(&name));
    if (document_read(path, WORDS_FILE_BYTES, &document, error) < 0)
        goto out;
    if (check_words(&document, english, shipped, sink, error) < 0)
        goto out;
    catalogues->items = memory_grow(catalogues->items, &catalogues->capacity,
                                    catalogues->count + 1, sizeof(*catalogues->items));
    words = &catalogues->items[catalogues->count++];
    *words = (struct words){.own = json_incref(document.root)};
    snprintf(words->language, sizeof(words->language), "%.*s", VIEW_ARGUMENTS(language));
    result = 0;
out:
    document_free(&document);
    free(path);
    buffer_free(&name);
    return result;
}

/* The next shorter tag: "zh-Hant-TW", "zh-Hant", "zh", and then nothing. */
static struct view shorter(struct view language)
{
    while (language.size && language.data[language.size - 1] != '-' &&
           language.data[language.size - 1] != '_')
        language.size--;
    return view_slice(language, 0, language.size ? language.size - 1 : 0);
}

/* What `words` lacks comes from its base languages and at last from English. */
static void complete(const struct catalogues *catalogues, struct words *words)
{
    const struct words *base;
    const char *key;
    json_t *value;

    words->all = json_copy(words->own);
    for (struct view tag = shorter(view_of(words->language)); tag.size; tag = shorter(tag)) {
        base = find_exact(catalogues, tag);
        if (base)
            json_object_update_missing(words->all, base->own);
    }
    json_object_update_missing(words->all, find_exact(catalogues, VIEW("en"))->own);
    words->fixed = json_object();
    json_object_foreach(words->all, key, value)
        if (json_is_string(value) && !has_placeholder(view_of_json(value)))
            json_object_set(words->fixed, key, value);
}

static int load_others(struct catalogues *catalogues, const char *folder, struct error_sink *sink,
                       struct error *error)
{
    DIR *listing = opendir(folder);
    const struct dirent *entry;
    int result = 0;

    if (!listing)
        return error_set_errno(error, errno, "%s", folder);
    while (result == 0 && (entry = readdir(listing))) {
        struct view name = view_of(entry->d_name);

        if (!view_ends_with(name, VIEW(".json")) || name.data[0] == '.')
            continue;
        name = view_slice(name, 0, name.size - 5);
        if (name.size >= LANGUAGE_BYTES)
            result = error_set(error, ERROR_INPUT, "%s/%s: not the name of a language", folder,
                               entry->d_name);
        else if (!find_exact(catalogues, name))
            result = load_language(catalogues, folder, NULL, name, sink, error);
        if (result < 0)
            result = error_collect(sink, error);
    }
    closedir(listing);
    return result;
}

static int load(const char *folder, const char *shipped, struct error_sink *sink,
                struct catalogues **ret_catalogues, struct error *error)
{
    struct catalogues *catalogues = memory_new(1, sizeof(*catalogues));

    if (load_language(catalogues, folder, shipped, VIEW("en"), sink, error) < 0 ||
        load_others(catalogues, folder, sink, error) < 0) {
        catalogues_free(&catalogues);
        error->kind = ERROR_CONFIGURATION;
        return -1;
    }
    for (size_t i = 0; i < catalogues->count; i++)
        complete(catalogues, &catalogues->items[i]);
    *ret_catalogues = catalogues;
    return 0;
}

int catalogues_load(const char *folder, const char *shipped, struct catalogues **ret_catalogues,
                    struct error *error)
{
    struct error problem;

    return load(folder, shipped, NULL, ret_catalogues, error ? error : &problem);
}

int catalogues_check(const char *folder, const char *shipped, struct error_sink *sink,
                     struct catalogues **ret_catalogues)
{
    struct catalogues *catalogues;
    size_t before = sink->count;
    struct error error;

    if (load(folder, shipped, sink, &catalogues, &error) < 0) {
        error_collect(sink, &error);
        return -1;
    }
    *ret_catalogues = catalogues;
    return sink->count == before ? 0 : -1;
}

void catalogues_free(struct catalogues **catalogues)
{
    if (!*catalogues)
        return;
    for (size_t i = 0; i < (*catalogues)->count; i++) {
        json_decref((*catalogues)->items[i].own);
        json_decref((*catalogues)->items[i].all);
        json_decref((*catalogues)->items[i].fixed);
    }
    free((*catalogues)->items);
    free(*catalogues);
    *catalogues = NULL;
}

const struct words *catalogues_find(const struct catalogues *catalogues, const char *language)
{
    for (struct view tag = view_of(language); tag.size; tag = shorter(tag)) {
        const struct words *words = find_exact(catalogues, tag);

        if (words)
            return words;
    }
    return find_exact(catalogues, VIEW("en"));
}

static bool is_lacking(const struct catalogues *catalogues, const struct words *words,
                       const char *key)
{
    if (json_object_get(words->own, key))
        return false;
    for (struct view tag = shorter(view_of(words->language)); tag.size; tag = shorter(tag)) {
        const struct words *base = find_exact(catalogues, tag);

        if (base && json_object_get(base->own, key))
            return false;
    }
    return true;
}

void catalogues_each_gap(const struct catalogues *catalogues,
                         void (*see)(void *user, const char *language, size_t missing,
                                     const char *some),
                         void *user)
{
    const struct words *english = find_exact(catalogues, VIEW("en"));

    for (size_t i = 0; i < catalogues->count; i++) {
        const struct words *words = &catalogues->items[i];
        struct buffer some;
        size_t missing = 0;
        const char *key;
        json_t *value;

        buffer_init(&some, GAP_BYTES);
        json_object_foreach(english->own, key, value)
            if (is_lacking(catalogues, words, key) && missing++ < GAP_WORDS)
                buffer_printf(&some, "%s%s", some.size ? ", " : "", key);
        if (missing > GAP_WORDS)
            buffer_add_string(&some, ", ...");
        if (missing)
            see(user, words->language, missing, buffer_string(&some));
        buffer_free(&some);
    }
}

const char *words_language(const struct words *words)
{
    return words->language;
}

const json_t *words_fixed(const struct words *words)
{
    return words->fixed;
}

static void add_value(struct view name, long count, const struct word_value *values,
                      struct buffer *out)
{
    for (; values && values->name; values++)
        if (view_equal_string(name, values->name)) {
            buffer_add_view(out, values->text);
            return;
        }
    if (view_equal(name, VIEW("count")) && count >= 0)
        buffer_printf(out, "%ld", count);
    else
        buffer_printf(out, "{%.*s}", VIEW_ARGUMENTS(name));
}

void words_add(const struct words *words, const char *key, long count,
               const struct word_value *values, struct buffer *out)
{
    const json_t *word = json_object_get(words->all, key);
    const char *form = count >= 0 ? plural_category(words->language, count) : "other";
    struct view text = word ? form_of(word, form) : view_of(key), name;
    size_t done = 0, at = 0, start;

    while (next_placeholder(text, &at, &start, &name)) {
        buffer_add_view(out, view_slice(text, done, start));
        add_value(name, count, values, out);
        done = at;
    }
    buffer_add_view(out, view_slice(text, done, text.size));
}

static struct view fixed_word(const struct words *words, const char *name, const char *suffix)
{
    char key[32];

    snprintf(key, sizeof(key), "%s%s", name, suffix);
    return view_of_json(json_object_get(words->fixed, key));
}

void words_add_date(const struct words *words, const char *key, struct date date,
                    struct buffer *out)
{
    static const char *const weekdays[] = {"monday", "tuesday",  "wednesday", "thursday",
                                           "friday", "saturday", "sunday"};
    static const char *const months[] = {"january",   "february", "march",    "april",
                                         "may",       "june",     "july",     "august",
                                         "september", "october",  "november", "december"};
    const char *weekday = weekdays[date_weekday(date)], *month = months[date.month - 1];
    char year[16], number[16], day[16];
    struct word_value values[] = {{"weekday", fixed_word(words, weekday, "")},
                                  {"weekday_short", fixed_word(words, weekday, "_short")},
                                  {"month", fixed_word(words, month, "")},
                                  {"month_short", fixed_word(words, month, "_short")},
                                  {"year", {year, 0}},
                                  {"month_number", {number, 0}},
                                  {"day", {day, 0}},
                                  {NULL, {NULL, 0}}};

    snprintf(year, sizeof(year), "%d", date.year);
    snprintf(number, sizeof(number), "%d", date.month);
    snprintf(day, sizeof(day), "%d", date.day);
    values[4].text = view_of(year);
    values[5].text = view_of(number);
    values[6].text = view_of(day);
    words_add(words, key, -1, values, out);
}
