/* paperboy subscriber: the owner's hand on profiles and suppressions. */
#include "commands/subscriber.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/document.h"
#include "commands/compiling.h"
#include "commands/profile_source.h"
#include "store/derived.h"
#include "store/subscribers.h"
#include "subscribers/address.h"

int subscriber_read_address(const char *word, char **ret_address, struct error *error)
{
    if (address_check(view_of(word), error) < 0)
        return -1;
    *ret_address = address_canonical(view_of(word));
    return 0;
}

int subscriber_show(struct site *site, const struct options *options, char **words, size_t count)
{
    struct profile_source source;
    struct profile profile;
    struct buffer text;
    struct error error;
    int status;

    (void)options, (void)count;
    if (profile_source_open(site, &source, &error) < 0 ||
        profile_source_load(&source, words[0], &profile, NULL, &error) < 0)
        return command_fail(site->log, &error);
    buffer_init(&text, PROFILE_FILE_BYTES * 2);
    profile_write(&profile, &text);
    status = command_print(site->log, NULL, buffer_view(&text));
    buffer_free(&text);
    profile_free(&profile);
    return status;
}

/* A pause ends when its day begins in New York. */
static bool is_over(const struct site *site, struct date until)
{
    return date_compare(until, site_arxiv_date(site, site_now())) <= 0;
}

/* ---- list ---- */

struct listing {
    struct site *site;
    struct error error;
    bool failed;
    size_t bad;
};

static int list_profile(void *user, const char *name, const struct profile *profile,
                        const struct error *problem)
{
    struct listing *listing = user;
    struct suppression_found suppression;
    char until[DATE_TEXT_BYTES];

    (void)name;
    if (problem) {
        log_line(listing->site->log, LOG_LEVEL_ERROR, "%s", problem->text);
        listing->bad++;
        return 0;
    }
    if (suppression_find(listing->site->store, profile->email, &suppression, &listing->error) < 0) {
        listing->failed = true;
        return 1;
    }
    if (suppression.found) {
        printf("%s\tsuppressed: %s\n", profile->email,
               suppression_reason_name(suppression.reason));
    } else if (date_is_set(profile->paused_until) &&
               !is_over(listing->site, profile->paused_until)) {
        date_format(profile->paused_until, until);
        printf("%s\tpaused until %s\n", profile->email, until);
    } else {
        printf("%s\tactive\n", profile->email);
    }
    return 0;
}

int subscriber_list(struct site *site, const struct options *options, char **words, size_t count)
{
    struct listing listing = {.site = site};
    struct profile_source source;
    struct error error;

    (void)options, (void)words, (void)count;
    if (site_open_store(site, &error) < 0 || profile_source_open(site, &source, &error) < 0 ||
        profile_source_each(&source, list_profile, &listing, &error) < 0)
        return command_fail(site->log, &error);
    if (listing.failed)
        return command_fail(site->log, &listing.error);
    return listing.bad ? EX_DATAERR : EX_OK;
}

/* ---- pause, resume ---- */

static void log_pause(struct site *site, const char *address, struct date until)
{
    char text[DATE_TEXT_BYTES];

    date_format(until, text);
    if (!date_is_set(until))
        log_line(site->log, LOG_LEVEL_NOTICE, "%s gets digests again", address);
    else if (until.year == 9999)
        log_line(site->log, LOG_LEVEL_NOTICE, "%s is paused until resumed", address);
    else
        log_line(site->log, LOG_LEVEL_NOTICE, "%s is paused until %s", address, text);
}

static int set_pause(struct site *site, const char *address, struct date until)
{
    struct profile_source source;
    struct folder_version version;
    struct profile profile;
    struct error error;
    int status = EX_OK;

    if (profile_source_open(site, &source, &error) < 0 ||
        profile_source_load(&source, address, &profile, &version, &error) < 0)
        return command_fail(site->log, &error);
    profile.paused_until = until;
    if (profile_source_save(&source, &profile, &version, &error) < 0)
        status = command_fail(site->log, &error);
    else
        log_pause(site, profile.email, until);
    profile_free(&profile);
    return status;
}

int subscriber_pause(struct site *site, const struct options *options, char **words, size_t count)
{
    struct date until = {9999, 12, 31}; /* until it is resumed */
    struct error error;

    (void)count;
    if (options_date(options, "--until", &until, &error) < 0)
        return command_fail_usage(site->log, &error);
    if (is_over(site, until)) {
        error_set(&error, ERROR_INPUT, "--until: that day is past, and would pause nobody");
        return command_fail_usage(site->log, &error);
    }
    return set_pause(site, words[0], until);
}

int subscriber_resume(struct site *site, const struct options *options, char **words, size_t count)
{
    (void)options, (void)count;
    return set_pause(site, words[0], (struct date){0});
}

int subscriber_remove(struct site *site, const struct options *options, char **words, size_t count)
{
    struct profile_source source;
    char *address = NULL;
    struct error error;
    int result;

    (void)options, (void)count;
    if (profile_source_open(site, &source, &error) < 0 ||
        profile_source_remove(&source, words[0], &error) < 0)
        return command_fail(site->log, &error);
    /* The compiled profile holds its words. */
    result = subscriber_read_address(words[0], &address, &error);
    if (result == 0)
        result = site_open_store(site, &error);
    if (result == 0)
        result = derived_drop(site->store, COMPILING_KIND, address, &error);
    free(address);
    if (result < 0)
        return command_fail(site->log, &error);
    log_line(site->log, LOG_LEVEL_NOTICE, "the profile of %s is deleted", words[0]);
    return EX_OK;
}

/* ---- the table ---- */

static const struct action {
    const char *name;
    size_t min_words;
    size_t max_words;
    int (*run)(struct site *site, const struct options *options, char **words, size_t count);
} ACTIONS[] = {
    {"add", 1, 1, subscriber_add},           {"show", 1, 1, subscriber_show},
    {"list", 0, 0, subscriber_list},         {"pause", 1, 1, subscriber_pause},
    {"resume", 1, 1, subscriber_resume},     {"suppress", 1, 1, subscriber_suppress},
    {"unsuppress", 1, SIZE_MAX, subscriber_unsuppress}, {"remove", 1, 1, subscriber_remove},
    {"import", 1, 2, subscriber_import},     {"export", 0, 1, subscriber_export},
    {"erase", 1, 1, subscriber_erase_address},
};

enum { ACTION_COUNT = sizeof(ACTIONS) / sizeof(ACTIONS[0]) };

static const struct action *find_action(const char *name, struct error *error)
{
    const char *names[ACTION_COUNT + 1], *nearest;

    for (size_t i = 0; i < ACTION_COUNT; i++) {
        if (strcmp(ACTIONS[i].name, name) == 0)
            return &ACTIONS[i];
        names[i] = ACTIONS[i].name;
    }
    names[ACTION_COUNT] = NULL;
    nearest = nearest_name(name, names);
    error_set(error, ERROR_INPUT, "unknown action \"%s\"%s%s%s", name,
              nearest ? "; did you mean \"" : "; see paperboy subscriber --help",
              nearest ? nearest : "", nearest ? "\"?" : "");
    return NULL;
}

static int run(struct log *log, const struct options *options)
{
    size_t count = options->words.count - 1;
    const struct action *action;
    struct site site = {0};
    struct error error;
    int status;

    action = find_action(options->words.items[0], &error);
    if (!action)
        return command_fail_usage(log, &error);
    if (count < action->min_words || count > action->max_words) {
        error_set(&error, ERROR_INPUT, "%s takes %s; see paperboy subscriber --help", action->name,
                  action->max_words == 0   ? "no more words"
                  : !action->min_words     ? "at most one ADDRESS"
                  : action->max_words == 1 ? "one ADDRESS"
                  : action->max_words > 2  ? "at least one ADDRESS"
                                           : "one FILE, and perhaps an ADDRESS");
        return command_fail_usage(log, &error);
    }
    if (site_open(&site, log, options->config, false, &error) < 0)
        status = command_fail(log, &error);
    else
        status = action->run(&site, options, options->words.items + 1, count);
    site_close(&site);
    return status;
}

static const struct option OPTIONS[] = {{"--name", OPTION_VALUE},       {"--keywords", OPTION_LIST},
                                        {"--categories", OPTION_LIST},  {"--interests", OPTION_VALUE},
                                        {"--until", OPTION_VALUE},      {"--reason", OPTION_VALUE},
                                        {"--address", OPTION_VALUE},    {"--rules", OPTION_VALUE},
                                        {"--out", OPTION_VALUE},        {"--json", OPTION_FLAG},
                                        {"--force", OPTION_FLAG},
                                        {NULL, 0}};

const struct command command_subscriber = {
    .name = "subscriber",
    .summary = "add, show, list, pause, suppress, remove, import, export, erase",
    .help = "Usage: paperboy subscriber ACTION ...\n"
            "The owner's hand on profiles, which are files that may as well be edited, or are\n"
            "in the store, and on suppressed addresses, which are not mailed.\n\n"
            "  add ADDRESS [--name NAME] [--keywords WORD...] [--categories CATEGORY...]\n"
            "      [--interests TEXT]    a new profile\n"
            "  add FILE                  the profile in FILE; the first makes the key file\n"
            "  show ADDRESS              print the profile\n"
            "  list                      every subscriber and whether mail goes there\n"
            "  pause ADDRESS [--until YYYY-MM-DD]\n"
            "  resume ADDRESS\n"
            "  suppress ADDRESS [--reason TEXT]\n"
            "  unsuppress ADDRESS...     lift every reason, a complaint and an erasure too\n"
            "  unsuppress @DOMAIN        send to a domain again that is held\n"
            "  remove ADDRESS            delete the profile\n"
            "  erase ADDRESS             delete the profile and all that the store has of the\n"
            "                            address, but a hash: it is not mailed unasked\n"
            "  export [--json]           print all profiles, one a line (JSON Lines)\n"
            "  export --out DIR [--force]\n"
            "                            write them as the files of a folder of profiles\n"
            "  export ADDRESS [--out FILE]\n"
            "                            all that there is about one person, as JSON\n"
            "  import FOLDER|FILE [--force]\n"
            "                            profiles: a folder of them, JSON Lines or one; one\n"
            "                            that is there and differs is left, but for --force\n"
            "  import STORE              all that another store (sqlite:FILE,\n"
            "                            postgresql://...) knows, into the configured\n"
            "                            one, which is empty yet\n"
            "  import FILE [--address ADDRESS] [--rules FILE]\n"
            "                            the Python bot's config.json as a profile of ADDRESS\n"
            "                            (default: list.owner), with its rules file\n",
    .options = OPTIONS,
    .min_words = 1,
    .max_words = SIZE_MAX,
    .run = run,
};
