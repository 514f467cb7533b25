/* How long things are kept (retention of paperboy.json): what is older goes, at
 * most once a day, when run has nothing more urgent to do. */
#ifndef COMMANDS_RETENTION_H
#define COMMANDS_RETENTION_H

#include "commands/site.h"

enum {
    /* What subscribers were shown is looked up for 60 days, whatever is configured. */
    RETENTION_DAYS_MIN = 60
};

int retention_apply(struct site *site, int64_t now_utc, struct error *error);

#endif
