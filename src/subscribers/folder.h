/* The folder of profiles, one file per subscriber, that a person may edit at
 * any time. Commands read and write profiles through this and nothing else.
 *
 * A profile is a regular file whose name ends in ".json" and does not begin with
 * a dot; "*.schema.json" without an '@' and every other name are left alone, so
 * that a README and the JSON Schema may lie beside the profiles. Its name must be
 * the one that address_file_name gives for its `email`. The folder itself may be
 * a symbolic link; a file that is one is refused and never followed, so that a
 * name in here cannot make the program read or replace a file elsewhere. Its zone
 * must be known on this machine.
 *
 * Errors: missing (no such folder, or no such profile), permission, input (the
 * profile is wrong: "FOLDER/FILE:LINE: KEY: …"), conflict, temporary (full disk). */
#ifndef SUBSCRIBERS_FOLDER_H
#define SUBSCRIBERS_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "subscribers/profile.h"

/* What was read, as a hash of the file's bytes: writing compares it. */
struct folder_version {
    unsigned char hash[16];
};
void folder_version_of(struct view text, struct folder_version *ret_version);
struct view folder_version_bytes(const struct folder_version *version); /* borrowed from it */

/* The name of this address's file; for free(3). */
int folder_name_of(const char *address, char **ret_name, struct error *error);

/* The names of the files that are profiles, sorted bytewise, and nothing of their
 * contents: about 40 bytes each, so a million fit. Zeroed is empty. */
struct folder_list {
    struct arena *arena;
    const char **names;
    size_t count;
};

int folder_list(const char *folder, struct folder_list *ret_list, struct error *error);
void folder_list_free(struct folder_list *list);

/* Reads one profile by its address, in any case. `ret_version` may be NULL. */
int folder_load(const char *folder, const char *address, struct profile *ret_profile,
                struct folder_version *ret_version, struct error *error);
/* The same by a name of folder_list; also refuses a name that does not belong to
 * the profile's `email`, naming both. */
int folder_load_file(const char *folder, const char *name, struct profile *ret_profile,
                     struct folder_version *ret_version, struct error *error);
bool folder_has(const char *folder, const char *address);

/* folder_load_file in its two parts, for many files: the bytes, appended, and what
 * they say. Both may be called by several threads. */
int folder_read(const char *folder, const char *name, struct buffer *ret_text,
                struct error *error);
int folder_parse(const char *folder, const char *name, struct view text,
                 struct profile *ret_profile, struct folder_version *ret_version,
                 struct error *error);

/* One profile after the other in the order of folder_list, one in memory at a
 * time. Exactly one of `profile` (borrowed for the call) and `problem` is not
 * NULL: a bad profile is reported and the next one comes. Returning other than 0
 * ends the walk. */
typedef int folder_visit(void *user, const char *name, const struct profile *profile,
                         const struct error *problem);
/* -1 when the folder cannot be read; else what `visit` returned last (0 at the end). */
int folder_each(const char *folder, folder_visit *visit, void *user, struct error *error);

/* A hash of what the system says of the folder's files, their names, sizes and times:
 * it changes when one of them does, and reads none. `*ret_is_sure` is false when one
 * of them was changed within two seconds before `now_utc`, or later, by the system's clock:
 * another change in the same moment might not show. */
int folder_fingerprint(const char *folder, int64_t now_utc, unsigned char ret_hash[16],
                       bool *ret_is_sure, struct error *error);

/* All writing is durable and atomic, mode 0600, under a lock on the folder that
 * other paperboy processes respect. */

/* A new profile; kind conflict when there is one with this address. */
int folder_create(const char *folder, const struct profile *profile, struct error *error);
/* Replaces the profile that was read as `version`; kind conflict when the file is
 * another by now or gone. `ret_version`, when not NULL, gets the new one. */
int folder_save(const char *folder, const struct profile *profile,
                const struct folder_version *version, struct folder_version *ret_version,
                struct error *error);
/* Both with bytes that were read elsewhere and are kept as they are; the caller has
 * looked that they are this address's profile. */
int folder_create_text(const char *folder, const char *address, struct view text,
                       struct error *error);
int folder_save_text(const char *folder, const char *address, struct view text,
                     const struct folder_version *version, struct error *error);
/* `version` NULL removes whatever is there. */
int folder_remove(const char *folder, const char *address, const struct folder_version *version,
                  struct error *error);

#endif
