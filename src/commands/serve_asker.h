/* What is asked for an address that somebody typed into a form, decided by a thread of its
 * own after the page was answered: so neither what an answer says nor how long it takes tells
 * whether the address is known here. What waits is done before the thread ends. */
#ifndef COMMANDS_SERVE_ASKER_H
#define COMMANDS_SERVE_ASKER_H

#include "commands/serve_parts.h"

enum { SERVE_ASKER_WAITING = 200 };

struct serve_asker;

/* One thing to ask. `lines` as a mail has them; the request has a time and an arena only. */
typedef int serve_ask(struct serve_desk *desk, const struct web_request *request,
                      const char *address, const char *lines, struct error *error);

/* The desk is the thread's until it has stopped. */
int serve_asker_start(struct serve_desk *desk, struct serve_asker **ret_asker,
                      struct error *error);
/* Any thread. False: too many wait. */
bool serve_asker_add(struct serve_asker *asker, serve_ask *ask, const char *address,
                     const char *lines, int64_t now_utc);
/* NULL is fine; leaves NULL. */
void serve_asker_stop(struct serve_asker **asker);

#endif
