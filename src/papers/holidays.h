/* Days without announcement, as an owner writes them: one date a line and what
 * the day is behind it; a line that starts with '#', or is blank, says nothing.
 * Read by fetching and planning. Pure: the caller reads the file. */
#ifndef PAPERS_HOLIDAYS_H
#define PAPERS_HOLIDAYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"

enum { HOLIDAYS_BYTES = 1024 * 1024 };

/* Ascending, each date once. */
struct holiday_table {
    struct date *items;
    size_t count;
};

/* A line that is none of these is an error, "NAME:LINE: …", of kind
 * configuration; `ret_holidays` is then untouched. */
int holidays_parse(const char *name, struct view text, struct holiday_table *ret_holidays,
                   struct error *error);
void holidays_free(struct holiday_table *holidays); /* zeroed is fine */

bool holidays_contain(const struct holiday_table *holidays, struct date date);

#endif
