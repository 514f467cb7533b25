/* What the files of `paperboy subscriber` share: one function per action,
 * called by the table in subscriber.c with the words behind the action's name. */
#ifndef COMMANDS_SUBSCRIBER_H
#define COMMANDS_SUBSCRIBER_H

#include "commands/command.h"
#include "commands/site.h"

/* All return an exit status and log what went wrong. */
int subscriber_add(struct site *site, const struct options *options, char **words, size_t count);
int subscriber_import(struct site *site, const struct options *options, char **words, size_t count);
/* subscriber_add.c: the Python bot's configuration. */
int subscriber_import_bot(struct site *site, const struct options *options, char **words,
                          size_t count);
/* subscriber_takeover.c: all that another store knows. find gives its URL, for free(3), or
 * NULL when `word` names none. */
char *subscriber_find_store(const char *word);
int subscriber_take_over(struct site *site, const char *url);
int subscriber_export(struct site *site, const struct options *options, char **words, size_t count);
int subscriber_erase_address(struct site *site, const struct options *options, char **words,
                             size_t count);
int subscriber_show(struct site *site, const struct options *options, char **words, size_t count);
int subscriber_list(struct site *site, const struct options *options, char **words, size_t count);
int subscriber_pause(struct site *site, const struct options *options, char **words, size_t count);
int subscriber_resume(struct site *site, const struct options *options, char **words, size_t count);
int subscriber_suppress(struct site *site, const struct options *options, char **words,
                        size_t count);
int subscriber_unsuppress(struct site *site, const struct options *options, char **words,
                          size_t count);
int subscriber_remove(struct site *site, const struct options *options, char **words, size_t count);

/* Checked and ASCII-lowercased; for free(3). */
int subscriber_read_address(const char *word, char **ret_address, struct error *error);

#endif
