/* A plain mail to list.owner, else the sender, about something that needs a person. Through the outbox, so that
 * it is sent once, whoever notices first. */
#ifndef COMMANDS_OWNER_NOTICE_H
#define COMMANDS_OWNER_NOTICE_H

#include "commands/site.h"

struct owner_notice {
    const char *slot;    /* what makes it one: "held example.org 2026-02-17" */
    const char *subject;
    struct view text;    /* lines; any text */
};

/* Adds it to `store`, inside the caller's transaction if one is open, unless one of that slot
 * is there. Without a sender nothing happens. The site's key is made when there is none. */
int owner_notice_add(struct site *site, struct store *store, const struct owner_notice *notice,
                     int64_t now_utc, struct error *error);

#endif
