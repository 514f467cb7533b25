/* paperboy: argv -> the table of commands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/document.h"
#include "commands/command.h"

static const struct command *const COMMANDS[] = {
    &command_run,  &command_fetch,      &command_rank,   &command_preview,
    &command_send, &command_subscriber, &command_render, &command_check,
    &command_status, &command_backup,     &command_inbox,  &command_publish,
    &command_serve, &command_summarize,
};

enum { COMMAND_COUNT = sizeof(COMMANDS) / sizeof(COMMANDS[0]) };

static void print_help(FILE *stream)
{
    fputs("Usage: paperboy [--config FILE] COMMAND [OPTION]...\n"
          "The day's arXiv papers, ranked for each subscriber and sent by mail.\n\n"
          "Commands:\n",
          stream);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(stream, "  %-12s%s\n", COMMANDS[i]->name, COMMANDS[i]->summary);
    fputs("\n"
          "Options:\n"
          "  --config FILE   configuration; else $PAPERBOY_CONFIG, ./paperboy.json,\n"
          "                  /etc/paperboy/paperboy.json\n"
          "  -h, --help      this help; after a command, that command's\n"
          "  --version       the version\n"
          "\n"
          "Results go to standard output, everything else to standard error. Exit\n"
          "statuses are those of sysexits(3); see paperboy(1).\n",
          stream);
}

static void print_version(void)
{
    puts("paperboy " PAPERBOY_VERSION);
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(COMMANDS[i]->name, name) == 0)
            return COMMANDS[i];
    return NULL;
}

static int refuse_command(const char *word)
{
    const char *names[COMMAND_COUNT + 1];
    const char *nearest;

    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = COMMANDS[i]->name;
    names[COMMAND_COUNT] = NULL;
    nearest = nearest_name(word, names);
    fprintf(stderr, "paperboy: unknown %s \"%s\"", word[0] == '-' ? "option" : "command", word);
    if (nearest)
        fprintf(stderr, "; did you mean \"%s\"?\n", nearest);
    else
        fputs("; paperboy --help lists what there is\n", stderr);
    return EX_USAGE;
}

static int run_command(const struct command *command, const char *config, int count, char *words[])
{
    struct options options;
    struct error error;
    struct log log;
    char name[64];
    int status;

    snprintf(name, sizeof(name), "paperboy %s", command->name);
    log_init(&log, name);
    if (options_parse(command->options, command->min_words, command->max_words, count, words,
                      &options, &error) < 0) {
        log_line(&log, LOG_LEVEL_ERROR, "%s; see paperboy %s --help", error.text, command->name);
        return EX_USAGE;
    }
    if (!options.config)
        options.config = config;
    if (options.help) {
        fputs(command->help, stdout);
        status = EX_OK;
    } else if (options.version) {
        print_version();
        status = EX_OK;
    } else {
        status = command->run(&log, &options);
    }
    log_progress_end(&log);
    options_free(&options);
    if (fflush(stdout) != 0 && status == EX_OK) {
        log_line(&log, LOG_LEVEL_ERROR, "cannot write to standard output");
        status = EX_IOERR;
    }
    return status;
}

/* The options before the command. Returns the place of the command, or -1 when
 * all is done, with the exit status. */
static int take_options(int argc, char *argv[], const char **ret_config, int *ret_status)
{
    int at = 1;

    *ret_status = EX_OK;
    for (; at < argc && argv[at][0] == '-'; at++) {
        if (strcmp(argv[at], "-h") == 0 || strcmp(argv[at], "--help") == 0) {
            print_help(stdout);
            return -1;
        }
        if (strcmp(argv[at], "--version") == 0) {
            print_version();
            return -1;
        }
        if (strncmp(argv[at], "--config=", 9) == 0) {
            *ret_config = argv[at] + 9;
        } else if (strcmp(argv[at], "--config") == 0 && at + 1 < argc) {
            *ret_config = argv[++at];
        } else if (strcmp(argv[at], "--config") == 0) {
            fputs("paperboy: --config needs a file\n", stderr);
            *ret_status = EX_USAGE;
            return -1;
        } else {
            *ret_status = refuse_command(argv[at]);
            return -1;
        }
    }
    return at;
}

/* "paperboy help [COMMAND]". */
static int help(int count, char *words[])
{
    const struct command *command;

    if (!count) {
        print_help(stdout);
        return EX_OK;
    }
    command = find_command(words[0]);
    if (!command)
        return refuse_command(words[0]);
    fputs(command->help, stdout);
    return EX_OK;
}

int main(int argc, char *argv[])
{
    const char *config = NULL;
    const struct command *command;
    int status, at = take_options(argc, argv, &config, &status);

    if (at < 0)
        return status;
    if (at == argc) {
        print_help(stderr);
        return EX_USAGE;
    }
    if (strcmp(argv[at], "help") == 0)
        return help(argc - at - 1, argv + at + 1);
    command = find_command(argv[at]);
    if (!command)
        return refuse_command(argv[at]);
    return run_command(command, config, argc - at - 1, argv + at + 1);
}
