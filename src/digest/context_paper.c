#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "digest/context.h"
#include "digest/wrap.h"

enum { AUTHORS_CHARACTERS = 200 };

static void set_link(json_t *object, const char *key, const char *base, const char *usual,
                     const struct paper *paper, struct buffer *room)
{
    buffer_add_string(room, base ? base : usual);
    context_add_encoded(room, paper->id, "/:");
    context_set_buffer(object, key, room);
}

static void set_links(json_t *object, const struct digest *digest, const struct paper *paper,
                      struct buffer *room)
{
    set_link(object, "url", digest->abs_base, "https://arxiv.org/abs/", paper, room);
    set_link(object, "pdf_url", digest->pdf_base, "https://arxiv.org/pdf/", paper, room);
    set_link(object, "html_url", digest->html_base, "https://arxiv.org/html/", paper, room);
}

/* The first authors, and how many more: none is left out to save one. */
static void set_authors_short(json_t *object, const struct words *words, const struct paper *paper,
                              struct buffer *room)
{
    size_t shown = 0, characters = 0, more;

    while (shown < paper->author_count) {
        characters += utf8_length(paper->authors[shown]) + 2;
        if (shown > 0 && (characters > AUTHORS_CHARACTERS ||
                          (shown >= DIGEST_AUTHORS && paper->author_count > DIGEST_AUTHORS + 1)))
            break;
        if (shown)
            buffer_add_string(room, ", ");
        buffer_add_view(room, utf8_prefix(paper->authors[shown], 4 * AUTHORS_CHARACTERS));
        shown++;
    }
    more = paper->author_count - shown;
    if (more) {
        buffer_add_char(room, ' ');
        words_add(words, "authors_more", (long)more, NULL, room);
    }
    context_set_lines(object, "authors_lines", buffer_view(room), TEXT_WIDTH - TEXT_INDENT);
    context_set_buffer(object, "authors_short", room);
}

static void set_names(json_t *object, const char *key, const struct view *names, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *item = json_object();

        context_set_view(item, "name", names[i]);
        json_array_append_new(array, item);
    }
    context_mark_ends(array);
    json_object_set_new(object, key, array);
}

static void set_categories(json_t *object, const struct paper *paper, struct buffer *room)
{
    set_names(object, "categories", paper->categories, paper->category_count);
    for (size_t i = 0; i < paper->category_count; i++)
        buffer_printf(room, "%s%.*s", i ? ", " : "", VIEW_ARGUMENTS(paper->categories[i]));
    context_set_lines(object, "categories_lines", buffer_view(room), TEXT_WIDTH - TEXT_INDENT);
    context_set_buffer(object, "categories_line", room);
    if (paper->category_count)
        context_set_view(object, "primary", paper->categories[0]);
}

static void set_abstract(json_t *object, const struct paper *paper, struct buffer *room)
{
    struct view excerpt = wrap_cut(paper->abstract, DIGEST_EXCERPT_CHARACTERS);
    bool is_cut = excerpt.size < paper->abstract.size;

    context_set_view(object, "abstract", paper->abstract);
    context_set_lines(object, "abstract_lines", paper->abstract, TEXT_WIDTH - TEXT_INDENT);
    buffer_add_view(room, excerpt);
    if (is_cut)
        buffer_add_string(room, "…");
    context_set_lines(object, "excerpt_lines", buffer_view(room), TEXT_WIDTH - TEXT_INDENT);
    context_set_buffer(object, "excerpt", room);
    json_object_set_new(object, "is_cut", json_boolean(is_cut));
}

static void set_type(json_t *object, const struct words *words, const struct paper *paper,
                     struct buffer *room)
{
    static const struct {
        const char *name;
        const char *word;
    } types[] = {[ANNOUNCE_NEW] = {"new", "type_new"},
                 [ANNOUNCE_CROSS] = {"cross", "type_cross"},
                 [ANNOUNCE_REPLACE] = {"replace", "type_replace"},
                 [ANNOUNCE_REPLACE_CROSS] = {"replace-cross", "type_replace_cross"}};
    enum announce_type type = paper->announce_type;

    context_set_string(object, "type", types[type].name);
    words_add(words, types[type].word, -1, NULL, room);
    context_set_buffer(object, "type_word", room);
    json_object_set_new(object, "is_new", json_boolean(type == ANNOUNCE_NEW));
    json_object_set_new(object, "is_cross",
                        json_boolean(type == ANNOUNCE_CROSS || type == ANNOUNCE_REPLACE_CROSS));
    json_object_set_new(object, "is_replace",
                        json_boolean(type == ANNOUNCE_REPLACE || type == ANNOUNCE_REPLACE_CROSS));
}

json_t *context_paper(const struct digest *digest, const struct words *words,
                      const struct paper *paper)
{
    json_t *object = json_object();
    struct buffer room;

    buffer_init(&room, CONTEXT_BYTES);
    context_set_view(object, "id", paper->id);
    if (paper->version > 0)
        json_object_set_new(object, "version", json_integer(paper->version));
    if (paper->version > 1) {
        buffer_printf(&room, "v%d", paper->version);
        context_set_buffer(object, "revised", &room);
    }
    if (paper->title.size)
        buffer_add_view(&room, paper->title);
    else
        words_add(words, "no_title", -1, NULL, &room);
    context_set_lines(object, "title_lines", buffer_view(&room), TEXT_WIDTH - TEXT_INDENT);
    context_set_buffer(object, "title", &room);
    set_names(object, "authors", paper->authors, paper->author_count);
    json_object_set_new(object, "author_count", json_integer((json_int_t)paper->author_count));
    set_authors_short(object, words, paper, &room);
    set_categories(object, paper, &room);
    set_abstract(object, paper, &room);
    set_type(object, words, paper, &room);
    set_links(object, digest, paper, &room);
    context_set_summary_of(object, digest, words, paper);
    buffer_free(&room);
    return object;
}
