/* Papers that a command is pointed at: --papers and --feed, files or URLs of
 * any format that papers/feed.h knows. What is odd about them is logged here,
 * one line each. */
#ifndef COMMANDS_INPUT_H
#define COMMANDS_INPUT_H

#include <stdbool.h>

#include "commands/site.h"
#include "papers/paper.h"

struct input {
    struct papers papers;
    struct date date;  /* the announcements', in New York; zero when nothing says */
    bool estimated;    /* types and dates are worked out, not given (OAI-PMH) */
    bool complete;     /* nothing was cut off or left to be asked for */
};

/* Reads every source into one list; "-" is standard input. The first that
 * cannot be read or is no feed ends it, with its name in the error. */
int input_read(struct site *site, const struct strings *sources, struct input *ret_input,
               struct error *error);
void input_free(struct input *input); /* zeroed is fine */

/* The User-Agent of every request. */
void input_user_agent(const struct site *site, struct buffer *out);

#endif
