/* check: what `publish` reads, and the folder that everybody is shown. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/file.h"
#include "commands/check.h"
#include "commands/profile_source.h"
#include "commands/profiles.h"

/* Whether the path, or the nearest folder above it that is there, is in the folder; links
 * are followed. */
static bool is_within(const char *path, const char *folder)
{
    char *above = realpath(folder, NULL), *real = realpath(path, NULL), *parent;
    size_t size = above ? strlen(above) : 0;
    bool within;

    if (above && !real) {
        parent = file_folder_of(path);
        real = realpath(parent, NULL);
        free(parent);
    }
    if (size && above[size - 1] == '/')
        size--;
    within = above && real && strncmp(real, above, size) == 0 &&
             (real[size] == '/' || real[size] == '\0');
    free(above);
    free(real);
    return within;
}

static const char *subscribers_folder(const struct configuration *configuration)
{
    const char *folder = configuration->subscribers;

    return folder && strcmp(folder, PROFILES_IN_STORE) != 0 ? folder : NULL;
}

/* A web server would show them to everybody. */
static bool check_secrets(const struct configuration *configuration, struct findings *findings)
{
    static const char sqlite[] = "sqlite:";
    const char *store = configuration->store;
    const struct {
        const char *key, *path;
    } secrets[] = {
        {"subscribers", subscribers_folder(configuration)},
        {"key_file", configuration->key_file},
        {"store", store && strncmp(store, sqlite, strlen(sqlite)) == 0 ? store + strlen(sqlite)
                                                                       : NULL},
    };
    bool is_sound = true;

    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        if (!secrets[i].path || !is_within(secrets[i].path, configuration->publish.folder))
            continue;
        findings_fail(findings, EX_CONFIG,
                      "%s: publish.folder: %s is shown to everybody, and %s (%s) is in it; name "
                      "another folder",
                      configuration->file, configuration->publish.folder, secrets[i].path,
                      secrets[i].key);
        is_sound = false;
    }
    return is_sound;
}

static bool check_writable(const struct configuration *configuration, struct findings *findings)
{
    const char *folder = configuration->publish.folder;
    char *above = file_folder_of(folder);
    bool is_there = file_exists(folder), is_sound;

    is_sound = access(is_there ? folder : above, W_OK | X_OK) == 0 ||
               (!is_there && !file_exists(above));
    if (!is_sound)
        findings_fail(findings, EX_CONFIG, "%s: publish.folder: %s cannot be written",
                      configuration->file, is_there ? folder : above);
    free(above);
    return is_sound;
}

/* /var/lib/paperboy is, and then files that all may read are read by nobody. */
static void check_reachable(const struct configuration *configuration, struct findings *findings)
{
    char *path = realpath(configuration->publish.folder, NULL);
    struct stat status;

    while (path && strcmp(path, "/") != 0) {
        char *above = file_folder_of(path);

        if (stat(path, &status) == 0 && !(status.st_mode & S_IXOTH)) {
            findings_warn(findings,
                          "%s: publish.folder: %s is closed to others, so that no web server of "
                          "another user reaches %s; a git repository does not mind",
                          configuration->file, path, configuration->publish.folder);
            free(above);
            break;
        }
        free(path);
        path = above;
    }
    free(path);
}

static void check_folder(const struct configuration *configuration, struct findings *findings)
{
    bool is_sound = check_secrets(configuration, findings);

    is_sound = check_writable(configuration, findings) && is_sound;
    if (is_sound)
        findings_ok(findings, "%s, which run writes", configuration->publish.folder);
    if (configuration->publish.base_url)
        check_reachable(configuration, findings);
    if (!configuration->publish.base_url && !configuration->web.base_url)
        findings_warn(findings,
                      "%s: no publish.base_url: feeds cannot say where they are, and readers that "
                      "follow their links come to arXiv",
                      configuration->file);
}

static void check_profile(const struct configuration *configuration, struct findings *findings)
{
    const char *file = configuration->publish.profile, *subscribers;
    struct profile profile;
    struct error problem;

    if (profiles_read_file(file, &profile, &problem) < 0) {
        if (problem.kind == ERROR_MISSING)
            problem.kind = ERROR_CONFIGURATION;
        error_add(&problem, "publish.profile");
        findings_problem(findings, &problem);
        return;
    }
    profile_free(&profile);
    subscribers = subscribers_folder(configuration);
    if (subscribers && is_within(file, subscribers))
        findings_warn(findings,
                      "%s: publish.profile: %s is a subscriber's, whose keywords everybody is then "
                      "shown; name a file outside of %s",
                      configuration->file, file, subscribers);
    else
        findings_ok(findings, "%s, by which papers are chosen for everybody", file);
}

void check_publish(struct site *site, struct findings *findings)
{
    if (site->configuration.publish.is_wanted)
        check_folder(&site->configuration, findings);
    if (site->configuration.publish.profile)
        check_profile(&site->configuration, findings);
}
