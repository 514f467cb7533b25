#include "mail/token_key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"

enum { HEX_BYTES = 2 * TOKEN_SECRET_BYTES, KEY_MODE = 0600 };

/* Mode and kind of the file that is open, not of what the name means a moment
 * later. */
static int check_status(int descriptor, const char *path, struct error *error)
{
    struct stat status;

    if (fstat(descriptor, &status) < 0)
        return error_set_errno(error, errno, "cannot read %s", path);
    if (!S_ISREG(status.st_mode))
        return error_set(error, ERROR_CONFIGURATION, "%s: the key file is not a regular file",
                         path);
    if (status.st_mode & 077)
        return error_set(error, ERROR_CONFIGURATION,
                         "%s: mode %03o lets others at the key (mend it: chmod 600 %s)", path,
                         (unsigned)status.st_mode & 0777, path);
    return 0;
}

static int read_text(int descriptor, const char *path, char *text, size_t size, size_t *ret_size,
                     struct error *error)
{
    size_t used = 0;

    while (used < size) {
        ssize_t got = read(descriptor, text + used, size - used);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(error, errno, "cannot read %s", path);
        if (got == 0)
            break;
        used += (size_t)got;
    }
    *ret_size = used;
    return 0;
}

static int parse_text(struct view text, const char *path,
                      unsigned char ret_secret[TOKEN_SECRET_BYTES], struct error *error)
{
    size_t size = 0;

    if (text.size == HEX_BYTES + 1 && text.data[HEX_BYTES] == '\n')
        text.size--;
    if (text.size != HEX_BYTES ||
        sodium_hex2bin(ret_secret, TOKEN_SECRET_BYTES, text.data, text.size, NULL, &size, NULL) ||
        size != TOKEN_SECRET_BYTES)
        return error_set(error, ERROR_CONFIGURATION,
                         "%s: not a key: it should be one line of %d hexadecimal digits (put the "
                         "old file back; a new key makes all links sent so far void)",
                         path, HEX_BYTES);
    return 0;
}

static int read_key(const char *path, unsigned char ret_secret[TOKEN_SECRET_BYTES],
                    struct error *error)
{
    char text[HEX_BYTES + 2]; /* one more than a good file has */
    size_t size = 0;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), result;

    if (descriptor < 0)
        return error_set_errno(error, errno, "cannot open %s", path);
    result = check_status(descriptor, path, error);
    if (result == 0)
        result = read_text(descriptor, path, text, sizeof(text), &size, error);
    if (result == 0)
        result = parse_text((struct view){text, size}, path, ret_secret, error);
    sodium_memzero(text, sizeof(text));
    close(descriptor);
    return result;
}

static int create_key(const char *path, const unsigned char secret[TOKEN_SECRET_BYTES],
                      struct error *error)
{
    char text[HEX_BYTES + 1];
    int result;

    sodium_bin2hex(text, sizeof(text), secret, TOKEN_SECRET_BYTES);
    text[HEX_BYTES] = '\n';
    result = file_create_atomic(path, (struct view){text, sizeof(text)}, KEY_MODE, error);
    sodium_memzero(text, sizeof(text));
    return result;
}

int token_key_read(const char *path, struct token_key *ret_key, struct error *error)
{
    unsigned char secret[TOKEN_SECRET_BYTES];
    int result = read_key(path, secret, error);

    if (result == 0)
        token_key_derive(secret, ret_key);
    sodium_memzero(secret, sizeof(secret));
    return result < 0 ? error_add(error, "key_file") : 0;
}

int token_key_open(const char *path, const unsigned char fresh[TOKEN_SECRET_BYTES],
                   struct token_key *ret_key, struct error *error)
{
    unsigned char secret[TOKEN_SECRET_BYTES];
    struct error problem = {0};
    int result = read_key(path, secret, &problem);

    /* Whoever makes it first wins; all read what is there then. */
    if (result < 0 && problem.kind == ERROR_MISSING) {
        result = create_key(path, fresh, &problem);
        if (result == 0 || problem.kind == ERROR_CONFLICT)
            result = read_key(path, secret, &problem);
    }
    if (result == 0)
        token_key_derive(secret, ret_key);
    else if (error)
        *error = problem;
    if (result < 0 && error)
        error_add(error, "key_file");
    sodium_memzero(secret, sizeof(secret));
    return result;
}
