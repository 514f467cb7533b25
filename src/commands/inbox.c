/* paperboy inbox: mail that people and mail servers have written to us. */
#include <stdlib.h>
#include <sysexits.h>

#include "base/file.h"
#include "commands/command.h"
#include "commands/inbox.h"
#include "inbox/reading.h"

enum { EXPLAIN_BYTES = 64 * 1024 * 1024 };

/* ---- --explain ---- */

/* A mail that cannot be read is handled all the same, and so told what it is. */
static int explain_bytes(struct log *log, const char *path, struct view bytes,
                         struct buffer *ret_json)
{
    static const struct finding_options NOBODY = {0};
    struct mail_charsets *charsets = mail_charsets_load();
    struct arena *arena = arena_new();
    struct finding finding = {.kind = FINDING_IGNORED};
    struct error error;
    int status = EX_OK;

    if (reading_run(bytes, &NOBODY, arena, &finding, &error) < 0) {
        status = error.kind == ERROR_INPUT ? EX_OK : error_exit_status(error.kind);
        log_line(log, LOG_LEVEL_WARNING, "%s: %s", path, error.text);
        finding = (struct finding){.kind = FINDING_IGNORED, .why = view_of(error.text)};
    }
    finding_explain(&finding, ret_json);
    arena_free(&arena);
    mail_charsets_free(&charsets);
    return status;
}

static int explain(struct log *log, const char *path)
{
    struct buffer bytes, json;
    struct error error;
    int status;

    buffer_init(&bytes, EXPLAIN_BYTES);
    buffer_init(&json, FINDING_BYTES);
    if (file_read(path, &bytes, &error) < 0)
        status = command_fail(log, &error);
    else
        status = explain_bytes(log, path, buffer_view(&bytes), &json);
    if (status == EX_OK)
        status = command_print(log, NULL, buffer_view(&json));
    buffer_free(&json);
    buffer_free(&bytes);
    return status;
}

static int run(struct log *log, const struct options *options)
{
    const char *path = options_value(options, "--explain");
    bool stays = options_given(options, "--watch");
    struct error error;

    if (path && stays) {
        error_set(&error, ERROR_INPUT, "--explain reads a file and --watch the mailbox: only one");
        return command_fail_usage(log, &error);
    }
    return path ? explain(log, path) : inbox_work(log, options->config, stays);
}

static const struct option OPTIONS[] = {{"--watch", OPTION_FLAG},
                                        {"--explain", OPTION_VALUE},
                                        {NULL, 0}};

const struct command command_inbox = {
    .name = "inbox",
    .summary = "read the mailbox: commands, bounces, complaints",
    .help = "Usage: paperboy inbox [--watch] | --explain FILE.eml\n"
            "Reads the mails in the mailbox of inbox.url, does what they ask for, answers,\n"
            "and moves each to the folder Processed, or Failed with a note.\n\n"
            "  --watch        stay, and read what comes as it comes (IMAP IDLE)\n"
            "  --explain FILE say what this mail would do, as JSON, and do nothing; needs no\n"
            "                 configuration and takes the mail for genuine\n\n"
            "Exit status: 0 all that was there is done; 75 the mailbox cannot be reached or\n"
            "something is left for later; 78 the configuration needs mending.\n",
    .options = OPTIONS,
    .min_words = 0,
    .max_words = 0,
    .run = run,
};
