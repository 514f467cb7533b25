/* The parts of `paperboy check`, one file each. Each prints what it finds and goes
 * on; nothing that is looked at is changed. */
#ifndef COMMANDS_CHECK_H
#define COMMANDS_CHECK_H

#include "commands/findings.h"
#include "commands/site.h"

/* check_files.c: opens the site's templates when they are sound. */
void check_templates(struct site *site, struct findings *findings);
/* Opens the site's store when it is there. False: nothing is known of what it holds. */
bool check_store(struct site *site, struct findings *findings);
/* After that: whether it is this store's. */
void check_key(struct site *site, struct findings *findings);

/* check_profiles.c */
void check_profiles(struct site *site, struct findings *findings);

/* check_logins.c: every relay, and the inbox; logs in and sends nothing. */
void check_logins(struct site *site, struct findings *findings);

/* check_web.c: where pages are served, when they are. */
void check_web(struct site *site, struct findings *findings);

/* check_summaries.c: what a model is asked with, when one is. */
void check_summaries(struct site *site, struct findings *findings);

/* check_publish.c: what is published for everybody, when it is. */
void check_publish(struct site *site, struct findings *findings);

/* check_dns.c: what the sender's domains publish. Asks the system's name servers,
 * or the one of $PAPERBOY_RESOLVER. */
void check_dns(struct site *site, struct findings *findings);
/* Whether mail leaves this machine: some relay is no Maildir. */
bool check_has_relay(const struct site *site);

/* check_send.c: a test digest through the relay to this address. */
void check_send(struct site *site, const char *address, struct findings *findings);

#endif
