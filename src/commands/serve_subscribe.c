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
    bool is_wrong;
};

static bool zone_is_known(const char *name)
{
    return zone_check(name, NULL) == 0;
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
    if (signing->request->method != WEB_POST) {
        profile_form_of(&signing->deed.after, arena, &signing->form);
        return;
    }
    profile_form_read(signing->request->form, arena, &signing->form);
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

    profile_form_context(&signing->form, templates_words(desk->site.templates, NULL),
                         &signing->notes, context);
    if (signing->request->method == WEB_POST &&
        people_set_preview(desk, &signing->deed.after, context, error) < 0) {
        json_decref(context);
        return -1;
    }
    return serve_render(desk, "web_subscribe.html", context, 200, answer, error);
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

    if (!address || signing->is_wrong)
        return show(signing, context, answer, error);
    json_decref(context);
    if (!people_can_mail(desk, false, answer, &result, error) ||
        !people_may_act(desk, signing->request, FORM, true, answer, &result, error))
        return result;
    if (people_is_trapped(signing->request))
        return people_say(desk, 200, "web_asked_title", "web_asked", NULL, NULL, answer, error);
    return ask(desk, signing->request, address, arena_string(desk->arena, signing->lines), answer,
               error);
}

/* Who left with a digest's link, and comes back by the button there. */
static int come_back(struct serve_desk *desk, const struct web_request *request,
                     struct web_answer *answer, struct error *error)
{
    const char *address;
    int result;

    if (!people_may_act(desk, request, "back", true, answer, &result, error))
        return result;
    if (people_find(desk, web_fields_find(request->form, "back"), TOKEN_UNSUBSCRIBE, &address,
                    answer, error) < 0)
        return -1;
    return address ? ask(desk, request, address, "subscribe\n", answer, error) : 0;
}

int serve_subscribe(struct serve_desk *desk, const struct web_request *request, struct view rest,
                    struct web_answer *answer, struct error *error)
{
    struct signing_up signing = {.desk = desk, .request = request};
    struct view what = web_fields_find(request->form, "do");
    json_t *context;
    int result;

    (void)rest;
    people_begin(desk, request, NULL, NULL);
    if (request->method == WEB_POST && !people_may_post(desk, request, answer, &result, error))
        return result;
    if (request->method == WEB_POST && view_equal_string(what, "back"))
        return come_back(desk, request, answer, error);
    read_form(&signing);
    context = people_context(desk, request, FORM, "web_subscribe");
    context_set_view(context, "form_address", web_fields_find(request->form, "address"));
    result = request->method == WEB_POST && view_equal_string(what, "subscribe")
                 ? subscribe(&signing, context, answer, error)
                 : show(&signing, context, answer, error);
    inbox_deed_free(&signing.deed);
    return result;
}
