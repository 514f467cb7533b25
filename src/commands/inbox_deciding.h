/* What the files that decide what a mail does share. Private to `inbox`. */
#ifndef COMMANDS_INBOX_DECIDING_H
#define COMMANDS_INBOX_DECIDING_H

#include "commands/inbox_parts.h"

/* What lets a mail act. */
struct grant {
    const char *address; /* NULL: nothing does */
    enum token_purpose purpose;
    struct view paper;         /* of like and dislike */
    struct pending pending;    /* of confirm; id NULL: not found */
    bool is_other;             /* confirmed by the new address */
};

bool inbox_has_command(const struct mail_commands *commands, enum mail_command_name name);
bool inbox_has_known_command(const struct mail_commands *commands);

/* inbox_grant.c: the token in one of the addresses that it came to, or written behind
 * `confirm`. */
int inbox_find_grant(struct inbox *inbox, struct grant *ret_grant, struct error *error);

/* A confirm token's request; `address` NULL: there is none that it is for. Not emptied. */
int inbox_find_confirm(struct inbox *inbox, const struct token *token, struct grant *grant,
                       struct error *error);

/* inbox_commands.c: the request of such a grant; nothing when it was done before. */
int inbox_decide_confirm(struct inbox *inbox, struct inbox_deed *deed, const struct grant *grant,
                         struct error *error);

/* inbox_change.c */
/* The profile of an address into the deed, when there is one. */
int inbox_load(struct inbox *inbox, const char *address, struct inbox_deed *deed,
               struct error *error);
/* 1: this very mail had written the profile under its new address when it was interrupted;
 * the deed then has what was before. 0: it had not. */
int inbox_take_moved(struct inbox *inbox, const char *to, struct inbox_deed *deed,
                     struct error *error);
/* A new one, to be created. */
void inbox_make_new(const char *address, struct inbox_deed *deed);
/* Once somebody has the right to: all commands of `commands` as one change, and an answer.
 * `is_confirmed`: by a token, so that nothing is asked again. `state`: a word for the answer,
 * or NULL. */
int inbox_decide_change(struct inbox *inbox, struct inbox_deed *deed,
                        const struct mail_commands *commands, bool is_confirmed, bool is_new,
                        const char *state, struct error *error);

/* inbox_ask.c: requests that wait for a confirmation. Nothing happens within a day of the
 * last one to that address, or beyond the limits. */
/* A line for the owner, in the arena. */
const char *inbox_tell_of(struct inbox *inbox, const char *address, const char *what);
bool inbox_is_allowed(const struct inbox *inbox, const char *address); /* inbox.allow */
int inbox_may_ask(struct inbox *inbox, const char *address, bool *ret_may, struct error *error);
void inbox_set_request(struct inbox *inbox, struct inbox_deed *deed, enum pending_kind kind,
                       const char *address, const char *other,
                       const struct mail_commands *commands);
/* The mail that asks `to`; `answer` is filled in but for its link. */
int inbox_add_request(struct inbox *inbox, struct inbox_deed *deed, const char *to,
                      struct answer *answer, struct error *error);
int inbox_ask_subscribe(struct inbox *inbox, struct inbox_deed *deed, const char *address,
                        struct error *error);
int inbox_ask_change(struct inbox *inbox, struct inbox_deed *deed, const char *address,
                     struct error *error);

#endif
