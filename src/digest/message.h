/* A digest's message: the rendered texts under the header that Gmail, Yahoo,
 * Outlook.com and RFC 2369, 2919, 3834, 5322 and 8058 ask of bulk mail; and an
 * answer's. Pure: the caller brings date and ids. Rendering is in another file. */
#ifndef DIGEST_MESSAGE_H
#define DIGEST_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "mail/mime.h"

enum { DIGEST_MESSAGE_BYTES = 16 * 1024 * 1024 }; /* a maximum for the buffer */

/* Fields as the last message had them, for the next one: most are the same in all
 * messages of a list. One thread's. */
struct message_memo;
struct message_memo *message_memo_new(void);
void message_memo_free(struct message_memo **memo); /* NULL is fine; leaves NULL */

/* Views are borrowed. What may be empty says so. */
struct digest_message {
    struct mime_mailbox from;
    struct mime_mailbox to; /* the name may be empty */
    struct view subject;
    int64_t date_utc;
    struct view message_id; /* left@right; the boundary follows from it */
    /* At least one; both make multipart/alternative, the text first. */
    struct view text;
    struct view html;
    bool is_encoded; /* both are quoted-printable already (mail/mime.h) */
    struct {
        struct view name; /* may be empty */
        struct view id;   /* "digest.example.org" */
        struct view owner; /* an address; empty: the sender's */
    } list;
    struct view inbox; /* the address that reads commands; empty: there is none */
    /* With the subscriber's token; each may be empty. With neither,
     * List-Unsubscribe asks the owner. */
    struct view unsubscribe_mailto; /* "mailto:…" */
    struct view unsubscribe_url;    /* an https one brings RFC 8058's one click */
    struct view subscribe_url;      /* the sign-up page; may be empty */
    struct view help_url;           /* may be empty: mail to inbox or owner */
    struct view archive_url;        /* may be empty */
    /* Of an answer to a mail instead: marked as RFC 3834 has it, so that no program
     * answers it, and not as bulk. */
    bool is_answer;
    bool is_to_stranger;  /* to nobody of the list: no List-* fields */
    struct view reply_to; /* an address; empty: the inbox */
    const struct view *references; /* left@right, that of the answered mail last; what is none
                                      is left out */
    size_t reference_count;
    struct mime_part attachment; /* type NULL: none */
    struct message_memo *memo; /* NULL: every field is written anew, as an answer's are */
};

/* Appends the message. What is wrong with a field is an error of kind input
 * that names it; `out` is then as it was. */
int digest_message_write(const struct digest_message *message, struct buffer *out,
                         struct error *error);

/* The address to give to SMTP as MAIL FROM: with a bounce token (VERP)
 * LOCAL+bounce-TOKEN@DOMAIN of the inbox; with `token` NULL (envelope "fixed")
 * or without an inbox the sender's address. Appends to `ret_address`. */
int digest_envelope_sender(struct view inbox, struct view sender, const char *token,
                           struct buffer *ret_address, struct error *error);

/* Appends "mailto:ADDRESS?subject=SUBJECT", percent-encoded (RFC 6068); the
 * same for the header and for links in the texts. */
void digest_add_mailto(struct buffer *out, struct view address, struct view subject);

#endif
