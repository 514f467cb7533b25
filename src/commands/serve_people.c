#include "commands/serve_people.h"

#include <sodium.h>
#include <stdlib.h>

#include "subscribers/address.h"
#include "web/form_token.h"
#include "web/mask.h"
#include "web/origin.h"

enum {
    HASH_BYTES = 32, TEXT_BYTES = 4096, ACTIONS_MS = 1000, MINUTE_SECONDS = 60,
    BUSY_SECONDS = 60
};

/* ---- a request begins ---- */

static const char *random_hash(struct arena *arena)
{
    unsigned char bytes[HASH_BYTES];
    char *text = arena_alloc(arena, MAIL_HASH_TEXT_BYTES, 1);

    randombytes_buf(bytes, sizeof(bytes));
    sodium_bin2hex(text, MAIL_HASH_TEXT_BYTES, bytes, sizeof(bytes));
    return text;
}

void people_begin(struct serve_desk *desk, const struct web_request *request,
                  const char *address, const struct mail_commands *commands)
{
    struct inbox *people = &desk->people;
    struct finding *finding = arena_alloc(request->arena, 1, sizeof(*finding));

    *finding = (struct finding){.kind = FINDING_COMMAND, .from = view_of(address),
                                .is_answerable = address != NULL};
    if (commands)
        finding->commands = *commands;
    people->now_utc = request->now_utc;
    people->arena = request->arena;
    people->finding = finding;
    people->hash = random_hash(request->arena);
    people->is_vouched = address == NULL;
    people->is_page = true;
    people->no_digest = false;
    tag_book_next_mail(&people->book);
}

const struct mail_commands *people_read_lines(struct serve_desk *desk, struct view lines)
{
    struct mail_commands *commands = arena_alloc(desk->arena, 1, sizeof(*commands));
    const struct mail_command_sources sources = {.body = lines};

    mail_commands_read(&sources, desk->arena, commands);
    return commands;
}

/* ---- what is shown ---- */

json_t *people_context(const struct serve_desk *desk, const struct web_request *request,
                       const char *form, const char *title)
{
    json_t *context = serve_context(desk, NULL, title, NULL);
    char token[FORM_TOKEN_BYTES];

    if (form) {
        form_token_make(&desk->site.key, view_of(form), request->now_utc, token);
        context_set_string(context, "form_token", token);
    }
    return context;
}

int people_say(struct serve_desk *desk, unsigned status, const char *title, const char *text,
               const char *link, const char *link_text, struct web_answer *answer,
               struct error *error)
{
    const struct words *words = templates_words(desk->site.templates, NULL);
    json_t *context = serve_context(desk, NULL, title, NULL);
    struct buffer room;

    buffer_init(&room, TEXT_BYTES);
    words_add(words, text, -1, NULL, &room);
    context_set_buffer(context, "text", &room);
    if (link) {
        buffer_printf(&room, "%s%s", web_layout_root(desk->serving->base_url), link);
        context_set_buffer(context, "link", &room);
        words_add(words, link_text, -1, NULL, &room);
        context_set_buffer(context, "link_text", &room);
    }
    buffer_free(&room);
    return serve_render(desk, "web_message.html", context, status, answer, error);
}

void people_set_masked(json_t *context, const char *address)
{
    struct buffer text;

    buffer_init(&text, TEXT_BYTES);
    web_mask_address(view_of(address), &text);
    context_set_buffer(context, "address_masked", &text);
    buffer_free(&text);
}

/* ---- forms ---- */

static bool takes(struct web_limits *limits, const struct web_request *request,
                  struct web_answer *answer)
{
    char group[WEB_CLIENT_BYTES];

    web_client_group(request->client, group);
    return web_limits_take(limits, group, request->now_utc * ACTIONS_MS,
                           &answer->retry_after_seconds);
}

bool people_is_ours(struct serve_desk *desk, const struct web_request *request,
                    struct web_answer *answer, int *ret_result, struct error *error)
{
    if (request->method != WEB_POST || web_origin_is_ours(request, desk->serving->base_url))
        return true;
    *ret_result = people_say(desk, 403, "web_other_site_title", "web_other_site", NULL, NULL,
                             answer, error);
    return false;
}

static bool is_within(struct web_limits *limits, const struct web_request *request,
                      struct web_answer *answer, struct people_held *ret_held)
{
    if (takes(limits, request, answer))
        return true;
    *ret_held = (struct people_held){429, "web_busy",
                                     (answer->retry_after_seconds + MINUTE_SECONDS - 1) /
                                         MINUTE_SECONDS};
    return false;
}

bool people_can_mail(struct serve_desk *desk, bool needs_page, struct web_answer *answer,
                     int *ret_result, struct error *error)
{
    if (desk->serving->base_url || (!needs_page && desk->people.options.inbox.size))
        return true;
    *ret_result = people_say(desk, 503, "web_no_way_title", "web_no_way", NULL, NULL, answer,
                             error);
    return false;
}

bool people_may_look(struct serve_desk *desk, const struct web_request *request,
                     struct web_answer *answer, struct people_held *ret_held)
{
    return is_within(desk->serving->posts, request, answer, ret_held);
}

bool people_may_act(struct serve_desk *desk, const struct web_request *request, const char *form,
                    bool sends_mail, struct web_answer *answer, struct people_held *ret_held)
{
    enum form_verdict verdict =
        form_token_check(&desk->site.key, view_of(form),
                         web_fields_find(request->form, "token"), request->now_utc);

    if (verdict == FORM_GOOD)
        return !sends_mail || is_within(desk->serving->mails, request, answer, ret_held);
    *ret_held = (struct people_held){
        400, verdict == FORM_TOO_SOON ? "web_form_soon" : "web_form_old", -1};
    return false;
}

unsigned people_set_held(struct serve_desk *desk, const struct people_held *held,
                         json_t *context)
{
    struct buffer room;

    if (!held->word)
        return 200;
    buffer_init(&room, TEXT_BYTES);
    words_add(templates_words(desk->site.templates, NULL), held->word, held->count, NULL, &room);
    context_set_buffer(context, "held", &room);
    buffer_free(&room);
    return held->status;
}

bool people_is_trapped(const struct web_request *request)
{
    return web_fields_find(request->form, "website").size > 0;
}

const char *people_read_address(struct serve_desk *desk, const struct web_request *request,
                                json_t *context)
{
    struct view typed = view_trim(web_fields_find(request->form, "address"));
    struct error problem;
    struct buffer room;
    char *canonical;
    const char *address;

    context_set_view(context, "form_address", typed);
    if (address_check(typed, &problem) == 0) {
        canonical = address_canonical(typed);
        address = arena_string(desk->arena, view_of(canonical));
        free(canonical);
        return address;
    }
    buffer_init(&room, TEXT_BYTES);
    words_add(templates_words(desk->site.templates, NULL), "web_address_wrong", -1, NULL, &room);
    context_set_buffer(context, "address_wrong", &room);
    buffer_free(&room);
    return NULL;
}

/* ---- tokens ---- */

/* An expired link says so itself: nobody learns anything from it that is not in the link. */
int people_say_unknown(struct serve_desk *desk, struct view text, enum token_purpose purpose,
                       struct web_answer *answer, struct error *error)
{
    struct token token;

    if (token_read(text, &token, NULL) == 0 && token.purpose == purpose && token.expires_utc &&
        token.expires_utc <= desk->people.now_utc)
        return people_say(desk, 410, "web_old_title",
                          purpose == TOKEN_PAGE ? "web_old_page" : "web_old_confirm",
                          purpose == TOKEN_PAGE ? "profile" : "subscribe",
                          purpose == TOKEN_PAGE ? "web_link_title" : "web_subscribe", answer,
                          error);
    return people_say(desk, 404, "web_unknown_title", "web_unknown",
                      purpose == TOKEN_PAGE ? "profile" : NULL, "web_link_title", answer, error);
}

int people_find(struct serve_desk *desk, struct view text, enum token_purpose purpose,
                const char **ret_address, struct web_answer *answer, struct error *error)
{
    const char *address = NULL;
    struct token token;

    *ret_address = NULL;
    if (token_read(text, &token, NULL) == 0 && token.purpose == purpose &&
        tag_book_find(&desk->people.book, &desk->site, &token, (struct view){0},
                      desk->people.now_utc, &address, error) < 0)
        return -1;
    /* The book's own goes when it is cleared, as what is asked for here may do. */
    if (address && inbox_where(&desk->people, arena_string(desk->arena, view_of(address)),
                               ret_address, error) < 0)
        return -1;
    return *ret_address ? 0 : people_say_unknown(desk, text, purpose, answer, error);
}

/* ---- doing ---- */

int people_perform(struct serve_desk *desk, struct inbox_deed *deed, struct error *error)
{
    if (inbox_perform(&desk->people, deed, NULL, NULL, error) < 0)
        return -1;
    for (size_t i = 0; i < deed->answer_count; i++)
        serve_sender_add(desk->serving->sender, deed->answers[i].to);
    return 0;
}

int people_ask_lines(struct serve_desk *desk, const struct web_request *request,
                     const char *address, const char *lines, struct error *error)
{
    struct inbox_deed deed = {0};
    int result;

    people_begin(desk, request, address, people_read_lines(desk, view_of(lines)));
    result = inbox_decide(&desk->people, &deed, error);
    if (result == 0)
        result = people_perform(desk, &deed, error);
    inbox_deed_free(&deed);
    return result;
}

int people_ask(struct serve_desk *desk, const struct web_request *request, serve_ask *ask,
               const char *address, const char *lines, const char *text,
               struct web_answer *answer, struct error *error)
{
    if (serve_asker_add(desk->serving->asker, ask, address, lines, request->now_utc))
        return people_say(desk, 200, "web_asked_title", text, NULL, NULL, answer, error);
    answer->retry_after_seconds = BUSY_SECONDS;
    return people_say(desk, 503, "web_full_title", "web_full", NULL, NULL, answer, error);
}
