#include "commands/compose_links.h"

#include <string.h>

#include "base/ascii.h"
#include "digest/message.h"

enum { LINK_BYTES = 2048 };

/* What a link is made of around token and paper. */
struct pattern {
    enum token_purpose purpose;
    struct view front; /* "mailto:paperboy+like-" */
    struct view back;  /* "@example.org?subject=like%20" */
    int64_t expires_utc;
};

/* Cut out of a link with a sample token, so that there is one way to write them. */
static bool make_pattern(struct view inbox, const struct token_subscriber *subscriber,
                         enum token_purpose purpose, const char *subject, int64_t now_utc,
                         struct arena *arena, struct pattern *ret_pattern)
{
    struct buffer address, link;
    char token[TOKEN_TEXT_BYTES];
    bool fits;

    ret_pattern->purpose = purpose;
    ret_pattern->expires_utc = token_purpose_expires(purpose, now_utc);
    token_make(subscriber, purpose, (struct view){0}, ret_pattern->expires_utc, token);
    buffer_init(&address, LINK_BYTES);
    buffer_init(&link, LINK_BYTES);
    fits = token_add_address(&address, inbox, purpose, token, NULL) == 0;
    if (fits) {
        size_t at;

        digest_add_mailto(&link, buffer_view(&address), view_of(subject));
        at = view_find(buffer_view(&link), view_of(token), 0);
        ret_pattern->front = arena_copy(arena, view_slice(buffer_view(&link), 0, at));
        ret_pattern->back = arena_copy(arena, view_slice(buffer_view(&link), at + strlen(token),
                                                         link.size));
    }
    buffer_free(&address);
    buffer_free(&link);
    return fits;
}

/* arXiv's ids have nothing that a URI would not take but '/', which a query may have. */
static bool is_plain(struct view id)
{
    for (size_t i = 0; i < id.size; i++) {
        char c = id.data[i];

        if (!ascii_is_alphanumeric(c) && c != '.' && c != '-' && c != '/')
            return false;
    }
    return id.size > 0;
}

static const char *make_link(const struct pattern *pattern,
                             const struct token_subscriber *subscriber, struct view id,
                             struct arena *arena)
{
    size_t token_size = TOKEN_TEXT_BYTES - 1;
    char *link = arena_room(arena, pattern->front.size + token_size + pattern->back.size + id.size +
                                       2, 1);
    char *at = link;

    memcpy(at, pattern->front.data, pattern->front.size);
    at += pattern->front.size;
    token_make(subscriber, pattern->purpose, id, pattern->expires_utc, at);
    at += token_size;
    memcpy(at, pattern->back.data, pattern->back.size);
    at += pattern->back.size;
    memcpy(at, id.data, id.size);
    at[id.size] = '\0';
    return link;
}

const struct digest_links *compose_links(struct view inbox,
                                         const struct token_subscriber *subscriber,
                                         const struct ranking *ranking, int64_t now_utc,
                                         struct arena *arena)
{
    struct digest_links *links = arena_alloc(arena, ranking->count + 1, sizeof(*links));
    struct pattern like, dislike;

    if (!make_pattern(inbox, subscriber, TOKEN_LIKE, "like ", now_utc, arena, &like) ||
        !make_pattern(inbox, subscriber, TOKEN_DISLIKE, "dislike ", now_utc, arena, &dislike))
        return NULL;
    for (size_t i = 0; i < ranking->count; i++) {
        struct view id = ranking->items[i].paper->id;

        if (!is_plain(id))
            continue;
        links[i] = (struct digest_links){make_link(&like, subscriber, id, arena),
                                         make_link(&dislike, subscriber, id, arena)};
    }
    return links;
}
