/* The archive's counts month by month, kept in the store. For archive.c alone. */
#ifndef COMMANDS_ARCHIVE_MONTHS_H
#define COMMANDS_ARCHIVE_MONTHS_H

#include "commands/archive.h"
#include "store/editions.h"

/* Adds up the months of these editions, newest first. What they gained since they
 * were counted is counted now, and written down if the archive writes;
 * unstored papers are counted, too. */
int archive_sum_months(struct archive *archive, const struct edition_list *editions,
                       int64_t now_utc, struct rarity *ret_sum, struct error *error);

#endif
