/* serve: the link to a profile's page, sent to its address. */
#include "commands/inbox_deciding.h"
#include "commands/serve_people.h"
#include "store/subscribers.h"

#define FORM "profile link"
#define ONCE_PAGE "web-page" /* a kind of derived.h */

static int show(struct serve_desk *desk, json_t *context, const struct people_held *held,
                struct web_answer *answer, struct error *error)
{
    unsigned status = people_set_held(desk, held, context);

    return serve_render(desk, "web_link.html", context, status, answer, error);
}

/* To whoever has a profile here, whether digests go out or not. */
static int send_link(struct serve_desk *desk, const struct web_request *request,
                     const char *address, const char *lines, struct error *error)
{
    struct inbox *people = &desk->people;
    struct suppression_found suppression;
    struct inbox_deed deed = {0};
    bool may = false;
    int result = -1;

    (void)lines;
    people_begin(desk, request, address, NULL);
    if (suppression_find(desk->site.store, address, &suppression, error) < 0)
        return -1;
    if (suppression.found && suppression.reason != SUPPRESSION_UNSUBSCRIBED)
        return 0;
    if (inbox_load(people, address, &deed, error) < 0)
        goto out;
    result = 0;
    if (!deed.has_before)
        goto out;
    if (inbox_once_a_day(people, ONCE_PAGE, address, &may, error) < 0 ||
        (may && inbox_may_answer(people, address, false, &may, error) < 0) ||
        (may && (inbox_add_page_link(people, &deed, error) < 0 ||
                 people_perform(desk, &deed, error) < 0)))
        result = -1;
out:
    inbox_deed_free(&deed);
    return result;
}

int serve_profile_link(struct serve_desk *desk, const struct web_request *request,
                       struct view rest, struct web_answer *answer, struct error *error)
{
    struct people_held held = {0};
    const char *address;
    json_t *context;
    int result;

    (void)rest;
    people_begin(desk, request, NULL, NULL);
    if (!people_is_ours(desk, request, answer, &result, error))
        return result;
    if (!people_can_mail(desk, true, answer, &result, error))
        return result;
    context = people_context(desk, request, FORM, "web_link_title");
    if (request->method != WEB_POST)
        return show(desk, context, &held, answer, error);
    address = people_read_address(desk, request, context);
    if (!people_may_look(desk, request, answer, &held) || !address ||
        !people_may_act(desk, request, FORM, true, answer, &held))
        return show(desk, context, &held, answer, error);
    json_decref(context);
    if (people_is_trapped(request))
        return people_say(desk, 200, "web_asked_title", "web_link_sent", NULL, NULL, answer, error);
    return people_ask(desk, request, send_link, address, "", "web_link_sent", answer, error);
}
