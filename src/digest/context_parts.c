/* Titles and abstracts cut where a subscriber's terms stand, for templates to mark. */
#include "digest/context.h"
#include "ranking/highlight.h"

static void add_part(json_t *parts, struct view text, bool is_hit)
{
    json_t *part;

    if (!text.size)
        return;
    part = json_object();
    context_set_view(part, "text", text);
    json_object_set_new(part, "is_hit", json_boolean(is_hit));
    json_array_append_new(parts, part);
}

static void set_parts(json_t *object, const char *key, struct view text,
                      const struct highlights *found)
{
    json_t *parts = json_array();
    size_t at = 0;

    for (size_t i = 0; i < found->count; i++) {
        add_part(parts, view_slice(text, at, found->items[i].start), false);
        add_part(parts, view_slice(text, found->items[i].start, found->items[i].end), true);
        at = found->items[i].end;
    }
    add_part(parts, view_slice(text, at, text.size), false);
    context_mark_ends(parts);
    json_object_set_new(object, key, parts);
}

void context_set_parts(json_t *object, const struct words *words, const struct digest *digest,
                       struct highlighter *highlighter, const struct ranked_paper *ranked,
                       size_t shown)
{
    struct highlights title = {0}, abstract = {0};
    struct buffer no_title;

    buffer_init(&no_title, CONTEXT_BYTES);
    highlighter_find(highlighter, digest->profile->scoring, ranked->paper, ranked->reasons, shown,
                     &title, &abstract);
    if (!ranked->paper->title.size)
        words_add(words, "no_title", -1, NULL, &no_title);
    set_parts(object, "title_parts",
              ranked->paper->title.size ? ranked->paper->title : buffer_view(&no_title), &title);
    set_parts(object, "abstract_parts", ranked->paper->abstract, &abstract);
    highlights_free(&title);
    highlights_free(&abstract);
    buffer_free(&no_title);
}
