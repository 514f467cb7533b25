/* inbox: a deed done, in one transaction with the note that its mail was dealt with. */
#include <stdlib.h>
#include <string.h>

#include "commands/forgetting.h"
#include "commands/inbox_parts.h"
#include "store/bounces.h"
#include "store/forgotten.h"
#include "store/history.h"
#include "store/holds.h"
#include "store/moving.h"
#include "store/subscribers.h"

enum { ANSWER_SECONDS = 3 * 86400 };

void inbox_deed_free(struct inbox_deed *deed)
{
    if (deed->has_before)
        profile_free(&deed->before);
    if (deed->has_after)
        profile_free(&deed->after);
    for (size_t i = 0; i < deed->answer_count; i++)
        buffer_free(&deed->answers[i].message);
    *deed = (struct inbox_deed){0};
}

static bool writes_profile(const struct inbox_deed *deed)
{
    return deed->profile == DEED_CREATE || deed->profile == DEED_SAVE ||
           deed->profile == DEED_MOVE;
}

static void version_after(const struct inbox_deed *deed, struct folder_version *ret_version)
{
    struct buffer text;

    buffer_init(&text, PROFILE_FILE_BYTES);
    profile_write(&deed->after, &text);
    folder_version_of(buffer_view(&text), ret_version);
    buffer_free(&text);
}

int inbox_announce(struct inbox *inbox, const struct inbox_deed *deed, struct error *error)
{
    struct folder_version after;
    struct mail_intent intent = {.address = deed->address, .document = deed->document};

    if (!inbox->source.folder || !writes_profile(deed))
        return 0;
    version_after(deed, &after);
    intent.after = folder_version_bytes(&after);
    if (deed->has_before)
        intent.before = folder_version_bytes(&deed->version);
    return mail_intent_put(inbox->site->store, inbox->hash, &intent, inbox->now_utc, error);
}

/* ---- the profile ---- */

/* Whether this mail has written it before it was interrupted. */
static int was_written(struct inbox *inbox, const struct inbox_deed *deed, bool *ret_was,
                       struct error *error)
{
    struct folder_version after, now;
    struct buffer text;
    bool has;

    *ret_was = false;
    if (!inbox->source.folder)
        return 0;
    if (profile_source_has(&inbox->source, deed->after.email, &has, error) < 0)
        return -1;
    if (!has)
        return 0;
    version_after(deed, &after);
    buffer_init(&text, PROFILE_FILE_BYTES);
    if (profile_source_load_text(&inbox->source, deed->after.email, &text, error) < 0) {
        buffer_free(&text);
        return -1;
    }
    folder_version_of(buffer_view(&text), &now);
    buffer_free(&text);
    *ret_was = memcmp(&after, &now, sizeof(now)) == 0;
    return 0;
}

static int remember(struct inbox *inbox, const struct inbox_deed *deed, struct error *error)
{
    struct folder_version after;

    if (deed->undone)
        return history_drop(inbox->site->store, deed->address, deed->undone, error);
    if (!deed->has_before)
        return 0;
    version_after(deed, &after);
    return history_add(inbox->site->store, deed->address, deed->document, folder_version_bytes(&after),
                       inbox->now_utc, error);
}

static int write_profile(struct inbox *inbox, const struct inbox_deed *deed, struct error *error)
{
    bool was;

    if (was_written(inbox, deed, &was, error) < 0)
        return -1;
    if (was)
        return 0;
    if (deed->profile == DEED_SAVE)
        return profile_source_save(&inbox->source, &deed->after, &deed->version, error);
    return profile_source_create(&inbox->source, &deed->after, error);
}

static int move_profile(struct inbox *inbox, const struct inbox_deed *deed, struct error *error)
{
    struct error problem;

    if (write_profile(inbox, deed, error) < 0 ||
        subscriber_move(inbox->site->store, deed->before.email, deed->after.email,
                        inbox->now_utc, error) < 0)
        return -1;
    if (profile_source_remove(&inbox->source, deed->before.email, &problem) < 0 &&
        problem.kind != ERROR_MISSING) {
        if (error)
            *error = problem;
        return -1;
    }
    return 0;
}

static int erase(struct inbox *inbox, const struct inbox_deed *deed, struct error *error)
{
    struct erased erased;
    struct error problem;

    if (forgetting_erase(inbox->site, &inbox->source, deed->address, &erased, error) < 0)
        return -1;
    if (!inbox->source.folder ||
        profile_source_remove(&inbox->source, deed->address, &problem) == 0 ||
        problem.kind == ERROR_MISSING)
        return 0;
    if (error)
        *error = problem;
    return -1;
}

static int do_profile(struct inbox *inbox, const struct inbox_deed *deed, struct error *error)
{
    switch (deed->profile) {
    case DEED_KEEP: return 0;
    case DEED_CREATE: return write_profile(inbox, deed, error);
    case DEED_SAVE:
        return write_profile(inbox, deed, error) < 0 ? -1 : remember(inbox, deed, error);
    case DEED_MOVE: return move_profile(inbox, deed, error);
    case DEED_ERASE: return erase(inbox, deed, error);
    }
    return 0;
}

/* ---- the rest ---- */

static int suppress(struct inbox *inbox, const struct inbox_deed *deed, struct error *error)
{
    return suppression_add(inbox->site->store,
                           &(struct suppression){
                               .address = deed->address,
                               .reason = SUPPRESSION_UNSUBSCRIBED,
                               .since_utc = inbox->now_utc,
                               .evidence = arena_string(inbox->arena, deed->reason),
                           },
                           error);
}

static int lift(struct inbox *inbox, const struct inbox_deed *deed, struct error *error)
{
    struct store *store = inbox->site->store;
    char hash[FORGOTTEN_TEXT_BYTES];
    bool was_there;

    forgotten_hash_make(&inbox->site->key, view_of(deed->address), hash);
    if (suppression_lift(store, deed->address, SUPPRESSION_UNSUBSCRIBED, &was_there, error) < 0 ||
        suppression_lift(store, deed->address, SUPPRESSION_BOUNCED, &was_there, error) < 0 ||
        dead_forget(store, deed->address, error) < 0 ||
        bounce_forget(store, deed->address, error) < 0 ||
        moved_forget(store, deed->address, error) < 0)
        return -1;
    return forgotten_lift(store, hash, &was_there, error);
}

static int do_pending(struct inbox *inbox, const struct inbox_deed *deed, struct error *error)
{
    struct store *store = inbox->site->store;
    bool is_first = true;

    if (deed->asks.id && pending_add(store, &deed->asks, error) < 0)
        return -1;
    /* What is erased has no requests any more. */
    if (!deed->confirms || deed->profile == DEED_ERASE)
        return 0;
    if (pending_confirm(store, deed->confirms, deed->confirms_as_other, inbox->now_utc, error) < 0)
        return -1;
    if (deed->finishes &&
        pending_finish(store, deed->confirms, inbox->now_utc, &is_first, error) < 0)
        return -1;
    return is_first ? 0 : error_set(error, ERROR_CONFLICT, "it was confirmed meanwhile");
}

static int send_answers(struct inbox *inbox, struct inbox_deed *deed, struct error *error)
{
    for (size_t i = 0; i < deed->answer_count; i++) {
        const struct deed_answer *answer = &deed->answers[i];
        const struct delivery_request request = {
            .kind = answer->kind,
            .subscriber = answer->to,
            .slot = answer->slot,
            .created_utc = inbox->now_utc,
            .not_before_utc = inbox->now_utc,
            .expires_utc = inbox->now_utc + ANSWER_SECONDS,
            .message = buffer_view(&answer->message),
            .envelope_sender = answer->envelope_sender,
        };

        if (outbox_add(inbox->site->store, &request, NULL, error) < 0)
            return -1;
    }
    return 0;
}

static int perform(struct inbox *inbox, struct inbox_deed *deed, struct error *error)
{
    struct store *store = inbox->site->store;

    if ((deed->subscribes && lift(inbox, deed, error) < 0) ||
        (deed->unsubscribes && suppress(inbox, deed, error) < 0) ||
        do_pending(inbox, deed, error) < 0 || send_answers(inbox, deed, error) < 0 ||
        (deed->event && inbox_event_add(store, deed->event, inbox->now_utc, error) < 0) ||
        mail_intent_drop(store, inbox->hash, error) < 0)
        return -1;
    /* Last, since a file stays when the transaction does not. */
    return do_profile(inbox, deed, error);
}

/* What was deleted is to be gone from the files, too. */
static void scrub(struct inbox *inbox)
{
    struct error problem;

    if (store_scrub(inbox->site->store, &problem) < 0)
        log_line(inbox->site->log, LOG_LEVEL_WARNING,
                 "%s; deleted bytes may still be in the store's files: run paperboy subscriber "
                 "erase again when nothing else uses it", problem.text);
}

int inbox_perform(struct inbox *inbox, struct inbox_deed *deed, const struct mail_place *place,
                  const char *folder, struct error *error)
{
    struct store *store = inbox->site->store;
    bool is_new = true;

    if (store_begin(store, error) < 0)
        return -1;
    if ((place && mail_log_add(store, place, folder, inbox->now_utc, &is_new, error) < 0) ||
        (is_new && perform(inbox, deed, error) < 0)) {
        store_rollback(store);
        return -1;
    }
    if (store_commit(store, error) < 0)
        return -1;
    if (is_new && deed->profile == DEED_ERASE)
        scrub(inbox);
    /* Whom a token may be for has changed. */
    if (deed->profile == DEED_CREATE || deed->profile == DEED_MOVE ||
        deed->profile == DEED_ERASE || deed->asks.id)
        tag_book_clear(&inbox->book);
    return 0;
}
