/* check: every profile, and what it names. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/file.h"
#include "commands/check.h"
#include "commands/wanted.h"
#include "subscribers/folder.h"

struct profile_check {
    struct site *site;
    struct findings *findings;
    const char *folder;
    uid_t owner; /* of the folder */
    size_t count;
    size_t broken;
};

static void check_profile_categories(const struct profile_check *check, const char *file,
                                     const struct profile *profile)
{
    for (size_t i = 0; i < profile->categories.count; i++) {
        const char *name = profile->categories.items[i];
        char doubt[WANTED_DOUBT_BYTES];

        if (wanted_doubt(name, doubt))
            findings_warn(check->findings, "%s/%s: categories: \"%s\": %s", check->folder, file,
                          name, doubt);
    }
}

static void check_language(const struct profile_check *check, const char *file,
                           const struct profile *profile)
{
    const char *found;
    size_t size = strcspn(profile->language, "-_");

    if (!check->site->templates)
        return;
    found = words_language(templates_words(check->site->templates, profile->language));
    if (strncasecmp(found, profile->language, size) != 0)
        findings_warn(check->findings,
                      "%s/%s: language: there are no words in \"%s\"; the digest is in \"%s\"",
                      check->folder, file, profile->language, found);
}

static void check_file(const struct profile_check *check, const char *file)
{
    char *path = file_join(check->folder, file);
    struct stat status;

    if (lstat(path, &status) == 0 && S_ISREG(status.st_mode)) {
        if (status.st_mode & S_IWOTH)
            findings_warn(check->findings, "%s: everybody may change it; mend it with chmod o-w %s",
                          path, path);
        if (status.st_uid != check->owner)
            findings_warn(check->findings,
                          "%s: does not belong to the owner of its folder, who may be unable to "
                          "read it; mend it with chown --reference=%s %s",
                          path, check->folder, path);
    }
    free(path);
}

static int see_profile(void *user, const char *name, const struct profile *profile,
                       const struct error *problem)
{
    struct profile_check *check = user;

    check->count++;
    if (problem) {
        check->broken++;
        /* A full disk or the like apart, a person has to mend it. */
        findings_problem(check->findings, problem);
    } else {
        check_profile_categories(check, name, profile);
        check_language(check, name, profile);
    }
    check_file(check, name);
    return site_is_stopping();
}

static void report(const struct profile_check *check)
{
    if (!check->count)
        findings_warn(check->findings,
                      "%s: no profile, so nobody gets mail; paperboy subscriber add ADDRESS makes "
                      "one",
                      check->folder);
    else if (!check->broken)
        findings_ok(check->findings, "%s: %zu profile%s", check->folder, check->count,
                    check->count == 1 ? "" : "s");
    else
        findings_warn(check->findings, "%s: %zu of %zu profiles get no mail before they are mended",
                      check->folder, check->broken, check->count);
}

void check_profiles(struct site *site, struct findings *findings)
{
    struct profile_check check = {.site = site, .findings = findings};
    struct error problem;
    struct stat status;

    check.folder = site->configuration.subscribers;
    check.owner = stat(check.folder, &status) == 0 ? status.st_uid : geteuid();
    if (folder_each(check.folder, see_profile, &check, &problem) < 0) {
        findings_problem(findings, &problem);
        return;
    }
    if (access(check.folder, W_OK | X_OK) < 0)
        findings_warn(findings,
                      "%s: %s; profiles there can be read, and paperboy subscriber cannot change "
                      "them",
                      check.folder, strerror(errno));
    report(&check);
}
