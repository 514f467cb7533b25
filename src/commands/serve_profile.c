/* serve: one's profile under a link that was mailed: changed, tried, paused, left. Each
 * button is the command of a mail. */
#include <sodium.h>
#include <string.h>

#include "commands/inbox_deciding.h"
#include "commands/serve_people.h"
#include "inbox/change.h"
#include "store/subscribers.h"
#include "web/profile_form.h"

#define FORM "profile"

enum { TEXT_BYTES = 4096, VERSION_TEXT_BYTES = 2 * sizeof(struct folder_version) + 1 };

/* A request for the page. */
struct paging {
    struct serve_desk *desk;
    const struct web_request *request;
    struct view token;
    const char *address;
    struct inbox_deed deed;
    struct profile_form form;
    bool is_typed;     /* the form is as it was sent */
    bool is_previewed;
    bool is_changed;   /* by somebody else */
    bool is_acted;
    struct people_held held;
};

static void version_of(const struct inbox_deed *deed, char ret_text[VERSION_TEXT_BYTES])
{
    sodium_bin2hex(ret_text, VERSION_TEXT_BYTES, deed->version.hash, sizeof(deed->version.hash));
}

/* ---- what is shown ---- */

/* With everything that was done, since the page may show nothing older. */
static int reload(struct paging *paging, struct error *error)
{
    struct inbox_deed now = {0};

    if (inbox_load(&paging->desk->people, paging->address, &now, error) < 0) {
        inbox_deed_free(&now);
        return -1;
    }
    now.notes = paging->deed.notes;
    now.state = paging->deed.state;
    inbox_deed_free(&paging->deed);
    paging->deed = now;
    return 0;
}

static void set_told(struct paging *paging, json_t *context)
{
    struct serve_desk *desk = paging->desk;
    struct answer told;
    json_t *from;
    bool is_refused = false;

    if (!paging->is_acted)
        return;
    for (size_t i = 0; i < paging->deed.notes.count; i++)
        is_refused |= paging->deed.notes.items[i].outcome == CHANGE_REFUSED;
    inbox_start_answer(&desk->people, ANSWER_CHANGED, paging->address, &told);
    told.notes = &paging->deed.notes;
    told.state = paging->deed.state;
    from = answer_context(desk->site.templates, &told);
    json_object_set(context, "done", json_object_get(from, "done"));
    json_object_set(context, "has_done", json_object_get(from, "has_done"));
    /* What was refused is told at its field. */
    if (told.state || (!is_refused && !json_array_size(json_object_get(from, "done"))))
        json_object_set(context, "summary", json_object_get(from, "summary"));
    json_decref(from);
}

static void set_links(struct paging *paging, json_t *context)
{
    struct buffer action;
    char version[VERSION_TEXT_BYTES];

    buffer_init(&action, TEXT_BYTES);
    buffer_printf(&action, "%sprofile/%.*s", web_layout_root(paging->desk->serving->base_url),
                  VIEW_ARGUMENTS(paging->token));
    context_set_buffer(context, "action", &action);
    buffer_free(&action);
    version_of(&paging->deed, version);
    context_set_string(context, "version", version);
    context_set_string(context, "feed",
                       inbox_token_url(&paging->desk->people, paging->address, TOKEN_FEED,
                                       (struct view){0}, "feed"));
}

static void set_word(const struct paging *paging, json_t *context, const char *key,
                     const char *word, struct date date)
{
    const struct words *words = templates_words(paging->desk->site.templates, NULL);
    struct word_value values[] = {{"date", {NULL, 0}}, {NULL, {NULL, 0}}};
    struct buffer day, room;

    buffer_init(&day, TEXT_BYTES);
    buffer_init(&room, TEXT_BYTES);
    if (date_is_set(date))
        words_add_date(words, "date_long", date, &day);
    values[0].text = buffer_view(&day);
    words_add(words, word, -1, values, &room);
    context_set_buffer(context, key, &room);
    buffer_free(&day);
    buffer_free(&room);
}

static int set_state(struct paging *paging, json_t *context, struct error *error)
{
    struct suppression_found suppression;

    if (suppression_find(paging->desk->site.store, paging->address, &suppression, error) < 0)
        return -1;
    json_object_set_new(context, "is_left", json_boolean(suppression.found));
    if (date_compare(paging->deed.after.paused_until,
                     time_to_date(paging->request->now_utc, NULL)) > 0)
        set_word(paging, context, "paused_line", "web_paused_until",
                 paging->deed.after.paused_until);
    if (paging->is_changed)
        set_word(paging, context, "conflict", "web_conflict", (struct date){0});
    return 0;
}

static int show(struct paging *paging, struct web_answer *answer, struct error *error)
{
    struct serve_desk *desk = paging->desk;
    json_t *context = people_context(desk, paging->request, FORM, "web_link_title");
    unsigned status = people_set_held(desk, &paging->held, context);
    struct view weeks = web_fields_find(paging->request->form, "weeks");

    if (!paging->is_typed)
        profile_form_of(&paging->deed.after, desk->arena, &paging->form);
    people_set_masked(context, paging->address);
    context_set_view(context, "form_weeks", weeks.size ? weeks : VIEW("2"));
    set_links(paging, context);
    set_told(paging, context);
    profile_form_context(&paging->form, templates_words(desk->site.templates, NULL),
                         &paging->deed.notes, context);
    if (set_state(paging, context, error) < 0 ||
        (paging->is_previewed &&
         people_set_preview(desk, &paging->deed.after, context, error) < 0)) {
        json_decref(context);
        return -1;
    }
    return serve_render(desk, "web_profile.html", context, status, answer, error);
}

/* ---- what is done ---- */

static struct view pause_line(struct paging *paging)
{
    struct view weeks = view_trim(web_fields_find(paging->request->form, "weeks"));
    struct buffer line;
    struct view result;
    long number;

    buffer_init(&line, TEXT_BYTES);
    buffer_printf(&line, "pause %ld weeks\n", view_to_long(weeks, &number) ? number : 0);
    result = arena_copy(paging->desk->arena, buffer_view(&line));
    buffer_free(&line);
    return result;
}

/* The lines of a button. Empty: it is none. */
static struct view lines_of(struct paging *paging, struct view what)
{
    static const struct {
        const char *button, *line;
    } BUTTONS[] = {{"undo", "undo\n"}, {"resume", "resume\n"},
                   {"unsubscribe", "unsubscribe\n"}, {"forget", "forget me\n"}};

    if (view_equal_string(what, "pause"))
        return pause_line(paging);
    for (size_t i = 0; i < sizeof(BUTTONS) / sizeof(*BUTTONS); i++)
        if (view_equal_string(what, BUTTONS[i].button))
            return view_of(BUTTONS[i].line);
    return (struct view){0};
}

/* Several things may be refused, and the others are done all the same, as by mail. */
static int perform(struct paging *paging, const struct mail_commands *commands,
                   struct error *error)
{
    struct inbox *people = &paging->desk->people;

    if (inbox_decide_change(people, &paging->deed, commands, false, false, NULL, error) < 0)
        return -1;
    if (paging->deed.unsubscribes)
        paging->deed.reason = VIEW("asked for on the profile's page");
    return people_perform(paging->desk, &paging->deed, error);
}

static int act(struct paging *paging, const struct mail_commands *commands, struct error *error)
{
    struct error problem;

    if (perform(paging, commands, &problem) < 0) {
        if (problem.kind != ERROR_CONFLICT) {
            *error = problem;
            return -1;
        }
        paging->is_changed = true;
        return reload(paging, error);
    }
    paging->is_acted = true;
    return reload(paging, error);
}

static bool is_version(struct paging *paging)
{
    char version[VERSION_TEXT_BYTES];

    version_of(&paging->deed, version);
    return view_equal_string(web_fields_find(paging->request->form, "version"), version);
}

static int save(struct paging *paging, const struct mail_commands *commands, bool is_preview,
                struct error *error)
{
    const struct change_context context = {
        .today = time_to_date(paging->request->now_utc, NULL)};

    paging->is_typed = true;
    if (!is_preview && !is_version(paging)) {
        paging->is_changed = true;
        return 0;
    }
    if (!is_preview) {
        if (act(paging, commands, error) < 0)
            return -1;
        /* What was refused is still there to be mended. */
        paging->is_typed = paging->is_changed;
        for (size_t i = 0; i < paging->deed.notes.count; i++)
            paging->is_typed |= paging->deed.notes.items[i].outcome == CHANGE_REFUSED;
        return 0;
    }
    paging->is_previewed = true;
    change_apply(commands, &context, &paging->deed.after, paging->desk->arena,
                 &paging->deed.notes);
    return 0;
}

static int take_form(struct paging *paging, struct error *error)
{
    struct view what = web_fields_find(paging->request->form, "do");
    bool is_preview = view_equal_string(what, "preview");
    struct view lines;

    if (is_preview || view_equal_string(what, "save")) {
        profile_form_read(paging->request->form, paging->desk->arena, &paging->form);
        lines = profile_form_lines(&paging->form, &paging->deed.after, false,
                                   paging->desk->arena);
        return save(paging, people_read_lines(paging->desk, lines), is_preview, error);
    }
    lines = lines_of(paging, what);
    return lines.size ? act(paging, people_read_lines(paging->desk, lines), error) : 0;
}

/* ---- the page ---- */

/* The link says who it is, so nobody is kept here by what others send from where they are. */
static bool is_always_done(struct view what)
{
    return view_equal_string(what, "unsubscribe") || view_equal_string(what, "forget") ||
           view_equal_string(what, "back");
}

static bool may_do(struct paging *paging, struct view what, struct web_answer *answer)
{
    struct serve_desk *desk = paging->desk;
    bool is_form = view_equal_string(what, "preview") || view_equal_string(what, "save");

    if ((is_always_done(what) || people_may_look(desk, paging->request, answer, &paging->held)) &&
        (view_equal_string(what, "preview") ||
         people_may_act(desk, paging->request, FORM, false, answer, &paging->held)))
        return true;
    if (is_form) {
        profile_form_read(paging->request->form, desk->arena, &paging->form);
        paging->is_typed = true;
    }
    return false;
}

static int answer_page(struct paging *paging, struct web_answer *answer, struct error *error)
{
    const struct web_request *request = paging->request;
    struct view what = web_fields_find(request->form, "do");

    if (inbox_load(&paging->desk->people, paging->address, &paging->deed, error) < 0)
        return -1;
    /* Known, but only as somebody who left or asked. */
    if (!paging->deed.has_before)
        return people_say_unknown(paging->desk, (struct view){0}, TOKEN_PAGE, answer, error);
    if (request->method == WEB_POST && may_do(paging, what, answer)) {
        if (view_equal_string(what, "back"))
            return people_ask_back(paging->desk, request, paging->address, answer, error);
        if (take_form(paging, error) < 0)
            return -1;
    }
    return show(paging, answer, error);
}

int serve_profile(struct serve_desk *desk, const struct web_request *request, struct view rest,
                  struct web_answer *answer, struct error *error)
{
    struct paging paging = {.desk = desk, .request = request, .token = rest};
    int result;

    people_begin(desk, request, NULL, NULL);
    if (!people_is_ours(desk, request, answer, &result, error))
        return result;
    if (people_find(desk, rest, TOKEN_PAGE, &paging.address, answer, error) < 0)
        return -1;
    if (!paging.address)
        return 0;
    result = answer_page(&paging, answer, error);
    inbox_deed_free(&paging.deed);
    return result;
}
