/* Where an installation's profiles are: the folder that `subscribers` names, or the
 * database ("store:"), and never both. Commands read and write profiles through
 * this and nothing else. What folder.h says of a profile holds for both: the same
 * strictness, the same document byte for byte, writing compares the version that was
 * read and is atomic. Errors are those of folder.h; of a profile in the store they
 * name "store:ADDRESS:LINE: KEY: …". */
#ifndef COMMANDS_PROFILE_SOURCE_H
#define COMMANDS_PROFILE_SOURCE_H

#include "commands/site.h"
#include "store/profiles.h"
#include "subscribers/folder.h"

#define PROFILES_IN_STORE "store:"

/* Borrowed parts; nothing to free. */
struct profile_source {
    const char *folder; /* NULL: they are in the store */
    struct store *store;
};

/* The configured one; opens the store when they are there. */
int profile_source_open(struct site *site, struct profile_source *ret_source,
                        struct error *error);
/* "subscribers", or "the store": after "in". */
const char *profile_source_name(const struct profile_source *source);
/* How a person finds the profile that a walk calls `name`; for free(3). */
char *profile_source_path(const struct profile_source *source, const char *name);

int profile_source_load(const struct profile_source *source, const char *address,
                        struct profile *ret_profile, struct folder_version *ret_version,
                        struct error *error);
/* What the store has under `address`; folder_parse's counterpart. */
int profile_parse_stored(const char *address, struct view text, struct profile *ret_profile,
                         struct folder_version *ret_version, struct error *error);
/* Its bytes, appended, whatever they say. */
int profile_source_load_text(const struct profile_source *source, const char *address,
                             struct buffer *ret_text, struct error *error);
int profile_source_has(const struct profile_source *source, const char *address, bool *ret_has,
                       struct error *error);
int profile_source_count(const struct profile_source *source, size_t *ret_count,
                         struct error *error);

/* As folder_create, folder_save, folder_remove and their texts. */
int profile_source_create(const struct profile_source *source, const struct profile *profile,
                          struct error *error);
int profile_source_save(const struct profile_source *source, const struct profile *profile,
                        const struct folder_version *version, struct error *error);
int profile_source_create_text(const struct profile_source *source, const char *address,
                               struct view text, struct error *error);
int profile_source_save_text(const struct profile_source *source, const char *address,
                             struct view text, const struct folder_version *version,
                             struct error *error);
int profile_source_remove(const struct profile_source *source, const char *address,
                          struct error *error);

/* One after the other as folder_each gives them; `name` is the file's, or the address. */
int profile_source_each(const struct profile_source *source, folder_visit *visit, void *user,
                        struct error *error);

/* A hash that changes with any profile. `*ret_is_sure` is false when a change could have
 * gone unseen, because one was made a moment ago or the clock was set back. */
struct profile_fingerprint {
    unsigned char hash[16];
    bool is_sure;
};
int profile_source_fingerprint(const struct profile_source *source, int64_t now_utc,
                               struct profile_fingerprint *ret_fingerprint, struct error *error);

/* ---- a walk in batches, for many profiles and several threads ---- */

struct profile_walk {
    struct profile_source source;
    struct folder_list list; /* the folder's; the store's are read as they are needed */
    size_t listed;           /* of the list, so many are done */
    struct arena *arena;     /* the batch's */
    struct stored_profile *stored;
    const char **names; /* of the batch's profiles, count of them */
    size_t count;
    char *last;
};

int profile_walk_start(const struct profile_source *source, struct profile_walk *ret_walk,
                       struct error *error);
/* 1: there is a batch, 0: there are no more, -1. */
int profile_walk_next(struct profile_walk *walk, struct error *error);
void profile_walk_end(struct profile_walk *walk); /* zeroed is fine */
/* The bytes of one of the batch; `scratch` is a thread's own and may hold them. */
int profile_walk_read(const struct profile_walk *walk, size_t index, struct buffer *scratch,
                      struct view *ret_text, struct error *error);
int profile_walk_parse(const struct profile_walk *walk, size_t index, struct view text,
                       struct profile *ret_profile, struct folder_version *ret_version,
                       struct error *error);

enum { PROFILE_WALK_THREADS = 4 };

/* How many threads are worth having: one a processor. */
size_t profile_walk_threads(void);
/* `work` for all of the batch, its profiles shared out: part i of `parts`, `part_size` bytes
 * apart, gets those from `first` up to `end`. Fewer parts than `threads` are used for few
 * profiles, and a thread that cannot be had costs time and nothing else. */
typedef void profile_walk_work(void *part, size_t first, size_t end);
void profile_walk_share(const struct profile_walk *walk, size_t threads, void *parts,
                        size_t part_size, profile_walk_work *work);

#endif
