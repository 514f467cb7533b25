/* What may go to a relay: addresses between < and > of a command, and a message
 * as its bytes stand in the stream. The last gate, whatever was checked before.
 * Pure. */
#ifndef DELIVERY_WIRE_H
#define DELIVERY_WIRE_H

#include <stdbool.h>

#include "base/bytes.h"

enum { WIRE_ADDRESS_BYTES = 255, WIRE_MESSAGE_BYTES = 64 * 1024 * 1024 };

/* At most 254 printable ASCII bytes without what would end a path or begin a
 * parameter or another command. */
bool wire_is_safe_address(const char *address);

/* What is wrong with a message's bytes in words ("is empty"), or NULL (RFC 5321
 * 2.3.8: CR and LF only together; 4.5.3.1.6: lines of at most 998). A bare LF
 * before a dot is how one message is made into two. */
const char *wire_find_fault(struct view bytes);

/* The same, and appends the message with its dots doubled and the final dot
 * (4.5.2). What was appended before a fault is of no use. */
const char *wire_add(struct view bytes, struct buffer *ret_wire);

#endif
