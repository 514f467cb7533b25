/* paperboy backup: store, profiles, configuration and key as of now, in a new
 * folder that is there whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "commands/command.h"
#include "commands/profile_source.h"
#include "commands/site.h"

enum { FILE_BYTES_MAX = 16 * 1024 * 1024, NOTE_BYTES = 1 << 20 };

#define KEY_NAME "paperboy.key"
#define CONFIGURATION_NAME "paperboy.json"
#define PROFILES_NAME "subscribers"
#define NOTE_NAME "RESTORE"

struct backup {
    struct site *site;
    char *out;       /* where it will be */
    char *folder;    /* where it is made */
    char *profiles;  /* in there */
    char *store;     /* likewise; NULL: there is none */
    size_t count;    /* of profiles */
    bool is_refused; /* it is the place for it that is wrong */
    struct buffer note;
};

/* ---- its parts ---- */

static void note_part(struct backup *backup, const char *name, const char *original)
{
    char *absolute = realpath(original, NULL);

    buffer_printf(&backup->note, "  %-14s to  %s\n", name, absolute ? absolute : original);
    free(absolute);
}

static int copy_file(const char *from, const char *folder, const char *name, struct error *error)
{
    char *to = file_join(folder, name);
    struct buffer bytes;
    int result;

    buffer_init(&bytes, FILE_BYTES_MAX);
    result = file_read(from, &bytes, error);
    if (result == 0)
        result = file_create_atomic(to, buffer_view(&bytes), 0600, error);
    if (bytes.data)
        explicit_bzero(bytes.data, bytes.size); /* it may be the key */
    buffer_free(&bytes);
    free(to);
    return result;
}

static int copy_store(struct backup *backup, struct error *error)
{
    static const struct store_options options = {.must_exist = true};
    const char *url = backup->site->configuration.store;
    struct error problem = {0};
    const char *name;

    if (store_open(url, &options, &backup->site->store, &problem) < 0) {
        if (problem.kind != ERROR_MISSING) {
            if (error)
                *error = problem;
            return -1;
        }
        log_line(backup->site->log, LOG_LEVEL_WARNING, "%s; the backup is without it",
                 problem.text);
        return 0;
    }
    name = store_copy_name(backup->site->store);
    backup->store = file_join(backup->folder, name);
    if (store_copy(backup->site->store, backup->store, error) < 0)
        return -1;
    if (view_starts_with(view_of(url), VIEW("sqlite:")))
        note_part(backup, name, url + strlen("sqlite:"));
    else
        buffer_printf(&backup->note, "  %-14s by  pg_restore --clean --if-exists --no-owner --dbname='%s' %s\n",
                      name, url, name);
    return 0;
}

/* Without it the links in digests that were sent would be void, and the store would
 * be refused: one that is not the store's is no backup. */
static int copy_key(struct backup *backup, struct error *error)
{
    const char *key = backup->site->configuration.key_file;
    struct token_key unused;
    struct error problem = {0};

    if (site_read_key(backup->site, &unused, &problem) < 0) {
        if (problem.kind != ERROR_MISSING) {
            if (error)
                *error = problem;
            return -1;
        }
        log_line(backup->site->log, LOG_LEVEL_NOTICE, "there is no key file %s yet", key);
        return 0;
    }
    explicit_bzero(&unused, sizeof(unused));
    if (copy_file(key, backup->folder, KEY_NAME, error) < 0)
        return -1;
    note_part(backup, KEY_NAME, key);
    return 0;
}

/* As they are, broken ones too: a backup judges nothing. One that is removed
 * meanwhile is no longer wanted. */
static int copy_profiles(struct backup *backup, struct error *error)
{
    const char *folder = backup->site->configuration.subscribers;
    struct folder_list list = {0};
    int result;

    if (strcmp(folder, PROFILES_IN_STORE) == 0) /* and were copied with it */
        return 0;
    result = folder_list(folder, &list, error);
    if (result == 0)
        result = file_make_folder(backup->profiles, 0700, error);
    for (size_t i = 0; i < list.count && result == 0 && !site_is_stopping(); i++) {
        char *from = file_join(folder, list.names[i]);
        struct error problem = {0};
        struct stat status;

        if (lstat(from, &status) == 0 && !S_ISREG(status.st_mode)) {
            log_line(backup->site->log, LOG_LEVEL_WARNING, "%s: is no regular file, left out", from);
        } else if (copy_file(from, backup->profiles, list.names[i], &problem) == 0) {
            backup->count++;
        } else if (problem.kind != ERROR_MISSING) {
            result = -1;
            if (error)
                *error = problem;
        }
        free(from);
    }
    folder_list_free(&list);
    if (result == 0)
        note_part(backup, PROFILES_NAME "/*", folder);
    return result;
}

/* It names files with secrets and holds none. */
static int copy_configuration(struct backup *backup, struct error *error)
{
    const char *file = backup->site->configuration.file;

    if (copy_file(file, backup->folder, CONFIGURATION_NAME, error) < 0)
        return -1;
    note_part(backup, CONFIGURATION_NAME, file);
    return 0;
}

static void note_secret(struct buffer *note, const char *file)
{
    if (file)
        buffer_printf(note, "  %s\n", file);
}

/* The one that the store's URL names. */
static void note_passfile(struct buffer *note, const char *url)
{
    static const char key[] = "passfile=";
    const char *file = strchr(url, '?');

    if (file && (file = strstr(file, key)) != NULL) {
        file += strlen(key);
        buffer_printf(note, "  %.*s\n", (int)strcspn(file, "&"), file);
    }
}

static int write_note(struct backup *backup, struct error *error)
{
    const struct configuration *configuration = &backup->site->configuration;
    char *path = file_join(backup->folder, NOTE_NAME);
    struct buffer *note = &backup->note;
    int result;

    buffer_add_string(note, "\nNot in here, because they are secrets or others' files:\n");
    if (!view_starts_with(view_of(configuration->store), VIEW("sqlite:")))
        note_passfile(note, configuration->store);
    note_secret(note, configuration->delivery.relay.password_file);
    for (size_t i = 0; i < configuration->delivery.relay_count; i++)
        note_secret(note, configuration->delivery.relays[i].password_file);
    note_secret(note, configuration->inbox.password_file);
    note_secret(note, configuration->summaries.api_key_file);
    buffer_add_string(note, "  templates and a table of holidays of your own, and mail in a Maildir\n");
    if (note->failed)
        result = error_set(error, ERROR_INPUT, "%s: too long", path);
    else
        result = file_create_atomic(path, buffer_view(note), 0600, error);
    free(path);
    return result;
}

/* ---- the whole ---- */

static int fill(struct backup *backup, struct error *error)
{
    buffer_add_string(&backup->note,
                      "A backup of paperboy. To restore it: stop paperboy.timer and every paperboy,\n"
                      "remove the files of an SQLite store named ...-wal and ...-shm, and copy, as the\n"
                      "user that paperboy runs as,\n");
    if (copy_store(backup, error) < 0 || copy_profiles(backup, error) < 0 ||
        copy_key(backup, error) < 0 || copy_configuration(backup, error) < 0)
        return -1;
    if (site_is_stopping())
        return error_set(error, ERROR_TEMPORARY, "stopped before the backup was whole");
    if (write_note(backup, error) < 0 ||
        (file_exists(backup->profiles) && file_sync_folder(backup->profiles, error) < 0))
        return -1;
    return file_sync_folder(backup->folder, error);
}

/* rename(2) would put a folder over an empty one. */
static int put_in_place(const struct backup *backup, struct error *error)
{
    if (renameat2(AT_FDCWD, backup->folder, AT_FDCWD, backup->out, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno == EINVAL && !file_exists(backup->out) && rename(backup->folder, backup->out) == 0)
        return 0;
    if (errno == EEXIST)
        return error_set(error, ERROR_CONFLICT, "%s: is there already", backup->out);
    return error_set_errno(error, errno, "cannot rename to %s", backup->out);
}

/* SQLite may have left a journal beside it. */
static void remove_store(const char *path)
{
    struct buffer journal;

    buffer_init(&journal, 1 << 16);
    buffer_printf(&journal, "%s-journal", path);
    unlink(path);
    unlink(buffer_string(&journal));
    buffer_free(&journal);
}

static void remove_unfinished(const struct backup *backup)
{
    static const char *const names[] = {KEY_NAME, CONFIGURATION_NAME, NOTE_NAME};
    struct folder_list list = {0};

    if (folder_list(backup->profiles, &list, NULL) == 0)
        for (size_t i = 0; i < list.count; i++) {
            char *path = file_join(backup->profiles, list.names[i]);

            unlink(path);
            free(path);
        }
    folder_list_free(&list);
    rmdir(backup->profiles);
    if (backup->store)
        remove_store(backup->store);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *path = file_join(backup->folder, names[i]);

        unlink(path);
        free(path);
    }
    rmdir(backup->folder);
}

static int make_folder(struct backup *backup, const char *parent, struct error *error)
{
    backup->folder = file_join(parent, ".paperboy-backup-XXXXXX");
    backup->is_refused = !mkdtemp(backup->folder);
    if (backup->is_refused)
        return error_set_errno(error, errno, "cannot make a folder in %s", parent);
    backup->profiles = file_join(backup->folder, PROFILES_NAME);
    return file_give_folder(backup->folder, error);
}

static int make(struct backup *backup, struct error *error)
{
    char *parent = file_folder_of(backup->out);
    int result;

    if (file_exists(backup->out)) {
        free(parent);
        return error_set(error, ERROR_CONFLICT,
                         "%s: is there already; name a folder that is not, such as one with the date",
                         backup->out);
    }
    result = make_folder(backup, parent, error);
    if (result == 0) {
        result = fill(backup, error);
        if (result == 0)
            result = put_in_place(backup, error);
        if (result < 0)
            remove_unfinished(backup);
        else
            result = file_sync_folder(parent, error);
    }
    free(parent);
    return result;
}

/* "backups/today/" names the same as "backups/today". */
static char *without_slashes(const char *path)
{
    struct view view = view_of(path);

    while (view.size > 1 && view.data[view.size - 1] == '/')
        view.size--;
    return view_copy_string(view);
}

static int fail(const struct backup *backup, struct log *log, const struct error *error)
{
    int status = command_fail(log, error);

    return backup->is_refused || error->kind == ERROR_CONFLICT ? EX_CANTCREAT : status;
}

static void log_made(const struct backup *backup, struct log *log)
{
    bool in_store = strcmp(backup->site->configuration.subscribers, PROFILES_IN_STORE) == 0;
    char profiles[80] = "with its profiles";

    if (!in_store)
        snprintf(profiles, sizeof(profiles), "%zu profile%s", backup->count,
                 backup->count == 1 ? "" : "s");
    log_line(log, LOG_LEVEL_NOTICE,
             "%s: %s%s and the configuration; " NOTE_NAME " in there says how to put them back",
             backup->out, !backup->site->store ? "" : in_store ? "the store " : "the store, ", profiles);
}

static int run(struct log *log, const struct options *options)
{
    const char *out = options_value(options, "--out");
    struct site site = {0};
    struct backup backup = {.site = &site};
    struct error error;
    int status = EX_OK;

    if (!out || !out[0]) {
        error_set(&error, ERROR_INPUT, "--out DIR is missing: the new folder for the backup");
        return command_fail_usage(log, &error);
    }
    site_catch_signals();
    backup.out = without_slashes(out);
    buffer_init(&backup.note, NOTE_BYTES);
    if (site_open(&site, log, options->config, false, &error) < 0 ||
        make(&backup, &error) < 0)
        status = fail(&backup, log, &error);
    else
        log_made(&backup, log);
    site_close(&site);
    buffer_free(&backup.note);
    free(backup.profiles);
    free(backup.store);
    free(backup.folder);
    free(backup.out);
    return status;
}

static const struct option OPTIONS[] = {{"--out", OPTION_VALUE}, {NULL, 0}};

const struct command command_backup = {
    .name = "backup",
    .summary = "a consistent copy of store and profiles",
    .help = "Usage: paperboy backup --out DIR\n"
            "Copies the store as of one moment, also while others send, and the profiles,\n"
            "the configuration and the key file, into the new folder DIR. DIR appears when\n"
            "it is whole; one that is there already is refused. The file RESTORE in it says\n"
            "what goes back where. Files with passwords are not copied. The key file is,\n"
            "because links in digests already sent need it: keep the backup to yourself.\n"
            "A store in PostgreSQL is copied by pg_dump, which must be installed.\n\n"
            "  --out DIR           the folder to make; its parent must be there\n\n"
            "Exit status: 0 done; 73 DIR is there already or cannot be made; 75 the store\n"
            "is locked or the disk full; 78 the configuration or the store needs mending.\n",
    .options = OPTIONS,
    .min_words = 0,
    .max_words = 0,
    .run = run,
};
