/* The page of a day: what its template sees. */
#include "commands/publishing.h"
#include "digest/context_text.h"
#include "web/layout.h"

/* What a digest says to one subscriber. */
static const char *const PRIVATE[] = {
    "subscriber", "sent_to", "sent_to_lines", "unsubscribe_link", "unsubscribe_url",
    "unsubscribe_mailto", "reply_hint", "reply_hint_lines", "profile_link", "help_link",
    "preheader", "subject", "sender", "owner", "inbox", "is_preview", "profile_line",
    "profile_lines", "more_papers", "has_more_papers", NULL};

static void set_joined(json_t *object, const char *key, const json_t *root,
                       const char *const parts[2], struct view middle)
{
    struct buffer text;

    buffer_init(&text, CONTEXT_BYTES);
    buffer_printf(&text, "%s%s%.*s%s", json_is_string(root) ? json_string_value(root) : "",
                  parts[0], VIEW_ARGUMENTS(middle), parts[1]);
    context_set_buffer(object, key, &text);
    buffer_free(&text);
}

void publishing_set_feeds(const struct publishing *publishing,
                          const struct publishing_place *place, json_t *context)
{
    const json_t *root = json_object_get(context, "root");
    json_t *feeds = json_array();

    for (size_t i = 0; i < publishing->category_count; i++) {
        struct view name = publishing->categories[i].name;
        json_t *feed = json_object();

        context_set_view(feed, "name", name);
        set_joined(feed, "rss", root, place->category_rss, name);
        set_joined(feed, "atom", root, place->category_atom, name);
        json_array_append_new(feeds, feed);
    }
    context_mark_ends(feeds);
    json_object_set_new(context, "has_feeds", json_boolean(publishing->category_count > 0));
    json_object_set_new(context, "feeds", feeds);
}

/* Of a day that had papers a digest without any would say that nothing was announced. */
static void set_none_chosen(const struct publishing *publishing,
                            const struct published_day *published, json_t *context)
{
    struct word_value values[] = {{"date", {NULL, 0}}, {NULL, {NULL, 0}}};
    struct buffer date, text;

    buffer_init(&date, CONTEXT_BYTES);
    buffer_init(&text, CONTEXT_BYTES);
    words_add_date(publishing->words, "date_long", published->edition.date, &date);
    values[0].text = buffer_view(&date);
    words_add(publishing->words, "web_none_chosen", (long)published->edition.paper_count, values,
              &text);
    context_set_buffer(context, "summary", &text);
    buffer_free(&date);
    buffer_free(&text);
}

void publishing_set_edition(const struct publishing *publishing,
                            const struct publishing_place *place, size_t day, json_t *context)
{
    const struct published_day *published = &publishing->days[day];
    const struct ranking shown = {published->ranking.items, published->shown};
    const struct digest digest = {
        .profile = &publishing->profile,
        .ranking = &shown,
        .editions = &published->edition,
        .edition_count = date_is_set(published->edition.date),
        .date = published->edition.date,
        .papers = &published->papers,
        .summaries = published->shown_summaries,
    };
    json_t *all = digest_context(publishing->site->templates, &digest);

    for (size_t i = 0; PRIVATE[i]; i++)
        json_object_del(all, PRIVATE[i]);
    if (!published->shown && published->edition.paper_count)
        set_none_chosen(publishing, published, all);
    json_object_update_missing(context, all);
    json_decref(all);
    publishing_set_feeds(publishing, place, context);
}

static json_t *day_context(const struct publishing *publishing,
                           const struct publishing_place *place, const json_t *root,
                           struct date date)
{
    json_t *object = json_object();
    char text[DATE_TEXT_BYTES];
    struct buffer room;

    buffer_init(&room, CONTEXT_BYTES);
    context_set_date(object, publishing->words, date, &room);
    buffer_free(&room);
    date_format(date, text);
    set_joined(object, "link", root, place->day, view_of(text));
    return object;
}

void publishing_set_days(const struct publishing *publishing, const struct publishing_place *place,
                         const struct date *dates, size_t count, struct date date,
                         json_t *context)
{
    const json_t *root = json_object_get(context, "root");
    json_t *days = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *day = day_context(publishing, place, root, dates[i]);
        int order = date_compare(dates[i], date);

        json_object_set_new(day, "is_this", json_boolean(order == 0));
        /* Newest first: the last later one is the next, the first earlier one the one before. */
        if (order > 0)
            json_object_set(context, "next_day", day);
        if (order < 0 && !json_object_get(context, "previous_day"))
            json_object_set(context, "previous_day", day);
        json_array_append_new(days, day);
    }
    context_mark_ends(days);
    json_object_set_new(context, "has_days", json_boolean(count > 1));
    json_object_set_new(context, "days", days);
}
