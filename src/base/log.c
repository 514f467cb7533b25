#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void log_init(struct log *log, const char *name)
{
    *log = (struct log){
        .name = name,
        .most = LOG_LEVEL_NOTICE,
        .is_terminal = isatty(STDERR_FILENO) != 0,
        .in_journal = getenv("JOURNAL_STREAM") != NULL,
    };
}

void log_progress_end(struct log *log)
{
    flockfile(stderr);
    if (log->progress_shown)
        fputs("\r\033[K", stderr);
    log->progress_shown = false;
    funlockfile(stderr);
}

void log_line(struct log *log, enum log_level level, const char *format, ...)
{
    /* sd-daemon(3): 3 error, 4 warning, 5 notice, 6 info. */
    static const char *const prefixes[] = {"<3>", "<4>", "<5>", "<6>"};
    static const char *const words[] = {"error: ", "warning: ", "", ""};
    va_list arguments;

    if (level > log->most)
        return;
    flockfile(stderr);
    log_progress_end(log);
    if (log->in_journal)
        fputs(prefixes[level], stderr);
    fprintf(stderr, "%s: %s", log->name, words[level]);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    funlockfile(stderr);
}

void log_progress(struct log *log, const char *format, ...)
{
    va_list arguments;

    if (!log->is_terminal)
        return;
    flockfile(stderr);
    fprintf(stderr, "\r\033[K%s: ", log->name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fflush(stderr);
    log->progress_shown = true;
    funlockfile(stderr);
}
