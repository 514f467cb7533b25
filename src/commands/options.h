/* Command lines: a table of options per command, parsed into a struct of named
 * values. Errors are for people who mistyped; they end in EX_USAGE. */
#ifndef COMMANDS_OPTIONS_H
#define COMMANDS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "subscribers/profile.h"

enum option_kind {
    OPTION_FLAG,
    OPTION_VALUE, /* one value; given twice, the last counts */
    OPTION_LIST   /* every word up to the next option; may be given again */
};

struct option {
    const char *name; /* "--papers" */
    enum option_kind kind;
};

enum { OPTIONS_MAX = 16 };

struct options {
    const struct option *table; /* ends with a NULL name */
    struct strings values[OPTIONS_MAX]; /* borrowed words, in table order */
    bool given[OPTIONS_MAX];
    struct strings words; /* what is no option */
    const char *config;   /* --config, taken by every command */
    bool help;
    bool version;
};

/* `words` are argv behind the command's name and must outlive the result.
 * `min_words` and `max_words` bound what is no option; a list option that ate
 * a needed last word gives it back ("preview --papers A.xml ada@example.org").
 * The error kind is input. */
int options_parse(const struct option *table, size_t min_words, size_t max_words, int count,
                  char *words[], struct options *ret_options, struct error *error);
void options_free(struct options *options);

bool options_given(const struct options *options, const char *name);
const char *options_value(const struct options *options, const char *name); /* NULL: not given */
const struct strings *options_list(const struct options *options, const char *name);
/* A whole number from min to max; absent, `*ret_value` stays. */
int options_number(const struct options *options, const char *name, long min, long max,
                   long *ret_value, struct error *error);
/* YYYY-MM-DD; absent, `*ret_date` stays. */
int options_date(const struct options *options, const char *name, struct date *ret_date,
                 struct error *error);

#endif
