/* Mail addresses as this program takes them: what plain SMTP can carry
 * (RFC 5321 4.1.2 without quoted local parts, address literals and SMTPUTF8)
 * and what is safe in an SMTP command, a header and a file name. Pure. */
#ifndef SUBSCRIBERS_ADDRESS_H
#define SUBSCRIBERS_ADDRESS_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"

enum { ADDRESS_BYTES = 254, ADDRESS_LOCAL_BYTES = 64 };

/* A bare mailbox: dot-string "@" host name of at least two labels, or
 * "@localhost". No display name, angle brackets, comment, quotes, blank,
 * control character or byte above 0x7F. Kind input; the text is
 * "\"ADDRESS\" is no usable mail address: WHY". */
int address_check(struct view address, struct error *error);

/* ASCII-lowercased: the identity of a subscriber; for free(3). Changes letters
 * only, checks nothing. */
char *address_canonical(struct view address);

/* The part behind the last '@'; empty when there is none. */
struct view address_domain(struct view address);

/* Appends the name of the profile's file: the canonical address with everything
 * but a-z 0-9 @ . _ + - as %XX (also a dot in front), and ".json". */
void address_file_name(struct view canonical, struct buffer *ret_name);
/* Appends the address that has exactly this file name; false (nothing appended)
 * when there is none: another ending, an upper-case letter, an escape that
 * address_file_name would not have made, no valid address. */
bool address_from_file_name(struct view name, struct buffer *ret_address);

#endif
