/* gzip (RFC 1952) to bytes, feeds as servers send them and archives of papers as people
 * keep them; and bytes to gzip, for what we serve. Pure: bytes in, bytes out. */
#ifndef BASE_GZIP_H
#define BASE_GZIP_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"

enum gzip_end {
    GZIP_WHOLE,
    GZIP_CUT,    /* the bytes end inside a member */
    GZIP_DAMAGED /* broken data or a wrong checksum inside a member */
};

/* By the magic of deflated gzip; says nothing about what follows. */
bool gzip_recognise(struct view bytes);

/* Appends what `bytes` inflates to, all members one after the other; bytes
 * behind the last member that are no gzip are ignored, as gzip(1) does. A cut
 * or damaged stream still gives everything that was read before and says so in
 * `ret_end`. Fails, kind input, when the bytes are no gzip or the output would
 * pass the maximum of `out`. */
int gzip_inflate(struct view bytes, struct buffer *out, enum gzip_end *ret_end,
                 struct error *error);

/* Appends the bytes as one member, the same ones always the same way: no name, no time.
 * False, and nothing appended, when that would not be smaller. */
bool gzip_deflate(struct view bytes, struct buffer *out);

#endif
