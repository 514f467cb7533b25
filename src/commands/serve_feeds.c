/* serve: feeds, the newest edition as JSON, and the page of a day, made by the same writers
 * as `publish` has. */
#include "commands/serve_feeds.h"

#include "commands/serve_view.h"
#include "papers/taxonomy.h"
#include "store/editions.h"

enum { ARCHIVE_DAYS = 1000 };

#define FOR_MINUTES "public, max-age=300"

typedef int publication_write(const struct publication *publication, struct buffer *out,
                              struct error *error);

void feeds_keeper_init(struct feeds_keeper *keeper)
{
    *keeper = (struct feeds_keeper){0};
    pthread_mutex_init(&keeper->lock, NULL);
}

void feeds_keeper_free(struct feeds_keeper *keeper)
{
    publishing_close(&keeper->publishing);
    pthread_mutex_destroy(&keeper->lock);
}

/* Ranks the days of the feeds again when they have changed; with the lock. Without a day yet
 * there are feeds of nothing: a reader that finds none gives up. */
static int fill(struct serve_desk *desk, struct feeds_keeper *keeper, struct error *error)
{
    struct error problem;
    int64_t version;

    if (serve_version(desk, &version, error) < 0)
        return -1;
    if (keeper->is_filled && keeper->version == version)
        return 0;
    publishing_close(&keeper->publishing);
    keeper->publishing = (struct publishing){0};
    keeper->is_filled = false;
    if (publishing_open(&desk->site, &keeper->publishing, error) < 0)
        return -1;
    if (publishing_add_stored(&keeper->publishing, (struct date){0}, PUBLICATION_FEED_DAYS,
                              &problem) < 0 &&
        problem.kind != ERROR_MISSING) {
        *error = problem;
        return -1;
    }
    keeper->version = version;
    keeper->is_filled = true;
    return 0;
}

static struct publishing_place place_of(const struct serve_desk *desk)
{
    struct publishing_place place = publishing_server;

    place.base_url = desk->serving->base_url;
    return place;
}

static int take(struct serve_desk *desk, struct buffer *bytes, const char *type,
                struct web_content **ret_content, struct error *error)
{
    int64_t modified_utc;

    if (serve_modified(desk, &modified_utc, error) < 0)
        return -1;
    *ret_content = web_content_new(bytes, type, FOR_MINUTES, modified_utc);
    return 0;
}

/* ---- feeds ---- */

static bool has_category(const struct publishing *publishing, struct view category)
{
    for (size_t i = 0; i < publishing->category_count; i++)
        if (view_equal(publishing->categories[i].name, category))
            return true;
    /* On a day that has nothing of it, too. */
    return taxonomy_has(category);
}

/* What of the editions is asked for: `category` empty is all; no writer of feeds: JSON. */
struct asked {
    struct view category;
    publication_write *write;
    const char *type;
};

static int write_asked(struct serve_desk *desk, const struct asked *asked, struct buffer *out,
                       struct error *error)
{
    struct feeds_keeper *keeper = desk->serving->feeds;
    const struct publishing_place place = place_of(desk);
    struct publication publication;

    if (fill(desk, keeper, error) < 0)
        return -1;
    if (asked->category.size && !has_category(&keeper->publishing, asked->category))
        return error_set(error, ERROR_MISSING, "no category of this name is looked at");
    if (asked->write == publication_write_json)
        publishing_edition(&keeper->publishing, &place, 0, &publication);
    else
        publishing_feed(&keeper->publishing, &place, asked->category,
                        asked->write == publication_write_atom, &publication);
    if (!publication.updated_utc)
        publication.updated_utc = desk->serving->started_utc;
    return asked->write(&publication, out, error);
}

static int make(struct serve_desk *desk, const struct asked *asked,
                struct web_content **ret_content, struct error *error)
{
    struct feeds_keeper *keeper = desk->serving->feeds;
    struct buffer bytes;
    int result;

    buffer_init(&bytes, PUBLICATION_BYTES);
    pthread_mutex_lock(&keeper->lock);
    result = write_asked(desk, asked, &bytes, error);
    pthread_mutex_unlock(&keeper->lock);
    if (result == 0)
        result = take(desk, &bytes, asked->type, ret_content, error);
    buffer_free(&bytes);
    return result;
}

int make_rss(struct serve_desk *desk, struct view rest, struct web_content **ret_content,
             struct error *error)
{
    const struct asked asked = {rest, publication_write_rss, "application/rss+xml; charset=utf-8"};

    return make(desk, &asked, ret_content, error);
}

int make_atom(struct serve_desk *desk, struct view rest, struct web_content **ret_content,
              struct error *error)
{
    const struct asked asked = {rest, publication_write_atom,
                                "application/atom+xml; charset=utf-8"};

    return make(desk, &asked, ret_content, error);
}

int make_papers(struct serve_desk *desk, struct view rest, struct web_content **ret_content,
                struct error *error)
{
    const struct asked asked = {rest, publication_write_json, "application/json"};

    return make(desk, &asked, ret_content, error);
}

/* ---- the page of a day ---- */

/* Before anything is ranked: addresses of days that are not here may be asked for at will. */
static int need_day(struct serve_desk *desk, struct date date, struct error *error)
{
    struct edition_list list = {0};
    bool is_there;

    if (store_find_edition(desk->site.store, date, &list, error) < 0)
        return -1;
    is_there = list.count && list.items[0].paper_count;
    edition_list_free(&list);
    return is_there ? 0 : error_set(error, ERROR_MISSING, "there is no edition of that day");
}

static int set_neighbours(struct serve_desk *desk, const struct publishing *publishing,
                          const struct publishing_place *place, struct date date,
                          json_t *context, struct error *error)
{
    struct edition_list list;
    struct date *dates;
    size_t count = 0;

    if (store_list_editions(desk->site.store, (struct date){0}, ARCHIVE_DAYS, &list, error) < 0)
        return -1;
    dates = arena_alloc(desk->arena, list.count + 1, sizeof(*dates));
    for (size_t i = 0; i < list.count; i++)
        if (list.items[i].paper_count)
            dates[count++] = list.items[i].date;
    publishing_set_days(publishing, place, dates, count, date, context);
    edition_list_free(&list);
    return 0;
}

static int render_day(struct serve_desk *desk, struct publishing *publishing, struct date date,
                      struct buffer *out, struct error *error)
{
    const struct publishing_place place = place_of(desk);
    struct word_value values[] = {{"date", {NULL, 0}}, {NULL, {NULL, 0}}};
    struct buffer text;
    json_t *context;
    int result;

    if (publishing_open(&desk->site, publishing, error) < 0 ||
        publishing_add_stored(publishing, date, 1, error) < 0)
        return -1;
    buffer_init(&text, ERROR_TEXT_BYTES);
    words_add_date(publishing->words, "date_long", date, &text);
    values[0].text = buffer_view(&text);
    context = serve_context(desk, NULL, "web_edition", values);
    buffer_free(&text);
    publishing_set_edition(publishing, &place, 0, context);
    result = set_neighbours(desk, publishing, &place, date, context, error);
    if (result == 0)
        result = templates_render(desk->site.templates, "web_edition.html", context, out, error);
    json_decref(context);
    return result;
}

int make_day(struct serve_desk *desk, struct view rest, struct web_content **ret_content,
             struct error *error)
{
    struct publishing publishing = {0};
    struct buffer bytes;
    struct date date;
    int result;

    if (!date_parse(rest, &date))
        return error_set(error, ERROR_MISSING, "this is no date");
    if (need_day(desk, date, error) < 0)
        return -1;
    buffer_init(&bytes, WEB_ANSWER_BYTES);
    result = render_day(desk, &publishing, date, &bytes, error);
    if (result == 0)
        result = take(desk, &bytes, "text/html; charset=utf-8", ret_content, error);
    publishing_close(&publishing);
    buffer_free(&bytes);
    return result;
}
