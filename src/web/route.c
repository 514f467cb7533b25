#include "web/route.h"

static bool matches(const char *pattern, struct view path, struct view *ret_rest)
{
    struct view all = view_of(pattern);

    *ret_rest = (struct view){0};
    if (!view_ends_with(all, VIEW("/*")))
        return view_equal(all, path);
    all = view_slice(all, 0, all.size - 1);
    if (!view_starts_with(path, all) || path.size == all.size)
        return false;
    *ret_rest = view_slice(path, all.size, path.size);
    return view_find_char(*ret_rest, '/', 0) == ret_rest->size;
}

enum web_found web_route_find(const struct web_route *table, size_t row_bytes,
                              enum web_method method, struct view path, size_t *ret_index,
                              struct view *ret_rest)
{
    const struct web_route *row = table;

    if (path.size > 1 && path.data[path.size - 1] == '/')
        path = view_slice(path, 0, path.size - 1);
    for (size_t i = 0; row->path; i++) {
        if (matches(row->path, path, ret_rest)) {
            *ret_index = i;
            return method == WEB_OTHER || (method == WEB_POST && !row->takes_post)
                       ? WEB_WRONG_METHOD
                       : WEB_FOUND;
        }
        row = (const struct web_route *)(const void *)((const char *)row + row_bytes);
    }
    return WEB_NOT_FOUND;
}

const char *web_route_methods(const struct web_route *route)
{
    return route->takes_post ? "GET, HEAD, POST" : "GET, HEAD";
}
