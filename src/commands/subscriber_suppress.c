/* paperboy subscriber suppress, unsuppress and erase: who is not to be mailed. */
#include <stdlib.h>
#include <sysexits.h>

#include "commands/compiling.h"
#include "commands/forgetting.h"
#include "commands/holding.h"
#include "commands/profile_source.h"
#include "commands/quiet.h"
#include "commands/subscriber.h"
#include "store/bounces.h"
#include "store/forgotten.h"
#include "store/subscribers.h"

static int suppress(struct site *site, const char *address, const char *reason,
                    struct suppression_found *ret_before, bool *ret_has, struct error *error)
{
    struct profile_source source;

    if (site_open_store(site, error) < 0 || profile_source_open(site, &source, error) < 0 ||
        suppression_find(site->store, address, ret_before, error) < 0 ||
        suppression_add(site->store,
                        &(struct suppression){.address = address,
                                              .reason = SUPPRESSION_OWNER,
                                              .since_utc = site_now(),
                                              .evidence = reason},
                        error) < 0)
        return -1;
    return profile_source_has(&source, address, ret_has, error);
}

int subscriber_suppress(struct site *site, const struct options *options, char **words,
                        size_t count)
{
    char *address = NULL;
    struct error error;
    int status = EX_OK;
    struct suppression_found before;
    bool has_profile;

    (void)count;
    if (subscriber_read_address(words[0], &address, &error) < 0 ||
        suppress(site, address, options_value(options, "--reason"), &before, &has_profile,
                 &error) < 0)
        status = command_fail(site->log, &error);
    else if (before.found && before.reason == SUPPRESSION_OWNER)
        log_line(site->log, LOG_LEVEL_WARNING,
                 "%s was suppressed before, and what was said then stays; unsuppress it first to say "
                 "something else", address);
    else
        log_line(site->log, LOG_LEVEL_NOTICE, "%s is suppressed%s", address,
                 has_profile ? "" : "; there is no profile of that address");
    free(address);
    return status;
}

/* ---- unsuppress ---- */

static int lift_forgotten(struct site *site, const char *address, bool *any, struct error *error)
{
    char hash[FORGOTTEN_TEXT_BYTES];
    bool was_there;

    if (site_open_key(site, error) < 0)
        return -1;
    forgotten_hash_make(&site->key, view_of(address), hash);
    if (forgotten_lift(site->store, hash, &was_there, error) < 0)
        return -1;
    *any = *any || was_there;
    return 0;
}

static int lift_all(struct site *site, const char *address, bool *any, struct error *error)
{
    if (site_open_store(site, error) < 0)
        return -1;
    for (int reason = 0; reason < SUPPRESSION_REASONS; reason++) {
        bool was_there = false;

        if (suppression_lift(site->store, address, (enum suppression_reason)reason, &was_there,
                             error) < 0)
            return -1;
        *any = *any || was_there;
    }
    if (bounce_forget(site->store, address, error) < 0)
        return -1;
    return lift_forgotten(site, address, any, error);
}

static int unsuppress(struct site *site, const char *word)
{
    char *address = NULL;
    bool any = false;
    struct error error;
    int status = EX_OK;

    if (word[0] == '@')
        return holding_release(site, word);
    if (subscriber_read_address(word, &address, &error) < 0 ||
        lift_all(site, address, &any, &error) < 0) {
        status = command_fail(site->log, &error);
    } else if (!any) {
        log_line(site->log, LOG_LEVEL_ERROR, "%s is not suppressed", address);
        status = EX_NOINPUT;
    } else {
        log_line(site->log, LOG_LEVEL_NOTICE, "%s is no longer suppressed", address);
    }
    free(address);
    return status;
}

/* One that is wrong keeps none of the others; the first such status is told. */
int subscriber_unsuppress(struct site *site, const struct options *options, char **words,
                          size_t count)
{
    int status = EX_OK;

    (void)options;
    for (size_t i = 0; i < count; i++) {
        int one = unsuppress(site, words[i]);

        if (status == EX_OK)
            status = one;
    }
    return status;
}

/* ---- erase ---- */

struct erasing {
    struct site *site;
    struct profile_source source;
    const char *address;
    bool had_profile; /* a file's or the store's */
    bool was_forgotten;
    struct erased erased;
};

/* All that is in the store, at once. */
static int erase_in_transaction(struct erasing *erasing, struct error *error)
{
    struct store *store = erasing->site->store;

    if (store_begin(store, error) < 0)
        return -1;
    if (forgetting_erase(erasing->site, &erasing->source, erasing->address, &erasing->erased,
                         error) < 0 ||
        quiet_forget(store, error) < 0) {
        store_rollback(store);
        return -1;
    }
    return store_commit(store, error);
}

static bool is_known(const struct erasing *erasing, bool has_seen)
{
    return erasing->had_profile || erasing->was_forgotten || has_seen;
}

/* The hash first: whatever happens then, the address is not mailed any more. */
static int erase(struct erasing *erasing, struct error *error)
{
    struct site *site = erasing->site;
    char hash[FORGOTTEN_TEXT_BYTES];
    bool has_rows;

    if (site_open_store(site, error) < 0 || site_open_key(site, error) < 0 ||
        profile_source_open(site, &erasing->source, error) < 0 ||
        profile_source_has(&erasing->source, erasing->address, &erasing->had_profile, error) < 0)
        return -1;
    forgotten_hash_make(&site->key, view_of(erasing->address), hash);
    if (forgotten_find(site->store, hash, &erasing->was_forgotten, error) < 0 ||
        subscriber_is_stored(site->store, erasing->address, &has_rows, error) < 0)
        return -1;
    if (!is_known(erasing, has_rows))
        return error_set(error, ERROR_MISSING, "nothing is known of %s", erasing->address);
    if (erase_in_transaction(erasing, error) < 0)
        return -1;
    if (erasing->source.folder && erasing->had_profile)
        return folder_remove(erasing->source.folder, erasing->address, NULL, error);
    return 0;
}

static void log_erased(const struct erasing *erasing)
{
    log_line(erasing->site->log, LOG_LEVEL_NOTICE,
             "%s is erased: %s, %lld deliveries; what is kept is a hash by which it is not mailed "
             "unasked",
             erasing->address, erasing->had_profile ? "the profile" : "no profile",
             (long long)erasing->erased.deliveries);
}

int subscriber_erase_address(struct site *site, const struct options *options, char **words,
                             size_t count)
{
    struct erasing erasing = {.site = site};
    char *address = NULL;
    struct error error;
    int status = EX_OK;

    (void)options, (void)count;
    if (subscriber_read_address(words[0], &address, &error) < 0)
        return command_fail(site->log, &error);
    erasing.address = address;
    if (erase(&erasing, &error) < 0) {
        status = command_fail(site->log, &error);
    } else {
        log_erased(&erasing);
        if (store_scrub(site->store, &error) < 0) {
            log_line(site->log, LOG_LEVEL_WARNING,
                     "%s; deleted bytes may still be in the store's files: run this again when "
                     "nothing else uses it",
                     error.text);
            status = error_exit_status(error.kind);
        }
    }
    free(address);
    return status;
}
