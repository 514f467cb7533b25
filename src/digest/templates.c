#include "digest/templates.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/utf8.h"

struct template {
    char *name; /* "digest.html"; of a partial without ".mustache" */
    bool is_partial;
    struct mustache *mustache; /* NULL while checking: it does not compile */
};

struct templates {
    struct template *items; /* sorted */
    size_t count;
    size_t capacity;
    struct catalogues *catalogues;
    struct mustache_partials partials;
};

static int compare_names(bool a_partial, struct view a, bool b_partial, struct view b)
{
    return a_partial != b_partial ? (a_partial ? 1 : -1) : view_compare(a, b);
}

static int compare_templates(const void *a, const void *b)
{
    const struct template *left = a, *right = b;

    return compare_names(left->is_partial, view_of(left->name), right->is_partial,
                         view_of(right->name));
}

static const struct template *find_item(const struct templates *templates, bool is_partial,
                                        struct view name)
{
    size_t low = 0, high = templates->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct template *item = &templates->items[middle];
        int order = compare_names(item->is_partial, view_of(item->name), is_partial, name);

        if (order == 0)
            return item;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static const struct mustache *find(const struct templates *templates, bool is_partial,
                                   struct view name)
{
    const struct template *item = find_item(templates, is_partial, name);

    return item ? item->mustache : NULL;
}

static const struct mustache *find_partial(void *user, struct view name)
{
    return find(user, true, name);
}

/* Reads and compiles one file; messages name it as `path`. */
static int compile_file(const char *path, struct mustache **ret_mustache, struct error *error)
{
    struct buffer text;
    int result;

    buffer_init(&text, TEMPLATES_FILE_BYTES);
    result = file_read(path, &text, error);
    if (result == 0)
        result = mustache_compile(path, buffer_view(&text), ret_mustache, error);
    buffer_free(&text);
    return result;
}

/* Of the shipped folder only what the own one, of which `templates` has `own_count`
 * already, lacks; but a digest has to be one's own. */
static bool is_lacking(const struct templates *templates, size_t own_count, bool is_partial,
                       struct view name)
{
    if (view_equal(name, VIEW("digest.html")) || view_equal(name, VIEW("digest.txt")))
        return false;
    for (size_t i = 0; i < own_count; i++)
        if (templates->items[i].is_partial == is_partial &&
            view_equal_string(name, templates->items[i].name))
            return false;
    return true;
}

/* `own_count`: of the own folder, when this is the shipped one; else 0. */
static int load_file(struct templates *templates, const char *folder, const char *file,
                     size_t own_count, struct error_sink *sink, struct error *error)
{
    struct view name = view_of(file);
    bool is_partial = view_ends_with(name, VIEW(".mustache"));
    struct mustache *mustache = NULL;
    char *path;
    int result;

    if (name.data[0] == '.' ||
        (!is_partial && !view_ends_with(name, VIEW(".html")) && !view_ends_with(name, VIEW(".txt"))))
        return 0;
    if (is_partial)
        name = view_slice(name, 0, name.size - (sizeof(".mustache") - 1));
    if (own_count && !is_lacking(templates, own_count, is_partial, name))
        return 0;
    if (templates->count == TEMPLATES_FILES)
        return error_set(error, ERROR_INPUT, "%s: more than %d templates", folder, TEMPLATES_FILES);
    path = file_join(folder, file);
    result = compile_file(path, &mustache, error);
    free(path);
    if (result < 0 && error_collect(sink, error) < 0)
        return -1;
    templates->items = memory_grow(templates->items, &templates->capacity, templates->count + 1,
                                   sizeof(*templates->items));
    templates->items[templates->count++] =
        (struct template){view_copy_string(name), is_partial, mustache};
    return 0;
}

static int load_files(struct templates *templates, const char *folder, size_t own_count,
                      struct error_sink *sink, struct error *error)
{
    DIR *listing = opendir(folder);
    const struct dirent *entry;
    int result = 0;

    if (!listing)
        return error_set_errno(error, errno, "%s", folder);
    while (result == 0 && (entry = readdir(listing)))
        result = load_file(templates, folder, entry->d_name, own_count, sink, error);
    closedir(listing);
    if (templates->count)
        qsort(templates->items, templates->count, sizeof(*templates->items), compare_templates);
    return result;
}

/* The partial's name that comes nearest to one that is not there, or NULL. */
static const char *nearest_partial(const struct templates *templates, const char *name)
{
    const char **names = memory_new(templates->count + 1, sizeof(*names)), *nearest;
    size_t count = 0;

    for (size_t i = 0; i < templates->count; i++)
        if (templates->items[i].is_partial)
            names[count++] = templates->items[i].name;
    nearest = nearest_name(name, names);
    free(names);
    return nearest;
}

struct check {
    const struct templates *templates;
    const struct mustache *mustache;
    struct error_sink *sink;
    struct error *error;
};

/* {{words.x}}, where x is a word that needs nothing filled in. */
static int check_word_name(const struct check *check, struct view name, size_t line)
{
    const struct words *english =
        check->templates->catalogues ? templates_words(check->templates, NULL) : NULL;
    struct view key = view_slice(name, sizeof("words.") - 1, name.size);

    if (!english || json_object_getn(words_fixed(english), key.data, key.size))
        return 0;
    error_set(check->error, ERROR_CONFIGURATION,
              "%s:%zu: {{words.%.*s}}: words/en.json has no such word without placeholders",
              mustache_name(check->mustache), line, VIEW_ARGUMENTS(utf8_prefix(key, 60)));
    return error_collect(check->sink, check->error);
}

static int check_name(void *user, enum mustache_name_kind kind, struct view name, size_t line)
{
    const struct check *check = user;
    const char *nearest;
    char *copy;

    if (kind == MUSTACHE_VARIABLE && view_starts_with(name, VIEW("words.")))
        return check_word_name(check, name, line);
    if (kind != MUSTACHE_PARTIAL || find_item(check->templates, true, name))
        return 0;
    copy = view_copy_string(utf8_prefix(name, 60));
    nearest = nearest_partial(check->templates, copy);
    error_set(check->error, ERROR_CONFIGURATION,
              "%s:%zu: the partial {{>%s}} is unknown: there is no %s.mustache beside this file%s%s%s",
              mustache_name(check->mustache), line, copy, copy,
              nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
    free(copy);
    return error_collect(check->sink, check->error);
}

static int check_names(const struct templates *templates, struct error_sink *sink,
                       struct error *error)
{
    struct check check = {templates, NULL, sink, error};

    for (size_t i = 0; i < templates->count; i++) {
        check.mustache = templates->items[i].mustache;
        if (check.mustache && mustache_each_name(check.mustache, check_name, &check) < 0)
            return -1;
    }
    return 0;
}

static int check_page(const struct templates *templates, const char *folder, const char *name,
                      struct error_sink *sink, struct error *error)
{
    if (find_item(templates, false, view_of(name)))
        return 0;
    error_set(error, ERROR_CONFIGURATION, "%s: there is no %s in this folder of templates",
              folder, name);
    return error_collect(sink, error);
}

static int load_words(struct templates *templates, const char *folder, const char *shipped,
                      struct error_sink *sink, struct error *error)
{
    char *words = file_join(folder, "words");
    char *shipped_words = shipped ? file_join(shipped, "words") : NULL;
    int result = sink ? catalogues_check(words, shipped_words, sink, &templates->catalogues)
                      : catalogues_load(words, shipped_words, &templates->catalogues, error);

    free(words);
    free(shipped_words);
    return sink ? 0 : result;
}

static int load_pages(struct templates *templates, const char *folder, const char *shipped,
                      struct error_sink *sink, struct error *error)
{
    static const char *const pages[] = {"digest.html", "digest.txt", "answer.html", "answer.txt",
                                        "confirmation.html", "confirmation.txt"};

    if (load_files(templates, folder, 0, sink, error) < 0)
        return -1;
    /* An empty folder is a mistake that the shipped files would hide. */
    if (shipped && templates->count &&
        load_files(templates, shipped, templates->count, sink, error) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++)
        if (check_page(templates, folder, pages[i], sink, error) < 0)
            return -1;
    return 0;
}

static int load(const char *folder, const char *shipped, struct error_sink *sink,
                struct templates **ret_templates, struct error *error)
{
    struct templates *templates = memory_new(1, sizeof(*templates));

    templates->partials = (struct mustache_partials){find_partial, templates};
    if (load_pages(templates, folder, shipped, sink, error) < 0 ||
        load_words(templates, folder, shipped, sink, error) < 0 ||
        check_names(templates, sink, error) < 0) {
        templates_free(&templates);
        error->kind = ERROR_CONFIGURATION;
        return -1;
    }
    *ret_templates = templates;
    return 0;
}

int templates_load(const char *folder, const char *shipped, struct templates **ret_templates,
                   struct error *error)
{
    struct error problem;

    return load(folder, shipped, NULL, ret_templates, error ? error : &problem);
}

int templates_check(const char *folder, const char *shipped, struct error_sink *sink,
                    struct templates **ret_templates)
{
    struct templates *templates;
    size_t before = sink->count;
    struct error error;

    if (load(folder, shipped, sink, &templates, &error) < 0) {
        error_collect(sink, &error);
        return -1;
    }
    if (sink->count != before) {
        templates_free(&templates);
        return -1;
    }
    *ret_templates = templates;
    return 0;
}

void templates_each_gap(const struct templates *templates,
                        void (*see)(void *user, const char *language, size_t missing,
                                    const char *some),
                        void *user)
{
    catalogues_each_gap(templates->catalogues, see, user);
}

void templates_free(struct templates **templates)
{
    if (!*templates)
        return;
    for (size_t i = 0; i < (*templates)->count; i++) {
        free((*templates)->items[i].name);
        mustache_free(&(*templates)->items[i].mustache);
    }
    free((*templates)->items);
    catalogues_free(&(*templates)->catalogues);
    free(*templates);
    *templates = NULL;
}

const struct mustache *templates_find(const struct templates *templates, const char *name)
{
    return find(templates, false, view_of(name));
}

const struct mustache_partials *templates_partials(const struct templates *templates)
{
    return &templates->partials;
}

const struct words *templates_words(const struct templates *templates, const char *language)
{
    return catalogues_find(templates->catalogues, language);
}

int templates_render(const struct templates *templates, const char *name, const json_t *context,
                     struct buffer *out, struct error *error)
{
    const struct mustache *page = templates_find(templates, name);

    if (!page)
        return error_set(error, ERROR_CONFIGURATION, "there is no template %s", name);
    return mustache_render(page, context, &templates->partials, out, error);
}

struct partials_folder {
    char *folder;
    struct template *items;
    size_t count;
    size_t capacity;
    struct mustache_partials partials;
    struct error error;
};

/* A name is a file beside the template, never a way out of the folder. */
static bool is_file_name(struct view name)
{
    return name.size && name.size < 200 && name.data[0] != '.' &&
           view_find_char(name, '/', 0) == name.size && view_find_char(name, '\0', 0) == name.size;
}

static const struct mustache *read_partial(void *user, struct view name)
{
    struct partials_folder *partials = user;
    struct template *item;
    struct error error = {0};
    struct buffer path;

    for (size_t i = 0; i < partials->count; i++)
        if (view_equal_string(name, partials->items[i].name))
            return partials->items[i].mustache;
    if (!is_file_name(name) || partials->count == TEMPLATES_FILES)
        return NULL;
    partials->items = memory_grow(partials->items, &partials->capacity, partials->count + 1,
                                  sizeof(*partials->items));
    item = &partials->items[partials->count++];
    *item = (struct template){view_copy_string(name), true, NULL};
    buffer_init(&path, 8192);
    buffer_printf(&path, "%s/%s.mustache", partials->folder, item->name);
    if (compile_file(buffer_string(&path), &item->mustache, &error) < 0 &&
        error.kind != ERROR_MISSING && partials->error.kind == ERROR_NONE)
        partials->error = error;
    buffer_free(&path);
    return item->mustache;
}

struct partials_folder *partials_folder_new(const char *folder)
{
    struct partials_folder *partials = memory_new(1, sizeof(*partials));

    partials->folder = memory_copy_string(folder);
    partials->partials = (struct mustache_partials){read_partial, partials};
    return partials;
}

void partials_folder_free(struct partials_folder **partials)
{
    if (!*partials)
        return;
    for (size_t i = 0; i < (*partials)->count; i++) {
        free((*partials)->items[i].name);
        mustache_free(&(*partials)->items[i].mustache);
    }
    free((*partials)->items);
    free((*partials)->folder);
    free(*partials);
    *partials = NULL;
}

const struct mustache_partials *partials_folder_partials(struct partials_folder *partials)
{
    return &partials->partials;
}

int partials_folder_check(const struct partials_folder *partials, struct error *error)
{
    if (partials->error.kind == ERROR_NONE)
        return 0;
    if (error)
        *error = partials->error;
    return -1;
}
