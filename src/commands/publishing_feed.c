/* Days to publications: which papers, and what they are called and where they are. */
#include <string.h>

#include "commands/publishing.h"
#include "digest/context.h"

enum { TEXT_BYTES = 1 << 20, ADDRESS_BYTES = 4096 };

const struct publishing_place publishing_files = {
    .home = "index.html",
    .day = {"", ".html"},
    .rss = "feed.xml",
    .atom = "atom.xml",
    .category_rss = {"", "/feed.xml"},
    .category_atom = {"", "/atom.xml"},
};

const struct publishing_place publishing_server = {
    .home = "",
    .archive = "archive",
    .day = {"archive/", ""},
    .rss = "rss",
    .atom = "atom",
    .category_rss = {"rss/", ""},
    .category_atom = {"atom/", ""},
};

static struct view keep_text(const struct publishing *publishing, struct buffer *text)
{
    struct view kept = arena_copy(publishing->arena, buffer_view(text));

    buffer_free(text);
    return kept;
}

/* "BASE PATH", or NULL when the base is not known. */
static const char *address(const struct publishing *publishing,
                           const struct publishing_place *place, const char *path)
{
    struct buffer text;

    if (!place->base_url)
        return NULL;
    buffer_init(&text, ADDRESS_BYTES);
    buffer_printf(&text, "%s%s", place->base_url, path);
    return keep_text(publishing, &text).data;
}

static const char *feed_path(const struct publishing *publishing,
                             const struct publishing_place *place, struct view category,
                             bool is_atom)
{
    const char *const *parts = is_atom ? place->category_atom : place->category_rss;
    struct buffer text;

    if (!category.size)
        return is_atom ? place->atom : place->rss;
    buffer_init(&text, ADDRESS_BYTES);
    buffer_printf(&text, "%s%.*s%s", parts[0], VIEW_ARGUMENTS(category), parts[1]);
    return keep_text(publishing, &text).data;
}

/* Where people read it: our page, else arXiv's. */
static const char *find_link(const struct publishing *publishing,
                             const struct publishing_place *place, struct view category)
{
    struct buffer text;

    if (place->base_url)
        return place->base_url;
    buffer_init(&text, ADDRESS_BYTES);
    if (category.size)
        buffer_printf(&text, "https://arxiv.org/list/%.*s/new", VIEW_ARGUMENTS(category));
    else
        buffer_add_string(&text, "https://arxiv.org/");
    return keep_text(publishing, &text).data;
}

static bool is_host(const char *text)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

    return text && text[0] && strspn(text, allowed) == strlen(text);
}

/* A feed keeps its id when it moves (RFC 4287 4.2.6): a tag: URI (RFC 4151) of the list's. */
static const char *find_id(const struct publishing *publishing, struct view category)
{
    const char *list = publishing->site->configuration.list.id;
    struct buffer text;

    buffer_init(&text, ADDRESS_BYTES);
    buffer_printf(&text, "tag:%s,2026:papers", is_host(list) ? list : "paperboy.invalid");
    if (category.size)
        buffer_printf(&text, "/%.*s", VIEW_ARGUMENTS(category));
    return keep_text(publishing, &text).data;
}

static const char *list_name(const struct publishing *publishing)
{
    const struct configuration *configuration = &publishing->site->configuration;

    return configuration->list.name     ? configuration->list.name
           : configuration->sender.name ? configuration->sender.name
                                        : "Paperboy";
}

static struct view make_title(const struct publishing *publishing, struct view category)
{
    struct buffer text;

    if (!category.size)
        return view_of(list_name(publishing));
    buffer_init(&text, TEXT_BYTES);
    buffer_printf(&text, "%s: %.*s", list_name(publishing), VIEW_ARGUMENTS(category));
    return keep_text(publishing, &text);
}

/* "New papers on arXiv in cs.LG and cs.DC" */
static struct view make_about(const struct publishing *publishing, struct view category)
{
    const size_t count = category.size ? 1 : publishing->category_count;
    struct buffer text, names;
    struct context_list list = {publishing->words, &names, count, 12, 0};
    struct word_value values[] = {{"categories", {NULL, 0}}, {NULL, {NULL, 0}}};

    buffer_init(&text, TEXT_BYTES);
    buffer_init(&names, TEXT_BYTES);
    if (category.size)
        context_add_item(&list, category);
    for (size_t i = 0; !category.size && i < count; i++)
        context_add_item(&list, publishing->categories[i].name);
    values[0].text = buffer_view(&names);
    words_add(publishing->words, count ? "published_about" : "published_about_all", -1, values,
              &text);
    buffer_free(&names);
    return keep_text(publishing, &text);
}

static struct view make_note(const struct publishing *publishing, size_t day)
{
    struct digest digest = {.profile = &publishing->profile,
                            .editions = &publishing->days[day].edition,
                            .edition_count = 1};
    struct buffer text;

    buffer_init(&text, TEXT_BYTES);
    context_add_edition_note(&digest, publishing->words, &text);
    if (publishing->days[day].edition.estimated) {
        buffer_add_string(&text, text.size ? "; " : "");
        words_add(publishing->words, "estimated", -1, NULL, &text);
    }
    return keep_text(publishing, &text);
}

/* ---- papers ---- */

static void fill(struct publication_paper *item, const struct published_day *day,
                 size_t place)
{
    const struct ranked_paper *ranked = &day->ranking.items[place];
    const struct stored_summary *summary = day->summaries ? day->summaries[place] : NULL;

    *item = (struct publication_paper){
        .paper = ranked->paper,
        .score = ranked->score,
        .reasons = ranked->reasons,
        .reason_count = ranked->reason_count,
        .date = day->edition.date,
        .announced_utc = day->announced_utc,
    };
    if (!summary)
        return;
    item->summary = (struct publication_summary){
        .model = summary->shown.model,
        .tldr = summary->shown.tldr,
        .markdown = summary->markdown,
        .html = summary->shown.page_html,
    };
}

static bool is_in(const struct paper *paper, struct view category)
{
    if (!category.size)
        return true;
    for (size_t i = 0; i < paper->category_count; i++)
        if (view_equal(paper->categories[i], category))
            return true;
    return false;
}

static bool is_there(const struct publication_paper *items, size_t count,
                     const struct paper *paper)
{
    for (size_t i = 0; i < count; i++)
        if (items[i].paper->version == paper->version &&
            view_equal(items[i].paper->id, paper->id))
            return true;
    return false;
}

static size_t collect(const struct publishing *publishing, struct view category,
                      struct publication_paper *items)
{
    int64_t first = publishing->day_count ? date_to_days(publishing->days[0].edition.date) : 0;
    size_t count = 0;

    for (size_t i = 0; i < publishing->day_count; i++) {
        const struct published_day *day = &publishing->days[i];
        size_t end = category.size ? day->ranking.count : day->shown, today = 0;

        if (date_to_days(day->edition.date) <= first - PUBLICATION_FEED_DAYS)
            break;
        for (size_t j = 0; j < end && count < PUBLICATION_FEED_PAPERS &&
                           today < (size_t)publishing->profile.max_papers;
             j++) {
            const struct ranked_paper *ranked = &day->ranking.items[j];

            if (!is_in(ranked->paper, category))
                continue;
            today++;
            if (!is_there(items, count, ranked->paper))
                fill(&items[count++], day, j);
        }
    }
    return count;
}

/* ---- both ---- */

static void describe(const struct publishing *publishing, const struct publishing_place *place,
                     size_t day, struct view category, struct publication *publication)
{
    struct view *categories =
        arena_alloc(publishing->arena, publishing->category_count, sizeof(*categories));
    const struct keywords *keywords = &publishing->profile.keywords;
    struct view *terms = arena_alloc(publishing->arena, keywords->count, sizeof(*terms));

    for (size_t i = 0; i < publishing->category_count; i++)
        categories[i] = publishing->categories[i].name;
    for (size_t i = 0; i < keywords->count; i++)
        terms[i] = view_of(keywords->items[i].term);
    *publication = (struct publication){
        .words = publishing->words,
        .title = make_title(publishing, category),
        .about = make_about(publishing, category),
        .link = find_link(publishing, place, category),
        .id = find_id(publishing, category),
        .categories = categories,
        .category_count = publishing->category_count,
        .keywords = terms,
        .keyword_count = keywords->count,
    };
    if (day >= publishing->day_count)
        return;
    publication->date = publishing->days[day].edition.date;
    publication->updated_utc = publishing->days[day].changed_utc;
    publication->note = make_note(publishing, day);
}

void publishing_edition(const struct publishing *publishing, const struct publishing_place *place,
                        size_t day, struct publication *ret_publication)
{
    const struct published_day *from = &publishing->days[day];
    struct publication_paper *items;

    describe(publishing, place, day, (struct view){0}, ret_publication);
    if (day >= publishing->day_count)
        return;
    items = arena_alloc(publishing->arena, from->shown, sizeof(*items));
    for (size_t i = 0; i < from->shown; i++)
        fill(&items[i], from, i);
    ret_publication->papers = items;
    ret_publication->paper_count = from->shown;
}

void publishing_feed(const struct publishing *publishing, const struct publishing_place *place,
                     struct view category, bool is_atom, struct publication *ret_publication)
{
    struct publication_paper *items =
        arena_alloc(publishing->arena, PUBLICATION_FEED_PAPERS, sizeof(*items));

    describe(publishing, place, 0, category, ret_publication);
    for (size_t i = 0; i < publishing->day_count; i++) /* late papers come to days before, too */
        if (publishing->days[i].changed_utc > ret_publication->updated_utc)
            ret_publication->updated_utc = publishing->days[i].changed_utc;
    ret_publication->self =
        address(publishing, place, feed_path(publishing, place, category, is_atom));
    ret_publication->papers = items;
    ret_publication->paper_count = collect(publishing, category, items);
}
