/* serve: signing up, with a preview of what would come. */
#include "commands/inbox_deciding.h"
#include "commands/serve_people.h"
#include "inbox/change.h"
#include "subscribers/profile_edit.h"
#include "web/profile_form.h"

#define FORM "subscribe"
/* Of a profile that is nobody's yet. */
#define NOBODY "preview@paperboy.invalid"

/* What was typed, and what it makes. */
struct signing_up {
    struct serve_desk *desk;
    const struct web_request *request;
    struct profile_form form;
    struct view lines;
    struct change_notes notes;
    struct inbox_deed deed; /* only for its profile */
    struct people_held held;
    bool is_typed; /* by a form, or in the query of a link, which only shows a preview */
    bool is_wrong;
};

static bool zone_is_known(const char *name)
{
    return zone_check(name, NULL) == 0;
}

/* A form that has some of the fields, like the front page's, leaves the others as they are. */
static void read_query(struct signing_up *signing)
{
    const struct web_fields query = signing->request->query;
    struct profile_form usual;

    profile_form_of(&signing->deed.after, signing->request->arena, &usual);
    profile_form_read(query, signing->request->arena, &signing->form);
    if (!web_fields_has(query, "max"))
        signing->form.max = usual.max;
    if (!web_fields_has(query, "every"))
        signing->form.every = usual.every;
}

static void read_form(struct signing_up *signing)
{
    struct arena *arena = signing->request->arena;
    const struct change_context context = {
        .today = time_to_date(signing->request->now_utc, NULL),
        .is_new = true,
        .zone_is_known = zone_is_known,
    };

    inbox_make_new(NOBODY, &signing->deed);
    signing->is_typed = signing->request->method == WEB_POST || signing->request->query.count;
    if (!signing->is_typed) {
        profile_form_of(&signing->deed.after, arena, &signing->form);
        return;
    }
    if (signing->request->method == WEB_POST)
        profile_form_read(signing->request->form, arena, &signing->form);
    else
        read_query(signing);
    signing->lines = profile_form_lines(&signing->form, &signing->deed.after, true, arena);
    change_apply(people_read_lines(signing->desk, signing->lines), &context,
                 &signing->deed.after, arena, &signing->notes);
    for (size_t i = 0; i < signing->notes.count; i++)
        signing->is_wrong |= signing->notes.items[i].outcome == CHANGE_REFUSED;
}

static int show(struct signing_up *signing, json_t *context, struct web_answer *answer,
                struct error *error)
{
    struct serve_desk *desk = signing->desk;
    unsigned status = people_set_held(desk, &signing->held, context);

    profile_form_context(&signing->form, templates_words(desk->site.templates, NULL),
                         &signing->notes, context);
    if (signing->is_typed && !signing->held.word &&
        people_set_preview(desk, &signing->deed.after, context, error) < 0) {
        json_decref(context);
        return -1;
    }
    return serve_render(desk, "web_subscribe.html", context, status, answer, error);
}

static int ask(struct serve_desk *desk, const struct web_request *request, const char *address,
               const char *lines, struct web_answer *answer, struct error *error)
{
    return people_ask(desk, request, people_ask_lines, address, lines, "web_asked", answer,
                      error);
}

static int subscribe(struct signing_up *signing, json_t *context, struct web_answer *answer,
                     struct error *error)
{
    struct serve_desk *desk = signing->desk;
    const char *address = people_read_address(desk, signing->request, context);
    int result;

    if (!address || signing->is_wrong ||
        !people_may_act(desk, signing->request, FORM, true, answer, &signing->held))
        return show(signing, context, answer, error);
    json_decref(context);
    if (!people_can_mail(desk, false, answer, &result, error))
        return result;
    if (people_is_trapped(signing->request))
        return people_say(desk, 200, "web_asked_title", "web_asked", NULL, NULL, answer, error);
    return ask(desk, signing->request, address, arena_string(desk->arena, signing->lines), answer,
               error);
}

int people_ask_back(struct serve_desk *desk, const struct web_request *request,
                    const char *address, struct web_answer *answer, struct error *error)
{
    return ask(desk, request, address, "subscribe\n", answer, error);
}

/* Who left with a digest's link, and comes back by the button there. */
static int come_back(struct serve_desk *desk, const struct web_request *request,
                     struct web_answer *answer, struct error *error)
{
    struct view token = web_fields_find(request->form, "back");
    struct people_held held = {0};
    const char *address;

    if (people_find(desk, token, TOKEN_UNSUBSCRIBE, &address, answer, error) < 0)
        return -1;
    if (!address)
        return 0;
    if (!people_may_look(desk, request, answer, &held) ||
        !people_may_act(desk, request, "back", false, answer, &held))
        return people_show_left(desk, request, token, address, "web_left_already", &held, answer,
                                error);
    return people_ask_back(desk, request, address, answer, error);
}

int serve_subscribe(struct serve_desk *desk, const struct web_request *request, struct view rest,
                    struct web_answer *answer, struct error *error)
{
    struct signing_up signing = {.desk = desk, .request = request};
    struct view what = web_fields_find(request->form, "do");
    bool is_post = request->method == WEB_POST;
    json_t *context;
    int result;

    (void)rest;
    people_begin(desk, request, NULL, NULL);
    if (!people_is_ours(desk, request, answer, &result, error))
        return result;
    if (is_post && view_equal_string(what, "back"))
        return come_back(desk, request, answer, error);
    read_form(&signing);
    context = people_context(desk, request, FORM, "web_subscribe");
    context_set_view(context, "form_address", web_fields_find(request->form, "address"));
    result = (!signing.is_typed || people_may_look(desk, request, answer, &signing.held)) &&
                     is_post && view_equal_string(what, "subscribe")
                 ? subscribe(&signing, context, answer, error)
                 : show(&signing, context, answer, error);
    inbox_deed_free(&signing.deed);
    return result;
}
