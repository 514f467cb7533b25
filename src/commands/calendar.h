/* The table of days without announcement, found and read: the owner's beside
 * paperboy.json, else the one that came with the templates or the program. */
#ifndef COMMANDS_CALENDAR_H
#define COMMANDS_CALENDAR_H

#include "commands/site.h"
#include "papers/holidays.h"

#define CALENDAR_FILE "arxiv-holidays.txt"

/* Without any table there are no holidays. A bad line is kind configuration. */
int calendar_read(struct site *site, struct holiday_table *ret_holidays, struct error *error);

#endif
