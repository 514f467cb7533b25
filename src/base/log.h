/* What a command says to people: lines on standard error and one progress line
 * that a terminal sees. Only src/commands and main.c may use it. Under systemd
 * (JOURNAL_STREAM) lines carry the "<N>" priority prefix of sd-daemon(3). Any thread may
 * call these: each line is written whole. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_DETAIL };

struct log {
    const char *name;      /* "paperboy run" */
    enum log_level most;   /* the least important level that is shown */
    bool is_terminal;
    bool in_journal;
    bool progress_shown;
};

void log_init(struct log *log, const char *name);
void log_line(struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Overwrites the progress line; nothing when standard error is no terminal. */
void log_progress(struct log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_progress_end(struct log *log);

#endif
