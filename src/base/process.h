/* A name for this process that no other has, on this or another machine, and
 * that says to others on this machine whether it still lives: so what a killed
 * process held need not wait for its lease to run out. From Linux's /proc; where
 * that tells nothing, nobody is said to be gone. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>

enum { PROCESS_NAME_BYTES = 128 };

/* "BOOT:NAMESPACE:PID:START", printable ASCII without blanks or '/'. */
void process_name(char ret_name[PROCESS_NAME_BYTES]);

/* True only when it ran on this machine and is surely gone. Whatever stands
 * behind a '/' in `name` is its own business. */
bool process_is_gone(const char *name);

#endif
