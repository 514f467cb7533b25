/* One error, filled in where it happens and given context on its way up.
 * Library code fills it and returns -1; only commands print it and choose an
 * exit status from its kind. The text is one line of valid, printable UTF-8. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stddef.h>

enum error_kind {
    ERROR_NONE = 0,
    ERROR_TEMPORARY,     /* the same call may succeed later: network, lock, full disk */
    ERROR_PERMANENT,     /* the other side said no for good */
    ERROR_INPUT,         /* the data handed in is wrong */
    ERROR_MISSING,       /* the file or record named is not there */
    ERROR_PERMISSION,    /* the operating system forbids it */
    ERROR_CONFIGURATION, /* a person must change paperboy.json or a login */
    ERROR_CONFLICT,      /* somebody else changed it first; read again */
    ERROR_BUG
};

enum { ERROR_TEXT_BYTES = 1024 };

struct error {
    enum error_kind kind;
    char text[ERROR_TEXT_BYTES];
};

/* Both return -1 so that a failing function can end in `return error_set(…)`.
 * `error` may be NULL when the caller does not care. Control characters that
 * slip in from untrusted input become '?'. */
int error_set(struct error *error, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "CONTEXT: " before the text that is there; the kind stays. */
int error_add(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* From errno: the kind follows from it (ENOENT missing, EACCES permission,
 * ENOSPC and the like temporary); the text is "WHAT: strerror". */
int error_set_errno(struct error *error, int error_number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Takes problems that do not end the search for more: `check` hands one to what
 * otherwise fails at the first. */
struct error_sink {
    void (*take)(void *user, const struct error *problem);
    void *user;
    size_t count; /* taken so far */
};

/* Gives the error to the sink and returns 0, so that the caller goes on; without a
 * sink (NULL) -1: the caller fails with it. */
int error_collect(struct error_sink *sink, const struct error *error);

/* The sysexits(3) status that a command ends with for this kind. */
int error_exit_status(enum error_kind kind);

#endif
