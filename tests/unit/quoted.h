/* A strict decoder of quoted-printable: fails the test at a line that is too long, ends
 * in a blank, or begins with what careless servers change. */
#ifndef TESTS_UNIT_QUOTED_H
#define TESTS_UNIT_QUOTED_H

#include "base/bytes.h"

/* Replaces `out`; line ends become LF. */
void quoted_decode(struct view encoded, struct buffer *out);

#endif
