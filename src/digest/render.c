#include "digest/context.h"

void digest_output_init(struct digest_output *output)
{
    buffer_init(&output->subject, CONTEXT_BYTES);
    buffer_init(&output->html, DIGEST_OUTPUT_BYTES);
    buffer_init(&output->text, DIGEST_OUTPUT_BYTES);
    output->is_encoded = false;
}

void digest_output_free(struct digest_output *output)
{
    buffer_free(&output->subject);
    buffer_free(&output->html);
    buffer_free(&output->text);
}

int digest_render_html(const struct templates *templates, const json_t *context,
                       struct buffer *out, struct error *error)
{
    return templates_render(templates, "digest.html", context, out, error);
}

int digest_render_text(const struct templates *templates, const json_t *context,
                       struct buffer *out, struct error *error)
{
    return templates_render(templates, "digest.txt", context, out, error);
}

/* The first `full` of `all` with their abstracts, the others as titles. */
static void divide(json_t *context, const json_t *all, size_t full, const struct words *words)
{
    json_t *papers = json_array(), *more = json_array();
    struct buffer line;
    size_t i;
    json_t *item;

    buffer_init(&line, CONTEXT_BYTES);
    json_array_foreach((json_t *)all, i, item)
        json_array_append(i < full ? papers : more, item);
    context_mark_ends(papers);
    context_mark_ends(more);
    if (json_array_size(more)) {
        words_add(words, "more_papers", (long)json_array_size(more), NULL, &line);
        context_set_buffer(context, "more_line", &line);
    } else {
        json_object_del(context, "more_line");
    }
    json_object_set_new(context, "has_more_papers", json_boolean(json_array_size(more) > 0));
    json_object_set_new(context, "papers", papers);
    json_object_set_new(context, "more_papers", more);
    buffer_free(&line);
}

static int measure(const struct templates *templates, const json_t *context, struct buffer *room,
                   size_t *ret_bytes, struct error *error)
{
    buffer_clear(room);
    if (digest_render_html(templates, context, room, error) < 0)
        return -1;
    *ret_bytes = room->size;
    return 0;
}

/* The most papers that may stay whole, by halving: what a template makes of a
 * paper is not known before it is rendered. */
static int find_division(const struct templates *templates, json_t *context, const json_t *all,
                         size_t max_html_bytes, struct buffer *room, struct error *error)
{
    const struct words *words =
        templates_words(templates, json_string_value(json_object_get(context, "language")));
    size_t fits = DIGEST_FULL_PAPERS, fails = json_array_size(all), bytes;

    while (fits + 1 < fails) {
        size_t middle = fits + (fails - fits) / 2;

        divide(context, all, middle, words);
        if (measure(templates, context, room, &bytes, error) < 0)
            return -1;
        if (bytes <= max_html_bytes)
            fits = middle;
        else
            fails = middle;
    }
    divide(context, all, fits, words);
    return 0;
}

int digest_fit(const struct templates *templates, json_t *context, size_t max_html_bytes,
               struct error *error)
{
    json_t *all = json_incref(json_object_get(context, "papers"));
    struct buffer room;
    size_t bytes = 0;
    int result;

    buffer_init(&room, DIGEST_OUTPUT_BYTES);
    result = measure(templates, context, &room, &bytes, error);
    if (result == 0 && bytes > max_html_bytes && json_array_size(all) > DIGEST_FULL_PAPERS)
        result = find_division(templates, context, all, max_html_bytes, &room, error);
    json_decref(all);
    buffer_free(&room);
    return result;
}

int digest_make(const struct templates *templates, const struct digest *digest,
                struct digest_output *output, struct error *error)
{
    bool wants_html = digest->profile->format != FORMAT_TEXT;
    bool wants_text = digest->profile->format != FORMAT_HTML;
    json_t *context = digest_context(templates, digest);
    int result = 0;

    buffer_clear(&output->subject);
    buffer_clear(&output->html);
    buffer_clear(&output->text);
    output->is_encoded = false;
    digest_subject(templates, digest, &output->subject);
    if (wants_html)
        result = digest_render_html(templates, context, &output->html, error);
    if (result == 0 && output->html.size > DIGEST_HTML_BYTES) {
        buffer_clear(&output->html);
        result = digest_fit(templates, context, DIGEST_HTML_BYTES, error);
        if (result == 0)
            result = digest_render_html(templates, context, &output->html, error);
    }
    if (wants_text && result == 0)
        result = digest_render_text(templates, context, &output->text, error);
    json_decref(context);
    return result;
}
