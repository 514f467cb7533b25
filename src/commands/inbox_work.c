#include <sysexits.h>

#include "commands/inbox.h"

int inbox_work(struct log *log, const char *config, bool stays)
{
    (void)config;
    (void)stays;
    log_line(log, LOG_LEVEL_ERROR, "not yet");
    return EX_UNAVAILABLE;
}
