/* A publication as files. Times in them are the editions', so that the same papers give the
 * same bytes, whenever and however often they are published. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "commands/publish.h"
#include "web/layout.h"

enum { DAYS_LISTED = 400, NAME_BYTES = 300, LEFTOVER_SECONDS = 600 };

struct folder_out {
    const struct publishing *publishing;
    struct publishing_place place;
    const char *folder;
    struct date *dates; /* that have a page, newest first */
    size_t date_count, date_capacity;
    struct buffer bytes;
    struct published done;
};

/* A web server reads it as another user. */
static int make_folder(const char *path, struct error *error)
{
    if (file_make_folder(path, 0755, error) < 0)
        return -1;
    file_drop_leftovers(path, site_now() - LEFTOVER_SECONDS);
    return 0;
}

/* ---- one file ---- */

static bool is_same(const char *path, struct view bytes)
{
    struct buffer there;
    struct error unread;
    bool same;

    buffer_init(&there, bytes.size + 1);
    same = file_read(path, &there, &unread) == 0 && view_equal(buffer_view(&there), bytes);
    buffer_free(&there);
    return same;
}

/* What is in out->bytes. */
static int put(struct folder_out *out, const char *name, struct error *error)
{
    char *path = file_join(out->folder, name);
    int result = 0;

    if (is_same(path, buffer_view(&out->bytes))) {
        out->done.unchanged++;
    } else {
        result = file_write_atomic(path, buffer_view(&out->bytes), 0644, error);
        out->done.written += result == 0;
    }
    free(path);
    return result;
}

typedef int publication_write(const struct publication *publication, struct buffer *out,
                              struct error *error);

static int put_publication(struct folder_out *out, const struct publication *publication,
                           publication_write *write, const char *name, struct error *error)
{
    return write(publication, &out->bytes, error) < 0 ? -1 : put(out, name, error);
}

/* ---- pages ---- */

static int compare_dates(const void *a, const void *b)
{
    const struct date *left = a, *right = b;

    return date_compare(*right, *left);
}

static void add_date(struct folder_out *out, struct date date)
{
    for (size_t i = 0; i < out->date_count; i++)
        if (date_compare(out->dates[i], date) == 0)
            return;
    out->dates = memory_grow(out->dates, &out->date_capacity, out->date_count + 1,
                             sizeof(out->dates[0]));
    out->dates[out->date_count++] = date;
}

/* Those that are published now and those that were before. */
static int find_dates(struct folder_out *out, struct error *error)
{
    DIR *listing = opendir(out->folder);
    const struct dirent *entry;
    struct date date;

    if (!listing)
        return error_set_errno(error, errno, "%s", out->folder);
    for (size_t i = 0; i < out->publishing->day_count; i++)
        if (date_is_set(out->publishing->days[i].edition.date))
            add_date(out, out->publishing->days[i].edition.date);
    while ((entry = readdir(listing))) {
        struct view name = view_of(entry->d_name);

        if (view_ends_with(name, VIEW(".html")) &&
            date_parse(view_slice(name, 0, name.size - (sizeof(".html") - 1)), &date))
            add_date(out, date);
    }
    closedir(listing);
    if (out->date_count)
        qsort(out->dates, out->date_count, sizeof(out->dates[0]), compare_dates);
    if (out->date_count > DAYS_LISTED)
        out->date_count = DAYS_LISTED;
    return 0;
}

static int make_page(struct folder_out *out, size_t day, bool is_index, struct error *error)
{
    const struct publishing *publishing = out->publishing;
    const struct configuration *configuration = &publishing->site->configuration;
    const struct date date = publishing->days[day].edition.date;
    struct buffer text;
    struct word_value values[] = {{"date", {NULL, 0}}, {NULL, {NULL, 0}}};
    const struct web_layout layout = {
        .words = publishing->words,
        .list_name = configuration->list.name ? configuration->list.name
                                              : configuration->sender.name,
        .owner = configuration->list.owner,
        .root = "",
        .home = out->place.home,
        .rss = out->place.rss,
        .atom = out->place.atom,
    };
    json_t *context;
    int result;

    buffer_init(&text, NAME_BYTES);
    words_add_date(publishing->words, "date_long", date, &text);
    values[0].text = buffer_view(&text);
    context = web_layout_context(&layout, "web_edition", values);
    buffer_free(&text);
    publishing_set_edition(publishing, &out->place, day, context);
    publishing_set_days(publishing, &out->place, out->dates, out->date_count, date, context);
    json_object_set_new(context, "is_index", json_boolean(is_index));
    buffer_clear(&out->bytes);
    result = templates_render(publishing->site->templates, "web_edition.html", context,
                              &out->bytes, error);
    json_decref(context);
    return result;
}

/* Newest first: what a page points to as the next one is there. */
static int put_days(struct folder_out *out, struct error *error)
{
    char name[DATE_TEXT_BYTES + sizeof(".html")];

    for (size_t i = 0; i < out->publishing->day_count; i++) {
        const struct date date = out->publishing->days[i].edition.date;

        if (!date_is_set(date))
            continue;
        date_format(date, name);
        memcpy(name + strlen(name), ".html", sizeof(".html"));
        if (make_page(out, i, false, error) < 0 || put(out, name, error) < 0)
            return -1;
    }
    return 0;
}

static int put_style(struct folder_out *out, struct error *error)
{
    buffer_clear(&out->bytes);
    return site_read_template_file(out->publishing->site, "web.css", &out->bytes, error) < 0
               ? -1
               : put(out, "style.css", error);
}

/* ---- feeds ---- */

static int put_feeds(struct folder_out *out, struct view category, const char *rss,
                     const char *atom, struct error *error)
{
    struct publication publication;

    publishing_feed(out->publishing, &out->place, category, false, &publication);
    if (put_publication(out, &publication, publication_write_rss, rss, error) < 0)
        return -1;
    publishing_feed(out->publishing, &out->place, category, true, &publication);
    return put_publication(out, &publication, publication_write_atom, atom, error);
}

static int put_category(struct folder_out *out, struct view category, struct error *error)
{
    struct buffer name, rss, atom;
    char *path;
    int result;

    buffer_init(&name, NAME_BYTES);
    buffer_init(&rss, NAME_BYTES);
    buffer_init(&atom, NAME_BYTES);
    buffer_add_view(&name, category);
    buffer_printf(&rss, "%s%s", buffer_string(&name), out->place.category_rss[1]);
    buffer_printf(&atom, "%s%s", buffer_string(&name), out->place.category_atom[1]);
    path = file_join(out->folder, buffer_string(&name));
    result = make_folder(path, error);
    if (result == 0)
        result = put_feeds(out, category, buffer_string(&rss), buffer_string(&atom), error);
    free(path);
    buffer_free(&name);
    buffer_free(&rss);
    buffer_free(&atom);
    return result;
}

/* ---- all ---- */

static int put_all(struct folder_out *out, struct error *error)
{
    const struct publishing *publishing = out->publishing;
    struct publication edition;

    if (find_dates(out, error) < 0 || put_style(out, error) < 0 || put_days(out, error) < 0)
        return -1;
    for (size_t i = 0; i < publishing->category_count; i++)
        if (put_category(out, publishing->categories[i].name, error) < 0)
            return -1;
    publishing_edition(publishing, &out->place, 0, &edition);
    if (put_publication(out, &edition, publication_write_json, "papers.json", error) < 0 ||
        put_feeds(out, (struct view){0}, out->place.rss, out->place.atom, error) < 0 ||
        put_publication(out, &edition, publication_write_readme, "README.md", error) < 0 ||
        make_page(out, 0, true, error) < 0)
        return -1;
    return put(out, out->place.home, error);
}

/* With the '/' that files go behind. */
static char *find_base(const struct configuration *configuration)
{
    const char *given = configuration->publish.base_url ? configuration->publish.base_url
                                                        : configuration->web.base_url;
    struct buffer base;

    if (!given)
        return NULL;
    buffer_init(&base, strlen(given) + 2);
    buffer_printf(&base, "%s%s", given, view_ends_with(view_of(given), VIEW("/")) ? "" : "/");
    return buffer_steal(&base);
}

int publish_write(const struct publishing *publishing, const char *folder,
                  struct published *ret_published, struct error *error)
{
    char *base = find_base(&publishing->site->configuration);
    struct folder_out out = {
        .publishing = publishing, .place = publishing_files, .folder = folder};
    int result;

    out.place.base_url = base;
    out.done.date = publishing->days[0].edition.date;
    out.done.papers = publishing->days[0].shown;
    buffer_init(&out.bytes, PUBLICATION_BYTES);
    result = make_folder(folder, error);
    if (result == 0)
        result = put_all(&out, error);
    if (result == 0)
        *ret_published = out.done;
    else if (error->kind == ERROR_MISSING) /* not for want of an edition */
        error->kind = ERROR_CONFIGURATION;
    buffer_free(&out.bytes);
    free(out.dates);
    free(base);
    return result;
}

int publish_stored(struct site *site, const char *folder, struct date newest,
                   struct published *ret_published, struct error *error)
{
    struct publishing publishing = {0};
    int result = publishing_open(site, &publishing, error);

    if (result == 0)
        result = publishing_add_stored(&publishing, newest, PUBLICATION_FEED_DAYS, error);
    if (result == 0)
        result = publish_write(&publishing, folder, ret_published, error);
    publishing_close(&publishing);
    return result;
}

void publish_log(struct site *site, const char *folder, const struct published *published)
{
    char date[DATE_TEXT_BYTES] = "papers";

    if (date_is_set(published->date))
        date_format(published->date, date);
    log_line(site->log, LOG_LEVEL_NOTICE,
             "published %s with %zu paper%s into %s: %zu files written, %zu as they were", date,
             published->papers, published->papers == 1 ? "" : "s", folder, published->written,
             published->unchanged);
}
