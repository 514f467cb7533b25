/* inbox: what commands do once somebody has the right to: one change, and an answer. */
#include <stdlib.h>
#include <string.h>

#include "commands/inbox_deciding.h"
#include "digest/message.h"
#include "inbox/change.h"
#include "store/history.h"
#include "store/subscribers.h"
#include "subscribers/address.h"
#include "subscribers/profile_edit.h"

enum { LINES_BYTES = 64 * 1024 };

/* ---- a profile read ---- */

int inbox_take_moved(struct inbox *inbox, const char *to, struct inbox_deed *deed,
                     struct error *error)
{
    struct folder_version now;
    struct mail_intent intent;
    struct buffer text;
    bool found, has;
    int result;

    if (!inbox->source.folder)
        return 0;
    if (mail_intent_find(inbox->site->store, inbox->hash, inbox->arena, &intent, &found, error) <
            0 ||
        profile_source_has(&inbox->source, to, &has, error) < 0)
        return -1;
    if (!found || !has || strcmp(intent.address, to) != 0)
        return 0;
    buffer_init(&text, PROFILE_FILE_BYTES);
    result = profile_source_load_text(&inbox->source, to, &text, error);
    folder_version_of(buffer_view(&text), &now);
    buffer_free(&text);
    if (result < 0 || !view_equal(intent.after, (struct view){(const char *)now.hash,
                                                              sizeof(now.hash)}))
        return result;
    if (deed->has_before) {
        profile_free(&deed->before);
        profile_free(&deed->after);
    }
    deed->has_before = deed->has_after = false;
    if (profile_read(deed->address, intent.document, &deed->before, error) < 0)
        return -1;
    profile_copy(&deed->before, &deed->after);
    deed->has_before = deed->has_after = true;
    deed->document = intent.document;
    return 1;
}

/* This very mail had written the profile when it was interrupted: then what counts is
 * the document before. */
static int take_interrupted(struct inbox *inbox, struct inbox_deed *deed, struct error *error)
{
    struct mail_intent intent;
    struct profile before;
    bool found;

    if (!inbox->source.folder)
        return 0;
    if (mail_intent_find(inbox->site->store, inbox->hash, inbox->arena, &intent, &found, error) < 0)
        return -1;
    if (!found || strcmp(intent.address, deed->address) != 0 ||
        !view_equal(intent.after, folder_version_bytes(&deed->version)))
        return 0;
    profile_free(&deed->before);
    deed->has_before = false;
    if (!intent.before.size)
        return 0;
    if (profile_read(deed->address, intent.document, &before, error) < 0)
        return -1;
    deed->before = before;
    deed->has_before = true;
    memcpy(deed->version.hash, intent.before.data, sizeof(deed->version.hash));
    deed->document = intent.document;
    return 0;
}

int inbox_load(struct inbox *inbox, const char *address, struct inbox_deed *deed,
                struct error *error)
{
    struct buffer text;
    bool has;

    deed->address = address;
    if (profile_source_has(&inbox->source, address, &has, error) < 0)
        return -1;
    if (!has)
        return 0;
    buffer_init(&text, PROFILE_FILE_BYTES);
    if (profile_source_load(&inbox->source, address, &deed->before, &deed->version, error) < 0 ||
        profile_source_load_text(&inbox->source, address, &text, error) < 0) {
        buffer_free(&text);
        return -1;
    }
    deed->document = arena_copy(inbox->arena, buffer_view(&text));
    buffer_free(&text);
    deed->has_before = true;
    if (take_interrupted(inbox, deed, error) < 0)
        return -1;
    if (deed->has_before) {
        profile_copy(&deed->before, &deed->after);
        deed->has_after = true;
    }
    return 0;
}

void inbox_make_new(const char *address, struct inbox_deed *deed)
{
    profile_init(&deed->after);
    deed->after.email = address_canonical(view_of(address));
    deed->has_after = true;
    deed->profile = DEED_CREATE;
}

/* ---- changes ---- */

struct changing {
    struct inbox *inbox;
    struct inbox_deed *deed;
    const struct mail_commands *commands;
    struct change_notes notes;
    struct answer answer;
    bool is_confirmed; /* by a token: nothing is asked again */
    bool is_new;
    const char *state; /* a word for the answer */
    bool may_answer;
    const char *undone; /* likewise: what came of undo */
};

static struct date today_of(const struct profile *profile, int64_t now_utc)
{
    struct zone *zone = NULL;
    struct date today = time_to_date(now_utc, NULL);

    if (profile->schedule.zone && zone_load(profile->schedule.zone, &zone, NULL) == 0)
        today = zone_date_at(zone, now_utc, NULL);
    zone_free(&zone);
    return today;
}

static bool zone_is_known(const char *name)
{
    return zone_check(name, NULL) == 0;
}

/* Back to what was before the last change, unless something else changed it since. */
static int undo(struct changing *changing, struct error *error)
{
    struct inbox *inbox = changing->inbox;
    struct inbox_deed *deed = changing->deed;
    struct history_entry entry;
    struct profile earlier;
    bool found;

    if (history_last(inbox->site->store, deed->address, inbox->arena, &entry, &found, error) < 0)
        return -1;
    if (!found) {
        changing->undone = "answer_nothing_to_undo";
        return 0;
    }
    if (!view_equal(entry.after, folder_version_bytes(&deed->version))) {
        changing->undone = "answer_changed_since";
        return 0;
    }
    if (profile_read(deed->address, entry.document, &earlier, error) < 0)
        return -1;
    profile_free(&deed->after);
    deed->after = earlier;
    deed->undone = entry.number;
    changing->undone = "answer_undone";
    return 0;
}

static int ask_address(struct changing *changing, const struct mail_command *command,
                       struct error *error)
{
    struct inbox *inbox = changing->inbox;
    struct inbox_deed *deed = changing->deed;
    struct suppression_found suppression;
    struct error problem;
    char *canonical;
    const char *other;
    bool has, may, may_both = false;

    /* Two at once are one too many. */
    if (deed->asks.id) {
        changing->state = "answer_asked_already";
        return 0;
    }
    if (!command->argument_count || address_check(command->arguments[0], &problem) < 0) {
        changing->state = "answer_no_address";
        return 0;
    }
    canonical = address_canonical(command->arguments[0]);
    other = arena_string(inbox->arena, view_of(canonical));
    free(canonical);
    if (profile_source_has(&inbox->source, other, &has, error) < 0 ||
        suppression_find(inbox->site->store, other, &suppression, error) < 0)
        return -1;
    if (has || !inbox_is_allowed(inbox, other) || (suppression.found && suppression.reason != SUPPRESSION_UNSUBSCRIBED)) {
        changing->state = "answer_address_taken";
        return 0;
    }
    if (inbox_may_ask(inbox, other, &may, error) < 0 ||
        (may && inbox_may_ask(inbox, deed->address, &may_both, error) < 0))
        return -1;
    if (!may_both) {
        changing->state = "answer_asked_already";
        return 0;
    }
    inbox_set_request(inbox, deed, PENDING_ADDRESS, deed->address, other, changing->commands);
    changing->state = "answer_address_asked";
    for (int i = 0; i < 2; i++) {
        struct answer answer;
        const char *to = i ? other : deed->address;

        inbox_start_answer(inbox, ANSWER_CONFIRM_ADDRESS, to, &answer);
        answer.other_address = i ? deed->address : other;
        answer.is_to_other = i == 1;
        answer.before = &deed->before; /* its language */
        if (inbox_add_request(inbox, deed, to, &answer, error) < 0)
            return -1;
    }
    return 0;
}

static int forget(struct changing *changing, struct error *error)
{
    struct inbox *inbox = changing->inbox;
    struct inbox_deed *deed = changing->deed;
    struct answer answer;
    bool may;

    if (changing->is_confirmed) {
        deed->profile = DEED_ERASE;
        return 0;
    }
    if (inbox_may_ask(inbox, deed->address, &may, error) < 0)
        return -1;
    if (!may || deed->asks.id) {
        changing->state = "answer_asked_already";
        return 0;
    }
    inbox_set_request(inbox, deed, PENDING_FORGET, deed->address, NULL, changing->commands);
    inbox_start_answer(inbox, ANSWER_CONFIRM_FORGET, deed->address, &answer);
    answer.before = &deed->before;
    changing->state = "answer_forget_asked";
    return inbox_add_request(inbox, deed, deed->address, &answer, error);
}

static int feed(struct changing *changing, struct error *error)
{
    (void)error;
    changing->answer.feed = inbox_token_url(changing->inbox, changing->deed->address, TOKEN_FEED,
                                            (struct view){0}, "feed");
    changing->state = changing->answer.feed ? "answer_feed" : "answer_no_feed";
    return 0;
}

/* What is not about the profile's content. */
static int do_other(struct changing *changing, const struct mail_command *command,
                    struct error *error)
{
    bool may;

    switch (command->name) {
    case COMMAND_SUBSCRIBE:
        if (!changing->is_new && !changing->state)
            changing->state = "answer_subscribed_already";
        return 0;
    case COMMAND_UNSUBSCRIBE:
        changing->deed->unsubscribes = true;
        changing->deed->reason = VIEW("asked for by mail");
        changing->state = "answer_unsubscribed";
        return 0;
    case COMMAND_ADDRESS: return ask_address(changing, command, error);
    case COMMAND_FORGET: return forget(changing, error);
    case COMMAND_FEED: return feed(changing, error);
    case COMMAND_PREVIEW:
    case COMMAND_RESEND:
        if (!changing->may_answer ||
            inbox_may_answer(changing->inbox, changing->deed->address, false, &may, error) < 0)
            return changing->may_answer ? -1 : 0;
        if (!may)
            return 0;
        if (inbox_add_digest(changing->inbox, changing->deed, &changing->deed->after,
                             command->name == COMMAND_PREVIEW, error) < 0)
            return -1;
        if (changing->inbox->no_digest)
            changing->state = "answer_no_digest";
        return 0;
    case COMMAND_EXPORT: return inbox_set_export(changing->inbox, changing->deed->address,
                                                 &changing->answer, error);
    default: return 0;
    }
}

/* What came of it stands beside the command in the answer; what the whole mail came to
 * stays. */
static int do_noted(struct changing *changing, const struct mail_command *command,
                    struct error *error)
{
    const char *state = changing->state;

    changing->state = NULL;
    if (command->name == COMMAND_UNDO)
        changing->state = changing->undone;
    if (do_other(changing, command, error) < 0)
        return -1;
    if (changing->state)
        answer_note(&changing->notes, command, changing->state);
    changing->state = state;
    return 0;
}

static void answer_change(struct changing *changing)
{
    struct inbox_deed *deed = changing->deed;
    struct answer *answer = &changing->answer;

    answer->before = deed->has_before ? &deed->before : NULL;
    answer->after = deed->has_after ? &deed->after : NULL;
    answer->to_name = deed->has_after ? deed->after.name : NULL;
    answer->commands = changing->commands;
    answer->notes = &changing->notes;
    answer->state = changing->state;
}

static int add_links(struct changing *changing, struct error *error)
{
    struct inbox *inbox = changing->inbox;
    struct answer *answer = &changing->answer;
    struct buffer link;

    if (inbox->options.inbox.size) {
        buffer_init(&link, LINES_BYTES);
        digest_add_mailto(&link, inbox->options.inbox, VIEW("undo"));
        answer->undo = arena_string(inbox->arena, buffer_view(&link));
        buffer_free(&link);
    }
    answer->unsubscribe_url = inbox_token_url(inbox, changing->deed->address, TOKEN_UNSUBSCRIBE,
                                              (struct view){0}, "unsubscribe");
    if (inbox_has_command(changing->commands, COMMAND_SHOW) ||
        inbox_has_command(changing->commands, COMMAND_HELP))
        answer->page = inbox_token_url(inbox, changing->deed->address, TOKEN_PAGE,
                                       (struct view){0}, "profile");
    return inbox_token_link(inbox, changing->deed->address, TOKEN_UNSUBSCRIBE, (struct view){0},
                            "unsubscribe", &answer->unsubscribe, NULL, error);
}

static int run_commands(struct changing *changing, struct error *error)
{
    struct inbox_deed *deed = changing->deed;
    struct change_context context = {.today = today_of(&deed->after, changing->inbox->now_utc),
                                     .is_new = changing->is_new,
                                     .zone_is_known = zone_is_known};

    if (inbox_has_command(changing->commands, COMMAND_UNDO) && undo(changing, error) < 0)
        return -1;
    change_apply(changing->commands, &context, &deed->after, changing->inbox->arena,
                 &changing->notes);
    for (size_t i = 0; i < changing->commands->count; i++)
        if (do_noted(changing, &changing->commands->items[i], error) < 0)
            return -1;
    if (deed->has_before && deed->profile == DEED_KEEP &&
        change_is_any(&deed->before, &deed->after))
        deed->profile = DEED_SAVE;
    return 0;
}

/* Once somebody has the right to: all commands of `commands` as one change. */
/* Machines get none, whatever token they have; nor does who left before, or writes us
 * nothing that we know, day after day. */
static int find_may_answer(struct changing *changing, struct error *error)
{
    struct inbox *inbox = changing->inbox;
    struct suppression_found suppression;
    bool may = inbox->finding->is_answerable;

    if (suppression_find(inbox->site->store, changing->deed->address, &suppression, error) < 0)
        return -1;
    if (suppression.found && changing->deed->unsubscribes)
        may = false;
    if (may && changing->commands->count && !inbox_has_known_command(changing->commands) &&
        inbox_once_a_day(inbox, ONCE_HELP, changing->deed->address, &may, error) < 0)
        return -1;
    if (may && inbox_may_answer(inbox, changing->deed->address, false, &may, error) < 0)
        return -1;
    changing->may_answer = may;
    return 0;
}

int inbox_decide_change(struct inbox *inbox, struct inbox_deed *deed,
                         const struct mail_commands *commands, bool is_confirmed, bool is_new,
                         const char *state, struct error *error)
{
    struct changing changing = {.inbox = inbox, .deed = deed, .commands = commands,
                                .is_confirmed = is_confirmed, .is_new = is_new, .state = state};

    inbox_start_answer(inbox, ANSWER_CHANGED, deed->address, &changing.answer);
    if (find_may_answer(&changing, error) < 0 || run_commands(&changing, error) < 0)
        return -1;
    deed->notes = changing.notes;
    deed->state = changing.state;
    /* Nobody is written to who has just been forgotten. */
    if (deed->profile == DEED_ERASE || !changing.may_answer)
        return 0;
    answer_change(&changing);
    if ((commands->count && !inbox_has_known_command(commands)) ||
        (commands->count == 1 && commands->items[0].name == COMMAND_HELP))
        changing.answer.kind = ANSWER_HELP;
    if (add_links(&changing, error) < 0)
        return -1;
    return inbox_add_answer(inbox, deed, DELIVERY_ANSWER, &changing.answer, "answer", error);
}

int inbox_add_page_link(struct inbox *inbox, struct inbox_deed *deed, struct error *error)
{
    static const struct mail_commands NONE = {0};
    struct changing changing = {.inbox = inbox, .deed = deed, .commands = &NONE,
                                .state = "answer_page"};

    inbox_start_answer(inbox, ANSWER_CHANGED, deed->address, &changing.answer);
    answer_change(&changing);
    if (add_links(&changing, error) < 0)
        return -1;
    changing.answer.page = inbox_token_url(inbox, deed->address, TOKEN_PAGE, (struct view){0},
                                           "profile");
    return inbox_add_answer(inbox, deed, DELIVERY_ANSWER, &changing.answer, "page", error);
}
