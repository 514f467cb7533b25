/* Files read whole and written so that a reader sees the old or the new one,
 * never a part. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

/* Appends the file's bytes to `ret_bytes`; larger than its maximum is an input
 * error. "-" reads standard input. */
int file_read(const char *path, struct buffer *ret_bytes, struct error *error);

/* Durable and atomic: temporary file beside it, fsync, rename, fsync of the
 * folder. The result has `mode` (0600, 0644), whatever the umask, and when root
 * writes it the folder's owner. */
int file_write_atomic(const char *path, struct view bytes, unsigned mode, struct error *error);
/* The same, but an existing file is left alone: error kind conflict. */
int file_create_atomic(const char *path, struct view bytes, unsigned mode, struct error *error);

/* Removes what writers that were killed have left in the folder: temporary files of
 * file_write_atomic that are the folder's or this user's and were last written before
 * `before_utc`, so that nobody's who is at work. What cannot be removed stays. */
void file_drop_leftovers(const char *folder, int64_t before_utc);

/* The rest of what an open descriptor gives, as file_read. */
int file_read_all(int descriptor, const char *name, struct buffer *ret_bytes, struct error *error);
/* Appends all to a descriptor, through short writes and EINTR. */
int file_write_all(int descriptor, struct view bytes, const char *name, struct error *error);
/* What another program or library has written. */
int file_sync(const char *path, struct error *error);
int file_sync_folder(const char *path, struct error *error);
/* What root makes in another user's folder is to be that user's: an administrator's
 * command must not lock the service out. Gives the open file or folder `name` to the
 * owner of `folder`; nothing when not root. */
int file_give_to_owner_of(const char *folder, int descriptor, const char *name,
                          struct error *error);
/* The same for a folder that was made just now, from the one above it. */
int file_give_folder(const char *path, struct error *error);
/* mkdir -p; each that is made has `mode`, whatever the umask, and gets the owner of the one
 * above it, when root makes it. */
int file_make_folder(const char *path, unsigned mode, struct error *error);
bool file_exists(const char *path);

/* "folder/name", or `name` itself when it is absolute or `folder` is empty or
 * NULL; for free(3). */
char *file_join(const char *folder, const char *name);
/* The folder part of a path ("." when it has none); for free(3). */
char *file_folder_of(const char *path);

#endif
