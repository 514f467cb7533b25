/* How a day was ranked, kept in the store: ranking costs most of what publishing does, and
 * of thirty days one changes. Bytes are good only for the very papers, profile, categories
 * and program that they were made of; others, and odd ones, are thrown away. */
#ifndef COMMANDS_PUBLISHING_KEPT_H
#define COMMANDS_PUBLISHING_KEPT_H

#include "commands/publishing.h"

enum { PUBLISHING_KEY_BYTES = 16 };

struct published_key {
    unsigned char bytes[PUBLISHING_KEY_BYTES];
};

/* Of a day's papers, once the categories are found. */
void publishing_kept_key(const struct publishing *publishing, const struct papers *papers,
                         struct published_key *ret_key);
/* The ranking's papers are those of `papers`, all else is in the arena. */
int publishing_kept_find(struct publishing *publishing, struct date date,
                         const struct published_key *key, const struct papers *papers,
                         struct ranking *ret_ranking, bool *ret_found, struct error *error);
/* Of the ranking what can be shown: of all, and of each category, the first max_papers. A
 * store that takes no bytes just now costs only time. */
void publishing_kept_put(struct publishing *publishing, struct date date,
                         const struct published_key *key, const struct papers *papers,
                         const struct ranking *ranking);

#endif
