/* A child process in which bytes of strangers are read: with little memory, processor
 * time and stack, without files, network and further processes. Whatever it does there,
 * the parent goes on. What is loaded from files has to be loaded before (mail_charsets of
 * mail.h). */
#ifndef INBOX_CELL_H
#define INBOX_CELL_H

#include "base/bytes.h"
#include "base/error.h"

struct cell_limits {
    size_t memory_bytes; /* beyond what the parent has */
    size_t stack_bytes;
    int cpu_seconds;
    int wall_seconds;
    size_t result_bytes; /* at most */
};
extern const struct cell_limits CELL_LIMITS; /* what reading a mail needs, and some more */

/* What is done in there: -1 is a failure without result. It must not touch anything that
 * the parent uses again (open transactions, connections). */
typedef int cell_work(void *user, struct buffer *ret_result);

/* Runs `work` and appends its result. Kind input, with what befell it in words ("needed
 * more than 64 MB", "was ended by signal 11", "took longer than 10 s"), when it failed; kind
 * temporary when no child could be made. Only of a process without other threads. */
int cell_run(const struct cell_limits *limits, cell_work *work, void *user,
             struct buffer *ret_result, struct error *error);

#endif
