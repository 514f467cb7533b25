#include "commands/inbox_login.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "commands/token_command.h"

int inbox_login(const struct site *site, struct mailbox_options *ret_options, struct error *error)
{
    const struct configuration *configuration = &site->configuration;
    char *secret = NULL;

    if (!configuration->inbox.url)
        return error_set(error, ERROR_CONFIGURATION,
                         "there is no inbox to read: inbox.url is not configured");
    if (!configuration->inbox.username ||
        (!configuration->inbox.password_file && !configuration->inbox.token_command))
        return error_set(error, ERROR_CONFIGURATION,
                         "inbox %s: needs inbox.username, and inbox.password_file or "
                         "inbox.token_command",
                         configuration->inbox.url);
    if (configuration->inbox.token_command) {
        if (token_command_run(configuration->inbox.token_command, TOKEN_COMMAND_SECONDS, &secret,
                              error) < 0)
            return -1;
    } else if (configuration_read_secret(configuration->inbox.password_file, &secret, error) < 0) {
        return error_add(error, "inbox.password_file");
    }
    *ret_options = (struct mailbox_options){
        .url = configuration->inbox.url,
        .username = configuration->inbox.username,
        .secret = secret,
        .is_bearer = configuration->inbox.token_command != NULL,
        .ca_file = configuration->inbox.ca_file,
    };
    return 0;
}

void inbox_login_free(struct mailbox_options *options)
{
    char *secret = (char *)(size_t)options->secret;

    if (secret)
        sodium_memzero(secret, strlen(secret));
    free(secret);
    *options = (struct mailbox_options){0};
}
