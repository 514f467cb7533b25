#include "commands/summary_choice.h"

#include <jansson.h>
#include <stdlib.h>

#include "commands/reach.h"
#include "store/derived.h"

static const char KIND[] = "summaries"; /* under the edition's date */

enum { CHOICE_BYTES = 1024 * 1024, CHOICES_KEPT = 40 };

static json_t *choice_json(const struct reach *items, size_t count)
{
    json_t *choice = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *item = json_object(), *languages = json_array();

        for (size_t j = 0; j < items[i].prompt_count; j++)
            json_array_append_new(languages, json_string(items[i].prompts[j]->language));
        json_object_set_new(item, "id", json_string(items[i].id));
        json_object_set_new(item, "languages", languages);
        json_array_append_new(choice, item);
    }
    return choice;
}

/* Without anybody nothing is kept: the first subscriber may come in a minute. */
static int keep(struct site *site, const char *date, const struct reach *items, size_t count,
                struct error *error)
{
    json_t *choice;
    char *text;
    int result;

    if (!count)
        return 0;
    choice = choice_json(items, count);
    text = json_dumps(choice, JSON_COMPACT);
    json_decref(choice);
    if (!text)
        return error_set(error, ERROR_TEMPORARY, "out of memory");
    result = derived_put_first(site->store, KIND, date, view_of(text), site_now(), error);
    free(text);
    return result < 0 ? -1 : derived_keep_last(site->store, KIND, CHOICES_KEPT, error);
}

/* The prompts of today for the languages of the choice, each once, but for bad ones. */
static void read_prompts(const struct site *site, const json_t *languages, struct arena *arena,
                         struct chosen *chosen)
{
    size_t count = json_array_size(languages);
    struct error problem;

    chosen->prompts = arena_alloc(arena, count, sizeof(chosen->prompts[0]));
    for (size_t i = 0; i < count; i++) {
        const char *language = json_string_value(json_array_get(languages, i));
        const struct prompt *prompt;
        bool is_there = false;

        if (!language || prompts_find(site, language, &prompt, &problem) < 0)
            continue;
        for (size_t j = 0; j < chosen->prompt_count; j++)
            is_there |= chosen->prompts[j] == prompt;
        if (!is_there)
            chosen->prompts[chosen->prompt_count++] = prompt;
    }
}

/* What is odd in it chooses nothing. */
static void read_choice(const struct site *site, struct view bytes, struct arena *arena,
                        struct chosen **ret_chosen, size_t *ret_count)
{
    json_t *choice = json_loadb(bytes.data, bytes.size, 0, NULL);
    size_t count = json_array_size(choice);

    *ret_chosen = arena_alloc(arena, count, sizeof(**ret_chosen));
    *ret_count = 0;
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(choice, i);
        const char *id = json_string_value(json_object_get(item, "id"));
        struct chosen *chosen = &(*ret_chosen)[*ret_count];

        if (!id)
            continue;
        *chosen = (struct chosen){.id = arena_string(arena, view_of(id))};
        read_prompts(site, json_object_get(item, "languages"), arena, chosen);
        (*ret_count)++;
    }
    json_decref(choice);
}

int summary_choice_find(struct site *site, struct date edition, struct arena *arena,
                        struct chosen **ret_chosen, size_t *ret_count, struct error *error)
{
    char date[DATE_TEXT_BYTES];
    struct buffer bytes;
    struct reach *items;
    size_t count;
    bool found;
    int result;

    date_format(edition, date);
    buffer_init(&bytes, CHOICE_BYTES);
    result = derived_get(site->store, KIND, date, &bytes, &found, error);
    if (result == 0 && !found) {
        result = reach_find(site, edition, (size_t)site->configuration.summaries.papers, arena,
                            &items, &count, error);
        if (result == 0)
            result = keep(site, date, items, count, error);
        if (result == 0)
            result = derived_get(site->store, KIND, date, &bytes, &found, error);
    }
    *ret_count = 0;
    if (result == 0 && found)
        read_choice(site, buffer_view(&bytes), arena, ret_chosen, ret_count);
    buffer_free(&bytes);
    return result;
}
