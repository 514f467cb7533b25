/* serve: the front page and the list of days, and the files that never change. */
#include <stdlib.h>

#include "commands/publishing.h"
#include "commands/serve_kept.h"
#include "commands/serve_view.h"
#include "digest/context_text.h"
#include "store/editions.h"
#include "web/form.h"

enum { ARCHIVE_DAYS = 1000, FILE_BYTES = 1024 * 1024 };

#define FOR_MINUTES "public, max-age=300"
#define FOR_HOURS "public, max-age=3600"

/* ---- files ---- */

static const struct {
    const char *path, *file, *type;
} FILES[] = {
    {"/style.css", "web.css", "text/css; charset=utf-8"},
    {"/script.js", "web.js", "text/javascript; charset=utf-8"},
    {"/favicon.svg", "web.svg", "image/svg+xml"},
};

/* Addresses with a token open somebody's page: no search engine has to know any. */
#define ROBOTS                     \
    "User-agent: *\n"              \
    "Disallow: /confirm/\n"        \
    "Disallow: /feed/\n"           \
    "Disallow: /health\n"          \
    "Disallow: /metrics\n"         \
    "Disallow: /profile\n"         \
    "Disallow: /unsubscribe/\n"

int serve_keep_files(struct serving *serving, struct error *error)
{
    struct buffer bytes;

    buffer_init(&bytes, FILE_BYTES);
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        if (site_read_template_file(serving->site, FILES[i].file, &bytes, error) < 0) {
            buffer_free(&bytes);
            return -1;
        }
        serve_kept_put(serving->kept, FILES[i].path,
                       web_content_new(&bytes, FILES[i].type, FOR_HOURS, serving->started_utc));
    }
    buffer_add_string(&bytes, ROBOTS);
    serve_kept_put(serving->kept, "/robots.txt",
                   web_content_new(&bytes, "text/plain; charset=utf-8", FOR_HOURS,
                                   serving->started_utc));
    return 0;
}

/* ---- pages ---- */

int serve_make_missing(struct serve_desk *desk, struct error *error)
{
    const struct words *words = templates_words(desk->site.templates, NULL);
    struct arena *arena = desk->arena;
    struct buffer room;
    json_t *context;
    int result;

    desk->arena = arena_new();
    buffer_init(&room, FILE_BYTES);
    context = serve_context(desk, NULL, "web_no_page_title", NULL);
    words_add(words, "web_no_page", -1, NULL, &room);
    context_set_buffer(context, "text", &room);
    result = templates_render(desk->site.templates, "web_message.html", context,
                              &desk->serving->missing, error);
    json_decref(context);
    buffer_free(&room);
    arena_free(&desk->arena);
    desk->arena = arena;
    return result;
}

static int render(struct serve_desk *desk, const char *template, json_t *context,
                  struct web_content **ret_content, struct error *error)
{
    struct buffer page;
    int64_t modified_utc = 0;
    int result;

    buffer_init(&page, WEB_ANSWER_BYTES);
    result = templates_render(desk->site.templates, template, context, &page, error);
    json_decref(context);
    if (result == 0)
        result = serve_modified(desk, &modified_utc, error);
    if (result == 0)
        *ret_content = web_content_new(&page, "text/html; charset=utf-8", FOR_MINUTES,
                                       modified_utc);
    buffer_free(&page);
    return result;
}

static void set_link(json_t *object, const char *key, const char *root, const char *folder,
                     const char *name, struct buffer *room)
{
    buffer_printf(room, "%s%s", root, folder);
    web_encode(view_of(name), room);
    context_set_buffer(object, key, room);
}

/* One day: its date, how many papers, and whether something of it is still missing. */
static json_t *day_of(const struct serve_desk *desk, const struct edition *edition,
                      const struct words *words, struct buffer *room)
{
    const char *root = web_layout_root(desk->serving->base_url);
    json_t *day = json_object();
    char date[DATE_TEXT_BYTES];

    date_format(edition->date, date);
    context_set_date(day, words, edition->date, room);
    set_link(day, "link", root, "archive/", date, room);
    json_object_set_new(day, "count", json_integer((json_int_t)edition->paper_count));
    words_add(words, "count_papers", (long)edition->paper_count, NULL, room);
    context_set_buffer(day, "count_line", room);
    json_object_set_new(day, "is_estimated", json_boolean(edition->estimated));
    return day;
}

/* Those that there are: by publish.profile, not by all that was fetched for subscribers. With
 * a broken profile there are none, and whoever asks for a feed is told why. */
static void set_feeds(struct serve_desk *desk, const struct edition *edition, json_t *context)
{
    struct publishing publishing = {0};
    struct error unread;

    if (publishing_open(&desk->site, &publishing, &unread) == 0) {
        publishing_find_categories(&publishing, edition);
        publishing_set_feeds(&publishing, &publishing_server, context);
    }
    publishing_close(&publishing);
}

/* Days without a paper have no page. */
static int list_days(struct serve_desk *desk, size_t most, struct edition_list *ret_list,
                     struct error *error)
{
    size_t kept = 0;

    if (store_list_editions(desk->site.store, (struct date){0}, most, ret_list, error) < 0)
        return -1;
    for (size_t i = 0; i < ret_list->count; i++)
        if (ret_list->items[i].paper_count)
            ret_list->items[kept++] = ret_list->items[i];
    ret_list->count = kept;
    return 0;
}

int make_home(struct serve_desk *desk, struct view rest, struct web_content **ret_content,
              struct error *error)
{
    enum { RECENT_DAYS = 14 };
    const struct words *words = templates_words(desk->site.templates, NULL);
    const char *root = web_layout_root(desk->serving->base_url);
    struct edition_list list = {0};
    struct buffer room;
    json_t *context;

    (void)rest;
    if (list_days(desk, RECENT_DAYS, &list, error) < 0)
        return -1;
    buffer_init(&room, CONTEXT_BYTES);
    context = serve_context(desk, NULL, "web_home", NULL);
    if (list.count) {
        json_object_set_new(context, "newest", day_of(desk, &list.items[0], words, &room));
        set_feeds(desk, &list.items[0], context);
    }
    set_link(context, "papers_link", root, "", "papers.json", &room);
    buffer_free(&room);
    edition_list_free(&list);
    return render(desk, "web_home.html", context, ret_content, error);
}

int make_archive(struct serve_desk *desk, struct view rest, struct web_content **ret_content,
                 struct error *error)
{
    const struct words *words = templates_words(desk->site.templates, NULL);
    struct edition_list list = {0};
    json_t *context, *days = json_array();
    struct buffer room;

    (void)rest;
    if (list_days(desk, ARCHIVE_DAYS, &list, error) < 0) {
        json_decref(days);
        return -1;
    }
    buffer_init(&room, CONTEXT_BYTES);
    for (size_t i = 0; i < list.count; i++)
        json_array_append_new(days, day_of(desk, &list.items[i], words, &room));
    context_mark_ends(days);
    context = serve_context(desk, NULL, "web_archive", NULL);
    json_object_set_new(context, "days", days);
    json_object_set_new(context, "has_days", json_boolean(list.count > 0));
    buffer_free(&room);
    edition_list_free(&list);
    return render(desk, "web_archive.html", context, ret_content, error);
}
