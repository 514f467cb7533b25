#include "commands/profiles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "subscribers/address.h"

int profiles_read_text(const char *name, struct view text, struct profile *ret_profile,
                       struct error *error)
{
    struct profile profile;

    if (profile_read(name, text, &profile, error) < 0)
        return -1;
    if (profile_check_zone(&profile, name, text, error) < 0) {
        profile_free(&profile);
        return -1;
    }
    *ret_profile = profile;
    return 0;
}

int profiles_read_file(const char *path, struct profile *ret_profile, struct error *error)
{
    struct buffer text;
    int result;

    buffer_init(&text, PROFILE_FILE_BYTES);
    result = file_read(path, &text, error);
    if (result == 0)
        result = profiles_read_text(path, buffer_view(&text), ret_profile, error);
    buffer_free(&text);
    return result;
}

static int visit_file(const char *path, folder_visit *visit, void *user, struct error *error)
{
    struct profile profile;
    int result;

    if (profiles_read_file(path, &profile, error) < 0)
        return -1;
    result = visit(user, path, &profile, NULL);
    profile_free(&profile);
    return result;
}

struct line_walk {
    folder_visit *visit;
    void *user;
};

static int visit_line(void *user, const char *name, struct view line)
{
    const struct line_walk *walk = user;
    struct profile profile;
    struct error problem;
    int result;

    if (profiles_read_text(name, line, &profile, &problem) < 0)
        return walk->visit(walk->user, name, NULL, &problem);
    result = walk->visit(walk->user, name, &profile, NULL);
    profile_free(&profile);
    return result;
}

int profiles_each_line(const char *path, profiles_line_visit *visit, void *user,
                       struct error *error)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char *line = NULL;
    size_t capacity = 0, number = 0;
    struct buffer name;
    int result = 0;

    if (!file)
        return error_set_errno(error, errno, "cannot open %s", path);
    buffer_init(&name, 1 << 16);
    while (result == 0) {
        ssize_t size = getline(&line, &capacity, file);
        struct view text;

        if (size < 0)
            break;
        number++;
        text = view_trim((struct view){line, (size_t)size});
        if (!text.size)
            continue;
        buffer_clear(&name);
        buffer_printf(&name, "%s:%zu", path, number);
        result = visit(user, buffer_string(&name), text);
    }
    if (ferror(file))
        result = error_set_errno(error, errno, "cannot read %s", path);
    free(line);
    buffer_free(&name);
    if (file != stdin)
        fclose(file);
    return result;
}

int profiles_each(struct site *site, const struct profiles_source *source, folder_visit *visit,
                  void *user, struct error *error)
{
    struct profile_source profiles;

    if (source->file)
        return visit_file(source->file, visit, user, error);
    if (source->lines)
        return profiles_each_line(source->lines, visit_line,
                                  &(struct line_walk){visit, user}, error);
    if (profile_source_open(site, &profiles, error) < 0)
        return -1;
    return profile_source_each(&profiles, visit, user, error);
}

int profiles_find(struct site *site, const char *file_or_address, struct profile *ret_profile,
                  struct error *error)
{
    struct profile_source profiles;
    struct error unused;

    if (file_exists(file_or_address))
        return profiles_read_file(file_or_address, ret_profile, error);
    if (address_check(view_of(file_or_address), &unused) < 0)
        return error_set(error, ERROR_MISSING,
                         "%s: no such file, and no mail address of a subscriber either",
                         file_or_address);
    if (!site->has_configuration)
        return error_set(error, ERROR_CONFIGURATION,
                         "%s: a subscriber is looked up where paperboy.json says that profiles "
                         "are, and there is none; name a profile's file or --config FILE",
                         file_or_address);
    if (profile_source_open(site, &profiles, error) < 0)
        return -1;
    return profile_source_load(&profiles, file_or_address, ret_profile, NULL, error);
}
