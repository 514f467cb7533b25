#include "commands/inbox_login.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { TOKEN_BYTES = 16 * 1024 };

static int say_failed_command(int status, struct error *error)
{
    if (status < 0)
        return error_set_errno(error, errno, "inbox.token_command");
    if (WIFEXITED(status))
        return error_set(error, ERROR_TEMPORARY, "inbox.token_command ended with status %d",
                         WEXITSTATUS(status));
    return error_set(error, ERROR_TEMPORARY, "inbox.token_command was ended by signal %d",
                     WTERMSIG(status));
}

/* The first line that it prints. */
static int run_token_command(const char *command, char **ret_token, struct error *error)
{
    char *token = calloc(1, TOKEN_BYTES);
    FILE *pipe = token ? popen(command, "re") : NULL;
    int status;
    bool is_read;

    if (!pipe) {
        free(token);
        return error_set_errno(error, errno, "inbox.token_command");
    }
    is_read = fgets(token, TOKEN_BYTES, pipe) != NULL;
    while (fgetc(pipe) != EOF)
        ;
    status = pclose(pipe);
    token[strcspn(token, "\r\n")] = '\0';
    if (status == 0 && is_read && token[0]) {
        *ret_token = token;
        return 0;
    }
    sodium_memzero(token, TOKEN_BYTES);
    free(token);
    return status ? say_failed_command(status, error)
                  : error_set(error, ERROR_CONFIGURATION, "inbox.token_command printed no token");
}

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
        if (run_token_command(configuration->inbox.token_command, &secret, error) < 0)
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
