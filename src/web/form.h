/* Queries and forms to fields: application/x-www-form-urlencoded (WHATWG URL, 5.1) and
 * multipart/form-data (RFC 7578), which mail providers may use for one-click unsubscribing
 * (RFC 8058 3.2). Names and values become valid UTF-8 without control characters but line
 * feeds. Pure; the fields are in `arena`. */
#ifndef WEB_FORM_H
#define WEB_FORM_H

#include "web/exchange.h"

enum web_form_kind { WEB_FORM_NONE, WEB_FORM_URLENCODED, WEB_FORM_MULTIPART };

/* Of a Content-Type; for multipart `*ret_boundary` is set, a part of `type`. */
enum web_form_kind web_form_recognise(struct view type, struct view *ret_boundary);

/* What is not well formed is read as far as it goes: "%zz" stays, a part without a name is
 * left out. Fields past WEB_FIELDS are left out. */
struct web_fields web_form_read(struct view text, struct arena *arena);
struct web_fields web_form_read_multipart(struct view body, struct view boundary,
                                          struct arena *arena);

/* A path, where '+' is itself. False for one that does not begin with '/', has a byte that
 * is no text once decoded (NUL, control characters, ill-formed UTF-8), or a segment ".." or
 * ".": no file is behind any, and nobody honest asks for those. */
bool web_path_read(struct view path, struct arena *arena, struct view *ret_path);

/* The inverse for a field of a query or a path's segment: all but unreserved characters
 * (RFC 3986 2.3) percent-encoded. */
void web_encode(struct view text, struct buffer *out);

#endif
