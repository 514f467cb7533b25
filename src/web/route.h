/* Addresses of pages as a table: a literal path, or one whose last segment is anything.
 * Pure. */
#ifndef WEB_ROUTE_H
#define WEB_ROUTE_H

#include <stddef.h>

#include "web/exchange.h"

struct web_route {
    const char *path; /* "/rss", or "/rss/" and a '*'; NULL ends the table */
    bool takes_post;  /* besides GET and HEAD */
};

enum web_found { WEB_FOUND, WEB_NOT_FOUND, WEB_WRONG_METHOD };

/* The row's index, and what its '*' stands for: one segment, not empty, without '/'. A '/'
 * at the end of a path is not looked at. */
enum web_found web_route_find(const struct web_route *table, size_t row_bytes,
                              enum web_method method, struct view path, size_t *ret_index,
                              struct view *ret_rest);
/* For Allow. */
const char *web_route_methods(const struct web_route *route);

#endif
