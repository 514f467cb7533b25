/* The table of subcommands: name, what --help says, options, and the function
 * that does it. One file per command; main.c looks up and calls. */
#ifndef COMMANDS_COMMAND_H
#define COMMANDS_COMMAND_H

#include "base/log.h"
#include "commands/options.h"

struct command {
    const char *name;
    const char *summary; /* one line, for the list */
    const char *help;    /* all of --help, ending in a line feed */
    const struct option *options;
    size_t min_words;
    size_t max_words;
    /* Returns the exit status; everything that went wrong is logged. */
    int (*run)(struct log *log, const struct options *options);
};

extern const struct command command_backup;
extern const struct command command_check;
extern const struct command command_fetch;
extern const struct command command_inbox;
extern const struct command command_preview;
extern const struct command command_publish;
extern const struct command command_rank;
extern const struct command command_render;
extern const struct command command_run;
extern const struct command command_send;
extern const struct command command_serve;
extern const struct command command_status;
extern const struct command command_subscriber;
extern const struct command command_summarize;

/* Logs the error and gives its exit status. */
int command_fail(struct log *log, const struct error *error);
/* The same for wrong words on the command line: EX_USAGE. */
int command_fail_usage(struct log *log, const struct error *error);
/* Prints to standard output, or to `path` when it is not NULL, whole or not at
 * all; an exit status. */
int command_print(struct log *log, const char *path, struct view bytes);

#endif
