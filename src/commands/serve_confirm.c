/* serve: what waits for a confirmation, confirmed. */
#include "commands/inbox_deciding.h"
#include "commands/serve_people.h"

enum { TEXT_BYTES = 64 * 1024, TRIES = 5 };

static const struct {
    const char *lead, *yes;
} WORDS[] = {
    [PENDING_SUBSCRIBE] = {"confirm_subscribe", "confirm_yes_subscribe"},
    [PENDING_CHANGE] = {"web_confirm_change", "confirm_yes_change"},
    [PENDING_ADDRESS] = {"confirm_address_old", "confirm_yes_address"},
    [PENDING_FORGET] = {"confirm_forget", "confirm_yes_forget"},
};

static void set_word(const struct serve_desk *desk, json_t *context, const char *key,
                     const char *word, const char *address)
{
    const struct configuration *configuration = &desk->site.configuration;
    const struct word_value values[] = {
        {"list", view_of(configuration->list.name ? configuration->list.name
                                                  : configuration->sender.name)},
        {"address", view_of(address)},
        {"inbox", view_of(configuration->inbox.address)},
        {NULL, {NULL, 0}}};
    struct buffer room;

    buffer_init(&room, TEXT_BYTES);
    words_add(templates_words(desk->site.templates, NULL), word, -1, values, &room);
    context_set_buffer(context, key, &room);
    buffer_free(&room);
}

/* The lines that wait, as they were written. */
static void set_asked(json_t *context, const char *lines)
{
    struct view rest = view_of(lines), line;
    json_t *asked = json_array();

    while (view_next_line(&rest, &line)) {
        json_t *item = json_object();

        context_set_view(item, "line", line);
        json_array_append_new(asked, item);
    }
    json_object_set_new(context, "has_asked", json_boolean(json_array_size(asked) > 0));
    json_object_set_new(context, "asked", asked);
}

static int show(struct serve_desk *desk, const struct web_request *request, struct view token,
                const struct grant *grant, struct web_answer *answer, struct error *error)
{
    const struct pending *pending = &grant->pending;
    json_t *context = people_context(desk, request, NULL, "web_confirm_title");
    struct buffer action;

    buffer_init(&action, TEXT_BYTES);
    buffer_printf(&action, "%sconfirm/%.*s", web_layout_root(desk->serving->base_url),
                  VIEW_ARGUMENTS(token));
    context_set_buffer(context, "action", &action);
    buffer_free(&action);
    people_set_masked(context, grant->address);
    set_word(desk, context, "lead",
             grant->is_other ? "confirm_address_new" : WORDS[pending->kind].lead,
             grant->is_other ? pending->address : pending->other);
    set_word(desk, context, "yes", WORDS[pending->kind].yes, NULL);
    if (pending->kind == PENDING_SUBSCRIBE || pending->kind == PENDING_CHANGE)
        set_asked(context, pending->commands);
    if (pending->kind == PENDING_FORGET)
        set_word(desk, context, "forgets", "confirm_forgets", NULL);
    return serve_render(desk, "web_confirm.html", context, 200, answer, error);
}

static const char *outcome_of(const struct inbox_deed *deed, const struct grant *grant)
{
    if (deed->profile == DEED_ERASE)
        return "web_forgotten";
    if (grant->pending.kind == PENDING_ADDRESS && !deed->finishes)
        return "web_confirm_half";
    if (grant->pending.kind == PENDING_SUBSCRIBE && !deed->subscribes)
        return "web_confirm_not";
    return deed->state;
}

/* When the first digest comes, of a subscription that was just confirmed. */
static void set_first(const struct serve_desk *desk, const struct profile *profile,
                      json_t *context)
{
    const struct words *words = templates_words(desk->site.templates, NULL);
    const int minutes = profile->schedule.at_minutes;
    bool has_day = profile->schedule.every <= EVERY_SUNDAY, has_time = minutes >= 0;
    const char *zone = profile->schedule.zone ? profile->schedule.zone : "UTC";
    static const char *const DAYS[] = {"monday", "tuesday", "wednesday", "thursday",
                                       "friday", "saturday", "sunday"};
    static const char *const FIRST[2][2] = {{"web_first", "web_first_at"},
                                            {"web_first_day", "web_first_day_at"}};
    struct word_value values[] = {{"day", {NULL, 0}}, {"time", {NULL, 0}},
                                  {"zone", view_of(zone)}, {NULL, {NULL, 0}}};
    struct buffer day, room;
    char time[16];

    buffer_init(&day, TEXT_BYTES);
    buffer_init(&room, TEXT_BYTES);
    if (has_day)
        words_add(words, DAYS[profile->schedule.every], -1, NULL, &day);
    snprintf(time, sizeof(time), "%02d:%02d", minutes / 60, minutes % 60);
    values[0].text = buffer_view(&day);
    values[1].text = view_of(time);
    words_add(words, FIRST[has_day][has_time], -1, values, &room);
    context_set_buffer(context, "first", &room);
    buffer_free(&day);
    buffer_free(&room);
}

/* What holds now, as an answer by mail tells it. */
static int show_done(struct serve_desk *desk, const struct inbox_deed *deed,
                     const struct grant *grant, struct web_answer *answer, struct error *error)
{
    json_t *context = people_context(desk, NULL, NULL, "web_done_title"), *told;
    struct answer done;

    inbox_start_answer(&desk->people, ANSWER_CHANGED, grant->address, &done);
    if (deed->profile != DEED_ERASE && deed->has_after && outcome_of(deed, grant) == deed->state) {
        done.before = deed->has_before ? &deed->before : NULL;
        done.after = &deed->after;
        done.page = inbox_token_url(&desk->people, deed->after.email, TOKEN_PAGE,
                                    (struct view){0}, "profile");
    }
    done.notes = &deed->notes;
    done.state = outcome_of(deed, grant);
    told = answer_context(desk->site.templates, &done);
    json_object_update_missing(context, told);
    if (deed->subscribes && done.after &&
        date_compare(deed->after.paused_until, time_to_date(desk->people.now_utc, NULL)) <= 0)
        set_first(desk, &deed->after, context);
    json_decref(told);
    return serve_render(desk, "web_done.html", context, 200, answer, error);
}

static int find(struct serve_desk *desk, struct view text, struct grant *ret_grant,
                struct error *error)
{
    struct token token;

    *ret_grant = (struct grant){0};
    return token_read(text, &token, NULL) == 0 && token.purpose == TOKEN_CONFIRM
               ? inbox_find_confirm(&desk->people, &token, ret_grant, error)
               : 0;
}

static int act(struct serve_desk *desk, const struct grant *grant, struct web_answer *answer,
               struct error *error)
{
    struct inbox_deed deed = {0};
    int result = inbox_decide_confirm(&desk->people, &deed, grant, error);

    if (result == 0)
        result = people_perform(desk, &deed, error);
    if (result == 0)
        result = show_done(desk, &deed, grant, answer, error);
    inbox_deed_free(&deed);
    return result;
}

static int take(struct serve_desk *desk, const struct web_request *request, struct view rest,
                struct web_answer *answer, struct error *error)
{
    struct grant grant;

    if (find(desk, rest, &grant, error) < 0)
        return -1;
    if (!grant.address)
        return people_say_unknown(desk, rest, TOKEN_CONFIRM, answer, error);
    if (grant.pending.is_done)
        return people_say(desk, 200, "web_used_title", "web_used", NULL, NULL, answer, error);
    return request->method == WEB_POST ? act(desk, &grant, answer, error)
                                       : show(desk, request, rest, &grant, answer, error);
}

/* Found anew each time: somebody may have pressed the button twice. */
int serve_confirm(struct serve_desk *desk, const struct web_request *request, struct view rest,
                  struct web_answer *answer, struct error *error)
{
    struct error problem;
    int result = -1;

    people_begin(desk, request, NULL, NULL);
    for (int i = 0; i < TRIES && result < 0; i++) {
        result = take(desk, request, rest, answer, &problem);
        if (result < 0 && problem.kind != ERROR_CONFLICT)
            break;
    }
    if (result < 0)
        *error = problem;
    return result;
}
