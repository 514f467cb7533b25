/* paperboy subscriber import: profiles of a folder, of JSON Lines or of a file into
 * where the installation's profiles are, each whole or not at all; or, told apart by
 * what it holds, the Python bot's configuration (subscriber_add.c) or a whole store
 * (subscriber_takeover.c). */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "base/file.h"
#include "commands/forgetting.h"
#include "commands/profiles.h"
#include "commands/subscriber.h"

enum { LOOK_BYTES = 4 * 1024 * 1024 };

enum import_kind { IMPORT_BOT, IMPORT_FOLDER, IMPORT_LINES, IMPORT_PROFILE, IMPORT_STORE };

struct importing {
    struct site *site;
    struct profile_source to;
    struct forgetting forgetting;
    bool force;
    size_t added, replaced, unchanged, refused, broken;
    struct error error; /* of the place where they go; ends it */
    bool failed;
};

/* ---- what it is ---- */

/* A profile begins with an object that has an "email"; the bot's never has. */
static enum import_kind look_at(struct view text)
{
    json_error_t end;
    json_t *first = json_loadb(text.data ? text.data : "", text.size, JSON_DISABLE_EOF_CHECK, &end);
    bool is_profile = json_is_object(first) && json_object_get(first, "email");

    json_decref(first);
    if (!is_profile)
        return IMPORT_BOT;
    return view_trim(view_slice(text, (size_t)end.position, text.size)).size ? IMPORT_LINES
                                                                            : IMPORT_PROFILE;
}

static bool is_folder(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static enum import_kind find_kind(const char *path, const struct options *options)
{
    struct view name = view_of(path);
    enum import_kind kind;
    struct buffer text;

    if (options_given(options, "--address") || options_given(options, "--rules"))
        return IMPORT_BOT;
    if (is_folder(path))
        return IMPORT_FOLDER;
    if (strcmp(path, "-") == 0 || view_ends_with(name, VIEW(".jsonl")) ||
        view_ends_with(name, VIEW(".ndjson")))
        return IMPORT_LINES;
    buffer_init(&text, LOOK_BYTES);
    /* What is too large for it begins all the same; what cannot be read says so later. */
    (void)file_read(path, &text, NULL);
    kind = text.failed ? IMPORT_LINES : look_at(buffer_view(&text));
    buffer_free(&text);
    return kind;
}

/* ---- one profile ---- */

static void refuse(struct importing *importing, const char *name, const char *why)
{
    log_line(importing->site->log, LOG_LEVEL_ERROR, "%s: %s", name, why);
    importing->refused++;
}

static void log_broken(struct importing *importing, const struct error *problem)
{
    log_line(importing->site->log, LOG_LEVEL_ERROR, "%s", problem->text);
    importing->broken++;
}

/* There is one already. */
static int replace(struct importing *importing, const char *name, const char *address,
                   struct view text, struct view old, struct error *error)
{
    struct folder_version version;

    if (view_equal(text, old)) {
        importing->unchanged++;
        return 0;
    }
    if (!importing->force) {
        refuse(importing, name, "there is another profile of this address; --force replaces it");
        return 0;
    }
    folder_version_of(old, &version);
    if (profile_source_save_text(&importing->to, address, text, &version, error) < 0)
        return -1;
    importing->replaced++;
    return 0;
}

static int put(struct importing *importing, const char *name, const char *address,
               struct view text, struct error *error)
{
    struct error missing = {0};
    struct buffer old;
    int result;

    buffer_init(&old, PROFILE_FILE_BYTES);
    if (profile_source_load_text(&importing->to, address, &old, &missing) == 0) {
        result = replace(importing, name, address, text, buffer_view(&old), error);
    } else if (missing.kind != ERROR_MISSING) {
        *error = missing;
        result = -1;
    } else {
        result = profile_source_create_text(&importing->to, address, text, error);
        importing->added += result == 0;
    }
    buffer_free(&old);
    return result;
}

/* Somebody who changes the same profile at this moment is not overwritten. */
static int import_one(struct importing *importing, const char *name, const char *address,
                      struct view text)
{
    struct error error = {0};

    if (forgetting_has(&importing->forgetting, address)) {
        refuse(importing, address, FORGETTING_WHY);
        return 0;
    }
    if (put(importing, name, address, text, &error) == 0)
        return 0;
    if (error.kind == ERROR_CONFLICT || error.kind == ERROR_INPUT) {
        refuse(importing, name, error.text);
        return 0;
    }
    importing->error = error;
    importing->failed = true;
    return 1;
}

/* ---- from where ---- */

/* Byte for byte, so that a way there and back changes nothing. */
static void import_walk(struct importing *importing, const struct profile_walk *walk, size_t index,
                        struct buffer *scratch)
{
    char *path = profile_source_path(&walk->source, walk->names[index]);
    struct error problem;
    struct profile profile;
    struct view text;

    if (profile_walk_read(walk, index, scratch, &text, &problem) < 0 ||
        profile_walk_parse(walk, index, text, &profile, NULL, &problem) < 0) {
        log_broken(importing, &problem);
    } else {
        import_one(importing, path, profile.email, text);
        profile_free(&profile);
    }
    free(path);
}

static int import_folder(struct importing *importing, const char *path, struct error *error)
{
    struct profile_source from = {.folder = path};
    struct profile_walk walk;
    struct buffer scratch;
    int more = 0;

    if (profile_walk_start(&from, &walk, error) < 0)
        return -1;
    buffer_init(&scratch, PROFILE_FILE_BYTES);
    while (!importing->failed && (more = profile_walk_next(&walk, error)) > 0)
        for (size_t i = 0; i < walk.count && !importing->failed; i++) {
            import_walk(importing, &walk, i, &scratch);
            if (i % 1000 == 0)
                log_progress(importing->site->log, "%zu profiles imported", importing->added);
        }
    log_progress_end(importing->site->log);
    buffer_free(&scratch);
    profile_walk_end(&walk);
    return more < 0 ? -1 : 0;
}

/* A line is no document that a person would like to edit: it is written as one. */
static int import_line(void *user, const char *name, const struct profile *profile,
                       const struct error *problem)
{
    struct importing *importing = user;
    struct buffer text;
    int result;

    if (problem) {
        log_broken(importing, problem);
        return 0;
    }
    buffer_init(&text, 2 * PROFILE_FILE_BYTES);
    profile_write(profile, &text);
    result = import_one(importing, name, profile->email, buffer_view(&text));
    buffer_free(&text);
    return result;
}

static int import_file(struct importing *importing, const char *path, struct error *error)
{
    struct error problem;
    struct profile profile;
    struct buffer text;
    int result;

    buffer_init(&text, PROFILE_FILE_BYTES);
    result = file_read(path, &text, error);
    if (result == 0 && profile_read(path, buffer_view(&text), &profile, &problem) < 0) {
        log_broken(importing, &problem);
    } else if (result == 0) {
        if (profile_check_zone(&profile, path, buffer_view(&text), &problem) < 0)
            log_broken(importing, &problem);
        else
            import_one(importing, path, profile.email, buffer_view(&text));
        profile_free(&profile);
    }
    buffer_free(&text);
    return result;
}

/* ---- the whole ---- */

static int import_from(struct importing *importing, enum import_kind kind, const char *path,
                       struct error *error)
{
    struct profiles_source lines = {.lines = path};
    int result;

    if (kind == IMPORT_FOLDER)
        result = import_folder(importing, path, error);
    else if (kind == IMPORT_LINES)
        result = profiles_each(importing->site, &lines, import_line, importing, error);
    else
        result = import_file(importing, path, error);
    if (importing->failed)
        *error = importing->error;
    return importing->failed || result < 0 ? -1 : 0;
}

static void log_summary(const struct importing *importing)
{
    log_line(importing->site->log, LOG_LEVEL_NOTICE,
             "%zu imported into %s, %zu replaced, %zu unchanged, %zu refused, %zu broken",
             importing->added, profile_source_name(&importing->to), importing->replaced,
             importing->unchanged, importing->refused, importing->broken);
}

static int import_profiles(struct site *site, const struct options *options, enum import_kind kind,
                           const char *path)
{
    struct importing importing = {.site = site, .force = options_given(options, "--force")};
    struct error error;
    int result, status;

    if (site_open_store(site, &error) < 0 ||
        profile_source_open(site, &importing.to, &error) < 0 ||
        site_open_key(site, &error) < 0 ||
        forgetting_load(site, &importing.forgetting, &error) < 0)
        return command_fail(site->log, &error);
    result = import_from(&importing, kind, path, &error);
    log_summary(&importing);
    forgetting_free(&importing.forgetting);
    status = result < 0 ? command_fail(site->log, &error) : EX_OK;
    if (status == EX_OK && importing.broken)
        return EX_DATAERR;
    return status == EX_OK && importing.refused ? EX_CANTCREAT : status;
}

static int refuse_words(struct site *site, const char *path, const char *word)
{
    struct error error;

    error_set(&error, ERROR_INPUT, "%s holds what names its addresses itself; leave \"%s\" out",
              path, word);
    return command_fail_usage(site->log, &error);
}

int subscriber_import(struct site *site, const struct options *options, char **words, size_t count)
{
    char *store = subscriber_find_store(words[0]);
    enum import_kind kind = store ? IMPORT_STORE : find_kind(words[0], options);
    int status;

    if (kind == IMPORT_BOT)
        status = subscriber_import_bot(site, options, words, count);
    else if (count > 1)
        status = refuse_words(site, words[0], words[1]);
    else if (kind == IMPORT_STORE)
        status = subscriber_take_over(site, store);
    else
        status = import_profiles(site, options, kind, words[0]);
    free(store);
    return status;
}
