/* check: every profile, and what it names. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "commands/check.h"
#include "commands/profile_source.h"
#include "commands/wanted.h"

struct profile_check {
    struct site *site;
    struct findings *findings;
    struct profile_source source;
    uid_t owner; /* of the folder */
    size_t count;
    size_t broken;
    bool is_open;    /* others can enter the folder */
    size_t readable; /* files that they can read then */
};

static void check_profile_categories(const struct profile_check *check, const char *path,
                                     const struct profile *profile)
{
    for (size_t i = 0; i < profile->categories.count; i++) {
        const char *name = profile->categories.items[i];
        char doubt[WANTED_DOUBT_BYTES];

        if (wanted_doubt(name, doubt))
            findings_warn(check->findings, "%s: categories: \"%s\": %s", path, name, doubt);
    }
}

static void check_language(const struct profile_check *check, const char *path,
                           const struct profile *profile)
{
    const char *found;
    size_t size = strcspn(profile->language, "-_");

    if (!check->site->templates)
        return;
    found = words_language(templates_words(check->site->templates, profile->language));
    if (strncasecmp(found, profile->language, size) != 0)
        findings_warn(check->findings,
                      "%s: language: there are no words in \"%s\"; the digest is in \"%s\"",
                      path, profile->language, found);
}

static void check_file(struct profile_check *check, const char *path)
{
    struct stat status;

    if (lstat(path, &status) == 0 && S_ISREG(status.st_mode)) {
        if (status.st_mode & S_IWOTH)
            findings_warn(check->findings, "%s: everybody may change it; mend it with chmod o-w %s",
                          path, path);
        check->readable += check->is_open && (status.st_mode & S_IROTH);
        if (status.st_uid != check->owner)
            findings_warn(check->findings,
                          "%s: does not belong to the owner of its folder, who may be unable to "
                          "read it; mend it with chown --reference=%s %s",
                          path, check->source.folder, path);
    }
}

static int see_profile(void *user, const char *name, const struct profile *profile,
                       const struct error *problem)
{
    struct profile_check *check = user;
    char *path = profile_source_path(&check->source, name);

    check->count++;
    if (problem) {
        check->broken++;
        /* A full disk or the like apart, a person has to mend it. */
        findings_problem(check->findings, problem);
    } else {
        check_profile_categories(check, path, profile);
        check_language(check, path, profile);
    }
    if (check->source.folder)
        check_file(check, path);
    free(path);
    return site_is_stopping();
}

static void report(const struct profile_check *check)
{
    const char *where = profile_source_name(&check->source);

    if (!check->count)
        findings_warn(check->findings,
                      "%s: no profile, so nobody gets mail; paperboy subscriber add ADDRESS makes "
                      "one",
                      where);
    else if (!check->broken)
        findings_ok(check->findings, "%s: %zu profile%s", where, check->count,
                    check->count == 1 ? "" : "s");
    else
        findings_warn(check->findings, "%s: %zu of %zu profiles get no mail before they are mended",
                      where, check->broken, check->count);
}

/* One line, however many: addresses and interests are nobody else's business. */
static void report_readable(const struct profile_check *check)
{
    if (check->readable)
        findings_warn(check->findings,
                      "%s: every user of this machine can read %zu profile%s in it; mend it with "
                      "chmod o-rx %s",
                      check->source.folder, check->readable, check->readable == 1 ? "" : "s",
                      check->source.folder);
}

/* In the store they are as writable as it is. */
static void check_folder(const struct profile_check *check)
{
    const char *folder = check->source.folder;

    if (access(folder, W_OK | X_OK) < 0)
        findings_warn(check->findings,
                      "%s: %s; profiles there can be read, and paperboy subscriber cannot change "
                      "them",
                      folder, strerror(errno));
}

void check_profiles(struct site *site, struct findings *findings)
{
    struct profile_check check = {.site = site, .findings = findings, .owner = geteuid()};
    struct error problem;
    struct stat status;

    if (profile_source_open(site, &check.source, &problem) < 0) {
        findings_problem(findings, &problem);
        return;
    }
    if (check.source.folder && stat(check.source.folder, &status) == 0) {
        check.owner = status.st_uid;
        check.is_open = status.st_mode & S_IXOTH;
    }
    if (profile_source_each(&check.source, see_profile, &check, &problem) < 0) {
        findings_problem(findings, &problem);
        return;
    }
    if (check.source.folder)
        check_folder(&check);
    report_readable(&check);
    report(&check);
}
