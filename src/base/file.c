#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/memory.h"

/* The dot keeps a left-over out of every listing of documents. */
#define TEMPORARY ".paperboy-"
#define TEMPORARY_END "XXXXXX"

int file_read_all(int descriptor, const char *name, struct buffer *ret_bytes, struct error *error)
{
    char chunk[64 * 1024];

    for (;;) {
        ssize_t got = read(descriptor, chunk, sizeof(chunk));

        if (got == 0)
            return 0;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(error, errno, "cannot read %s", name);
        buffer_add(ret_bytes, chunk, (size_t)got);
        if (ret_bytes->failed)
            return error_set(error, ERROR_INPUT, "%s: larger than %zu bytes, the most that is read",
                             name, ret_bytes->max);
    }
}

int file_read(const char *path, struct buffer *ret_bytes, struct error *error)
{
    int descriptor, result;

    if (strcmp(path, "-") == 0)
        return file_read_all(STDIN_FILENO, "standard input", ret_bytes, error);
    descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return error_set_errno(error, errno, "cannot open %s", path);
    result = file_read_all(descriptor, path, ret_bytes, error);
    close(descriptor);
    return result;
}

int file_write_all(int descriptor, struct view bytes, const char *name, struct error *error)
{
    while (bytes.size) {
        ssize_t put = write(descriptor, bytes.data, bytes.size);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return error_set_errno(error, errno, "cannot write %s", name);
        bytes = view_slice(bytes, (size_t)put, bytes.size);
    }
    return 0;
}

char *file_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return memory_copy_string(".");
    if (slash == path)
        return memory_copy_string("/");
    return view_copy_string((struct view){path, (size_t)(slash - path)});
}

char *file_join(const char *folder, const char *name)
{
    struct buffer path;

    if (name[0] == '/' || !folder || !folder[0])
        return memory_copy_string(name);
    buffer_init(&path, 1 << 16);
    buffer_printf(&path, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", name);
    return buffer_steal(&path);
}

int file_sync(const char *path, struct error *error)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC), result = 0;

    if (descriptor < 0)
        return error_set_errno(error, errno, "cannot open %s", path);
    if (fsync(descriptor) < 0)
        result = error_set_errno(error, errno, "cannot sync %s", path);
    close(descriptor);
    return result;
}

int file_sync_folder(const char *path, struct error *error)
{
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (descriptor < 0)
        return error_set_errno(error, errno, "cannot open folder %s", path);
    /* Some file systems cannot sync a folder; that is EINVAL, not a loss. */
    if (fsync(descriptor) < 0 && errno != EINVAL) {
        int error_number = errno;

        close(descriptor);
        return error_set_errno(error, error_number, "cannot sync folder %s", path);
    }
    close(descriptor);
    return 0;
}

int file_give_to_owner_of(const char *folder, int descriptor, const char *name,
                          struct error *error)
{
    struct stat status;

    if (geteuid() != 0)
        return 0;
    if (stat(folder, &status) < 0 || fchown(descriptor, status.st_uid, status.st_gid) < 0)
        return error_set_errno(error, errno, "cannot set the owner of %s", name);
    return 0;
}

static int write_temporary(const char *temporary, int descriptor, struct view bytes, unsigned mode,
                           struct error *error)
{
    if (fchmod(descriptor, (mode_t)mode) < 0)
        return error_set_errno(error, errno, "cannot set the mode of %s", temporary);
    if (file_write_all(descriptor, bytes, temporary, error) < 0)
        return -1;
    if (fsync(descriptor) < 0)
        return error_set_errno(error, errno, "cannot sync %s", temporary);
    return 0;
}

static int put_in_place(const char *temporary, const char *path, bool replace, struct error *error)
{
    if (replace) {
        if (rename(temporary, path) < 0)
            return error_set_errno(error, errno, "cannot rename to %s", path);
        return 0;
    }
    if (link(temporary, path) < 0) {
        if (errno == EEXIST)
            return error_set(error, ERROR_CONFLICT, "%s: is there already", path);
        return error_set_errno(error, errno, "cannot create %s", path);
    }
    unlink(temporary);
    return 0;
}

static int write_atomic(const char *path, struct view bytes, unsigned mode, bool replace,
                        struct error *error)
{
    char *folder = file_folder_of(path);
    struct buffer temporary;
    int descriptor, result = -1;

    buffer_init(&temporary, 1 << 16);
    buffer_printf(&temporary, "%s/" TEMPORARY TEMPORARY_END, folder);
    descriptor = mkostemp(temporary.data, O_CLOEXEC);
    if (descriptor < 0) {
        error_set_errno(error, errno, "cannot write in folder %s", folder);
        goto out;
    }
    result = file_give_to_owner_of(folder, descriptor, path, error);
    if (result == 0)
        result = write_temporary(path, descriptor, bytes, mode, error);
    if (close(descriptor) < 0 && result == 0)
        result = error_set_errno(error, errno, "cannot write %s", path);
    if (result == 0)
        result = put_in_place(temporary.data, path, replace, error);
    if (result < 0)
        unlink(temporary.data);
    else
        result = file_sync_folder(folder, error);
out:
    buffer_free(&temporary);
    free(folder);
    return result;
}

int file_write_atomic(const char *path, struct view bytes, unsigned mode, struct error *error)
{
    return write_atomic(path, bytes, mode, true, error);
}

int file_create_atomic(const char *path, struct view bytes, unsigned mode, struct error *error)
{
    return write_atomic(path, bytes, mode, false, error);
}

/* As mkostemp(3) names them. */
static bool is_temporary_name(struct view name)
{
    if (!view_starts_with(name, VIEW(TEMPORARY)) ||
        name.size != strlen(TEMPORARY TEMPORARY_END))
        return false;
    for (size_t i = strlen(TEMPORARY); i < name.size; i++)
        if (!ascii_is_alphanumeric(name.data[i]))
            return false;
    return true;
}

void file_drop_leftovers(const char *folder, int64_t before_utc)
{
    DIR *listing = opendir(folder);
    const struct dirent *entry;
    struct stat own, status;

    if (!listing)
        return;
    if (fstat(dirfd(listing), &own) < 0)
        own.st_uid = geteuid();
    while ((entry = readdir(listing)))
        if (is_temporary_name(view_of(entry->d_name)) &&
            fstatat(dirfd(listing), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode) &&
            (status.st_uid == geteuid() || status.st_uid == own.st_uid) &&
            (int64_t)status.st_mtim.tv_sec < before_utc)
            unlinkat(dirfd(listing), entry->d_name, 0);
    closedir(listing);
}

static int open_folder(const char *path, struct error *error)
{
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    return descriptor < 0 ? error_set_errno(error, errno, "cannot open folder %s", path)
                          : descriptor;
}

static int give_folder(const char *path, int descriptor, struct error *error)
{
    char *above = file_folder_of(path);
    int result = file_give_to_owner_of(above, descriptor, path, error);

    free(above);
    return result;
}

int file_give_folder(const char *path, struct error *error)
{
    int descriptor, result;

    if (geteuid() != 0)
        return 0;
    if ((descriptor = open_folder(path, error)) < 0)
        return -1;
    result = give_folder(path, descriptor, error);
    close(descriptor);
    return result;
}

/* mkdir(2) leaves out what the umask has, and may bring the group's bit from above. */
static int set_folder_mode(const char *path, int descriptor, unsigned mode, struct error *error)
{
    struct stat status;

    if (fstat(descriptor, &status) < 0 ||
        fchmod(descriptor, (status.st_mode & S_ISGID) | (mode_t)mode) < 0)
        return error_set_errno(error, errno, "cannot set the mode of %s", path);
    return 0;
}

static int make_one_folder(const char *path, unsigned mode, struct error *error)
{
    int descriptor, result;

    if (mkdir(path, (mode_t)mode) < 0)
        return errno == EEXIST ? 0 : error_set_errno(error, errno, "cannot make folder %s", path);
    if ((descriptor = open_folder(path, error)) < 0)
        return -1;
    result = give_folder(path, descriptor, error);
    if (result == 0)
        result = set_folder_mode(path, descriptor, mode, error);
    close(descriptor);
    return result;
}

int file_make_folder(const char *path, unsigned mode, struct error *error)
{
    char *copy = memory_copy_string(path);
    int result = 0;

    for (char *at = copy + 1; *copy && result == 0; at++) {
        char end = *at;

        if (end != '/' && end != '\0')
            continue;
        *at = '\0';
        result = make_one_folder(copy, mode, error);
        *at = end;
        if (!end)
            break;
    }
    free(copy);
    return result;
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}
