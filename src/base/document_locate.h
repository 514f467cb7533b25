/* Where something stands in the text of a JSON document, found by walking it
 * again, since jansson keeps no positions of values. For document.c's messages. */
#ifndef BASE_DOCUMENT_LOCATE_H
#define BASE_DOCUMENT_LOCATE_H

#include <stddef.h>

#include "base/bytes.h"
#include "base/document.h"

/* The line of the place's key or element, from 1. */
size_t locate_line(struct place place);
/* Adds the way to the last key before `end`, up to which the text must be
 * well-formed: "a.b[2].c". */
void locate_last_key(struct view text, size_t end, struct buffer *path);

#endif
