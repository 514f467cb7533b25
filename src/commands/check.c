/* paperboy check: looks at everything that the daily job needs, and says what to
 * mend before a morning's mail depends on it. */
#include "commands/check.h"

#include <pwd.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "commands/calendar.h"
#include "commands/command.h"
#include "commands/profile_source.h"
#include "commands/wanted.h"
#include "papers/oai.h"
#include "subscribers/address.h"

static void check_categories(const struct site *site, struct findings *findings)
{
    const struct strings *categories = &site->configuration.arxiv.categories;

    for (size_t i = 0; i < categories->count; i++) {
        const char *name = categories->items[i];
        char set[OAI_SET_BYTES], doubt[WANTED_DOUBT_BYTES];
        struct error problem;

        if (oai_find_set(view_of(name), set, &problem) < 0)
            findings_fail(findings, EX_CONFIG,
                          "%s: arxiv.categories: \"%s\" is no category of arXiv's; mend or remove it",
                          site->configuration.file, name);
        else if (wanted_doubt(name, doubt))
            findings_warn(findings, "%s: arxiv.categories: \"%s\": %s", site->configuration.file,
                          name, doubt);
    }
}

/* The table is known for some years ahead only. */
static void check_holidays(struct site *site, struct findings *findings)
{
    struct holiday_table holidays;
    struct date today;
    struct error problem;

    if (calendar_read(site, &holidays, &problem) < 0) {
        findings_problem(findings, &problem);
        return;
    }
    today = site_arxiv_date(site, site_now());
    if (!holidays.count || date_compare(holidays.items[holidays.count - 1], today) < 0)
        findings_warn(findings,
                      CALENDAR_FILE ": no day of it is still to come, so that holidays are told "
                                    "from failures only after noon: add arXiv's to a copy beside %s",
                      site->configuration.file);
    holidays_free(&holidays);
}

/* What the root user can read says nothing about the service's user. */
static void check_user(const struct site *site, struct findings *findings)
{
    struct stat status;
    const struct passwd *owner;

    if (geteuid() != 0 || stat(site->configuration.subscribers, &status) < 0 || status.st_uid == 0)
        return;
    owner = getpwuid(status.st_uid);
    findings_warn(findings,
                  "checked as root, who may read and write everything; the service's user may not: "
                  "sudo -u %s paperboy check says more",
                  owner ? owner->pw_name : "USER");
}

static void check_ignored(const struct site *site, struct findings *findings)
{
    const struct configuration *configuration = &site->configuration;

    if (!configuration->inbox.address)
        findings_warn(findings,
                      "%s: no inbox.address: bounces and answers go to %s, and a person has to act "
                      "on them",
                      configuration->file,
                      configuration->sender.address ? configuration->sender.address : "the sender");
    else if (!configuration->inbox.url)
        findings_warn(findings,
                      "%s: no inbox.url: nobody reads %s but a person, who has to act on what comes "
                      "to it and to its addresses with a + (plus addressing must be on there)",
                      configuration->file, configuration->inbox.address);
    else if (!configuration->inbox.authserv_id)
        findings_warn(findings,
                      "%s: no inbox.authserv_id: nobody's From is believed, so each change by mail "
                      "has to be confirmed, and strangers get no help",
                      configuration->file);
}

/* Returns whether the rest can be trusted to be what the owner means. */
static bool check_configuration(struct site *site, const char *path, struct findings *findings)
{
    struct error_sink sink = {findings_take, findings, 0};
    struct error problem;

    findings_group(findings, "configuration");
    if (configuration_check(path, &sink, &site->configuration, &site->has_configuration) == 0)
        findings_ok(findings, "%s", site->configuration.file);
    if (!site->has_configuration)
        return false;
    if (sink.count)
        return false;
    if (site_need_sender(site, &problem) < 0)
        findings_problem(findings, &problem);
    check_holidays(site, findings);
    check_categories(site, findings);
    check_ignored(site, findings);
    check_user(site, findings);
    return true;
}

static bool has_folder(const struct site *site)
{
    return site->configuration.subscribers &&
           strcmp(site->configuration.subscribers, PROFILES_IN_STORE) != 0;
}

/* Those in the store can only be looked at once that is open. */
static void check_profiles_there(struct site *site, bool is_sound, bool has_store,
                                 struct findings *findings)
{
    findings_group(findings, "profiles");
    if (has_folder(site) || site->store)
        check_profiles(site, findings);
    else if (is_sound && !has_store)
        findings_warn(findings, "not checked before the store can be read");
    else if (is_sound)
        findings_warn(findings, "the store: no profile, so nobody gets mail; paperboy subscriber "
                                "add ADDRESS makes one");
    else
        findings_warn(findings, "not checked before the configuration is mended");
}

static void check_all(struct site *site, const char *config, const char *send_to,
                      struct findings *findings)
{
    bool is_sound = check_configuration(site, config, findings), has_store;

    if (!site->has_configuration)
        return;
    findings_group(findings, "templates");
    check_templates(site, findings);
    if (has_folder(site))
        check_profiles_there(site, is_sound, false, findings);
    if (!is_sound) {
        findings_group(findings, "store, logins, sender DNS");
        findings_warn(findings, "not checked before the configuration is mended");
        return;
    }
    findings_group(findings, "key and store");
    has_store = check_store(site, findings);
    check_key(site, findings);
    if (!has_folder(site))
        check_profiles_there(site, is_sound, has_store, findings);
    findings_group(findings, "logins");
    check_logins(site, findings);
    findings_group(findings, "web");
    check_web(site, findings);
    findings_group(findings, "summaries");
    check_summaries(site, findings);
    findings_group(findings, "publishing");
    check_publish(site, findings);
    findings_group(findings, "sender DNS");
    check_dns(site, findings);
    if (!send_to)
        return;
    findings_group(findings, "test digest");
    check_send(site, send_to, findings);
}

static int run(struct log *log, const struct options *options)
{
    const char *send_to = options_value(options, "--send");
    struct findings findings = {0};
    struct site site = {0};
    struct error error;

    if (send_to && address_check(view_of(send_to), &error) < 0)
        return command_fail_usage(log, &error);
    site_catch_signals();
    if (site_start(&site, log, &error) < 0) {
        site_close(&site);
        return command_fail(log, &error);
    }
    check_all(&site, options->config, send_to, &findings);
    log_line(log, LOG_LEVEL_NOTICE, "%zu to mend, %zu warning%s", findings.errors,
             findings.warnings, findings.warnings == 1 ? "" : "s");
    site_close(&site);
    return findings.status;
}

static const struct option OPTIONS[] = {{"--send", OPTION_VALUE}, {NULL, 0}};

const struct command command_check = {
    .name = "check",
    .summary = "configuration, profiles, templates, logins, sender DNS; says what to mend",
    .help = "Usage: paperboy check [--send ADDRESS]\n"
            "Looks at configuration, templates, profiles, key and store, logs in to the relay\n"
            "and the inbox, and looks up what the sender's domain publishes (SPF, DMARC, MX).\n"
            "Of AI summaries it looks at settings, key file and prompts; no model is asked.\n"
            "Prints one line for each finding: ok, warning, or error and how to mend it; it\n"
            "goes on after the first. Changes and sends nothing, unless asked to:\n\n"
            "  --send ADDRESS      mail a test digest there through the relay, and say what\n"
            "                      the relay answered; the outbox is not touched\n\n"
            "Exit status: 0 nothing needs mending (there may be warnings); 78 something does;\n"
            "69 only that a server could not be reached or refused the test digest; 75 only\n"
            "that the store was locked or the relay asks to try later.\n",
    .options = OPTIONS,
    .min_words = 0,
    .max_words = 0,
    .run = run,
};
