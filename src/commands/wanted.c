#include "commands/wanted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "commands/profiles.h"
#include "papers/arxiv.h"
#include "papers/taxonomy.h"

#define WANTED_FACT "wanted"

enum { REMEMBERED_BYTES = 1024 * 1024 };

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
    struct site *site;
    struct wanted wanted;
    size_t capacity;
    bool all_good;
};

/* One name that no request can carry must not cost the others their papers. */
static void add_category(struct collecting *collecting, const char *name, const char *where)
{
    struct error error;

    if (arxiv_check_category(view_of(name), &error) == 0) {
        names_add(&collecting->wanted.categories, &collecting->capacity, name);
        return;
    }
    log_line(collecting->site->log, LOG_LEVEL_WARNING, "%s: %s; it is not asked for", where,
             error.text);
    collecting->all_good = false;
}

static int collect(struct collecting *collecting, struct roster *roster, struct error *error)
{
    if (roster_read(roster, error) < 0)
        return -1;
    collecting->all_good = true;
    collecting->wanted.bad_profiles = roster->bad; /* planning names them */
    for (size_t i = 0; i < roster->category_count; i++)
        add_category(collecting, roster->categories[i].name,
                     roster->categories[i].name_of_profile);
    return 0;
}

/* ---- remembered ---- */

/* The profiles' fingerprint, how many are bad, and the names, a line each. */
static int recall(struct collecting *collecting, const struct profile_fingerprint *fingerprint,
                  bool *ret_found, struct error *error)
{
    struct view rest, line;
    struct buffer value;
    bool found = false;
    long bad = 0;

    *ret_found = false;
    buffer_init(&value, REMEMBERED_BYTES);
    if (fact_get(collecting->site->store, WANTED_FACT, &value, &found, error) < 0) {
        buffer_free(&value);
        return -1;
    }
    rest = buffer_view(&value);
    if (found && fingerprint->is_sure && !value.failed && rest.size > sizeof(fingerprint->hash) &&
        memcmp(rest.data, fingerprint->hash, sizeof(fingerprint->hash)) == 0) {
        rest = view_slice(rest, sizeof(fingerprint->hash), rest.size);
        *ret_found = view_next_line(&rest, &line) && view_to_long(line, &bad);
    }
    collecting->wanted.bad_profiles = (size_t)bad;
    while (*ret_found && view_next_line(&rest, &line)) {
        char *name = view_copy_string(line);

        names_add(&collecting->wanted.categories, &collecting->capacity, name);
        free(name);
    }
    buffer_free(&value);
    return 0;
}

static int remember(const struct collecting *collecting,
                    const struct profile_fingerprint *fingerprint, struct error *error)
{
    struct buffer value;
    int result = 0;

    buffer_init(&value, REMEMBERED_BYTES);
    buffer_add(&value, fingerprint->hash, sizeof(fingerprint->hash));
    buffer_printf(&value, "%zu\n", collecting->wanted.bad_profiles);
    for (size_t i = 0; i < collecting->wanted.categories.count; i++)
        buffer_printf(&value, "%s\n", collecting->wanted.categories.items[i]);
    if (!value.failed)
        result = fact_put(collecting->site->store, WANTED_FACT, buffer_view(&value), error);
    buffer_free(&value);
    return result;
}

/* Of the profiles alone; what cannot be remembered, because it changed a moment ago, or
 * because somebody has to be told, is collected again. */
static int find_profiles_names(struct collecting *collecting, struct roster *roster,
                               struct error *error)
{
    struct site *site = collecting->site;
    struct profile_fingerprint fingerprint;
    bool found = false;

    if (roster_fingerprint(roster, &fingerprint, error) < 0 ||
        (site->store && recall(collecting, &fingerprint, &found, error) < 0))
        return -1;
    if (found)
        return 0;
    if (collect(collecting, roster, error) < 0)
        return -1;
    if (!site->store || !fingerprint.is_sure || !collecting->all_good)
        return 0;
    return remember(collecting, &fingerprint, error);
}

/* What is published needs its papers, too; one that cannot be read `publish` reports. */
static void add_published(struct collecting *collecting)
{
    const char *file = collecting->site->configuration.publish.profile;
    struct profile profile;
    struct error error;

    if (!file)
        return;
    if (profiles_read_file(file, &profile, &error) < 0) {
        log_line(collecting->site->log, LOG_LEVEL_WARNING, "publish.profile: %s", error.text);
        return;
    }
    for (size_t i = 0; i < profile.categories.count; i++)
        add_category(collecting, profile.categories.items[i], "publish.profile");
    profile_free(&profile);
}

int wanted_find(struct site *site, struct roster *roster, struct wanted *ret_wanted,
                struct error *error)
{
    const struct strings *more = &site->configuration.arxiv.categories;
    struct collecting collecting = {.site = site};

    if (find_profiles_names(&collecting, roster, error) < 0) {
        wanted_free(&collecting.wanted);
        return -1;
    }
    for (size_t i = 0; i < more->count; i++)
        add_category(&collecting, more->items[i], "arxiv.categories");
    add_published(&collecting);
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
