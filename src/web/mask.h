/* An address shown so that its owner knows it again and nobody else learns it. Pure. */
#ifndef WEB_MASK_H
#define WEB_MASK_H

#include "base/bytes.h"

/* Appends "a…@e….org" for ada@example.org. */
void web_mask_address(struct view address, struct buffer *out);

#endif
