/* serve: unsubscribing with one click (RFC 8058). Asking for the page does nothing, since
 * programs that look for bad links ask for it; sending the form does, whatever is in it, as
 * mailbox providers send it for their users. */
#include "commands/serve_people.h"
#include "store/subscribers.h"

static int show(struct serve_desk *desk, const struct web_request *request, struct view token,
                const char *address, const char *title, const char *left,
                const struct people_held *held, struct web_answer *answer, struct error *error)
{
    json_t *context = people_context(desk, request, "back", title);
    unsigned status = people_set_held(desk, held, context);
    struct buffer room;

    buffer_init(&room, 4096);
    buffer_printf(&room, "%sunsubscribe/%.*s", web_layout_root(desk->serving->base_url),
                  VIEW_ARGUMENTS(token));
    context_set_buffer(context, "action", &room);
    if (left) {
        words_add(templates_words(desk->site.templates, NULL), left, -1, NULL, &room);
        context_set_buffer(context, "left", &room);
    }
    buffer_free(&room);
    context_set_view(context, "back", token);
    json_object_set_new(context, "is_left", json_boolean(left != NULL));
    people_set_masked(context, address);
    return serve_render(desk, "web_unsubscribe.html", context, status, answer, error);
}

int people_show_left(struct serve_desk *desk, const struct web_request *request,
                     struct view token, const char *address, const char *word,
                     const struct people_held *held, struct web_answer *answer,
                     struct error *error)
{
    return show(desk, request, token, address, "web_left_title", word, held, answer, error);
}

int serve_unsubscribe(struct serve_desk *desk, const struct web_request *request,
                      struct view rest, struct web_answer *answer, struct error *error)
{
    const struct people_held held = {0};
    struct suppression_found suppression;
    struct inbox_deed deed = {0};
    const char *address;

    people_begin(desk, request, NULL, NULL);
    if (people_find(desk, rest, TOKEN_UNSUBSCRIBE, &address, answer, error) < 0)
        return -1;
    if (!address)
        return 0;
    if (request->method == WEB_POST)
        return inbox_leave(&desk->people, address,
                           VIEW("asked for on the web, with the link of a digest"), &deed,
                           error) < 0 ||
                       people_perform(desk, &deed, error) < 0
                   ? -1
                   : people_show_left(desk, request, rest, address, "web_left", &held, answer,
                                      error);
    if (suppression_find(desk->site.store, address, &suppression, error) < 0)
        return -1;
    return suppression.found
               ? people_show_left(desk, request, rest, address, "web_left_already", &held, answer,
                                  error)
               : show(desk, request, rest, address, "web_leave_title", NULL, &held, answer, error);
}
