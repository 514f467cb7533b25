/* serve: unsubscribing with one click (RFC 8058). Asking for the page does nothing, since
 * programs that look for bad links ask for it; sending the form does, whatever is in it, as
 * mailbox providers send it for their users. */
#include "commands/serve_people.h"

static int show(struct serve_desk *desk, const struct web_request *request, struct view token,
                const char *address, bool is_left, struct web_answer *answer, struct error *error)
{
    json_t *context = people_context(desk, request, "back",
                                     is_left ? "web_left_title" : "web_leave_title");
    struct buffer action;

    buffer_init(&action, 256);
    buffer_printf(&action, "%sunsubscribe/%.*s", web_layout_root(desk->serving->base_url),
                  VIEW_ARGUMENTS(token));
    context_set_buffer(context, "action", &action);
    buffer_free(&action);
    context_set_view(context, "back", token);
    json_object_set_new(context, "is_left", json_boolean(is_left));
    people_set_masked(context, address);
    return serve_render(desk, "web_unsubscribe.html", context, 200, answer, error);
}

int serve_unsubscribe(struct serve_desk *desk, const struct web_request *request,
                      struct view rest, struct web_answer *answer, struct error *error)
{
    struct inbox_deed deed = {0};
    const char *address;

    people_begin(desk, request, NULL, NULL);
    if (people_find(desk, rest, TOKEN_UNSUBSCRIBE, &address, answer, error) < 0)
        return -1;
    if (!address)
        return 0;
    if (request->method == WEB_POST &&
        (inbox_leave(&desk->people, address,
                     VIEW("asked for on the web, with the link of a digest"), &deed, error) < 0 ||
         people_perform(desk, &deed, error) < 0))
        return -1;
    return show(desk, request, rest, address, request->method == WEB_POST, answer, error);
}
