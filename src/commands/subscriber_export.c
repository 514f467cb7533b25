/* paperboy subscriber export: all profiles, or what there is about one person
 * (person_export.c). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/file.h"
#include "commands/person_export.h"
#include "commands/profile_source.h"
#include "commands/subscriber.h"

struct exporting {
    struct site *site;
    const char *out; /* a folder; NULL: lines on standard output */
    bool force;
    size_t count, unchanged, refused, broken;
    struct error error;
    bool failed;
};

/* ---- all: a line each ---- */

/* JSON that was read and found good, without the blanks between its parts. */
static void print_line(struct view text)
{
    bool in_string = false, is_escaped = false;

    if (view_starts_with(text, VIEW("\xEF\xBB\xBF")))
        text = view_slice(text, 3, text.size);
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];

        if (!in_string && strchr(" \t\r\n", c))
            continue;
        putchar(c);
        if (c == '"' && !is_escaped)
            in_string = !in_string;
        is_escaped = in_string && c == '\\' && !is_escaped;
    }
    putchar('\n');
}

/* ---- all: a file each ---- */

/* Of a broken profile the bytes all the same: a person will want to mend them. */
static int write_file(struct exporting *exporting, const char *name, struct view text,
                      struct error *error)
{
    char *path = file_join(exporting->out, name);
    struct buffer old;
    int result = 0;

    buffer_init(&old, PROFILE_FILE_BYTES);
    if (!file_exists(path)) {
        result = file_create_atomic(path, text, 0600, error);
        exporting->count += result == 0;
    } else if (file_read(path, &old, NULL) == 0 && view_equal(buffer_view(&old), text)) {
        exporting->unchanged++;
    } else if (exporting->force) {
        result = file_write_atomic(path, text, 0600, error);
        exporting->count += result == 0;
    } else {
        log_line(exporting->site->log, LOG_LEVEL_ERROR,
                 "%s: is there already and is another; --force replaces it", path);
        exporting->refused++;
    }
    buffer_free(&old);
    free(path);
    return result;
}

static int export_file(struct exporting *exporting, const struct profile_walk *walk, size_t index,
                       struct view text, struct error *error)
{
    char *name = NULL;
    int result;

    if (walk->source.folder)
        return write_file(exporting, walk->names[index], text, error);
    /* Others can be files all the same. */
    if (folder_name_of(walk->names[index], &name, error) < 0) {
        log_line(exporting->site->log, LOG_LEVEL_ERROR, "%s; subscriber export --json has it",
                 error->text);
        exporting->refused++;
        return 0;
    }
    result = write_file(exporting, name, text, error);
    free(name);
    return result;
}

static int export_one(struct exporting *exporting, const struct profile_walk *walk, size_t index,
                      struct buffer *scratch, struct error *error)
{
    struct error problem;
    struct profile profile;
    struct view text;
    bool is_good;

    if (profile_walk_read(walk, index, scratch, &text, &problem) < 0) {
        log_line(exporting->site->log, LOG_LEVEL_ERROR, "%s", problem.text);
        exporting->broken++;
        return 0;
    }
    is_good = profile_walk_parse(walk, index, text, &profile, NULL, &problem) == 0;
    if (is_good) {
        profile_free(&profile);
    } else {
        log_line(exporting->site->log, LOG_LEVEL_ERROR, "%s", problem.text);
        exporting->broken++;
    }
    if (exporting->out)
        return export_file(exporting, walk, index, text, error);
    if (is_good) {
        print_line(text);
        exporting->count++;
    }
    return 0;
}

static int export_walk(struct exporting *exporting, const struct profile_source *source,
                       struct error *error)
{
    struct profile_walk walk;
    struct buffer scratch;
    int result = 0, more;

    if (profile_walk_start(source, &walk, error) < 0)
        return -1;
    buffer_init(&scratch, PROFILE_FILE_BYTES);
    while (result == 0 && (more = profile_walk_next(&walk, error)) != 0) {
        result = more < 0 ? -1 : 0;
        for (size_t i = 0; i < walk.count && result == 0; i++)
            result = export_one(exporting, &walk, i, &scratch, error);
    }
    buffer_free(&scratch);
    profile_walk_end(&walk);
    return result;
}

static int export_all(struct site *site, const struct options *options)
{
    struct exporting exporting = {.site = site,
                                  .out = options_value(options, "--out"),
                                  .force = options_given(options, "--force")};
    struct profile_source source;
    struct error error;

    if (profile_source_open(site, &source, &error) < 0 ||
        (exporting.out && file_make_folder(exporting.out, 0700, &error) < 0) ||
        export_walk(&exporting, &source, &error) < 0)
        return command_fail(site->log, &error);
    if (!exporting.out && (fflush(stdout) != 0 || ferror(stdout))) {
        log_line(site->log, LOG_LEVEL_ERROR, "cannot write to standard output");
        return EX_IOERR;
    }
    if (exporting.out)
        log_line(site->log, LOG_LEVEL_NOTICE,
                 "%zu exported to %s, %zu unchanged, %zu refused, %zu broken", exporting.count,
                 exporting.out, exporting.unchanged, exporting.refused, exporting.broken);
    return exporting.broken ? EX_DATAERR : exporting.refused ? EX_CANTCREAT : EX_OK;
}

int subscriber_export(struct site *site, const struct options *options, char **words, size_t count)
{
    struct error error;

    if (count)
        return person_export(site, options, words[0]);
    if (!options_given(options, "--json") || !options_given(options, "--out"))
        return export_all(site, options);
    error_set(&error, ERROR_INPUT, "--json writes lines to standard output and --out a file for each "
                                   "profile; choose one");
    return command_fail_usage(site->log, &error);
}
