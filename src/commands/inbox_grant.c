/* inbox: what lets a mail act, whatever its From says: a token. */
#include <string.h>

#include "commands/inbox_deciding.h"
#include "store/moving.h"

bool inbox_has_command(const struct mail_commands *commands, enum mail_command_name name)
{
    for (size_t i = 0; i < commands->count; i++)
        if (commands->items[i].name == name)
            return true;
    return false;
}

bool inbox_has_known_command(const struct mail_commands *commands)
{
    for (size_t i = 0; i < commands->count; i++)
        if (commands->items[i].name != COMMAND_UNKNOWN)
            return true;
    return false;
}

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

int inbox_find_confirm(struct inbox *inbox, const struct token *token, struct grant *grant,
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
    case TOKEN_CONFIRM: return inbox_find_confirm(inbox, token, grant, error);
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
int inbox_find_grant(struct inbox *inbox, struct grant *ret_grant, struct error *error)
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
            token.purpose == TOKEN_CONFIRM && inbox_find_confirm(inbox, &token, ret_grant, error) < 0)
            return -1;
    }
    return 0;
}

int inbox_where(struct inbox *inbox, const char *address, const char **ret_address,
                struct error *error)
{
    bool has, knows;

    *ret_address = address;
    if (profile_source_has(&inbox->source, address, &has, error) < 0)
        return -1;
    if (has)
        return 0;
    if (subscriber_where(inbox->site->store, address, inbox->arena, ret_address, error) < 0 ||
        tag_book_knows(inbox->site, *ret_address, &knows, error) < 0)
        return -1;
    if (!knows)
        *ret_address = NULL;
    return 0;
}

int inbox_leave(struct inbox *inbox, const char *address, struct view reason,
                struct inbox_deed *deed, struct error *error)
{
    if (inbox_where(inbox, address, &deed->address, error) < 0)
        return -1;
    deed->unsubscribes = deed->address != NULL;
    deed->reason = reason;
    return 0;
}

/* What a program or a mailbox provider sends for somebody is a complaint or nothing by its
 * form, and there is nobody who waits for an answer. */
int inbox_decide_leaving(struct inbox *inbox, struct inbox_deed *deed, bool *ret_leaves,
                         struct error *error)
{
    const struct finding *finding = inbox->finding;
    struct grant grant = {0};
    struct token token;

    *ret_leaves = false;
    for (size_t i = 0; i < finding->recipient_count && !grant.address; i++)
        if (token_read_address(finding->recipients[i], inbox->options.inbox, &token) &&
            token.purpose == TOKEN_UNSUBSCRIBE &&
            find_grant_of(inbox, &token, &grant, error) < 0)
            return -1;
    if (!grant.address)
        return 0;
    *ret_leaves = true;
    return inbox_leave(inbox, grant.address, VIEW("asked for by mail, with the link of a digest"),
                       deed, error);
}
