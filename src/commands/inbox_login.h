/* How the configuration's mailbox is logged in to, for `inbox` and `check`. */
#ifndef COMMANDS_INBOX_LOGIN_H
#define COMMANDS_INBOX_LOGIN_H

#include "commands/site.h"
#include "inbox/mailbox.h"

/* Reads the password, or runs inbox.token_command for an OAuth 2 token (each time anew: they
 * live an hour). Kind configuration when something is missing. */
int inbox_login(const struct site *site, struct mailbox_options *ret_options,
                struct error *error);
void inbox_login_free(struct mailbox_options *options); /* wipes the secret */

#endif
