/* Many profiles, in batches that several threads can read. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "commands/profile_source.h"

enum { BATCH_COUNT = 4096, BATCH_BYTES = 16 * 1024 * 1024 };

int profile_walk_start(const struct profile_source *source, struct profile_walk *ret_walk,
                       struct error *error)
{
    struct profile_walk walk = {.source = *source};

    if (source->folder && folder_list(source->folder, &walk.list, error) < 0)
        return -1;
    if (!source->folder) {
        walk.arena = arena_new();
        walk.stored = memory_new(BATCH_COUNT, sizeof(walk.stored[0]));
        walk.names = memory_new(BATCH_COUNT, sizeof(walk.names[0]));
        walk.last = memory_copy_string("");
    }
    *ret_walk = walk;
    return 0;
}

void profile_walk_end(struct profile_walk *walk)
{
    if (walk->source.folder)
        folder_list_free(&walk->list);
    else
        free(walk->names);
    arena_free(&walk->arena);
    free(walk->stored);
    free(walk->last);
    *walk = (struct profile_walk){0};
}

static int next_listed(struct profile_walk *walk)
{
    size_t left = walk->list.count - walk->listed;

    walk->count = left < BATCH_COUNT ? left : BATCH_COUNT;
    if (!walk->count)
        return 0;
    walk->names = walk->list.names + walk->listed;
    walk->listed += walk->count;
    return 1;
}

int profile_walk_next(struct profile_walk *walk, struct error *error)
{
    if (walk->source.folder)
        return next_listed(walk);
    arena_reset(walk->arena);
    if (stored_profile_list(walk->source.store, walk->last, BATCH_COUNT, BATCH_BYTES, walk->arena,
                            walk->stored, &walk->count, error) < 0)
        return -1;
    if (!walk->count)
        return 0;
    for (size_t i = 0; i < walk->count; i++)
        walk->names[i] = walk->stored[i].address;
    free(walk->last);
    walk->last = memory_copy_string(walk->names[walk->count - 1]);
    return 1;
}

int profile_walk_read(const struct profile_walk *walk, size_t index, struct buffer *scratch,
                      struct view *ret_text, struct error *error)
{
    if (!walk->source.folder) {
        *ret_text = walk->stored[index].document;
        return 0;
    }
    buffer_clear(scratch);
    if (folder_read(walk->source.folder, walk->names[index], scratch, error) < 0)
        return -1;
    *ret_text = buffer_view(scratch);
    return 0;
}

int profile_walk_parse(const struct profile_walk *walk, size_t index, struct view text,
                       struct profile *ret_profile, struct folder_version *ret_version,
                       struct error *error)
{
    if (walk->source.folder)
        return folder_parse(walk->source.folder, walk->names[index], text, ret_profile,
                            ret_version, error);
    return profile_parse_stored(walk->names[index], text, ret_profile, ret_version, error);
}

static int visit_one(const struct profile_walk *walk, size_t index, struct buffer *scratch,
                     folder_visit *visit, void *user)
{
    struct error problem = {0};
    struct profile profile;
    struct view text;
    int result;

    if (profile_walk_read(walk, index, scratch, &text, &problem) < 0 ||
        profile_walk_parse(walk, index, text, &profile, NULL, &problem) < 0)
        return visit(user, walk->names[index], NULL, &problem);
    result = visit(user, walk->names[index], &profile, NULL);
    profile_free(&profile);
    return result;
}

int profile_source_each(const struct profile_source *source, folder_visit *visit, void *user,
                        struct error *error)
{
    struct profile_walk walk;
    struct buffer scratch;
    int result = 0, more = 0;

    if (profile_walk_start(source, &walk, error) < 0)
        return -1;
    buffer_init(&scratch, PROFILE_FILE_BYTES);
    while (result == 0 && (more = profile_walk_next(&walk, error)) > 0)
        for (size_t i = 0; i < walk.count && result == 0; i++)
            result = visit_one(&walk, i, &scratch, visit, user);
    buffer_free(&scratch);
    profile_walk_end(&walk);
    return more < 0 ? -1 : result;
}

/* ---- shared by threads ---- */

enum { PROFILES_PER_THREAD = 256 };

struct share {
    pthread_t thread;
    bool is_started;
    void *part;
    size_t first, end;
    profile_walk_work *work;
};

size_t profile_walk_threads(void)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);

    return online < 1 ? 1 : online > PROFILE_WALK_THREADS ? PROFILE_WALK_THREADS : (size_t)online;
}

static void *work_share(void *user)
{
    const struct share *share = user;

    share->work(share->part, share->first, share->end);
    return NULL;
}

void profile_walk_share(const struct profile_walk *walk, size_t threads, void *parts,
                        size_t part_size, profile_walk_work *work)
{
    size_t needed = walk->count / PROFILES_PER_THREAD + 1, size;
    struct share shares[PROFILE_WALK_THREADS];

    if (needed > threads)
        needed = threads;
    size = walk->count / needed + 1;
    for (size_t i = 0; i < needed; i++) {
        shares[i] = (struct share){.part = (char *)parts + i * part_size,
                                   .first = i * size < walk->count ? i * size : walk->count,
                                   .end = (i + 1) * size < walk->count ? (i + 1) * size : walk->count,
                                   .work = work};
        if (i)
            shares[i].is_started =
                pthread_create(&shares[i].thread, NULL, work_share, &shares[i]) == 0;
    }
    work_share(&shares[0]);
    for (size_t i = 1; i < needed; i++) {
        if (shares[i].is_started)
            pthread_join(shares[i].thread, NULL);
        else
            work_share(&shares[i]);
    }
}
