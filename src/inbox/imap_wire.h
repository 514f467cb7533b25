/* libetpan's stream over a connection that libcurl has opened, secured and logged in:
 * certificates and host names are checked by it, which libetpan's own TLS does not. Every
 * command has a deadline and a maximum of bytes, so that no server keeps us. Private to
 * src/inbox. */
#ifndef INBOX_IMAP_WIRE_H
#define INBOX_IMAP_WIRE_H

#include <libetpan/libetpan.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "inbox/mailbox.h"

struct imap_wire;

/* Connects and logs in. Errors as mailbox_open's. */
int imap_wire_open(const struct mailbox_options *options, struct imap_wire **ret_wire,
                   struct error *error);
/* Whether a URL's host is this machine, by its address or as "localhost": then a connection
 * that cannot be made secure does. */
bool imap_wire_is_loopback(const char *url);
/* Whether the code of a server's NO (RFC 5530) says that it will not last. */
bool imap_wire_is_passing(struct view code);
void imap_wire_close(struct imap_wire **wire); /* NULL is fine */

/* For mailimap_connect, which frees it; the wire lives on. Its first line says PREAUTH. */
mailstream *imap_wire_stream(struct imap_wire *wire);
/* Before each command: from now, so long and so many bytes. */
void imap_wire_allow(struct imap_wire *wire, int seconds, size_t bytes);
/* Waits until there is something to read, kept for the next read; false: the time is over,
 * or `*stop` is not 0. A lost connection is something. */
bool imap_wire_wait(struct imap_wire *wire, int seconds, const volatile sig_atomic_t *stop);
/* Why the last read or write failed, in words; NULL: it did not. */
const char *imap_wire_problem(const struct imap_wire *wire);

#endif
