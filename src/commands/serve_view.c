#include "commands/serve_view.h"

static const char *below(const struct serve_desk *desk, const char *root, const char *rest)
{
    struct buffer link;
    const char *result;

    buffer_init(&link, WEB_BODY_BYTES);
    buffer_printf(&link, "%s%s", root, rest);
    result = arena_string(desk->arena, buffer_view(&link));
    buffer_free(&link);
    return result;
}

json_t *serve_context(const struct serve_desk *desk, const char *language, const char *title,
                      const struct word_value *values)
{
    const struct configuration *configuration = &desk->site.configuration;
    const char *root = web_layout_root(desk->serving->base_url);
    const struct web_layout layout = {
        .words = templates_words(desk->site.templates, language),
        .list_name = configuration->list.name ? configuration->list.name
                                              : configuration->sender.name,
        .owner = configuration->list.owner,
        .root = root,
        .is_served = true,
        .home = root,
        .archive = below(desk, root, "archive"),
        .rss = below(desk, root, "rss"),
        .atom = below(desk, root, "atom"),
        .subscribe = below(desk, root, "subscribe"),
        .profile = below(desk, root, "profile"),
    };

    return web_layout_context(&layout, title, values);
}

int serve_render(const struct serve_desk *desk, const char *template, json_t *context,
                 unsigned status, struct web_answer *answer, struct error *error)
{
    int result;

    buffer_clear(&answer->body);
    result = templates_render(desk->site.templates, template, context, &answer->body, error);
    json_decref(context);
    answer->status = status;
    answer->type = "text/html; charset=utf-8";
    return result;
}
