#include "subscribers/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "subscribers/address.h"

/* ---- names ---- */

static bool is_profile_name(struct view name)
{
    if (!view_ends_with(name, VIEW(".json")) || name.data[0] == '.')
        return false;
    return !view_ends_with(name, VIEW(".schema.json")) || view_find_char(name, '@', 0) < name.size;
}

/* A symbolic link is kept in the list, so that it is reported and not overlooked. */
static bool is_file_or_link(int folder, const struct dirent *entry)
{
    struct stat status;

    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_REG || entry->d_type == DT_LNK;
    return fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           (S_ISREG(status.st_mode) || S_ISLNK(status.st_mode));
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static int read_names(DIR *stream, const char *folder, struct folder_list *list,
                      struct error *error)
{
    size_t capacity = 0;
    struct dirent *entry;

    for (errno = 0; (entry = readdir(stream)); errno = 0) {
        if (!is_profile_name(view_of(entry->d_name)) || !is_file_or_link(dirfd(stream), entry))
            continue;
        list->names = memory_grow(list->names, &capacity, list->count + 1, sizeof(*list->names));
        list->names[list->count++] = arena_string(list->arena, view_of(entry->d_name));
    }
    return errno ? error_set_errno(error, errno, "cannot read the folder of profiles %s", folder)
                 : 0;
}

static int cannot_open(const char *folder, int error_number, struct error *error)
{
    error_set_errno(error, error_number, "cannot open the folder of profiles %s", folder);
    if (error && error_number == ENOENT) {
        struct error missing = *error;

        error_set(error, missing.kind, "%s; paperboy subscriber add makes it", missing.text);
    }
    return -1;
}

int folder_list(const char *folder, struct folder_list *ret_list, struct error *error)
{
    struct folder_list list = {NULL, NULL, 0};
    DIR *stream = opendir(folder);
    int result;

    if (!stream)
        return cannot_open(folder, errno, error);
    list.arena = arena_new();
    result = read_names(stream, folder, &list, error);
    closedir(stream);
    if (result < 0) {
        folder_list_free(&list);
        return -1;
    }
    if (list.count)
        qsort(list.names, list.count, sizeof(*list.names), compare_names);
    *ret_list = list;
    return 0;
}

void folder_list_free(struct folder_list *list)
{
    arena_free(&list->arena);
    free(list->names);
    *list = (struct folder_list){NULL, NULL, 0};
}

/* ---- reading ---- */

int folder_name_of(const char *address, char **ret_name, struct error *error)
{
    char *canonical;
    struct buffer name;

    if (address_check(view_of(address), error) < 0)
        return -1;
    canonical = address_canonical(view_of(address));
    buffer_init(&name, NAME_MAX);
    address_file_name(view_of(canonical), &name);
    free(canonical);
    if (name.failed) {
        buffer_free(&name);
        return error_set(error, ERROR_INPUT,
                         "\"%s\" is too long an address for the name of a file (%d bytes)", address,
                         NAME_MAX);
    }
    *ret_name = buffer_steal(&name);
    return 0;
}

void folder_version_of(struct view bytes, struct folder_version *ret_version)
{
    crypto_generichash(ret_version->hash, sizeof(ret_version->hash),
                       (const unsigned char *)bytes.data, bytes.size, NULL, 0);
}

struct view folder_version_bytes(const struct folder_version *version)
{
    return (struct view){(const char *)version->hash, sizeof(version->hash)};
}

/* Not blocking, so that a pipe with a profile's name cannot hold the run. */
static int open_profile(const char *path, struct error *error)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat status;

    if (descriptor < 0 && errno == ELOOP)
        return error_set(error, ERROR_INPUT,
                         "%s: is a symbolic link, which is not followed; put the profile itself here",
                         path);
    if (descriptor < 0)
        return error_set_errno(error, errno, "cannot open %s", path);
    if (fstat(descriptor, &status) < 0 || !S_ISREG(status.st_mode)) {
        close(descriptor);
        return error_set(error, ERROR_INPUT, "%s: is not a regular file", path);
    }
    return descriptor;
}

static int read_bytes(const char *path, struct buffer *bytes, struct error *error)
{
    int descriptor = open_profile(path, error), result;

    if (descriptor < 0)
        return -1;
    result = file_read_all(descriptor, path, bytes, error);
    close(descriptor);
    return result;
}

/* The one name that a profile may have. */
static int check_name(const char *path, const char *name, const struct profile *profile,
                      struct error *error)
{
    char *wanted = NULL;
    int result = folder_name_of(profile->email, &wanted, error);

    if (result == 0 && strcmp(wanted, name) != 0)
        result = error_set(error, ERROR_INPUT,
                           "%s: holds the profile of %s, whose file must be named %s", path,
                           profile->email, wanted);
    free(wanted);
    return result;
}

int folder_parse(const char *folder, const char *name, struct view text,
                 struct profile *ret_profile, struct folder_version *ret_version,
                 struct error *error)
{
    char *path = file_join(folder, name);
    struct profile profile;
    int result = profile_read(path, text, &profile, error);

    if (result < 0)
        goto out;
    result = check_name(path, name, &profile, error);
    if (result == 0)
        result = profile_check_zone(&profile, path, text, error);
    if (result < 0) {
        profile_free(&profile);
    } else {
        if (ret_version)
            folder_version_of(text, ret_version);
        *ret_profile = profile;
    }
out:
    free(path);
    return result;
}

int folder_read(const char *folder, const char *name, struct buffer *ret_text,
                struct error *error)
{
    char *path;
    int result;

    if (strchr(name, '/'))
        return error_set(error, ERROR_INPUT, "\"%s\" is no name of a file in %s", name, folder);
    path = file_join(folder, name);
    result = read_bytes(path, ret_text, error);
    free(path);
    return result;
}

int folder_load_file(const char *folder, const char *name, struct profile *ret_profile,
                     struct folder_version *ret_version, struct error *error)
{
    struct buffer text;
    int result;

    buffer_init(&text, PROFILE_FILE_BYTES);
    result = folder_read(folder, name, &text, error);
    if (result == 0)
        result = folder_parse(folder, name, buffer_view(&text), ret_profile, ret_version, error);
    buffer_free(&text);
    return result;
}

static int no_such_profile(const char *folder, const char *address, struct error *error)
{
    if (!file_exists(folder))
        return error_set(error, ERROR_MISSING, "there is no folder of profiles %s", folder);
    return error_set(error, ERROR_MISSING, "there is no profile of %s in %s", address, folder);
}

int folder_load(const char *folder, const char *address, struct profile *ret_profile,
                struct folder_version *ret_version, struct error *error)
{
    struct error why = {0};
    char *name;
    int result;

    if (folder_name_of(address, &name, error) < 0)
        return -1;
    result = folder_load_file(folder, name, ret_profile, ret_version, &why);
    if (result < 0 && why.kind == ERROR_MISSING)
        no_such_profile(folder, address, error);
    else if (result < 0 && error)
        *error = why;
    free(name);
    return result;
}

bool folder_has(const char *folder, const char *address)
{
    char *name, *path;
    bool found;

    if (folder_name_of(address, &name, NULL) < 0)
        return false;
    path = file_join(folder, name);
    found = file_exists(path);
    free(path);
    free(name);
    return found;
}

int folder_each(const char *folder, folder_visit *visit, void *user, struct error *error)
{
    struct folder_list list;
    int result = 0;

    if (folder_list(folder, &list, error) < 0)
        return -1;
    for (size_t i = 0; i < list.count && result == 0; i++) {
        struct profile profile = {.email = NULL};
        struct error problem = {0};

        if (folder_load_file(folder, list.names[i], &profile, NULL, &problem) == 0) {
            result = visit(user, list.names[i], &profile, NULL);
            profile_free(&profile);
        } else {
            result = visit(user, list.names[i], NULL, &problem);
        }
    }
    folder_list_free(&list);
    return result;
}

/* ---- writing ---- */

/* Held from the comparison to the renaming: two processes that read the same
 * version cannot both win. Closing the descriptor lets it go. */
static int lock_folder(const char *folder, struct error *error)
{
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (descriptor < 0)
        return cannot_open(folder, errno, error);
    while (flock(descriptor, LOCK_EX) < 0) {
        int error_number = errno;

        if (error_number == EINTR)
            continue;
        close(descriptor);
        return error_set_errno(error, error_number, "cannot lock the folder of profiles %s",
                               folder);
    }
    return descriptor;
}

/* Kind conflict unless the file still has the bytes of `version`. */
static int compare_version(const char *path, const struct folder_version *version,
                           struct error *error)
{
    struct folder_version now;
    struct error why = {0};
    struct buffer bytes;
    int result;

    buffer_init(&bytes, PROFILE_FILE_BYTES);
    result = read_bytes(path, &bytes, &why);
    folder_version_of(buffer_view(&bytes), &now);
    buffer_free(&bytes);
    if (result < 0 && why.kind == ERROR_MISSING)
        return error_set(error, ERROR_CONFLICT, "%s: was removed in the meantime", path);
    if (result < 0 && error)
        *error = why;
    if (result == 0 && memcmp(now.hash, version->hash, sizeof(now.hash)) != 0)
        return error_set(error, ERROR_CONFLICT, "%s: was changed in the meantime; read it again",
                         path);
    return result;
}

/* `version` NULL: the file must not be there yet. */
static int write_locked(const char *folder, const char *path, struct view text,
                        const struct folder_version *version, struct error *error)
{
    int lock = lock_folder(folder, error), result;

    if (lock < 0)
        return -1;
    if (!version)
        result = file_create_atomic(path, text, 0600, error);
    else if ((result = compare_version(path, version, error)) == 0)
        result = file_write_atomic(path, text, 0600, error);
    close(lock);
    return result;
}

/* `version` NULL: the file must not be there yet. */
static int put_text(const char *folder, const char *address, struct view text,
                    const struct folder_version *version, struct error *error)
{
    char *name, *path;
    int result;

    if (folder_name_of(address, &name, error) < 0)
        return -1;
    path = file_join(folder, name);
    if (text.size > PROFILE_FILE_BYTES)
        result = error_set(error, ERROR_INPUT, "%s: larger than %d bytes, the most of a profile",
                           path, PROFILE_FILE_BYTES);
    else
        result = write_locked(folder, path, text, version, error);
    free(path);
    free(name);
    return result;
}

int folder_create_text(const char *folder, const char *address, struct view text,
                       struct error *error)
{
    return put_text(folder, address, text, NULL, error);
}

int folder_save_text(const char *folder, const char *address, struct view text,
                     const struct folder_version *version, struct error *error)
{
    return put_text(folder, address, text, version, error);
}

static int put(const char *folder, const struct profile *profile,
               const struct folder_version *version, struct folder_version *ret_version,
               struct error *error)
{
    struct buffer text;
    int result;

    buffer_init(&text, 2 * PROFILE_FILE_BYTES);
    profile_write(profile, &text);
    result = put_text(folder, profile->email, buffer_view(&text), version, error);
    if (result == 0 && ret_version)
        folder_version_of(buffer_view(&text), ret_version);
    buffer_free(&text);
    return result;
}

int folder_create(const char *folder, const struct profile *profile, struct error *error)
{
    return put(folder, profile, NULL, NULL, error);
}

int folder_save(const char *folder, const struct profile *profile,
                const struct folder_version *version, struct folder_version *ret_version,
                struct error *error)
{
    return put(folder, profile, version, ret_version, error);
}

static int remove_file(const char *folder, const char *path, const char *address,
                       struct error *error)
{
    if (unlink(path) == 0)
        return file_sync_folder(folder, error);
    if (errno == ENOENT)
        return no_such_profile(folder, address, error);
    return error_set_errno(error, errno, "cannot remove %s", path);
}

int folder_remove(const char *folder, const char *address, const struct folder_version *version,
                  struct error *error)
{
    char *name, *path;
    int lock, result = -1;

    if (folder_name_of(address, &name, error) < 0)
        return -1;
    path = file_join(folder, name);
    lock = lock_folder(folder, error);
    if (lock >= 0) {
        result = version ? compare_version(path, version, error) : 0;
        if (result == 0)
            result = remove_file(folder, path, address, error);
        close(lock);
    }
    free(path);
    free(name);
    return result;
}
