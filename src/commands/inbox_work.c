/* inbox: the mailbox worked. A mail is moved only after what it asked for is durable; one
 * that is found again, since it could not be moved, is moved and nothing else. */
#include "commands/inbox.h"

#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "commands/command.h"
#include "commands/inbox_login.h"
#include "commands/inbox_parts.h"
#include "commands/owner_notice.h"
#include "commands/working.h"
#include "inbox/reading.h"
#include "mail/mime.h"

enum {
    TRIES = 5,          /* when somebody else changes the profile, too */
    WATCH_SECONDS = 3600,
    PAUSE_MIN_SECONDS = 5,
    PAUSE_MAX_SECONDS = 300,
    NOTE_BYTES = 64 * 1024,
    HASH_BYTES = 32,
    DAY_SECONDS = 86400,
    NOTICE_BYTES = 200 * 1024
};

/* ---- opening ---- */

static int open_inbox(struct inbox *inbox, struct site *site, struct log *log, const char *config,
                      struct error *error)
{
    const struct configuration *configuration = &site->configuration;

    if (site_open(site, log, config, false, error) < 0 || site_need_sender(site, error) < 0 ||
        site_open_templates(site, error) < 0 || site_open_store(site, error) < 0 ||
        site_open_key(site, error) < 0 || profile_source_open(site, &inbox->source, error) < 0 ||
        (inbox->source.folder && file_make_folder(inbox->source.folder, 0700, error) < 0))
        return -1;
    if (!configuration->inbox.address)
        return error_set(error, ERROR_CONFIGURATION,
                         "inbox.address is not configured: which address takes commands?");
    inbox->site = site;
    inbox->options = (struct finding_options){
        .authserv_id = view_of(configuration->inbox.authserv_id),
        .inbox = view_of(configuration->inbox.address),
        .own = {view_of(configuration->sender.address), view_of(configuration->list.owner)},
    };
    /* The owner may subscribe, too. */
    if (configuration->list.owner &&
        !(configuration->sender.address &&
          strcmp(configuration->list.owner, configuration->sender.address) == 0))
        inbox->options.own[1] = (struct view){0};
    inbox->charsets = mail_charsets_load();
    return 0;
}

static void close_inbox(struct inbox *inbox)
{
    if (inbox->composer)
        composer_free(inbox->composer);
    tag_book_free(&inbox->book);
    mail_charsets_free(&inbox->charsets);
}

/* ---- one mail ---- */

static const char *hash_of(struct arena *arena, struct view bytes)
{
    unsigned char hash[HASH_BYTES];
    char *text = arena_alloc(arena, MAIL_HASH_TEXT_BYTES, 1);

    crypto_generichash(hash, sizeof(hash), (const unsigned char *)bytes.data, bytes.size, NULL, 0);
    sodium_bin2hex(text, MAIL_HASH_TEXT_BYTES, hash, sizeof(hash));
    return text;
}

static int act_on_report(struct inbox *inbox, const struct mail_place *place, const char *folder,
                         struct error *error)
{
    struct store *store = inbox->site->store;
    bool is_new;

    if (store_begin(store, error) < 0)
        return -1;
    if (mail_log_add(store, place, folder, inbox->now_utc, &is_new, error) < 0 ||
        (is_new && inbox_take_bounce(inbox, error) < 0)) {
        store_rollback(store);
        return -1;
    }
    return store_commit(store, error);
}

/* Whom answers wait for. */
struct answered {
    char **addresses;
    size_t count, capacity;
};

static void note_answered(struct answered *answered, const struct inbox_deed *deed)
{
    for (size_t i = 0; i < deed->answer_count; i++) {
        bool is_there = false;

        for (size_t j = 0; j < answered->count; j++)
            is_there |= strcmp(answered->addresses[j], deed->answers[i].to) == 0;
        if (is_there)
            continue;
        answered->addresses = memory_grow(answered->addresses, &answered->capacity,
                                          answered->count + 1, sizeof(*answered->addresses));
        answered->addresses[answered->count++] = memory_copy_string(deed->answers[i].to);
    }
}

static bool is_by_a_machine(const struct inbox *inbox)
{
    return inbox->finding->kind != FINDING_COMMAND;
}

static bool is_report(const struct inbox *inbox)
{
    return inbox->finding->kind == FINDING_BOUNCE || inbox->finding->kind == FINDING_COMPLAINT;
}

static int act_once(struct inbox *inbox, const struct mail_place *place, const char *folder,
                    struct answered *answered, struct error *error)
{
    struct inbox_deed deed = {0};
    bool leaves = false;
    int result = 0;

    inbox->no_digest = false;
    if (is_by_a_machine(inbox))
        result = inbox_decide_leaving(inbox, &deed, &leaves, error);
    if (result == 0 && !leaves && is_report(inbox)) {
        inbox_deed_free(&deed);
        return act_on_report(inbox, place, folder, error);
    }
    if (result == 0 && !leaves)
        result = inbox_decide(inbox, &deed, error);
    if (result == 0)
        result = inbox_announce(inbox, &deed, error);
    if (result == 0)
        result = inbox_perform(inbox, &deed, place, folder, error);
    if (result == 0)
        note_answered(answered, &deed);
    inbox_deed_free(&deed);
    return result;
}

static int act(struct inbox *inbox, const struct mail_place *place, const char *folder,
               struct answered *answered, struct error *error)
{
    int result;

    switch (inbox->finding->kind) {
    case FINDING_BOUNCE: inbox->counts.bounces++; break;
    case FINDING_COMPLAINT: inbox->counts.complaints++; break;
    case FINDING_COMMAND: inbox->counts.commands++; break;
    default: inbox->counts.ignored++;
    }
    result = act_once(inbox, place, folder, answered, error);
    for (int i = 1; i < TRIES && result < 0 && error->kind == ERROR_CONFLICT; i++)
        result = act_once(inbox, place, folder, answered, error);
    return result;
}

/* ---- a mail that cannot be dealt with ---- */

static int write_note(struct inbox *inbox, const char *why, struct buffer *out,
                      struct error *error)
{
    const struct configuration *configuration = &inbox->site->configuration;
    const struct mime_mailbox from = {view_of(configuration->sender.name),
                                      view_of(configuration->sender.address)};
    const struct mime_mailbox to = {.address = view_of(configuration->inbox.address)};
    struct buffer text;
    struct mime_part part = {.type = "text/plain"};

    buffer_init(&text, NOTE_BYTES);
    buffer_printf(&text, "The mail beside this note, which came before it, was not dealt with:\n\n"
                         "    %s\n\nMoved back to the inbox, it is tried again.\n", why);
    part.text = buffer_view(&text);
    if (mime_add_mailboxes(out, "From", &from, 1, error) < 0 ||
        mime_add_mailboxes(out, "To", &to, 1, error) < 0) {
        buffer_free(&text);
        return -1;
    }
    mime_add_text(out, "Subject", VIEW("A mail that could not be dealt with"));
    mime_add_date(out, "Date", inbox->now_utc);
    mime_add_text(out, "Auto-Submitted", VIEW("auto-generated"));
    mime_add_body(out, "mixed", &part, 1, view_of(inbox->hash));
    buffer_free(&text);
    return 0;
}

static int give_up(struct inbox *inbox, struct mailbox *mailbox, const struct mail_place *place,
                   const struct error *problem, struct error *error)
{
    const char *folder = inbox->site->configuration.inbox.failed;
    struct buffer note, event;
    int result;

    log_line(inbox->site->log, LOG_LEVEL_WARNING, "mail %u goes to %s: %s", (unsigned)place->uid,
             folder, problem->text);
    inbox->counts.failed++;
    buffer_init(&note, NOTE_BYTES);
    buffer_init(&event, NOTE_BYTES);
    buffer_printf(&event, "a mail in the folder %s: %s", folder, problem->text);
    result = write_note(inbox, problem->text, &note, error);
    if (result == 0)
        result = mailbox_move(mailbox, place->uid, folder, error);
    if (result == 0)
        result = mailbox_append(mailbox, folder, buffer_view(&note), error);
    if (result == 0)
        result = inbox_event_add(inbox->site->store, buffer_string(&event), inbox->now_utc, error);
    buffer_free(&note);
    buffer_free(&event);
    return result;
}

/* ---- the mailbox ---- */

static int move_again(struct inbox *inbox, struct mailbox *mailbox, struct mail_place *place,
                      bool *ret_is_done, struct error *error)
{
    const char *folder;

    if (mail_log_find(inbox->site->store, place, inbox->arena, &folder, error) < 0)
        return -1;
    *ret_is_done = folder != NULL;
    return folder ? mailbox_move(mailbox, place->uid, folder, error) : 0;
}

static int handle_bytes(struct inbox *inbox, struct mailbox *mailbox, struct mail_place *place,
                        struct view bytes, struct answered *answered, struct error *error)
{
    const char *folder = inbox->site->configuration.inbox.processed;
    struct finding finding;
    struct error problem;
    bool is_done;

    place->hash = inbox->hash = hash_of(inbox->arena, bytes);
    if (move_again(inbox, mailbox, place, &is_done, error) < 0)
        return -1;
    if (is_done)
        return 0;
    inbox->finding = &finding;
    if (reading_run(bytes, &inbox->options, inbox->arena, &finding, &problem) == 0 &&
        act(inbox, place, folder, answered, &problem) == 0)
        return mailbox_move(mailbox, place->uid, folder, error);
    /* What may be gone the next time is left where it is. */
    if (problem.kind == ERROR_INPUT)
        return give_up(inbox, mailbox, place, &problem, error);
    *error = problem;
    return -1;
}

static int handle(struct inbox *inbox, struct mailbox *mailbox, const struct mailbox_item *item,
                  struct answered *answered, struct error *error)
{
    struct mail_place place = {.mailbox = inbox->site->configuration.inbox.url,
                               .validity = mailbox_validity(mailbox), .uid = item->uid};
    struct buffer bytes;
    int result;

    inbox->now_utc = site_now();
    arena_reset(inbox->arena);
    tag_book_next_mail(&inbox->book);
    buffer_init(&bytes, MAIL_BYTES + 1);
    result = mailbox_fetch(mailbox, item->uid, MAIL_BYTES, &bytes, error);
    if (result == 0)
        result = handle_bytes(inbox, mailbox, &place, buffer_view(&bytes), answered, error);
    else if (error->kind == ERROR_MISSING)
        result = 0;
    buffer_free(&bytes);
    return result;
}

static int handle_all(struct inbox *inbox, struct mailbox *mailbox, struct answered *answered,
                      struct error *error)
{
    struct mailbox_item *items = NULL;
    size_t count = 0;
    int result = mailbox_list(mailbox, &items, &count, error);

    inbox->found_none = !count;
    for (size_t i = 0; result == 0 && i < count && !site_is_stopping(); i++) {
        log_progress(inbox->site->log, "mail %zu of %zu", i + 1, count);
        result = handle(inbox, mailbox, &items[i], answered, error);
    }
    free(items);
    return result;
}

/* Who has just written looks into their mailbox. */
static int send_answers(struct inbox *inbox, struct answered *answered, struct error *error)
{
    int result = 0;

    for (size_t i = 0; i < answered->count; i++) {
        const struct working_options options = {.only = answered->addresses[i], .threads = 1};
        struct worker_summary summary;

        if (result == 0)
            result = working_send_due(inbox->site, &options, &summary, error);
        free(answered->addresses[i]);
    }
    free(answered->addresses);
    *answered = (struct answered){0};
    return result;
}

/* ---- the owner's daily notice ---- */

#define NOTICE_FACT "inbox_notice_day"

static int was_told_today(struct inbox *inbox, const char *today, bool *ret_was,
                          struct error *error)
{
    struct buffer day;
    bool found = false;
    int result;

    buffer_init(&day, DATE_TEXT_BYTES);
    result = fact_get(inbox->site->store, NOTICE_FACT, &day, &found, error);
    *ret_was = found && view_equal_string(buffer_view(&day), today);
    buffer_free(&day);
    return result;
}

static int add_notice(struct inbox *inbox, const char *today, struct error *error)
{
    struct store *store = inbox->site->store;
    char slot[DATE_TEXT_BYTES + 16];
    struct owner_notice notice = {.slot = slot,
                                  .subject = "Paperboy: what the inbox has seen"};
    struct buffer lines;
    size_t count;
    int result;

    buffer_init(&lines, NOTICE_BYTES);
    buffer_add_string(&lines, "What may need a person:\n\n");
    snprintf(slot, sizeof(slot), "inbox %s", today);
    result = inbox_event_take(store, &lines, &count, error);
    if (result == 0 && count) {
        notice.text = buffer_view(&lines);
        if (owner_notice_add(inbox->site, store, &notice, inbox->now_utc, error) < 0 ||
            fact_put(store, NOTICE_FACT, view_of(today), error) < 0)
            result = -1;
    }
    buffer_free(&lines);
    return result;
}

/* Once a day, with what has gathered. */
static int tell_owner(struct inbox *inbox, struct error *error)
{
    struct store *store = inbox->site->store;
    char today[DATE_TEXT_BYTES];
    bool was_told;

    inbox->now_utc = site_now();
    date_format(time_to_date(inbox->now_utc, NULL), today);
    if (was_told_today(inbox, today, &was_told, error) < 0)
        return -1;
    if (was_told)
        return 0;
    if (store_begin(store, error) < 0)
        return -1;
    if (add_notice(inbox, today, error) < 0) {
        store_rollback(store);
        return -1;
    }
    return store_commit(store, error);
}

static int work_once(struct inbox *inbox, struct mailbox *mailbox, struct error *error)
{
    struct answered answered = {0};
    struct error problem;
    int result = handle_all(inbox, mailbox, &answered, error);

    if (send_answers(inbox, &answered, &problem) < 0) {
        log_line(inbox->site->log, LOG_LEVEL_WARNING, "answers wait: %s", problem.text);
        inbox->answers_wait = true;
    }
    return result < 0 ? -1 : tell_owner(inbox, error);
}

/* ---- once, or for as long as it takes ---- */

static void pause_for(int seconds)
{
    for (int i = 0; i < seconds && !site_is_stopping(); i++)
        sleep(1);
}

/* The owner is told when a day begins, also when no mail comes. */
static int seconds_to_watch(void)
{
    int64_t to_midnight = DAY_SECONDS - site_now() % DAY_SECONDS;

    return to_midnight < WATCH_SECONDS ? (int)to_midnight : WATCH_SECONDS;
}

static int visit(struct inbox *inbox, bool stays, struct error *error)
{
    const struct configuration *configuration = &inbox->site->configuration;
    struct mailbox_options options = {0};
    struct mailbox *mailbox = NULL;
    int result = inbox_login(inbox->site, &options, error);

    options.was_open = inbox->was_open;
    if (result == 0)
        result = mailbox_open(&options, &mailbox, error);
    inbox_login_free(&options);
    inbox->was_open |= result == 0;
    if (result == 0 &&
        (mailbox_need_folder(mailbox, configuration->inbox.processed, error) < 0 ||
         mailbox_need_folder(mailbox, configuration->inbox.failed, error) < 0))
        result = -1;
    while (result == 0) {
        bool is_news = false;

        result = work_once(inbox, mailbox, error);
        /* A server that tells of mail and has none is not asked without end. */
        if (result == 0 && stays && inbox->found_none)
            pause_for(1);
        if (result == 0 && stays && !site_is_stopping())
            result = mailbox_wait(mailbox, seconds_to_watch(), site_stop_flag(), &is_news, error);
        if (!stays || site_is_stopping())
            break;
    }
    mailbox_close(&mailbox);
    return result;
}

/* A server that is away comes back; a wrong password does not. */
static int watch(struct inbox *inbox, struct error *error)
{
    int pause = PAUSE_MIN_SECONDS;

    while (!site_is_stopping()) {
        int64_t begun = site_now();

        if (visit(inbox, true, error) == 0)
            continue;
        if (error->kind != ERROR_TEMPORARY && error->kind != ERROR_CONFLICT)
            return -1;
        if (site_now() - begun > PAUSE_MAX_SECONDS)
            pause = PAUSE_MIN_SECONDS;
        log_line(inbox->site->log, LOG_LEVEL_WARNING, "%s; tried again in %d s", error->text,
                 pause);
        pause_for(pause);
        pause = pause * 2 < PAUSE_MAX_SECONDS ? pause * 2 : PAUSE_MAX_SECONDS;
    }
    return 0;
}

static void log_counts(const struct inbox *inbox)
{
    log_line(inbox->site->log, LOG_LEVEL_NOTICE,
             "commands %zu, bounces %zu, complaints %zu, ignored %zu, failed %zu",
             inbox->counts.commands, inbox->counts.bounces, inbox->counts.complaints,
             inbox->counts.ignored, inbox->counts.failed);
}

int inbox_work(struct log *log, const char *config, bool stays)
{
    struct inbox inbox = {.arena = arena_new()};
    struct site site = {0};
    struct error error;
    int status = EX_OK;

    signal(SIGPIPE, SIG_IGN);
    site_catch_signals();
    if (open_inbox(&inbox, &site, log, config, &error) < 0 ||
        (stays ? watch(&inbox, &error) : visit(&inbox, false, &error)) < 0)
        status = command_fail(log, &error);
    else if (inbox.answers_wait)
        status = EX_TEMPFAIL;
    if (inbox.site)
        log_counts(&inbox);
    close_inbox(&inbox);
    arena_free(&inbox.arena);
    site_close(&site);
    return status;
}
