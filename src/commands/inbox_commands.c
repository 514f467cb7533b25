/* inbox: what a mail with commands is allowed to do, and what it then does. Trust is
 * DESIGN's: a token acts whatever the From; a From counts when our mail server vouches for
 * it; else whoever has the address is asked first. */
#include <stdlib.h>
#include <string.h>

#include "commands/inbox_deciding.h"
#include "inbox/change.h"
#include "store/forgotten.h"
#include "store/subscribers.h"
#include "subscribers/address.h"

/* ---- with a token ---- */

static void read_lines(struct inbox *inbox, const char *lines, struct mail_commands *ret_commands)
{
    const struct mail_command_sources sources = {.body = view_of(lines)};

    mail_commands_read(&sources, inbox->arena, ret_commands);
}

static int confirm_subscribe(struct inbox *inbox, struct inbox_deed *deed,
                             const struct pending *pending, struct error *error)
{
    struct suppression_found suppression;
    struct mail_commands commands;
    bool is_new;

    if (suppression_find(inbox->site->store, pending->address, &suppression, error) < 0)
        return -1;
    /* Only the owner lifts those. */
    if (suppression.found && suppression.reason >= SUPPRESSION_OWNER) {
        deed->event = inbox_tell_of(inbox, pending->address,
                                    "has confirmed to subscribe, but complained before or is "
                                    "suppressed by you");
        return 0;
    }
    if (inbox_load(inbox, pending->address, deed, error) < 0)
        return -1;
    is_new = !deed->has_before;
    if (is_new)
        inbox_make_new(pending->address, deed);
    deed->subscribes = true;
    read_lines(inbox, pending->commands, &commands);
    return inbox_decide_change(inbox, deed, &commands, true, is_new, "answer_subscribed", error);
}

static int confirm_address(struct inbox *inbox, struct inbox_deed *deed,
                           const struct grant *grant, struct error *error)
{
    const struct pending *pending = &grant->pending;
    bool both = grant->is_other ? pending->is_confirmed : pending->is_other_confirmed;
    static const struct mail_commands NONE = {0};
    bool has;
    int moved;

    deed->confirms_as_other = grant->is_other;
    deed->finishes = both;
    if (!both)
        return 0;
    if (inbox_load(inbox, pending->address, deed, error) < 0 ||
        profile_source_has(&inbox->source, pending->other, &has, error) < 0 ||
        (moved = inbox_take_moved(inbox, pending->other, deed, error)) < 0)
        return -1;
    if (!moved && (!deed->has_before || has))
        return 0;
    free(deed->after.email);
    deed->after.email = address_canonical(view_of(pending->other));
    deed->profile = DEED_MOVE;
    deed->address = pending->other;
    deed->subscribes = true;
    return inbox_decide_change(inbox, deed, &NONE, true, false, "answer_address_changed", error);
}

int inbox_decide_confirm(struct inbox *inbox, struct inbox_deed *deed, const struct grant *grant,
                         struct error *error)
{
    const struct pending *pending = &grant->pending;
    struct mail_commands commands;

    if (pending->is_done)
        return 0;
    deed->confirms = pending->id;
    deed->finishes = true;
    if (pending->kind == PENDING_SUBSCRIBE)
        return confirm_subscribe(inbox, deed, pending, error);
    if (pending->kind == PENDING_ADDRESS)
        return confirm_address(inbox, deed, grant, error);
    read_lines(inbox, pending->commands, &commands);
    /* Also when an interruption has left no profile, or it cannot be read. */
    if (pending->kind == PENDING_FORGET || inbox_has_command(&commands, COMMAND_FORGET)) {
        deed->address = pending->address;
        deed->profile = DEED_ERASE;
        return 0;
    }
    if (inbox_load(inbox, pending->address, deed, error) < 0)
        return -1;
    if (!deed->has_before)
        return 0;
    return inbox_decide_change(inbox, deed, &commands, true, false, NULL, error);
}

/* What the token does not speak of is left alone. */
static struct mail_commands only(struct inbox *inbox, enum mail_command_name a,
                                 enum mail_command_name b)
{
    const struct mail_commands *all = &inbox->finding->commands;
    struct mail_commands some = {arena_alloc(inbox->arena, all->count + 1, sizeof(*some.items)), 0,
                                 false};

    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].name == a || all->items[i].name == b)
            some.items[some.count++] = all->items[i];
    return some;
}

static void decide_judgement(struct inbox *inbox, struct inbox_deed *deed,
                             const struct grant *grant)
{
    struct view *argument = arena_alloc(inbox->arena, 1, sizeof(*argument));
    bool *begins = arena_alloc(inbox->arena, 1, sizeof(*begins));
    struct mail_command command = {
        .name = grant->purpose == TOKEN_LIKE ? COMMAND_LIKE : COMMAND_DISLIKE,
        .arguments = argument, .argument_count = 1, .begins_item = begins};
    const struct mail_commands commands = {&command, 1, false};
    const struct change_context context = {.today = time_to_date(inbox->now_utc, NULL)};
    struct change_notes notes;

    *argument = grant->paper;
    change_apply(&commands, &context, &deed->after, inbox->arena, &notes);
    if (change_is_any(&deed->before, &deed->after))
        deed->profile = DEED_SAVE;
}

static int decide_granted(struct inbox *inbox, struct inbox_deed *deed, const struct grant *grant,
                          struct error *error)
{
    const char *address;
    struct mail_commands commands;

    if (grant->purpose == TOKEN_CONFIRM) {
        /* A reply to the request, or a vacation program's, says no such word. */
        if (inbox->finding->kind != FINDING_COMMAND ||
            !inbox_has_command(&inbox->finding->commands, COMMAND_CONFIRM))
            return 0;
        return inbox_decide_confirm(inbox, deed, grant, error);
    }
    if (inbox_where(inbox, grant->address, &address, error) < 0)
        return -1;
    if (!address)
        return 0;
    if (inbox_load(inbox, address, deed, error) < 0)
        return -1;
    if (grant->purpose == TOKEN_UNSUBSCRIBE) {
        commands = only(inbox, COMMAND_UNSUBSCRIBE, COMMAND_UNSUBSCRIBE);
        deed->unsubscribes = true;
        deed->reason = VIEW("asked for by mail, with the link of a digest");
        return inbox_decide_change(inbox, deed, &commands, false, false, "answer_unsubscribed", error);
    }
    if (deed->has_before && grant->purpose != TOKEN_PAUSE)
        decide_judgement(inbox, deed, grant);
    if (!deed->has_before || grant->purpose != TOKEN_PAUSE)
        return 0;
    commands = only(inbox, COMMAND_PAUSE, COMMAND_RESUME);
    return commands.count ? inbox_decide_change(inbox, deed, &commands, false, false, NULL, error) : 0;
}

/* ---- without ---- */

static int help_stranger(struct inbox *inbox, struct inbox_deed *deed, const char *address,
                         struct error *error)
{
    struct answer answer;
    bool may;

    if (!inbox->finding->is_authentic || !inbox_is_allowed(inbox, address))
        return 0;
    if (inbox_once_a_day(inbox, ONCE_HELP, address, &may, error) < 0 ||
        (may && inbox_may_answer(inbox, address, false, &may, error) < 0))
        return -1;
    if (!may)
        return 0;
    inbox_start_answer(inbox, ANSWER_HELP, address, &answer);
    answer.commands = &inbox->finding->commands;
    return inbox_add_answer(inbox, deed, DELIVERY_ANSWER, &answer, "help", error);
}

/* Who has left, or has only asked to subscribe, may be forgotten, too. */
static int forget_without_profile(struct inbox *inbox, struct inbox_deed *deed,
                                  const char *address, struct error *error)
{
    bool is_stored;

    if (subscriber_is_stored(inbox->site->store, address, &is_stored, error) < 0)
        return -1;
    return is_stored ? inbox_ask_change(inbox, deed, address, error)
                     : help_stranger(inbox, deed, address, error);
}

static int decide_sender(struct inbox *inbox, struct inbox_deed *deed, struct error *error)
{
    const struct finding *finding = inbox->finding;
    const char *address = arena_string(inbox->arena, finding->from);
    struct suppression_found suppression;
    bool subscribes = inbox_has_command(&finding->commands, COMMAND_SUBSCRIBE);

    if (!finding->from.size)
        return 0;
    if (suppression_find(inbox->site->store, address, &suppression, error) < 0)
        return -1;
    if (suppression.found && suppression.reason >= SUPPRESSION_OWNER) {
        deed->event = inbox_tell_of(inbox, address,
                                    "has written, but complained before or is suppressed by you");
        return 0;
    }
    if (inbox_load(inbox, address, deed, error) < 0)
        return -1;
    if (subscribes && (!deed->has_before || suppression.found))
        return inbox_ask_subscribe(inbox, deed, address, error);
    if (!deed->has_before && inbox_has_command(&finding->commands, COMMAND_FORGET))
        return forget_without_profile(inbox, deed, address, error);
    if (!deed->has_before)
        return help_stranger(inbox, deed, address, error);
    if (!finding->is_authentic)
        return inbox_has_known_command(&finding->commands) ? inbox_ask_change(inbox, deed, address, error) : 0;
    return inbox_decide_change(inbox, deed, &finding->commands, false, false, NULL, error);
}

static bool came_to_envelope(const struct inbox *inbox)
{
    struct token token;

    for (size_t i = 0; i < inbox->finding->recipient_count; i++)
        if (token_read_address(inbox->finding->recipients[i], inbox->options.inbox, &token) &&
            token.purpose == TOKEN_BOUNCE)
            return true;
    return false;
}

int inbox_decide(struct inbox *inbox, struct inbox_deed *deed, struct error *error)
{
    struct grant grant;

    inbox->is_vouched = inbox->finding->is_authentic;
    if (inbox_find_grant(inbox, &grant, error) < 0)
        return -1;
    if (grant.address) {
        inbox->is_vouched = true;
        return decide_granted(inbox, deed, &grant, error);
    }
    /* Who answers to a digest's envelope is a machine without manners. */
    if (came_to_envelope(inbox))
        return 0;
    return inbox->finding->kind == FINDING_COMMAND && inbox->finding->is_answerable
               ? decide_sender(inbox, deed, error)
               : 0;
}
