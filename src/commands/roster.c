#include "commands/roster.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* One thread's part: some profiles of each batch, and what it made of them. */
struct reader {
    const struct profile_walk *walk;
    struct roster_entry *entries; /* where the batch's go */
    struct arena *arena;
    struct roster_category *categories;
    size_t category_count;
    size_t category_capacity;
};

void roster_init(struct roster *roster, struct site *site)
{
    *roster = (struct roster){.site = site};
}

void roster_free(struct roster *roster)
{
    for (size_t i = 0; i < roster->arena_count; i++)
        arena_free(&roster->arenas[i]);
    free(roster->arenas);
    free(roster->entries);
    free(roster->categories);
    *roster = (struct roster){0};
}

int roster_fingerprint(struct roster *roster, struct profile_fingerprint *ret_fingerprint,
                       struct error *error)
{
    if (!roster->has_fingerprint &&
        (profile_source_open(roster->site, &roster->source, error) < 0 ||
         profile_source_fingerprint(&roster->source, site_now(), &roster->fingerprint, error) < 0))
        return -1;
    roster->has_fingerprint = true;
    *ret_fingerprint = roster->fingerprint;
    return 0;
}

/* ---- one profile ---- */

void roster_entry_of(const struct profile *profile, const char *name,
                     struct roster_entry *ret_entry)
{
    *ret_entry = (struct roster_entry){
        .name = name,
        .address = profile->email,
        .zone = profile->schedule.zone,
        .paused_until = profile->paused_until,
        .every = profile->schedule.every,
        .at_minutes = profile->schedule.at_minutes,
        .holiday_note = profile->holiday_note,
    };
}

void roster_entry_schedule(const struct roster_entry *entry, struct profile *ret_profile)
{
    *ret_profile = (struct profile){
        .schedule = {entry->every, entry->at_minutes, (char *)(uintptr_t)entry->zone},
        .paused_until = entry->paused_until,
    };
}

static int compare_categories(const void *a, const void *b)
{
    const struct roster_category *first = a, *second = b;
    int order = strcmp(first->name, second->name);

    return order ? order : strcmp(first->name_of_profile, second->name_of_profile);
}

static void make_unique(struct roster_category *items, size_t *count)
{
    size_t kept = 0;

    if (*count)
        qsort(items, *count, sizeof(items[0]), compare_categories);
    for (size_t i = 0; i < *count; i++)
        if (!i || strcmp(items[i].name, items[kept - 1].name) != 0)
            items[kept++] = items[i];
    *count = kept;
}

/* A hundred thousand profiles name the same few hundred. */
static bool has_category(const struct reader *reader, const char *name)
{
    for (size_t i = 0; i < reader->category_count; i++)
        if (strcmp(reader->categories[i].name, name) == 0)
            return true;
    return false;
}

static void note_categories(struct reader *reader, const struct profile *profile,
                            const char *name_of_profile)
{
    for (size_t i = 0; i < profile->categories.count; i++) {
        const char *name = profile->categories.items[i];

        if (has_category(reader, name))
            continue;
        reader->categories = memory_grow(reader->categories, &reader->category_capacity,
                                         reader->category_count + 1, sizeof(reader->categories[0]));
        reader->categories[reader->category_count++] =
            (struct roster_category){arena_string(reader->arena, view_of(name)), name_of_profile};
    }
}

static void read_one(struct reader *reader, size_t index, struct buffer *scratch)
{
    struct roster_entry *entry = &reader->entries[index];
    struct profile profile;
    struct error problem;
    struct view text;

    *entry = (struct roster_entry){
        .name = arena_string(reader->arena, view_of(reader->walk->names[index]))};
    if (profile_walk_read(reader->walk, index, scratch, &text, &problem) < 0 ||
        profile_walk_parse(reader->walk, index, text, &profile, NULL, &problem) < 0) {
        entry->problem = arena_string(reader->arena, view_of(problem.text));
        entry->may_pass = problem.kind != ERROR_INPUT;
        return;
    }
    roster_entry_of(&profile, entry->name, entry);
    entry->address = arena_string(reader->arena, view_of(profile.email));
    if (profile.schedule.zone)
        entry->zone = arena_string(reader->arena, view_of(profile.schedule.zone));
    note_categories(reader, &profile, entry->name);
    profile_free(&profile);
}

static void read_part(void *user, size_t first, size_t end)
{
    struct reader *reader = user;
    struct buffer scratch;

    buffer_init(&scratch, PROFILE_FILE_BYTES);
    for (size_t i = first; i < end; i++)
        read_one(reader, i, &scratch);
    buffer_free(&scratch);
}

/* ---- all ---- */

static void read_batch(struct roster *roster, struct reader *readers, size_t threads,
                       const struct profile_walk *walk)
{
    for (size_t i = 0; i < threads; i++) {
        readers[i].walk = walk;
        readers[i].entries = roster->entries + roster->count;
    }
    profile_walk_share(walk, threads, readers, sizeof(readers[0]), read_part);
    for (size_t i = 0; i < walk->count; i++)
        roster->bad += roster->entries[roster->count + i].problem != NULL;
    roster->count += walk->count;
}

static int read_all(struct roster *roster, struct reader *readers, size_t threads,
                    struct error *error)
{
    struct profile_walk walk;
    size_t capacity = 0;
    int more;

    if (profile_walk_start(&roster->source, &walk, error) < 0)
        return -1;
    while ((more = profile_walk_next(&walk, error)) > 0) {
        roster->entries = memory_grow(roster->entries, &capacity, roster->count + walk.count,
                                      sizeof(roster->entries[0]));
        read_batch(roster, readers, threads, &walk);
        log_progress(roster->site->log, "%zu profiles read", roster->count);
    }
    log_progress_end(roster->site->log);
    profile_walk_end(&walk);
    return more;
}

/* Their arenas stay, with the strings of the entries. */
static void take_over(struct roster *roster, struct reader *readers, size_t threads)
{
    size_t capacity = 0;

    roster->arenas = memory_new(threads, sizeof(roster->arenas[0]));
    roster->arena_count = threads;
    for (size_t i = 0; i < threads; i++) {
        roster->arenas[i] = readers[i].arena;
        roster->categories =
            memory_grow(roster->categories, &capacity,
                        roster->category_count + readers[i].category_count + 1,
                        sizeof(roster->categories[0]));
        if (readers[i].category_count)
            memcpy(roster->categories + roster->category_count, readers[i].categories,
                   readers[i].category_count * sizeof(roster->categories[0]));
        roster->category_count += readers[i].category_count;
        free(readers[i].categories);
    }
    make_unique(roster->categories, &roster->category_count);
}

int roster_read(struct roster *roster, struct error *error)
{
    struct reader readers[PROFILE_WALK_THREADS] = {{0}};
    size_t threads = profile_walk_threads();
    struct profile_fingerprint unused;
    int result;

    if (roster->is_read)
        return 0;
    if (roster_fingerprint(roster, &unused, error) < 0)
        return -1;
    for (size_t i = 0; i < threads; i++)
        readers[i].arena = arena_new();
    result = read_all(roster, readers, threads, error);
    take_over(roster, readers, threads);
    roster->is_read = result == 0;
    return result;
}
