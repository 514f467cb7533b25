#include "commands/quiet.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#include "store/changes.h"
#include "store/outbox.h"

#define QUIET_FACT "quiet"

enum { QUIET_BYTES = 64 * 1024, KEY_BYTES = 4096, NUMBERS = 7 };

static enum uncertain_policy policy_of(const struct site *site)
{
    return site->configuration.delivery.hold_uncertain ? UNCERTAIN_HOLD : UNCERTAIN_RESEND;
}

int quiet_begin(struct site *site, struct roster *roster, const struct awaited *awaited,
                const struct plan_options *options, struct quiet *ret_quiet,
                struct error *error)
{
    struct quiet quiet = {.now_utc = options->now_utc};
    struct profile_fingerprint fingerprint;
    char today[DATE_TEXT_BYTES], silent[DATE_TEXT_BYTES];
    int64_t editions, allowed;
    struct buffer key;

    if (roster_fingerprint(roster, &fingerprint, error) < 0 ||
        store_change_find(site->store, CHANGE_EDITIONS, &editions, error) < 0 ||
        store_change_find(site->store, CHANGE_ALLOWED, &allowed, error) < 0)
        return -1;
    date_format(awaited->today, today);
    date_format(options->silent_day, silent);
    buffer_init(&key, KEY_BYTES);
    buffer_add(&key, fingerprint.hash, sizeof(fingerprint.hash));
    buffer_printf(&key, "%s %" PRId64 " %" PRId64 " %s %d %d %s %d", PAPERBOY_VERSION, editions,
                  allowed, today, awaited->is_open, awaited->is_soon, silent, policy_of(site));
    quiet.is_sure = fingerprint.is_sure;
    crypto_generichash(quiet.key, sizeof(quiet.key), (const unsigned char *)key.data, key.size,
                       NULL, 0);
    buffer_free(&key);
    *ret_quiet = quiet;
    return 0;
}

/* Behind the key: a line of numbers, then a line per problem. */
static bool read_numbers(struct view *rest, int64_t numbers[NUMBERS])
{
    struct view line, part;
    size_t count = 0;
    long number;

    if (!view_next_line(rest, &line))
        return false;
    for (; count < NUMBERS && view_next_part(&line, ' ', &part); count++) {
        if (!view_to_long(part, &number))
            return false;
        numbers[count] = number;
    }
    return count == NUMBERS;
}

static void log_problems(struct site *site, struct view rest)
{
    struct view line;

    while (view_next_line(&rest, &line))
        log_line(site->log, LOG_LEVEL_ERROR, PLAN_PROBLEM("%.*s"), VIEW_ARGUMENTS(line));
}

int quiet_find(struct site *site, const struct quiet *quiet, struct plan_summary *ret_summary,
               bool *ret_found, struct error *error)
{
    int64_t numbers[NUMBERS];
    struct buffer value;
    struct view rest;
    bool found = false;
    int result;

    buffer_init(&value, QUIET_BYTES);
    result = fact_get(site->store, QUIET_FACT, &value, &found, error);
    rest = buffer_view(&value);
    found = result == 0 && found && quiet->is_sure && rest.size > sizeof(quiet->key) &&
            memcmp(rest.data, quiet->key, sizeof(quiet->key)) == 0;
    rest = view_slice(rest, sizeof(quiet->key), rest.size);
    found = found && read_numbers(&rest, numbers) && numbers[0] <= quiet->now_utc &&
            quiet->now_utc < numbers[1];
    if (found) {
        *ret_summary = (struct plan_summary){.profiles = (size_t)numbers[2],
                                             .bad = (size_t)numbers[3],
                                             .suppressed = (size_t)numbers[4],
                                             .paused = (size_t)numbers[5],
                                             .next_due_utc = numbers[6]};
        log_problems(site, rest);
    }
    buffer_free(&value);
    *ret_found = found;
    return result;
}

/* Something open may fail, expire or be skipped, and its editions be due again. */
static int is_outbox_empty(struct site *site, int64_t now_utc, bool *ret_is_empty,
                           struct error *error)
{
    int64_t left;

    if (outbox_count_left(site->store, NULL, policy_of(site), now_utc, &left, error) < 0)
        return -1;
    *ret_is_empty = left == 0;
    return 0;
}

static bool has_passing_problem(const struct roster *roster)
{
    for (size_t i = 0; i < roster->count; i++)
        if (roster->entries[i].problem && roster->entries[i].may_pass)
            return true;
    return false;
}

int quiet_keep(struct site *site, const struct quiet *quiet, const struct roster *roster,
               const struct plan_summary *summary, int64_t changes_utc, struct error *error)
{
    int64_t until = quiet->now_utc + QUIET_SECONDS;
    struct buffer value;
    bool is_empty;
    int result = 0;

    if (!quiet->is_sure || summary->added || summary->notes || summary->bad > QUIET_PROBLEMS ||
        has_passing_problem(roster))
        return 0;
    if (is_outbox_empty(site, quiet->now_utc, &is_empty, error) < 0)
        return -1;
    if (!is_empty)
        return 0;
    if (changes_utc && changes_utc < until)
        until = changes_utc;
    buffer_init(&value, QUIET_BYTES);
    buffer_add(&value, quiet->key, sizeof(quiet->key));
    buffer_printf(&value, "%" PRId64 " %" PRId64 " %zu %zu %zu %zu %" PRId64 "\n", quiet->now_utc,
                  until, summary->profiles, summary->bad, summary->suppressed, summary->paused,
                  summary->next_due_utc);
    for (size_t i = 0; i < roster->count; i++)
        if (roster->entries[i].problem)
            buffer_printf(&value, "%s\n", roster->entries[i].problem);
    if (!value.failed)
        result = fact_put(site->store, QUIET_FACT, buffer_view(&value), error);
    buffer_free(&value);
    return result;
}

int quiet_forget(struct store *store, struct error *error)
{
    return fact_put(store, QUIET_FACT, (struct view){0}, error);
}
