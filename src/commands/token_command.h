/* A command of the configuration that prints a secret: an OAuth 2 token. Run by the shell,
 * for so long and no longer. */
#ifndef COMMANDS_TOKEN_COMMAND_H
#define COMMANDS_TOKEN_COMMAND_H

#include "base/error.h"

enum { TOKEN_COMMAND_BYTES = 16 * 1024, TOKEN_COMMAND_SECONDS = 60 };

/* The first line that it prints, at most TOKEN_COMMAND_BYTES, for free(3) after
 * sodium_memzero. Temporary when it fails, or when neither it nor its output has ended within
 * `seconds`: then it is killed, with all that it has started and that did not leave its process
 * group. Configuration when it prints none. */
int token_command_run(const char *command, int seconds, char **ret_token, struct error *error);

#endif
