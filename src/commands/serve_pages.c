/* serve: which address is which page, and what is the same for all of them. */
#include <string.h>

#include "commands/serve_parts.h"
#include "commands/serve_people.h"
#include "web/route.h"

static const struct row {
    struct web_route route;
    serve_page *page;
} PAGES[] = {
    {{"/unsubscribe/*", true}, serve_unsubscribe},
    {{"/subscribe", true}, serve_subscribe},
    {{"/confirm/*", true}, serve_confirm},
    {{"/profile", true}, serve_profile_link},
    {{"/profile/*", true}, serve_profile},
    {{"/feed/*", false}, serve_private_feed},
    {{NULL, false}, NULL},
};

/* Nothing secret is in an error's text, but names of files and hosts are. */
static void answer_error(struct serve_desk *desk, const struct web_request *request,
                         const struct error *problem, struct web_answer *answer)
{
    unsigned status = problem->kind == ERROR_MISSING                                 ? 404
                      : problem->kind == ERROR_INPUT                                 ? 400
                      : problem->kind == ERROR_TEMPORARY || problem->kind == ERROR_CONFLICT ? 503
                                                                                     : 500;

    if (status >= 500)
        log_line(desk->site.log, LOG_LEVEL_ERROR, "%.*s: %s", VIEW_ARGUMENTS(request->path),
                 problem->text);
    web_answer_plain(answer, status,
                     status == 404   ? "there is no such page"
                     : status == 400 ? "this request cannot be understood"
                     : status == 503 ? "this cannot be answered now; come again in a minute"
                                     : "something is wrong here; the owner will see it");
    if (status == 503)
        answer->retry_after_seconds = 60;
}

bool serve_quick(void *user, const struct web_request *request, struct web_answer *answer)
{
    (void)user;
    (void)request;
    (void)answer;
    return false;
}

void serve_work(void *user, const struct web_request *request, struct web_answer *answer)
{
    struct serve_desk *desk = user;
    struct error error;
    struct view rest;
    size_t index = 0;

    desk->arena = request->arena;
    switch (web_route_find(&PAGES[0].route, sizeof(PAGES[0]), request->method, request->path,
                           &index, &rest)) {
    case WEB_NOT_FOUND: web_answer_plain(answer, 404, "there is no such page"); return;
    case WEB_WRONG_METHOD:
        answer->allow = web_route_methods(&PAGES[index].route);
        web_answer_plain(answer, 405, "this page does not take that");
        return;
    case WEB_FOUND: break;
    }
    if (PAGES[index].page(desk, request, rest, answer, &error) < 0)
        answer_error(desk, request, &error, answer);
}
