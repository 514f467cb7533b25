/* An IMAP mailbox (RFC 9051, RFC 3501): libcurl opens and secures the connection and
 * logs in, libetpan speaks over it. Every wait has an end, every literal a maximum.
 * One mailbox at a time per process (libetpan's time-out is global).
 *
 * Errors: temporary (connection lost, server busy), configuration (login refused,
 * certificate, no such folder), input (the server does not speak IMAP). A refusal of what
 * was allowed before, or that the server itself calls one for now, is temporary. After a
 * temporary one the mailbox is to be closed. */
#ifndef INBOX_MAILBOX_H
#define INBOX_MAILBOX_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

struct mailbox;

/* Borrowed for the call. */
struct mailbox_options {
    const char *url;      /* imaps://HOST[:PORT]/FOLDER; imap:// with STARTTLS, on loopback without */
    const char *username;
    const char *secret;   /* a password, or with is_bearer an OAuth 2 token (XOAUTH2, OAUTHBEARER) */
    bool is_bearer;
    const char *ca_file;  /* NULL: the system's */
    int timeout_seconds;  /* of each step; 0: 60 */
    bool was_open;        /* with the same options before: what is refused now is for a while */
};

int mailbox_open(const struct mailbox_options *options, struct mailbox **ret_mailbox,
                 struct error *error);
void mailbox_close(struct mailbox **mailbox); /* says goodbye; NULL is fine */

/* Folders that mails are moved to: made when they are not there. */
int mailbox_need_folder(struct mailbox *mailbox, const char *folder, struct error *error);

uint32_t mailbox_validity(const struct mailbox *mailbox); /* UIDVALIDITY */

struct mailbox_item {
    uint32_t uid;
    uint32_t size; /* RFC822.SIZE */
};
/* All mails that are not deleted, by UID; for free(3). */
int mailbox_list(struct mailbox *mailbox, struct mailbox_item **ret_items, size_t *ret_count,
                 struct error *error);
/* Appends its first `max_bytes`, seen or not, leaving its flags alone (BODY.PEEK[]<0.max>).
 * Kind missing when it is no longer there. */
int mailbox_fetch(struct mailbox *mailbox, uint32_t uid, size_t max_bytes,
                  struct buffer *ret_bytes, struct error *error);
/* MOVE (RFC 6851), else COPY, \Deleted and UID EXPUNGE (RFC 4315), else EXPUNGE only when no
 * other mail is marked deleted. A mail that is gone is no error. */
int mailbox_move(struct mailbox *mailbox, uint32_t uid, const char *folder, struct error *error);
/* Adds a mail to a folder, seen. */
int mailbox_append(struct mailbox *mailbox, const char *folder, struct view message,
                   struct error *error);
/* Waits for news with IDLE (RFC 2177), renewed before the server loses patience, else by NOOP
 * every 30 s; at most `seconds`. `*ret_is_news`: the list may have changed. Ends early, with
 * no news, when `*stop` is not 0. */
int mailbox_wait(struct mailbox *mailbox, int seconds, const volatile sig_atomic_t *stop,
                 bool *ret_is_news, struct error *error);

#endif
