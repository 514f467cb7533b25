#include "web/layout.h"

#include <string.h>

#include "digest/context_text.h"

const char *web_layout_root(const char *base_url)
{
    const char *host = base_url ? strstr(base_url, "://") : NULL;
    const char *path = host ? strchr(host + strlen("://"), '/') : NULL;

    return path ? path : "/";
}

json_t *web_layout_context(const struct web_layout *layout, const char *title,
                           const struct word_value *values)
{
    json_t *root = json_object();
    struct buffer room;

    buffer_init(&room, CONTEXT_BYTES);
    context_set_language(root, layout->words, &room);
    words_add(layout->words, title, -1, values, &room);
    context_set_buffer(root, "title", &room);
    context_set_string(root, "list_name", layout->list_name);
    context_set_mailto(root, "owner_link", layout->owner, NULL, &room);
    context_set_string(root, "root", layout->root);
    json_object_set_new(root, "is_served", json_boolean(layout->is_served));
    context_set_string(root, "home_link", layout->home);
    context_set_string(root, "archive_link", layout->archive);
    context_set_string(root, "rss_link", layout->rss);
    context_set_string(root, "atom_link", layout->atom);
    context_set_string(root, "subscribe_link", layout->subscribe);
    context_set_string(root, "profile_link", layout->profile);
    buffer_free(&room);
    return root;
}
