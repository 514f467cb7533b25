/* What `check` has found: one line each on standard output, in groups, and the
 * exit status that follows from all of them. */
#ifndef COMMANDS_FINDINGS_H
#define COMMANDS_FINDINGS_H

#include <stddef.h>

#include "base/error.h"

struct findings {
    const char *group; /* not yet printed, or NULL */
    size_t errors;
    size_t warnings;
    int status; /* the worst so far: EX_CONFIG, EX_UNAVAILABLE, EX_TEMPFAIL, EX_OK */
};

/* Lines that follow belong to this group; its heading comes with the first. */
void findings_group(struct findings *findings, const char *group);

void findings_ok(struct findings *findings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Nothing that must be mended. */
void findings_warn(struct findings *findings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* `status` as above. */
void findings_fail(struct findings *findings, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* An error of a part: kind temporary is EX_TEMPFAIL, every other one has to be
 * mended by a person and is EX_CONFIG. */
void findings_problem(struct findings *findings, const struct error *problem);
/* The same of a server that was asked: kind temporary is EX_UNAVAILABLE. */
void findings_server_problem(struct findings *findings, const struct error *problem);

/* For an error_sink, whose user is the findings. */
void findings_take(void *user, const struct error *problem);

#endif
