/* What every page's context has, whatever it shows: the keys of templates/web.mustache.
 * For pages that are served and for those that `publish` writes. Pure. */
#ifndef WEB_LAYOUT_H
#define WEB_LAYOUT_H

#include <jansson.h>

#include "digest/words.h"

/* Borrowed. A link that is NULL is not shown. */
struct web_layout {
    const struct words *words;
    const char *list_name;
    const char *owner;     /* an address; NULL: no contact shown */
    const char *root;      /* where style.css is: "/", "/papers/", "" or "../" */
    bool is_served;        /* there are a script and an icon there, too */
    const char *home, *archive, *rss, *atom, *subscribe, *profile; /* links */
};

/* Where pages stand on their host: the path of an address that ends in '/', borrowed from
 * it. "https://example.org/papers/" gives "/papers/"; NULL gives "/". */
const char *web_layout_root(const char *base_url);

/* A new object, the caller's: language, direction, start, words, title, list_name, root and
 * the links. `title` is one of the catalogue's words, and `values` for it as words_add takes
 * them. */
json_t *web_layout_context(const struct web_layout *layout, const char *title,
                           const struct word_value *values);

#endif
