/* RFC 4648 base32 in lower case without padding: what tokens are written in,
 * since it survives systems that change the case of an address. */
#ifndef MAIL_BASE32_H
#define MAIL_BASE32_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

#define BASE32_TEXT_BYTES(bytes) (((bytes) * 8 + 4) / 5 + 1) /* with NUL */

void base32_encode(const unsigned char *bytes, size_t size, char *ret_text);
/* Exactly `size` bytes, in either case; false on any other text, also one
 * whose left-over bits are not zero. */
bool base32_decode(struct view text, unsigned char *ret_bytes, size_t size);

#endif
