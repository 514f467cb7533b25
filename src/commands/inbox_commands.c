/* inbox: what a mail with commands is allowed to do, and what it then does. Trust is
 * DESIGN's: a token acts whatever the From; a From counts when our mail server vouches for
 * it; else whoever has the address is asked first. */
#include <stdlib.h>
#include <string.h>

#include "commands/forgetting.h"
#include "commands/inbox_parts.h"
#include "digest/message.h"
#include "inbox/change.h"
#include "store/history.h"
#include "store/moving.h"
#include "store/subscribers.h"
#include "subscribers/address.h"
#include "subscribers/profile_edit.h"

enum { ID_HASH_CHARACTERS = 24, LINES_BYTES = 64 * 1024 };

/* What lets a mail act. */
struct grant {
    const char *address; /* NULL: nothing does */
    enum token_purpose purpose;
    struct view paper;         /* of like and dislike */
    struct pending pending;    /* of confirm; id NULL: not found */
    bool is_other;             /* confirmed by the new address */
};

static bool has_command(const struct mail_commands *commands, enum mail_command_name name)
{
    for (size_t i = 0; i < commands->count; i++)
        if (commands->items[i].name == name)
            return true;
    return false;
}

static bool has_known_command(const struct mail_commands *commands)
{
    for (size_t i = 0; i < commands->count; i++)
        if (commands->items[i].name != COMMAND_UNKNOWN)
            return true;
    return false;
}

/* ---- tokens ---- */

struct confirming {
    struct inbox *inbox;
    const struct token *token;
    struct grant *grant;
    struct error *error;
};

/* The request that the token is for is its scope. */
static int try_confirm(void *user, const char *address,
                       const struct token_subscriber *subscriber)
{
    struct confirming *confirming = user;
    struct inbox *inbox = confirming->inbox;
    struct pending *items;
    size_t count;

    if (pending_list(inbox->site->store, address, inbox->now_utc, inbox->arena, &items, &count,
                     confirming->error) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (token_verify(subscriber, confirming->token, view_of(items[i].id), inbox->now_utc) !=
            TOKEN_VALID)
            continue;
        *confirming->grant = (struct grant){
            .address = arena_string(inbox->arena, view_of(address)),
            .purpose = TOKEN_CONFIRM,
            .pending = items[i],
            .is_other = items[i].other && strcmp(items[i].other, address) == 0,
        };
        return 1;
    }
    return 0;
}

static int find_confirm(struct inbox *inbox, const struct token *token, struct grant *grant,
                        struct error *error)
{
    struct confirming confirming = {inbox, token, grant, error};

    return tag_book_each(&inbox->book, inbox->site, token->tag, try_confirm, &confirming, error) <
                   0
               ? -1
               : 0;
}

/* A link's token is for the paper that its subject names. */
static int find_judged(struct inbox *inbox, const struct token *token, struct grant *grant,
                       struct error *error)
{
    const struct mail_commands *commands = &inbox->finding->commands;

    for (size_t i = 0; i < commands->count && !grant->address; i++) {
        const struct mail_command *command = &commands->items[i];

        if (command->name != (token->purpose == TOKEN_LIKE ? COMMAND_LIKE : COMMAND_DISLIKE))
            continue;
        for (size_t j = 0; j < command->argument_count && !grant->address; j++) {
            if (tag_book_find(&inbox->book, inbox->site, token, command->arguments[j],
                              inbox->now_utc, &grant->address, error) < 0)
                return -1;
            grant->paper = command->arguments[j];
        }
    }
    return 0;
}

static int find_grant_of(struct inbox *inbox, const struct token *token, struct grant *grant,
                         struct error *error)
{
    grant->purpose = token->purpose;
    switch (token->purpose) {
    case TOKEN_CONFIRM: return find_confirm(inbox, token, grant, error);
    case TOKEN_LIKE:
    case TOKEN_DISLIKE: return find_judged(inbox, token, grant, error);
    case TOKEN_UNSUBSCRIBE:
    case TOKEN_PAUSE:
        return tag_book_find(&inbox->book, inbox->site, token, (struct view){0}, inbox->now_utc,
                             &grant->address, error);
    default: return 0;
    }
}

/* In one of the addresses that it came to, or written behind `confirm`. */
static int find_grant(struct inbox *inbox, struct grant *ret_grant, struct error *error)
{
    const struct finding *finding = inbox->finding;
    struct token token;

    *ret_grant = (struct grant){0};
    for (size_t i = 0; i < finding->recipient_count && !ret_grant->address; i++)
        if (token_read_address(finding->recipients[i], inbox->options.inbox, &token) &&
            find_grant_of(inbox, &token, ret_grant, error) < 0)
            return -1;
    for (size_t i = 0; i < finding->commands.count && !ret_grant->address; i++) {
        const struct mail_command *command = &finding->commands.items[i];

        if (command->name == COMMAND_CONFIRM && command->argument_count == 1 &&
            token_read(command->arguments[0], &token, NULL) == 0 &&
            token.purpose == TOKEN_CONFIRM && find_confirm(inbox, &token, ret_grant, error) < 0)
            return -1;
    }
    return 0;
}

/* ---- a profile read ---- */

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
        !view_equal(intent.after, (struct view){(const char *)deed->version.hash,
                                                sizeof(deed->version.hash)}))
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

static int load(struct inbox *inbox, const char *address, struct inbox_deed *deed,
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

static void make_new(const char *address, struct inbox_deed *deed)
{
    profile_init(&deed->after);
    deed->after.email = address_canonical(view_of(address));
    deed->has_after = true;
    deed->profile = DEED_CREATE;
}

/* ---- asking first ---- */

/* The lines as they were written, to be read again when they are confirmed. */
static const char *lines_of(struct inbox *inbox, const struct mail_commands *commands)
{
    struct buffer text;
    const char *lines;

    buffer_init(&text, LINES_BYTES);
    for (size_t i = 0; i < commands->count; i++) {
        if (commands->items[i].name == COMMAND_UNKNOWN ||
            commands->items[i].name == COMMAND_CONFIRM)
            continue;
        buffer_add_view(&text, commands->items[i].line);
        buffer_add_char(&text, '\n');
    }
    lines = arena_string(inbox->arena, buffer_view(&text));
    buffer_free(&text);
    return lines;
}

/* The same mail asks the same, however often it is read. */
static const char *request_id(struct inbox *inbox, const char *kind)
{
    struct buffer id;
    const char *result;

    buffer_init(&id, PENDING_ID_BYTES);
    buffer_printf(&id, "%.*s%s", ID_HASH_CHARACTERS, inbox->hash, kind);
    result = arena_string(inbox->arena, buffer_view(&id));
    buffer_free(&id);
    return result;
}

static int add_request(struct inbox *inbox, struct inbox_deed *deed, enum answer_kind kind,
                       const char *to, struct answer *answer, struct error *error)
{
    struct answer room;

    if (!answer) {
        answer = &room;
        inbox_start_answer(inbox, kind, to, answer);
    }
    if (inbox_token_link(inbox, to, TOKEN_CONFIRM, view_of(deed->asks.id), "confirm",
                         &answer->confirm, error) < 0)
        return -1;
    return inbox_add_answer(inbox, deed, DELIVERY_CONFIRMATION, answer,
                            deed->asks.other && strcmp(to, deed->asks.other) == 0 ? "new"
                                                                                  : "confirm",
                            error);
}

static int may_ask(struct inbox *inbox, const char *address, bool *ret_may, struct error *error)
{
    bool was_asked;

    if (pending_was_asked(inbox->site->store, address, inbox->now_utc, &was_asked, error) < 0)
        return -1;
    *ret_may = false;
    return was_asked ? 0 : inbox_may_answer(inbox, address, true, ret_may, error);
}

static void set_request(struct inbox *inbox, struct inbox_deed *deed, enum pending_kind kind,
                        const char *address, const char *other,
                        const struct mail_commands *commands)
{
    static const char *const LETTERS[] = {"s", "c", "a", "f"};

    deed->asks = (struct pending){
        .id = request_id(inbox, LETTERS[kind]),
        .kind = kind,
        .address = address,
        .other = other,
        .commands = lines_of(inbox, commands),
        .created_utc = inbox->now_utc,
        .expires_utc = inbox->now_utc + PENDING_SECONDS,
    };
}

/* `*.example.org` is a domain below example.org, `example.org` itself, `*` any. */
static bool is_allowed(const struct inbox *inbox, const char *address)
{
    const struct strings *allow = &inbox->site->configuration.inbox.allow;
    struct view domain = address_domain(view_of(address));

    for (size_t i = 0; i < allow->count; i++) {
        struct view item = view_of(allow->items[i]);

        if (view_equal_string(item, "*") || view_equal_nocase(item, domain) ||
            view_equal_nocase(item, view_of(address)))
            return true;
        if (view_starts_with(item, VIEW("*.")) && domain.size >= item.size &&
            view_equal_nocase(view_slice(item, 1, item.size),
                              view_slice(domain, domain.size - item.size + 1, domain.size)))
            return true;
    }
    return !allow->count;
}

static int ask_subscribe(struct inbox *inbox, struct inbox_deed *deed, const char *address,
                         struct error *error)
{
    struct change_context context = {.today = time_to_date(inbox->now_utc, NULL), .is_new = true};
    struct change_notes notes;
    struct answer answer;
    bool may;

    if (!is_allowed(inbox, address)) {
        deed->event = "a sign-up from a domain that inbox.allow does not name was left alone";
        return 0;
    }
    if (may_ask(inbox, address, &may, error) < 0 || !may)
        return may ? -1 : 0;
    set_request(inbox, deed, PENDING_SUBSCRIBE, address, NULL, &inbox->finding->commands);
    inbox_start_answer(inbox, ANSWER_CONFIRM_SUBSCRIBE, address, &answer);
    if (!deed->has_after) {
        make_new(address, deed);
        deed->profile = DEED_KEEP;
    }
    change_apply(&inbox->finding->commands, &context, &deed->after, inbox->arena, &notes);
    if (inbox_look_ahead(inbox, &deed->after, &answer, error) < 0)
        return -1;
    return add_request(inbox, deed, ANSWER_CONFIRM_SUBSCRIBE, address, &answer, error);
}

static int ask_change(struct inbox *inbox, struct inbox_deed *deed, const char *address,
                      struct error *error)
{
    struct answer answer;
    bool may;

    if (may_ask(inbox, address, &may, error) < 0 || !may)
        return may ? -1 : 0;
    set_request(inbox, deed, PENDING_CHANGE, address, NULL, &inbox->finding->commands);
    inbox_start_answer(inbox, ANSWER_CONFIRM_CHANGE, address, &answer);
    answer.commands = &inbox->finding->commands;
    answer.before = &deed->before;
    return add_request(inbox, deed, ANSWER_CONFIRM_CHANGE, address, &answer, error);
}

/* ---- changes ---- */

struct changing {
    struct inbox *inbox;
    struct inbox_deed *deed;
    const struct mail_commands *commands;
    struct change_notes notes;
    struct answer answer;
    bool is_confirmed; /* by a token: nothing is asked again */
    const char *state; /* a word for the answer */
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
        changing->state = "answer_nothing_to_undo";
        return 0;
    }
    if (!view_equal(entry.after, (struct view){(const char *)deed->version.hash,
                                               sizeof(deed->version.hash)})) {
        changing->state = "answer_changed_since";
        return 0;
    }
    if (profile_read(deed->address, entry.document, &earlier, error) < 0)
        return -1;
    profile_free(&deed->after);
    deed->after = earlier;
    deed->undone = entry.number;
    changing->state = "answer_undone";
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
    bool has, may;

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
    if (has || (suppression.found && suppression.reason != SUPPRESSION_UNSUBSCRIBED)) {
        changing->state = "answer_address_taken";
        return 0;
    }
    if (may_ask(inbox, other, &may, error) < 0)
        return -1;
    if (!may) {
        changing->state = "answer_asked_already";
        return 0;
    }
    set_request(inbox, deed, PENDING_ADDRESS, deed->address, other, changing->commands);
    changing->state = "answer_address_asked";
    for (int i = 0; i < 2; i++) {
        struct answer answer;
        const char *to = i ? other : deed->address;

        inbox_start_answer(inbox, ANSWER_CONFIRM_ADDRESS, to, &answer);
        answer.other_address = i ? deed->address : other;
        if (add_request(inbox, deed, ANSWER_CONFIRM_ADDRESS, to, &answer, error) < 0)
            return -1;
    }
    return 0;
}

static int forget(struct changing *changing, struct error *error)
{
    struct inbox *inbox = changing->inbox;
    struct inbox_deed *deed = changing->deed;
    struct answer answer;

    if (changing->is_confirmed) {
        deed->profile = DEED_ERASE;
        return 0;
    }
    set_request(inbox, deed, PENDING_FORGET, deed->address, NULL, changing->commands);
    inbox_start_answer(inbox, ANSWER_CONFIRM_CHANGE, deed->address, &answer);
    answer.commands = changing->commands;
    answer.state = "answer_forget_asked";
    answer.before = &deed->before;
    changing->state = "answer_forget_asked";
    return add_request(inbox, deed, ANSWER_CONFIRM_CHANGE, deed->address, &answer, error);
}

static int feed(struct changing *changing, struct error *error)
{
    const struct configuration *configuration = &changing->inbox->site->configuration;
    struct token_subscriber subscriber;
    char token[TOKEN_TEXT_BYTES];
    struct buffer url;

    (void)error;
    if (!configuration->web.base_url) {
        changing->state = "answer_no_feed";
        return 0;
    }
    token_subscriber_init(&changing->inbox->site->key, view_of(changing->deed->address),
                          &subscriber);
    token_make(&subscriber, TOKEN_FEED, (struct view){0},
               token_purpose_expires(TOKEN_FEED, changing->inbox->now_utc), token);
    buffer_init(&url, LINES_BYTES);
    buffer_printf(&url, "%sfeed/%s", configuration->web.base_url, token);
    changing->answer.feed = arena_string(changing->inbox->arena, buffer_view(&url));
    buffer_free(&url);
    changing->state = "answer_feed";
    return 0;
}

/* What is not about the profile's content. */
static int do_other(struct changing *changing, const struct mail_command *command,
                    struct error *error)
{
    switch (command->name) {
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

    buffer_init(&link, LINES_BYTES);
    digest_add_mailto(&link, inbox->options.inbox, VIEW("undo"));
    answer->undo = arena_string(inbox->arena, buffer_view(&link));
    buffer_free(&link);
    return inbox_token_link(inbox, changing->deed->address, TOKEN_UNSUBSCRIBE, (struct view){0},
                            "unsubscribe", &answer->unsubscribe, error);
}

static int run_commands(struct changing *changing, bool is_new, struct error *error)
{
    struct inbox_deed *deed = changing->deed;
    struct change_context context = {.today = today_of(&deed->after, changing->inbox->now_utc),
                                     .is_new = is_new, .zone_is_known = zone_is_known};

    if (has_command(changing->commands, COMMAND_UNDO) && undo(changing, error) < 0)
        return -1;
    change_apply(changing->commands, &context, &deed->after, changing->inbox->arena,
                 &changing->notes);
    for (size_t i = 0; i < changing->commands->count; i++)
        if (do_other(changing, &changing->commands->items[i], error) < 0)
            return -1;
    if (deed->profile == DEED_KEEP && change_is_any(&deed->before, &deed->after))
        deed->profile = DEED_SAVE;
    return 0;
}

/* Once somebody has the right to: all commands of `commands` as one change. */
static int decide_change(struct inbox *inbox, struct inbox_deed *deed,
                         const struct mail_commands *commands, bool is_confirmed, bool is_new,
                         const char *state, struct error *error)
{
    struct changing changing = {.inbox = inbox, .deed = deed, .commands = commands,
                                .is_confirmed = is_confirmed, .state = state};
    bool may;

    inbox_start_answer(inbox, ANSWER_CHANGED, deed->address, &changing.answer);
    if (run_commands(&changing, is_new, error) < 0)
        return -1;
    /* Nobody is written to who has just been forgotten. */
    if (deed->profile == DEED_ERASE)
        return 0;
    if (inbox_may_answer(inbox, deed->address, false, &may, error) < 0)
        return -1;
    if (!may)
        return 0;
    answer_change(&changing);
    if (!has_known_command(commands) ||
        (commands->count == 1 && commands->items[0].name == COMMAND_HELP))
        changing.answer.kind = ANSWER_HELP;
    if (add_links(&changing, error) < 0)
        return -1;
    return inbox_add_answer(inbox, deed, DELIVERY_ANSWER, &changing.answer, "answer", error);
}

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
        deed->event = "somebody confirmed a sign-up who complained before, or whom you suppressed";
        return 0;
    }
    if (load(inbox, pending->address, deed, error) < 0)
        return -1;
    is_new = !deed->has_before;
    if (is_new)
        make_new(pending->address, deed);
    deed->subscribes = true;
    read_lines(inbox, pending->commands, &commands);
    return decide_change(inbox, deed, &commands, true, is_new, "answer_subscribed", error);
}

static int confirm_address(struct inbox *inbox, struct inbox_deed *deed,
                           const struct grant *grant, struct error *error)
{
    const struct pending *pending = &grant->pending;
    bool both = grant->is_other ? pending->is_confirmed : pending->is_other_confirmed;
    static const struct mail_commands NONE = {0};
    bool has;

    deed->confirms_as_other = grant->is_other;
    deed->finishes = both;
    if (!both)
        return 0;
    if (load(inbox, pending->address, deed, error) < 0 ||
        profile_source_has(&inbox->source, pending->other, &has, error) < 0)
        return -1;
    if (!deed->has_before || has)
        return 0;
    free(deed->after.email);
    deed->after.email = address_canonical(view_of(pending->other));
    deed->profile = DEED_MOVE;
    deed->address = pending->other;
    deed->subscribes = true;
    return decide_change(inbox, deed, &NONE, true, false, "answer_address_changed", error);
}

static int decide_confirm(struct inbox *inbox, struct inbox_deed *deed, const struct grant *grant,
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
    if (load(inbox, pending->address, deed, error) < 0 || !deed->has_before)
        return deed->has_before ? -1 : 0;
    read_lines(inbox, pending->commands, &commands);
    return decide_change(inbox, deed, &commands, true, false, NULL, error);
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
            !has_command(&inbox->finding->commands, COMMAND_CONFIRM))
            return 0;
        return decide_confirm(inbox, deed, grant, error);
    }
    if (subscriber_where(inbox->site->store, grant->address, inbox->arena, &address, error) < 0 ||
        load(inbox, address, deed, error) < 0)
        return -1;
    if (grant->purpose == TOKEN_UNSUBSCRIBE) {
        commands = only(inbox, COMMAND_UNSUBSCRIBE, COMMAND_UNSUBSCRIBE);
        deed->unsubscribes = true;
        deed->reason = VIEW("asked for by mail, with the link of a digest");
        return decide_change(inbox, deed, &commands, false, false, "answer_unsubscribed", error);
    }
    if (deed->has_before && grant->purpose != TOKEN_PAUSE)
        decide_judgement(inbox, deed, grant);
    if (!deed->has_before || grant->purpose != TOKEN_PAUSE)
        return 0;
    commands = only(inbox, COMMAND_PAUSE, COMMAND_RESUME);
    return commands.count ? decide_change(inbox, deed, &commands, false, false, NULL, error) : 0;
}

/* ---- without ---- */

static int help_stranger(struct inbox *inbox, struct inbox_deed *deed, const char *address,
                         struct error *error)
{
    struct answer answer;
    bool may;

    if (!inbox->finding->is_authentic || !is_allowed(inbox, address))
        return 0;
    if (inbox_may_answer(inbox, address, false, &may, error) < 0 || !may)
        return may ? -1 : 0;
    inbox_start_answer(inbox, ANSWER_HELP, address, &answer);
    answer.commands = &inbox->finding->commands;
    return inbox_add_answer(inbox, deed, DELIVERY_ANSWER, &answer, "help", error);
}

static int decide_sender(struct inbox *inbox, struct inbox_deed *deed, struct error *error)
{
    const struct finding *finding = inbox->finding;
    const char *address = arena_string(inbox->arena, finding->from);
    struct suppression_found suppression;
    bool subscribes = has_command(&finding->commands, COMMAND_SUBSCRIBE);

    if (!finding->from.size)
        return 0;
    if (suppression_find(inbox->site->store, address, &suppression, error) < 0)
        return -1;
    if (suppression.found && suppression.reason >= SUPPRESSION_OWNER) {
        deed->event = "an address that is suppressed by you, or that complained, wrote to the inbox";
        return 0;
    }
    if (load(inbox, address, deed, error) < 0)
        return -1;
    if (subscribes && (!deed->has_before || suppression.found))
        return ask_subscribe(inbox, deed, address, error);
    if (!deed->has_before)
        return help_stranger(inbox, deed, address, error);
    if (!finding->is_authentic)
        return has_known_command(&finding->commands) ? ask_change(inbox, deed, address, error) : 0;
    return decide_change(inbox, deed, &finding->commands, false, false, NULL, error);
}

int inbox_decide(struct inbox *inbox, struct inbox_deed *deed, struct error *error)
{
    struct grant grant;

    if (find_grant(inbox, &grant, error) < 0)
        return -1;
    if (grant.address)
        return decide_granted(inbox, deed, &grant, error);
    return inbox->finding->kind == FINDING_COMMAND && inbox->finding->is_answerable
               ? decide_sender(inbox, deed, error)
               : 0;
}
