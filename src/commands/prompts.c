#include "commands/prompts.h"

#include <dirent.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "commands/site.h"

static const char PREFIX[] = "summary.", SUFFIX[] = ".txt", EVERY[] = "und", DEFAULT[] = "en";

struct prompts {
    struct prompt *items;
    size_t count, capacity;
};

static void set_hash(struct prompt *prompt)
{
    unsigned char hash[crypto_generichash_BYTES_MIN];

    crypto_generichash(hash, sizeof(hash), (const unsigned char *)prompt->text.data,
                       prompt->text.size, NULL, 0);
    sodium_bin2hex(prompt->hash, sizeof(prompt->hash), hash, (PROMPT_HASH_BYTES - 1) / 2);
}

static int read_prompt(const char *path, struct prompt *prompt, struct error *error)
{
    struct buffer text;

    buffer_init(&text, PROMPT_BYTES);
    if (file_read(path, &text, error) < 0) {
        buffer_free(&text);
        if (error->kind == ERROR_MISSING || error->kind == ERROR_INPUT)
            error->kind = ERROR_CONFIGURATION;
        return -1;
    }
    if (!view_trim(buffer_view(&text)).size || !utf8_is_valid(buffer_view(&text))) {
        buffer_free(&text);
        return error_set(error, ERROR_CONFIGURATION,
                         "%s: must be text in UTF-8 that asks for a summary", path);
    }
    prompt->owned = buffer_steal(&text);
    prompt->text = view_trim(view_of(prompt->owned));
    set_hash(prompt);
    return 0;
}

static void add(struct prompts *prompts, const char *path, struct view language)
{
    struct prompt prompt = {.language = ""};

    if (language.size >= sizeof(prompt.language))
        return;
    memcpy(prompt.language, language.data, language.size);
    if (read_prompt(path, &prompt, &prompt.problem) < 0 && view_equal_string(language, EVERY))
        error_add(&prompt.problem, "summaries.prompt_file");
    prompts->items = memory_grow(prompts->items, &prompts->capacity, prompts->count + 1,
                                 sizeof(prompts->items[0]));
    prompts->items[prompts->count++] = prompt;
}

static const struct prompt *find(const struct prompts *prompts, struct view language)
{
    for (size_t i = 0; i < prompts->count; i++)
        if (view_equal_nocase(view_of(prompts->items[i].language), language))
            return &prompts->items[i];
    return NULL;
}

/* "summary.zh-Hant.txt" -> "zh-Hant"; empty: it is none. */
static struct view language_of(const char *name)
{
    struct view view = view_of(name);

    if (!view_starts_with(view, view_of(PREFIX)) || !view_ends_with(view, view_of(SUFFIX)) ||
        view.size <= strlen(PREFIX) + strlen(SUFFIX))
        return (struct view){0};
    return view_slice(view, strlen(PREFIX), view.size - strlen(SUFFIX));
}

/* What an earlier folder has stands. */
static void add_folder(struct prompts *prompts, const char *folder)
{
    DIR *directory = folder ? opendir(folder) : NULL;
    const struct dirent *entry;

    while (directory && (entry = readdir(directory)) && prompts->count < PROMPTS_MAX) {
        struct view language = language_of(entry->d_name);
        char *path;

        if (!language.size || find(prompts, language))
            continue;
        path = file_join(folder, entry->d_name);
        add(prompts, path, language);
        free(path);
    }
    if (directory)
        closedir(directory);
}

/* One beside paperboy.json counts even when it holds prompts and no templates. */
static char *own_folder(const struct site *site)
{
    const struct configuration *configuration = &site->configuration;

    if (configuration->templates || !configuration->folder)
        return site_templates_folder(site);
    return file_join(configuration->folder, "templates");
}

struct prompts *prompts_new(const struct site *site)
{
    struct prompts *prompts = memory_new(1, sizeof(*prompts));
    const char *file = site->configuration.summaries.prompt_file;
    char *folder = own_folder(site), *shipped;

    if (file) {
        free(folder);
        add(prompts, file, view_of(EVERY));
        return prompts;
    }
    shipped = site_shipped_templates();
    add_folder(prompts, folder);
    add_folder(prompts, shipped);
    free(folder);
    free(shipped);
    return prompts;
}

void prompts_free(struct prompts **prompts)
{
    if (!*prompts)
        return;
    for (size_t i = 0; i < (*prompts)->count; i++)
        free((*prompts)->items[i].owned);
    free((*prompts)->items);
    free(*prompts);
    *prompts = NULL;
}

void prompts_list(const struct prompts *prompts, struct buffer *out)
{
    for (size_t i = 0; i < prompts->count; i++)
        buffer_printf(out, "%s%s", i ? ", " : "", prompts->items[i].language);
}

int prompts_find(const struct site *site, const char *language, const struct prompt **ret_prompt,
                 struct error *error)
{
    const struct prompts *prompts = site->prompts;
    struct view whole = view_of(language);
    const struct prompt *found;

    if (!prompts)
        return error_set(error, ERROR_BUG, "prompts are asked for and were not read");
    found = find(prompts, view_of(EVERY));
    if (!found)
        found = find(prompts, whole);
    if (!found)
        found = find(prompts, view_slice(whole, 0, view_find_char(whole, '-', 0)));
    if (!found)
        found = find(prompts, view_of(DEFAULT));
    if (!found)
        return error_set(error, ERROR_CONFIGURATION,
                         "the templates have no summary.en.txt, which says what a model is asked "
                         "(in \"%s\"); copy it there, or name a file as summaries.prompt_file",
                         language);
    if (!found->owned) {
        *error = found->problem;
        return -1;
    }
    *ret_prompt = found;
    return 0;
}

bool prompts_next_problem(const struct prompts *prompts, size_t *at, struct error *ret_problem)
{
    for (; *at < prompts->count; (*at)++) {
        if (prompts->items[*at].owned)
            continue;
        *ret_problem = prompts->items[(*at)++].problem;
        return true;
    }
    return false;
}
