#include "web/origin.h"

/* "https://example.org" of "https://example.org/papers/". */
static struct view origin_of(struct view url)
{
    size_t start = view_find(url, VIEW("://"), 0);

    return start == url.size ? url : view_slice(url, 0, view_find_char(url, '/', start + 3));
}

static bool is_host(struct view origin, struct view host)
{
    size_t start = view_find(origin, VIEW("://"), 0);

    return host.size && start < origin.size &&
           view_equal_nocase(view_slice(origin, start + 3, origin.size), host);
}

bool web_origin_is_ours(const struct web_request *request, const char *base_url)
{
    bool is_same_site = view_equal_string(request->fetch_site, "same-origin");

    if (request->fetch_site.size && !is_same_site)
        return false;
    if (!request->origin.size)
        return true;
    /* What hides where it comes from says so ("null"); the browser's own word stands. */
    if (view_equal_string(request->origin, "null"))
        return is_same_site;
    return is_host(request->origin, request->host) ||
           (base_url && view_equal_nocase(request->origin, origin_of(view_of(base_url))));
}
