/* serve: which address is which page, and what is the same for all of them. */
#include <sys/stat.h>

#include "base/timer.h"
#include "commands/serve_kept.h"
#include "commands/serve_parts.h"
#include "commands/serve_people.h"
#include "store/changes.h"
#include "store/editions.h"
#include "web/route.h"

static const struct row {
    struct web_route route;
    serve_page *page;
    serve_make *make; /* instead: kept in memory */
} PAGES[] = {
    {{"/", false}, NULL, make_home},
    {{"/archive", false}, NULL, make_archive},
    {{"/archive/*", false}, NULL, make_day},
    {{"/atom", false}, NULL, make_atom},
    {{"/atom/*", false}, NULL, make_atom},
    {{"/papers.json", false}, NULL, make_papers},
    {{"/rss", false}, NULL, make_rss},
    {{"/rss/*", false}, NULL, make_rss},
    {{"/config", false}, page_config, NULL},
    {{"/health", false}, page_health, NULL},
    {{"/metrics", false}, page_metrics, NULL},
    {{"/unsubscribe/*", true}, serve_unsubscribe, NULL},
    {{"/subscribe", true}, serve_subscribe, NULL},
    {{"/confirm/*", true}, serve_confirm, NULL},
    {{"/profile", true}, serve_profile_link, NULL},
    {{"/profile/*", true}, serve_profile, NULL},
    {{"/feed/*", false}, serve_private_feed, NULL},
    /* Found in memory alone (serve_keep_files). */
    {{"/style.css", false}, NULL, NULL},
    {{"/script.js", false}, NULL, NULL},
    {{"/favicon.svg", false}, NULL, NULL},
    {{"/robots.txt", false}, NULL, NULL},
    {{NULL, false}, NULL, NULL},
};

/* Of an address the log gets the first segment only: what follows may be a token. */
static void log_failure(struct serve_desk *desk, struct view path, const struct error *problem)
{
    log_line(desk->site.log, LOG_LEVEL_ERROR, "%.*s: %s",
             VIEW_ARGUMENTS(view_slice(path, 0, view_find_char(path, '/', 1))), problem->text);
}

static void answer_missing(const struct serving *serving, struct web_answer *answer)
{
    buffer_clear(&answer->body);
    answer->status = 404;
    answer->type = "text/html; charset=utf-8";
    buffer_add_view(&answer->body, buffer_view(&serving->missing));
}

/* Of kind input is a profile that its owner has to mend: what a request says is no error.
 * Nothing secret is in an error's text, but names of files and hosts are. */
static void answer_error(struct serve_desk *desk, const struct web_request *request,
                         const struct error *problem, struct web_answer *answer)
{
    bool is_passing = problem->kind == ERROR_TEMPORARY || problem->kind == ERROR_CONFLICT;

    if (problem->kind == ERROR_MISSING) {
        answer_missing(desk->serving, answer);
        return;
    }
    log_failure(desk, request->path, problem);
    web_answer_plain(answer, is_passing ? 503 : 500,
                     is_passing ? "this cannot be answered now; come again in a minute"
                                : "something is wrong here; the owner will see it");
    if (is_passing)
        answer->retry_after_seconds = 60;
}

int serve_version(struct serve_desk *desk, int64_t *ret_version, struct error *error)
{
    const char *file = desk->site.configuration.publish.profile;
    struct stat status;
    int64_t change;

    if (store_change_find(desk->site.store, CHANGE_EDITIONS, &change, error) < 0)
        return -1;
    /* The owner may change what it is ranked by while it runs. */
    if (file && stat(file, &status) == 0)
        change = change * 1000003 + (int64_t)status.st_mtim.tv_sec * 1009 +
                 (int64_t)status.st_mtim.tv_nsec + (int64_t)status.st_size;
    *ret_version = change;
    return 0;
}

int serve_modified(struct serve_desk *desk, int64_t *ret_utc, struct error *error)
{
    const char *file = desk->site.configuration.publish.profile;
    int64_t now_utc = site_now();
    struct stat status;

    if (store_last_fetched(desk->site.store, ret_utc, error) < 0)
        return -1;
    if (*ret_utc < desk->serving->started_utc)
        *ret_utc = desk->serving->started_utc;
    if (file && stat(file, &status) == 0 && *ret_utc < status.st_mtim.tv_sec)
        *ret_utc = status.st_mtim.tv_sec;
    if (*ret_utc > now_utc)
        *ret_utc = now_utc;
    return 0;
}

/* Without the '/' at its end, which says nothing: one name for one page. */
static struct view kept_name(struct view path)
{
    return path.size > 1 && path.data[path.size - 1] == '/' ? view_slice(path, 0, path.size - 1)
                                                            : path;
}

/* False: what stands in the answer is all there is to say. */
static bool find_row(const struct serving *serving, const struct web_request *request,
                     struct web_answer *answer, const struct row **ret_row,
                     struct view *ret_rest)
{
    size_t index = 0;

    switch (web_route_find(&PAGES[0].route, sizeof(PAGES[0]), request->method, request->path,
                           &index, ret_rest)) {
    case WEB_NOT_FOUND: answer_missing(serving, answer); return false;
    case WEB_WRONG_METHOD:
        answer->allow = web_route_methods(&PAGES[index].route);
        web_answer_plain(answer, 405, "this page does not take that");
        return false;
    case WEB_FOUND: break;
    }
    *ret_row = &PAGES[index];
    return true;
}

bool serve_quick(void *user, const struct web_request *request, struct web_answer *answer)
{
    const struct serving *serving = user;
    const struct row *row;
    struct view rest;

    if (request->method == WEB_GET || request->method == WEB_HEAD)
        answer->content =
            serve_kept_find(serving->kept, kept_name(request->path), timer_steady_ms());
    return answer->content || !find_row(serving, request, answer, &row, &rest);
}

static int make_kept(struct serve_desk *desk, const struct row *row, struct view path,
                       struct view rest, struct web_answer *answer, struct error *error)
{
    struct serve_kept *kept = desk->serving->kept;
    int64_t now_ms = timer_steady_ms(), version;
    struct web_content *content = NULL;
    int result = 0;

    if (serve_version(desk, &version, error) < 0)
        return -1;
    if (serve_kept_enter(kept, path, version, now_ms, &answer->content))
        return 0;
    result = row->make(desk, rest, &content, error);
    serve_kept_leave(kept, path, version, now_ms, result == 0 ? content : NULL);
    answer->content = content;
    return result;
}

/* Old bytes are better than none when it cannot be made anew just now: the store is locked
 * or away, or the owner is at work at publish.profile. */
static int answer_kept(struct serve_desk *desk, const struct row *row, struct view path,
                       struct view rest, struct web_answer *answer, struct error *error)
{
    if (make_kept(desk, row, path, rest, answer, error) == 0)
        return 0;
    if (error->kind != ERROR_MISSING)
        answer->content = serve_kept_find_old(desk->serving->kept, path, timer_steady_ms());
    if (!answer->content)
        return -1;
    log_failure(desk, path, error);
    return 0;
}

static int answer_row(struct serve_desk *desk, const struct row *row,
                      const struct web_request *request, struct view rest,
                      struct web_answer *answer, struct error *error)
{
    if (row->page)
        return row->page(desk, request, rest, answer, error);
    if (row->make)
        return answer_kept(desk, row, kept_name(request->path), rest, answer, error);
    return error_set(error, ERROR_MISSING, "it is not kept");
}

void serve_work(void *user, const struct web_request *request, struct web_answer *answer)
{
    struct serve_desk *desk = user;
    const struct row *row;
    struct error error;
    struct view rest;

    desk->arena = request->arena;
    if (find_row(desk->serving, request, answer, &row, &rest) &&
        answer_row(desk, row, request, rest, answer, &error) < 0)
        answer_error(desk, request, &error, answer);
}
