/* Files as Postfix's virtual(8) writes them, which is what mutt, Dovecot and
 * Python's mailbox read best: LF line ends, Return-Path and Delivered-To on
 * top, written and synced in tmp/, then renamed into new/. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "delivery/transport_type.h"

enum { MESSAGE_BYTES_MAX = 64 * 1024 * 1024 };

struct maildir {
    char *folder;
    char *tmp;
    char *new;
    char host[256];
    unsigned sequence;
    int64_t (*now)(void *user);
    void *user;
    struct buffer bytes;
};

static void maildir_close(void *closed)
{
    struct maildir *maildir = closed;

    buffer_free(&maildir->bytes);
    free(maildir->folder);
    free(maildir->tmp);
    free(maildir->new);
    free(maildir);
}

/* A file name has no '/', and ':' begins a Maildir's flags. */
static void find_host(char host[256])
{
    char name[64] = "";

    host[0] = '\0';
    if (gethostname(name, sizeof(name) - 1) < 0 || !name[0])
        snprintf(name, sizeof(name), "localhost");
    for (const char *at = name; *at; at++) {
        size_t used = strlen(host);

        if (*at == '/' || *at == ':')
            snprintf(host + used, 256 - used, "\\%03o", (unsigned)*at);
        else
            snprintf(host + used, 256 - used, "%c", *at);
    }
}

static int make_folders(const struct maildir *maildir, struct error *error)
{
    static const char *const names[] = {"tmp", "new", "cur"};
    int result = 0;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && result == 0; i++) {
        char *path = file_join(maildir->folder, names[i]);

        result = file_make_folder(path, 0700, error);
        free(path);
    }
    return result < 0 ? error_add(error, "Maildir %s", maildir->folder) : 0;
}

static int maildir_open(const struct transport_options *options, void **ret_state,
                        struct error *error)
{
    const char *folder = options->url + strlen("maildir:");
    struct maildir *maildir;

    if (!folder[0])
        return error_set(error, ERROR_CONFIGURATION, "delivery.url \"maildir:\" names no folder");
    if (!options->now)
        return error_set(error, ERROR_BUG, "Maildir: needs a clock");
    maildir = memory_new(1, sizeof(*maildir));
    maildir->folder = memory_copy_string(folder);
    maildir->tmp = file_join(folder, "tmp");
    maildir->new = file_join(folder, "new");
    maildir->now = options->now;
    maildir->user = options->user;
    find_host(maildir->host);
    buffer_init(&maildir->bytes, MESSAGE_BYTES_MAX);
    if (make_folders(maildir, error) < 0) {
        maildir_close(maildir);
        return -1;
    }
    *ret_state = maildir;
    return 0;
}

static int maildir_check(void *state, struct error *error)
{
    const struct maildir *maildir = state;

    if (make_folders(maildir, error) < 0)
        return -1;
    if (access(maildir->tmp, W_OK | X_OK) < 0 || access(maildir->new, W_OK | X_OK) < 0)
        return error_set_errno(error, errno, "Maildir %s", maildir->folder);
    return 0;
}

static void make_file_bytes(struct buffer *bytes, const struct message *message)
{
    struct view rest = message->bytes, line;

    buffer_clear(bytes);
    buffer_printf(bytes, "Return-Path: <%s>\nDelivered-To: %s\n", message->envelope_sender,
                  message->recipient);
    while (view_next_line(&rest, &line)) {
        buffer_add_view(bytes, line);
        buffer_add_char(bytes, '\n');
    }
}

static int write_and_sync(int descriptor, const char *folder, struct view bytes, const char *path,
                          struct error *error)
{
    if (file_give_to_owner_of(folder, descriptor, path, error) < 0 ||
        file_write_all(descriptor, bytes, path, error) < 0)
        return -1;
    if (fsync(descriptor) < 0)
        return error_set_errno(error, errno, "cannot sync %s", path);
    return 0;
}

/* Writes tmp/; `ret_new` gets the path in new/, whose name holds device and
 * inode: no other file of this folder can have it. */
static int write_temporary(struct maildir *maildir, char *path, struct buffer *ret_new,
                           struct error *error)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    struct stat status;
    int result;

    if (descriptor < 0)
        return error_set_errno(error, errno, "cannot create %s", path);
    result = write_and_sync(descriptor, maildir->tmp, buffer_view(&maildir->bytes), path, error);
    if (result == 0 && fstat(descriptor, &status) < 0)
        result = error_set_errno(error, errno, "cannot look at %s", path);
    if (close(descriptor) < 0 && result == 0)
        result = error_set_errno(error, errno, "cannot write %s", path);
    if (result < 0) {
        unlink(path);
        return -1;
    }
    buffer_printf(ret_new, "%s/%lld.V%llxI%llxP%ldQ%u.%s", maildir->new,
                  (long long)maildir->now(maildir->user), (unsigned long long)status.st_dev,
                  (unsigned long long)status.st_ino, (long)gettid(), maildir->sequence,
                  maildir->host);
    return 0;
}

static int put_in_place(const struct maildir *maildir, const char *temporary, const char *path,
                        struct delivery_result *result, struct error *error)
{
    struct error unsynced = {0};

    if (rename(temporary, path) < 0) {
        error_set_errno(error, errno, "cannot rename to %s", path);
        unlink(temporary);
        return -1;
    }
    result->kind = RESULT_SENT;
    snprintf(result->reply, sizeof(result->reply), "%s", path + strlen(maildir->folder));
    /* It is there, but a power cut could take it away again. */
    if (file_sync_folder(maildir->new, &unsynced) < 0) {
        result->kind = RESULT_UNCERTAIN;
        snprintf(result->reply, sizeof(result->reply), "%.*s",
                 VIEW_ARGUMENTS(utf8_prefix(view_of(unsynced.text), sizeof(result->reply) - 1)));
    }
    return 0;
}

static int deliver(struct maildir *maildir, const struct transport_hooks *hooks,
                   struct delivery_result *result, struct error *error)
{
    struct buffer temporary, path;
    int done;

    buffer_init(&temporary, 1 << 16);
    buffer_init(&path, 1 << 16);
    maildir->sequence++;
    buffer_printf(&temporary, "%s/%lld.P%ldQ%u.%s", maildir->tmp,
                  (long long)maildir->now(maildir->user), (long)gettid(), maildir->sequence,
                  maildir->host);
    done = write_temporary(maildir, temporary.data, &path, error);
    if (done == 0 && hooks->begin && hooks->begin(hooks->user) != 0) {
        unlink(temporary.data);
        result->kind = RESULT_STOPPED;
    } else if (done == 0) {
        done = put_in_place(maildir, temporary.data, path.data, result, error);
    }
    buffer_free(&temporary);
    buffer_free(&path);
    return done;
}

static int maildir_send(void *state, const struct message *message,
                        const struct transport_hooks *hooks, struct delivery_result *result,
                        struct error *error)
{
    struct maildir *maildir = state;

    snprintf(result->stage, sizeof(result->stage), "maildir");
    make_file_bytes(&maildir->bytes, message);
    if (maildir->bytes.failed) {
        result->kind = RESULT_FAILED;
        snprintf(result->reply, sizeof(result->reply), "the message is larger than %d bytes",
                 MESSAGE_BYTES_MAX);
        return 0;
    }
    if (deliver(maildir, hooks, result, error) < 0) {
        result->kind = RESULT_RELAY_DOWN;
        return error_add(error, "Maildir");
    }
    return 0;
}

const struct transport_type transport_maildir = {
    .open = maildir_open,
    .close = maildir_close,
    .send = maildir_send,
    .check = maildir_check,
};
