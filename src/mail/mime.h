/* Writes an RFC 5322 / MIME message, field by field and then its body, to the
 * end of a buffer: strict CRLF, ASCII only, no line over 76 columns but where
 * one URI or id alone is longer, and never one over 998. Digests, answers and
 * notices are made with it; it reads no mail. Pure.
 *
 * Header injection cannot happen: text values are made harmless, and values
 * with a grammar (addresses, URIs, ids) are checked whole and refused, before
 * anything is written: on failure `out` is as it was. Field names come from
 * the code and are asserted. The caller checks out->failed once at the end. */
#ifndef MAIL_MIME_H
#define MAIL_MIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

enum { MIME_ADDRESS_BYTES = 254, MIME_LOCAL_PART_BYTES = 64 }; /* RFC 5321 4.5.3.1 */

struct mime_mailbox {
    struct view name; /* any text; empty: none */
    struct view address;
};

/* A dot-atom of ASCII, '@', and a domain of letters, digits, '-', '_' and
 * single dots, or an address literal: what may go into a header and an SMTP
 * command without quoting. */
bool mime_address_is_valid(struct view address);

/* Any text, such as a subject or a fixed word. Blanks at both ends and control
 * characters go, a tab or line break becomes a space, ill-formed bytes U+FFFD;
 * words that are not plain ASCII become RFC 2047 encoded words in UTF-8, Q or
 * B, whichever is shorter. */
void mime_add_text(struct buffer *out, const char *name, struct view value);
/* From, To, Reply-To: `Name <address>, …`; needs one or more. */
int mime_add_mailboxes(struct buffer *out, const char *name, const struct mime_mailbox *items,
                       size_t count, struct error *error);
/* List-Id: `Phrase <id>` (RFC 2919); the id is a dot-atom. */
int mime_add_list_id(struct buffer *out, const char *name, struct view phrase, struct view id,
                     struct error *error);
/* List-Unsubscribe and its kin (RFC 2369): `<uri>, <uri>`, folded only behind
 * a comma. A URI is printable ASCII with a scheme, without blanks, <, > and ". */
int mime_add_uris(struct buffer *out, const char *name, const struct view *uris, size_t count,
                  struct error *error);
/* Message-ID, In-Reply-To, References: ids as `left@right`, without <>. */
int mime_add_ids(struct buffer *out, const char *name, const struct view *ids, size_t count,
                 struct error *error);
void mime_add_date(struct buffer *out, const char *name, int64_t utc);

/* Content-Type, Content-Disposition: `value; name=…`, parameter values as
 * token, quoted string, or RFC 2231 with charset and continuations. `value`
 * and parameter names come from the code and are asserted. */
struct mime_parameter {
    const char *name;
    struct view value; /* any text, as in mime_add_text */
};
void mime_add_parameters(struct buffer *out, const char *name, const char *value,
                         const struct mime_parameter *parameters, size_t count);

/* A text, LF or CRLF line ends, in UTF-8. */
struct mime_part {
    const char *type; /* "text/plain"; charset=utf-8 is added to any text/ */
    struct view text;
    bool is_encoded;       /* `text` is quoted-printable already, made by the functions below */
    struct view file_name; /* empty: shown inline; else an attachment of that name */
    /* With parts of its own it is the multipart of this type ("multipart/alternative") that
     * holds them, and has no text; these have none of their own. */
    const struct mime_part *parts;
    size_t part_count;
};

/* MIME-Version, the content fields, the blank line and the body. One part is
 * the whole body; several make `subtype` ("alternative", plainest first, or
 * "mixed"). A part is 7bit when it is short-lined plain ASCII, else
 * quoted-printable. A body that is one part and stops within a line gets a
 * line end. The boundary follows from `seed` (the Message-ID) alone and occurs
 * in no part. */
void mime_add_body(struct buffer *out, const char *subtype, const struct mime_part *parts,
                   size_t count, struct view seed);

/* Quoted-printable (RFC 2045 6.7) of a piece of text. `*column` is where the
 * piece begins in its line and where it ends: 0 at the start of a part. Pieces
 * may be encoded one by one and joined in any order: one that was encoded from
 * column 0 may follow wherever mime_add_soft_break brought the column to 0,
 * and leaves the column it had when it was made. Line ends become CRLF; a CR
 * and its LF must be in one piece. Lines have at most 75 columns and the "=" of
 * a soft break. No line begins with "." or "From "; "=_", with which the
 * boundary begins, cannot occur. */
void mime_add_quoted_printable(struct buffer *out, struct view text, size_t *column);
/* Ends the line, unless it is empty, without a line end in the text. */
void mime_add_soft_break(struct buffer *out, size_t *column);

#endif
