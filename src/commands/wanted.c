#include "commands/wanted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "papers/arxiv.h"
#include "papers/taxonomy.h"
#include "subscribers/folder.h"

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void names_add(struct strings *names, size_t *capacity, const char *name)
{
    names->items = memory_grow(names->items, capacity, names->count + 1, sizeof(names->items[0]));
    names->items[names->count++] = memory_copy_string(name);
}

void names_sort_unique(struct strings *names)
{
    size_t kept = 0;

    if (names->count)
        qsort(names->items, names->count, sizeof(names->items[0]), compare_names);
    for (size_t i = 0; i < names->count; i++) {
        if (kept && strcmp(names->items[kept - 1], names->items[i]) == 0)
            free(names->items[i]);
        else
            names->items[kept++] = names->items[i];
    }
    names->count = kept;
}

struct collecting {
    struct log *log;
    struct wanted wanted;
    size_t capacity;
};

/* One name that no request can carry must not cost the others their papers. */
static void add_category(struct collecting *collecting, const char *name, const char *where)
{
    struct error error;

    if (arxiv_check_category(view_of(name), &error) < 0)
        log_line(collecting->log, LOG_LEVEL_WARNING, "%s: %s; it is not asked for", where,
                 error.text);
    else
        names_add(&collecting->wanted.categories, &collecting->capacity, name);
}

static int collect(void *user, const char *name, const struct profile *profile,
                   const struct error *problem)
{
    struct collecting *collecting = user;

    if (problem) {
        collecting->wanted.bad_profiles++; /* planning names it */
        return 0;
    }
    for (size_t i = 0; i < profile->categories.count; i++)
        add_category(collecting, profile->categories.items[i], name);
    /* A hundred thousand profiles ask for the same few hundred names. */
    if (collecting->wanted.categories.count > 4096)
        names_sort_unique(&collecting->wanted.categories);
    return 0;
}

int wanted_find(struct site *site, struct wanted *ret_wanted, struct error *error)
{
    const struct strings *more = &site->configuration.arxiv.categories;
    struct collecting collecting = {.log = site->log};

    if (site_need_folder(site, error) < 0 ||
        folder_each(site->configuration.subscribers, collect, &collecting, error) < 0) {
        wanted_free(&collecting.wanted);
        return -1;
    }
    for (size_t i = 0; i < more->count; i++)
        add_category(&collecting, more->items[i], "arxiv.categories");
    names_sort_unique(&collecting.wanted.categories);
    *ret_wanted = collecting.wanted;
    return 0;
}

int wanted_need(const struct site *site, const struct wanted *wanted, struct error *error)
{
    if (wanted->categories.count)
        return 0;
    return error_set(error, ERROR_CONFIGURATION,
                     "no categories to ask arXiv for; name some in a profile's categories or in "
                     "arxiv.categories of %s",
                     site->configuration.file);
}

bool wanted_doubt(const char *category, char ret_doubt[WANTED_DOUBT_BYTES])
{
    const char *meant;

    if (taxonomy_has(view_of(category)))
        return false;
    meant = taxonomy_nearest(view_of(category));
    snprintf(ret_doubt, WANTED_DOUBT_BYTES, "arXiv is not known to have this category%s%s%s",
             meant ? "; did you mean " : "", meant ? meant : "", meant ? "?" : "");
    return true;
}

void wanted_warn(struct log *log, const struct strings *categories)
{
    char doubt[WANTED_DOUBT_BYTES];

    for (size_t i = 0; i < categories->count; i++)
        if (wanted_doubt(categories->items[i], doubt))
            log_line(log, LOG_LEVEL_WARNING, "%s: %s", categories->items[i], doubt);
}

void wanted_free(struct wanted *wanted)
{
    for (size_t i = 0; i < wanted->categories.count; i++)
        free(wanted->categories.items[i]);
    free(wanted->categories.items);
    *wanted = (struct wanted){0};
}
