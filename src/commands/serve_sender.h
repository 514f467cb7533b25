/* Mails that somebody at a page waits for, sent by a thread of its own: a relay may be slow,
 * and no page is to be. What it cannot send stays in the outbox for the next run. */
#ifndef COMMANDS_SERVE_SENDER_H
#define COMMANDS_SERVE_SENDER_H

#include "commands/site.h"

enum { SERVE_SENDER_WAITING = 1000 }; /* more are left to the next run */

struct serve_sender;

/* Opens a store of its own. The site is borrowed. */
int serve_sender_start(struct site *site, struct serve_sender **ret_sender, struct error *error);
/* What is due for this address. Any thread. */
void serve_sender_add(struct serve_sender *sender, const char *address);
/* Ends what is under way; NULL is fine; leaves NULL. */
void serve_sender_stop(struct serve_sender **sender);

#endif
