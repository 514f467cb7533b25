#include "commands/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "base/memory.h"

static void add_word(struct strings *list, char *word)
{
    list->items = memory_resize(list->items, list->count + 1, sizeof(list->items[0]));
    list->items[list->count++] = word;
}

static size_t find_option(const struct option *table, struct view name)
{
    size_t i = 0;

    while (table[i].name && !view_equal_string(name, table[i].name))
        i++;
    return i;
}

static int unknown_option(const struct option *table, const char *word, struct error *error)
{
    const char *known[OPTIONS_MAX + 3];
    const char *nearest;
    size_t count = 0;

    for (; table[count].name; count++)
        known[count] = table[count].name;
    known[count++] = "--help";
    known[count++] = "--config";
    known[count] = NULL;
    nearest = nearest_name(word, known);
    if (nearest)
        return error_set(error, ERROR_INPUT, "unknown option %s; did you mean %s?", word, nearest);
    return error_set(error, ERROR_INPUT, "unknown option %s; --help lists what there is", word);
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

/* One option at words[*at], with the words that belong to it. */
static int take_option(struct options *options, int count, char *words[], int *at,
                       struct error *error)
{
    char *word = words[*at], *equals = strchr(word, '=');
    struct view name = {word, equals ? (size_t)(equals - word) : strlen(word)};
    bool is_config = view_equal_string(name, "--config");
    size_t index = find_option(options->table, name);
    const struct option *option = &options->table[index];
    enum option_kind kind = is_config ? OPTION_VALUE : option->kind;

    if (!is_config && !option->name)
        return unknown_option(options->table, word, error);
    if (kind == OPTION_FLAG) {
        if (equals)
            return error_set(error, ERROR_INPUT, "%s takes no value", option->name);
        options->given[index] = true;
        return 0;
    }
    if (!equals && (*at + 1 >= count || (is_option(words[*at + 1]) && words[*at + 1][1] != '\0')))
        return error_set(error, ERROR_INPUT, "%s needs a value", word);
    if (is_config) {
        options->config = equals ? equals + 1 : words[++*at];
        return 0;
    }
    options->given[index] = true;
    if (kind == OPTION_VALUE)
        options->values[index].count = 0;
    if (equals) {
        add_word(&options->values[index], equals + 1);
        return 0;
    }
    do
        add_word(&options->values[index], words[++*at]);
    while (kind == OPTION_LIST && *at + 1 < count && !is_option(words[*at + 1]));
    return 0;
}

/* A list option takes every word that follows; when a word that the command
 * needs is missing, it was the last of them. */
static void give_back_word(struct options *options, size_t min_words)
{
    for (size_t i = 0; options->table[i].name && options->words.count < min_words; i++)
        if (options->table[i].kind == OPTION_LIST && options->values[i].count > 1)
            add_word(&options->words, options->values[i].items[--options->values[i].count]);
}

int options_parse(const struct option *table, size_t min_words, size_t max_words, int count,
                  char *words[], struct options *ret_options, struct error *error)
{
    struct options options = {.table = table};
    bool only_words = false;

    for (int at = 0; at < count; at++) {
        if (!only_words && strcmp(words[at], "--") == 0) {
            only_words = true;
        } else if (only_words || !is_option(words[at])) {
            add_word(&options.words, words[at]);
        } else if (strcmp(words[at], "-h") == 0 || strcmp(words[at], "--help") == 0) {
            options.help = true;
        } else if (strcmp(words[at], "--version") == 0) {
            options.version = true;
        } else if (take_option(&options, count, words, &at, error) < 0) {
            options_free(&options);
            return -1;
        }
    }
    give_back_word(&options, min_words);
    if (!options.help && !options.version &&
        (options.words.count < min_words || options.words.count > max_words)) {
        if (options.words.count > max_words)
            error_set(error, ERROR_INPUT, "unexpected word \"%s\"", options.words.items[max_words]);
        else
            error_set(error, ERROR_INPUT, "a word is missing");
        options_free(&options);
        return -1;
    }
    *ret_options = options;
    return 0;
}

void options_free(struct options *options)
{
    for (size_t i = 0; i < OPTIONS_MAX; i++)
        free(options->values[i].items);
    free(options->words.items);
    *options = (struct options){0};
}

bool options_given(const struct options *options, const char *name)
{
    size_t index = find_option(options->table, view_of(name));

    return options->table[index].name && options->given[index];
}

const struct strings *options_list(const struct options *options, const char *name)
{
    return &options->values[find_option(options->table, view_of(name))];
}

const char *options_value(const struct options *options, const char *name)
{
    const struct strings *values = options_list(options, name);

    return values->count ? values->items[values->count - 1] : NULL;
}

int options_number(const struct options *options, const char *name, long min, long max,
                   long *ret_value, struct error *error)
{
    const char *text = options_value(options, name);
    long value;

    if (!text)
        return 0;
    if (!view_to_long(view_of(text), &value) || value < min || value > max)
        return error_set(error, ERROR_INPUT, "%s takes a whole number from %ld to %ld, not \"%s\"",
                         name, min, max, text);
    *ret_value = value;
    return 0;
}

int options_date(const struct options *options, const char *name, struct date *ret_date,
                 struct error *error)
{
    const char *text = options_value(options, name);

    if (text && !date_parse(view_of(text), ret_date))
        return error_set(error, ERROR_INPUT, "%s takes a date such as 2026-02-17, not \"%s\"", name,
                         text);
    return 0;
}
