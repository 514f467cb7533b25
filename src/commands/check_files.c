/* check: templates, the key, the store. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/file.h"
#include "commands/check.h"
#include "digest/assemble.h"
#include "store/editions.h"
#include "store/pace.h"

enum { STORE_WAIT_MS = 2000, MINUTE_MS = 60 * 1000 };

/* ---- templates ---- */

enum { WHY_BYTES = 1024 };

struct gap {
    struct findings *findings;
    const char *folder;
};

static void see_gap(void *user, const char *language, size_t missing, const char *some)
{
    const struct gap *gap = user;

    findings_warn(gap->findings,
                  "%s/words/%s.json: lacks %zu word%s of en.json, which are then in another "
                  "language: %s",
                  gap->folder, language, missing, missing == 1 ? "" : "s", some);
}

static void check_speed(const struct templates *templates, struct findings *findings)
{
    struct buffer why;

    buffer_init(&why, WHY_BYTES);
    if (!templates_are_assembled(templates, &why))
        findings_warn(findings,
                      "%s: so each digest is evaluated from its start, which takes longer "
                      "(templates/README.md, Speed)",
                      buffer_string(&why));
    buffer_free(&why);
}

void check_templates(struct site *site, struct findings *findings)
{
    char *folder = site_templates_folder(site), *shipped = site_shipped_templates();
    struct error_sink sink = {findings_take, findings, 0};
    struct gap gap = {findings, folder};

    if (!file_exists(folder))
        findings_fail(findings, EX_CONFIG, "templates: there is no folder %s", folder);
    else if (templates_check(folder, file_exists(shipped) ? shipped : NULL, &sink,
                             &site->templates) == 0) {
        findings_ok(findings, "%s", folder);
        templates_each_gap(site->templates, see_gap, &gap);
        check_speed(site->templates, findings);
    }
    free(folder);
    free(shipped);
}

/* ---- files with an owner ---- */

/* The installation's user is the one who has the folder of profiles. */
static void check_owner(const struct site *site, const char *file, struct findings *findings)
{
    struct stat status, folder;
    const struct passwd *owner;
    char wanted[64];

    if (stat(site->configuration.subscribers, &folder) < 0 || stat(file, &status) < 0 ||
        status.st_uid == folder.st_uid)
        return;
    owner = getpwuid(folder.st_uid);
    if (owner)
        snprintf(wanted, sizeof(wanted), "%s", owner->pw_name);
    else
        snprintf(wanted, sizeof(wanted), "%lu", (unsigned long)folder.st_uid);
    owner = getpwuid(status.st_uid);
    findings_fail(findings, EX_CONFIG,
                  "%s: belongs to %s, but the profiles to %s, who then cannot use it; mend it with "
                  "chown %s %s",
                  file, owner ? owner->pw_name : "another user", wanted, wanted, file);
}

static void check_new_file(const char *file, const char *what, struct findings *findings)
{
    char *folder = file_folder_of(file);

    if (access(folder, W_OK | X_OK) < 0)
        findings_fail(findings, EX_CONFIG,
                      "%s: there is no %s yet, and none can be made: folder %s: %s", file, what,
                      folder, strerror(errno));
    else
        findings_ok(findings, "%s: there is no %s yet; it is made at first use", file, what);
    free(folder);
}

void check_key(struct site *site, struct findings *findings)
{
    const char *file = site->configuration.key_file;
    struct token_key key;
    struct error problem;

    if (site_read_key(site, &key, &problem) == 0)
        findings_ok(findings, "%s", file);
    else if (problem.kind == ERROR_MISSING)
        check_new_file(file, "key", findings);
    else
        findings_problem(findings, &problem);
    explicit_bzero(&key, sizeof(key));
    check_owner(site, file, findings);
}

/* ---- the store ---- */

static void check_backoff(struct site *site, const char *endpoint, struct findings *findings)
{
    struct pace_request request = {.service = "arxiv",
                                   .endpoint = endpoint,
                                   .holder = "check",
                                   .now_ms = site_now() * 1000,
                                   .interval_ms = site->configuration.arxiv.interval_ms};
    struct pace_turn turn;
    struct error problem;

    if (pace_find_backoff(site->store, &request, &turn, &problem) < 0)
        findings_problem(findings, &problem);
    else if (turn.state == PACE_BACKOFF)
        findings_warn(findings, "arXiv (%s) is left alone for another %lld min: %s", endpoint,
                      (long long)(turn.wait_ms / MINUTE_MS + 1),
                      turn.reason[0] ? turn.reason : "it asked for that");
}

static void check_editions(struct site *site, const char *file, struct findings *findings)
{
    struct edition_list list = {0};
    struct error problem;
    char date[DATE_TEXT_BYTES];

    if (store_list_editions(site->store, (struct date){0}, 1, &list, &problem) < 0) {
        findings_problem(findings, &problem);
        return;
    }
    if (list.count)
        date_format(list.items[0].date, date);
    findings_ok(findings, "%s: the last edition is %s", file, list.count ? date : "yet to come");
    edition_list_free(&list);
}

static void check_store_files(struct site *site, const char *file, struct findings *findings)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    char *folder = file_folder_of(file);

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        struct buffer path;

        buffer_init(&path, 1 << 16);
        buffer_printf(&path, "%s%s", file, endings[i]);
        check_owner(site, buffer_string(&path), findings);
        buffer_free(&path);
    }
    if (access(folder, W_OK | X_OK) < 0)
        findings_fail(findings, EX_CONFIG,
                      "%s: its folder %s: %s; SQLite makes files beside the store", file, folder,
                      strerror(errno));
    free(folder);
}

bool check_store(struct site *site, struct findings *findings)
{
    static const struct store_options options = {.busy_timeout_ms = STORE_WAIT_MS,
                                                 .must_exist = true};
    const char *url = site->configuration.store, *file = strchr(url, ':') + 1;
    bool is_file = view_starts_with(view_of(url), VIEW("sqlite:"));
    const char *name = is_file ? file : url;
    struct error problem;

    if (store_open(url, &options, &site->store, &problem) < 0) {
        if (problem.kind == ERROR_MISSING && is_file)
            check_new_file(file, "store", findings);
        else if (problem.kind == ERROR_MISSING)
            findings_ok(findings, "%s: is empty; the first run makes its tables", name);
        else
            findings_problem(findings, &problem);
        return problem.kind == ERROR_MISSING;
    }
    check_editions(site, name, findings);
    if (is_file)
        check_store_files(site, file, findings);
    check_backoff(site, "rss", findings);
    check_backoff(site, "oai", findings);
    return true;
}
