/* paperboy subscriber add: a new profile, from words or a file; and import of the
 * Python bot's configuration. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/file.h"
#include "base/memory.h"
#include "commands/forgetting.h"
#include "commands/profiles.h"
#include "commands/subscriber.h"
#include "commands/wanted.h"
#include "store/subscribers.h"
#include "subscribers/bot_import.h"

enum { BOT_FILE_BYTES = 4 * 1024 * 1024 };

/* Somebody who left or bounced keeps being left alone; say so. */
static void warn_if_suppressed(struct site *site, const char *address)
{
    struct suppression_found suppression;
    struct error error;

    if (site_open_store(site, &error) < 0 ||
        suppression_find(site->store, address, &suppression, &error) < 0)
        log_line(site->log, LOG_LEVEL_WARNING, "%s", error.text);
    else if (suppression.found)
        log_line(site->log, LOG_LEVEL_WARNING,
                 "%s is suppressed (%s) and gets no mail until paperboy subscriber unsuppress",
                 address, suppression_reason_name(suppression.reason));
}

/* Kind conflict also for somebody who was erased: a profile would be mailed to. */
static int put(struct site *site, const struct profile *profile, struct error *error)
{
    struct profile_source source;
    struct forgetting forgetting = {0};
    int result;

    if (site_open_store(site, error) < 0 || profile_source_open(site, &source, error) < 0 ||
        site_open_key(site, error) < 0 || forgetting_load(site, &forgetting, error) < 0)
        return -1;
    if (forgetting_has(&forgetting, profile->email))
        result = error_set(error, ERROR_CONFLICT, "%s " FORGETTING_WHY, profile->email);
    else
        result = profile_source_create(&source, profile, error);
    forgetting_free(&forgetting);
    return result;
}

static int create(struct site *site, const struct profile *profile)
{
    struct error error;

    if (put(site, profile, &error) < 0) {
        if (error.kind != ERROR_CONFLICT)
            return command_fail(site->log, &error);
        log_line(site->log, LOG_LEVEL_ERROR, "%s", error.text);
        return EX_CANTCREAT;
    }
    log_line(site->log, LOG_LEVEL_NOTICE, "%s is a subscriber now", profile->email);
    wanted_warn(site->log, &profile->categories);
    warn_if_suppressed(site, profile->email);
    return EX_OK;
}

static json_t *to_array(const struct strings *words)
{
    json_t *array = json_array();

    for (size_t i = 0; i < words->count; i++)
        json_array_append_new(array, json_string(words->items[i]));
    return array;
}

/* Through the same reader as a file, so that the same rules hold. */
static int profile_from_words(const struct options *options, const char *address,
                              struct profile *ret_profile, struct error *error)
{
    json_t *document = json_pack("{ss}", "email", address);
    char *text;
    int result;

    if (options_given(options, "--name"))
        json_object_set_new(document, "name", json_string(options_value(options, "--name")));
    if (options_given(options, "--keywords"))
        json_object_set_new(document, "keywords", to_array(options_list(options, "--keywords")));
    if (options_given(options, "--categories"))
        json_object_set_new(document, "categories",
                            to_array(options_list(options, "--categories")));
    if (options_given(options, "--interests"))
        json_object_set_new(document, "interests",
                            json_string(options_value(options, "--interests")));
    text = json_dumps(document, 0);
    result = text ? profile_read("new profile", view_of(text), ret_profile, error)
                  : error_set(error, ERROR_INPUT, "the words given are no valid UTF-8");
    free(text);
    json_decref(document);
    return result;
}

/* A file that is not there: no domain ends with .json, and an address has an @. */
static bool is_file_name(const char *word)
{
    return view_ends_with(view_of(word), VIEW(".json")) ||
           (strchr(word, '/') && !strchr(word, '@'));
}

int subscriber_add(struct site *site, const struct options *options, char **words, size_t count)
{
    struct profile profile;
    struct error error;
    int result, status;

    (void)count;
    if (file_exists(words[0]))
        result = profiles_find(site, words[0], &profile, &error);
    else if (is_file_name(words[0]))
        result = error_set(&error, ERROR_MISSING, "%s: no such file, and no mail address either",
                           words[0]);
    else
        result = profile_from_words(options, words[0], &profile, &error);
    if (result < 0)
        return command_fail(site->log, &error);
    status = create(site, &profile);
    profile_free(&profile);
    return status;
}

static int read_bot_file(const char *path, struct buffer *bytes, struct bot_file *ret_file,
                         struct error *error)
{
    buffer_init(bytes, BOT_FILE_BYTES);
    if (file_read(path, bytes, error) < 0)
        return -1;
    *ret_file = (struct bot_file){path, buffer_view(bytes)};
    return 0;
}

static void log_notices(struct log *log, struct bot_notices *notices)
{
    for (size_t i = 0; i < notices->count; i++)
        log_line(log, LOG_LEVEL_NOTICE, "%s", notices->items[i]);
    bot_notices_free(notices);
}

/* The owner that the configuration names; the sender is nobody's reader. */
static const char *owner_of(const struct site *site)
{
    const char *owner = site->configuration.list.owner;

    if (!owner || !site->configuration.sender.address ||
        strcmp(owner, site->configuration.sender.address) == 0)
        return NULL;
    return owner;
}

static int read_bot(const struct bot_file *config, const char *rules_path, const char *address,
                    struct profile *ret_profile, struct bot_notices *notices, struct error *error)
{
    struct bot_file rules = {NULL, {NULL, 0}};
    struct buffer bytes = {0};
    int result = rules_path ? read_bot_file(rules_path, &bytes, &rules, error) : 0;

    if (result == 0)
        result = bot_import(config, rules_path ? &rules : NULL, address, ret_profile, notices,
                            error);
    buffer_free(&bytes);
    return result;
}

static int import_bot(struct site *site, const struct options *options,
                      const struct bot_file *config, const char *address)
{
    struct bot_notices notices = {0};
    struct profile profile;
    struct error error;
    int status;

    if (read_bot(config, options_value(options, "--rules"), address, &profile, &notices, &error) < 0) {
        bot_notices_free(&notices);
        return command_fail(site->log, &error);
    }
    log_notices(site->log, &notices);
    status = create(site, &profile);
    profile_free(&profile);
    return status;
}

/* The bot's file names nobody: who is not named either is the owner, if it surely is one. */
int subscriber_import_bot(struct site *site, const struct options *options, char **words,
                          size_t count)
{
    const char *address = options_value(options, "--address");
    struct buffer bytes = {0};
    struct bot_file config;
    struct error error;
    int status;

    if (!address && count > 1)
        address = words[1];
    if (read_bot_file(words[0], &bytes, &config, &error) < 0 ||
        bot_import_check(&config, !address, &error) < 0) {
        status = command_fail(site->log, &error);
    } else if (address || (address = owner_of(site))) {
        status = import_bot(site, options, &config, address);
    } else {
        error_set(&error, ERROR_INPUT, "%s: whose profile is it? give --address ADDRESS", words[0]);
        status = command_fail_usage(site->log, &error);
    }
    buffer_free(&bytes);
    return status;
}
