#include "commands/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/file.h"

int command_fail(struct log *log, const struct error *error)
{
    log_line(log, LOG_LEVEL_ERROR, "%s", error->text);
    return error_exit_status(error->kind);
}

int command_fail_usage(struct log *log, const struct error *error)
{
    log_line(log, LOG_LEVEL_ERROR, "%s", error->text);
    return EX_USAGE;
}

int command_print(struct log *log, const char *path, struct view bytes)
{
    struct error error;

    if (path && strcmp(path, "-") != 0) {
        if (file_write_atomic(path, bytes, 0644, &error) < 0) {
            log_line(log, LOG_LEVEL_ERROR, "%s", error.text);
            return error.kind == ERROR_PERMISSION ? EX_NOPERM : EX_CANTCREAT;
        }
        return EX_OK;
    }
    fflush(stdout);
    if (file_write_all(STDOUT_FILENO, bytes, "standard output", &error) < 0) {
        log_line(log, LOG_LEVEL_ERROR, "%s", error.text);
        return EX_IOERR;
    }
    return EX_OK;
}
