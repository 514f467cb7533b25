/* inbox: whoever has an address is asked before anything happens to it. */
#include <string.h>

#include "commands/inbox_deciding.h"
#include "inbox/change.h"
#include "subscribers/address.h"

enum { ID_HASH_CHARACTERS = 24, LINES_BYTES = 64 * 1024 };

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

const char *inbox_tell_of(struct inbox *inbox, const char *address, const char *what)
{
    struct buffer text;
    const char *result;

    buffer_init(&text, LINES_BYTES);
    buffer_printf(&text, "%s %s", address, what);
    result = arena_string(inbox->arena, buffer_view(&text));
    buffer_free(&text);
    return result;
}

int inbox_add_request(struct inbox *inbox, struct inbox_deed *deed, const char *to,
                      struct answer *answer, struct error *error)
{
    bool is_other = deed->asks.other && strcmp(to, deed->asks.other) == 0;

    if (inbox_token_link(inbox, to, TOKEN_CONFIRM, view_of(deed->asks.id), "confirm",
                         &answer->confirm, &answer->confirm_address, error) < 0)
        return -1;
    answer->confirm_url = inbox_token_url(inbox, to, TOKEN_CONFIRM, view_of(deed->asks.id),
                                          "confirm");
    return inbox_add_answer(inbox, deed, DELIVERY_CONFIRMATION, answer,
                            is_other ? "new" : "confirm", error);
}

int inbox_may_ask(struct inbox *inbox, const char *address, bool *ret_may, struct error *error)
{
    bool was_asked;

    *ret_may = false;
    if (pending_was_asked(inbox->site->store, address, inbox->is_vouched, inbox->now_utc,
                          &was_asked, error) < 0)
        return -1;
    return was_asked ? 0 : inbox_may_answer(inbox, address, true, ret_may, error);
}

void inbox_set_request(struct inbox *inbox, struct inbox_deed *deed, enum pending_kind kind,
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
        .is_vouched = inbox->is_vouched,
        .created_utc = inbox->now_utc,
        .expires_utc = inbox->now_utc + PENDING_SECONDS,
    };
}

/* `*.example.org` is a domain below example.org, `example.org` itself, `*` any. */
bool inbox_is_allowed(const struct inbox *inbox, const char *address)
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

/* To somebody who is who they say: the mail with the link has been sent already. */
static int say_asked(struct inbox *inbox, struct inbox_deed *deed, const char *address,
                     struct error *error)
{
    struct answer answer;
    bool may;

    if (inbox_may_answer(inbox, address, false, &may, error) < 0)
        return -1;
    if (!may)
        return 0;
    inbox_start_answer(inbox, ANSWER_CHANGED, address, &answer);
    answer.state = "answer_asked_already";
    return inbox_add_answer(inbox, deed, DELIVERY_ANSWER, &answer, "asked", error);
}

int inbox_ask_subscribe(struct inbox *inbox, struct inbox_deed *deed, const char *address,
                         struct error *error)
{
    struct change_context context = {.today = time_to_date(inbox->now_utc, NULL), .is_new = true};
    struct change_notes notes;
    struct answer answer;
    bool may;

    if (!inbox_is_allowed(inbox, address)) {
        deed->event = inbox_tell_of(inbox, address,
                                    "would subscribe; inbox.allow does not name it");
        return 0;
    }
    if (inbox_may_ask(inbox, address, &may, error) < 0)
        return -1;
    if (!may)
        return inbox->is_vouched ? say_asked(inbox, deed, address, error) : 0;
    inbox_set_request(inbox, deed, PENDING_SUBSCRIBE, address, NULL, &inbox->finding->commands);
    inbox_start_answer(inbox, ANSWER_CONFIRM_SUBSCRIBE, address, &answer);
    if (!deed->has_after) {
        inbox_make_new(address, deed);
        deed->profile = DEED_KEEP;
    }
    change_apply(&inbox->finding->commands, &context, &deed->after, inbox->arena, &notes);
    if (inbox_look_ahead(inbox, &deed->after, &answer, error) < 0)
        return -1;
    return inbox_add_request(inbox, deed, address, &answer, error);
}

int inbox_ask_change(struct inbox *inbox, struct inbox_deed *deed, const char *address,
                      struct error *error)
{
    struct answer answer;
    bool may;

    if (inbox_may_ask(inbox, address, &may, error) < 0)
        return -1;
    /* Whatever else waits, there is a way out. */
    if (!may && inbox_has_command(&inbox->finding->commands, COMMAND_UNSUBSCRIBE) &&
        (inbox_once_a_day(inbox, ONCE_LEAVE, address, &may, error) < 0 ||
         (may && inbox_may_answer(inbox, address, true, &may, error) < 0)))
        return -1;
    if (!may)
        return 0;
    inbox_set_request(inbox, deed, PENDING_CHANGE, address, NULL, &inbox->finding->commands);
    inbox_start_answer(inbox, ANSWER_CONFIRM_CHANGE, address, &answer);
    answer.commands = &inbox->finding->commands;
    answer.before = deed->has_before ? &deed->before : NULL;
    return inbox_add_request(inbox, deed, address, &answer, error);
}
