#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

#include "subscribers/folder.h"

enum { DOUBT_SECONDS = 2 };

struct fingerprint {
    uint64_t sum[2];
    int64_t newest; /* seconds */
};

struct file_state {
    uint64_t device, file, size, mode;
    int64_t changed_s, changed_ns, modified_s, modified_ns;
    unsigned char name[16];
};

static void hash(const void *bytes, size_t size, unsigned char ret_hash[16])
{
    static const unsigned char key[crypto_shorthash_siphashx24_KEYBYTES] = {0};

    crypto_shorthash_siphashx24(ret_hash, bytes, size, key);
}

/* A sum, since the folder gives its files in any order. */
static void add(struct fingerprint *fingerprint, const char *name, const struct stat *status)
{
    struct file_state state = {
        .device = (uint64_t)status->st_dev,
        .file = (uint64_t)status->st_ino,
        .size = (uint64_t)status->st_size,
        .mode = (uint64_t)status->st_mode,
        .changed_s = status->st_ctim.tv_sec,
        .changed_ns = status->st_ctim.tv_nsec,
        .modified_s = status->st_mtim.tv_sec,
        .modified_ns = status->st_mtim.tv_nsec,
    };
    uint64_t parts[2];

    hash(name, strlen(name), state.name);
    hash(&state, sizeof(state), (unsigned char *)parts);
    fingerprint->sum[0] += parts[0];
    fingerprint->sum[1] += parts[1];
    if (state.changed_s > fingerprint->newest)
        fingerprint->newest = state.changed_s;
}

/* Files that are no profiles count, too: it is simpler, and they seldom change. */
static int add_all(DIR *stream, const char *folder, struct fingerprint *fingerprint,
                   struct error *error)
{
    struct dirent *entry;
    struct stat status;

    for (errno = 0; (entry = readdir(stream)); errno = 0) {
        if (entry->d_name[0] == '.' && entry->d_name[1] != '\0')
            continue; /* but the folder itself stays */
        if (fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
            add(fingerprint, entry->d_name, &status);
        else if (errno != ENOENT)
            return error_set_errno(error, errno, "cannot look at %s/%s", folder, entry->d_name);
    }
    return errno ? error_set_errno(error, errno, "cannot read the folder of profiles %s", folder)
                 : 0;
}

int folder_fingerprint(const char *folder, int64_t now_utc, unsigned char ret_hash[16],
                       bool *ret_is_sure, struct error *error)
{
    struct fingerprint fingerprint = {0};
    DIR *stream = opendir(folder);
    int result;

    if (!stream)
        return error_set_errno(error, errno, "cannot open the folder of profiles %s", folder);
    result = add_all(stream, folder, &fingerprint, error);
    closedir(stream);
    if (result < 0)
        return -1;
    memcpy(ret_hash, fingerprint.sum, sizeof(fingerprint.sum));
    *ret_is_sure = fingerprint.newest < now_utc - DOUBT_SECONDS;
    return 0;
}
