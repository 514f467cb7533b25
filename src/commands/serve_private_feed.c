/* serve: a subscriber's own feed: what each of the last days would have brought by the
 * profile as it is now. It goes on when digests do not, since it is read by who asks for
 * it, until the profile is erased. */
#include "commands/serve_people.h"
#include "store/changes.h"
#include "web/publication.h"

enum { TEXT_BYTES = 4096 };

/* What a request gathers, newest day first. */
struct gathering {
    struct serve_desk *desk;
    const struct profile *profile;
    struct publication_paper *papers; /* room for PUBLICATION_FEED_PAPERS */
    size_t count;
    struct date newest;
    int64_t updated_utc;
};

static const struct view *copy_views(struct arena *arena, const struct view *views, size_t count)
{
    struct view *copy = arena_alloc(arena, count + 1, sizeof(*copy));

    for (size_t i = 0; i < count; i++)
        copy[i] = arena_copy(arena, views[i]);
    return copy;
}

/* The shelf that it is on may go when the next day's is asked for. */
static const struct paper *copy_paper(struct arena *arena, const struct paper *paper)
{
    struct paper *copy = arena_alloc(arena, 1, sizeof(*copy));

    *copy = (struct paper){
        .id = arena_copy(arena, paper->id),
        .version = paper->version,
        .title = arena_copy(arena, paper->title),
        .abstract = arena_copy(arena, paper->abstract),
        .authors = (struct view *)(uintptr_t)copy_views(arena, paper->authors,
                                                        paper->author_count),
        .author_count = paper->author_count,
        .categories = (struct view *)(uintptr_t)copy_views(arena, paper->categories,
                                                           paper->category_count),
        .category_count = paper->category_count,
        .announce_type = paper->announce_type,
    };
    return copy;
}

static const struct reason *copy_reasons(struct arena *arena, const struct ranked_paper *ranked)
{
    struct reason *copy = arena_alloc(arena, ranked->reason_count + 1, sizeof(*copy));

    for (size_t i = 0; i < ranked->reason_count; i++) {
        copy[i] = ranked->reasons[i];
        copy[i].term = arena_copy(arena, ranked->reasons[i].term);
    }
    return copy;
}

static struct publication_summary copy_summary(struct arena *arena,
                                               const struct digest_summary *summary)
{
    if (!summary)
        return (struct publication_summary){.model = {NULL, 0}};
    return (struct publication_summary){
        .model = arena_copy(arena, summary->model),
        .tldr = arena_copy(arena, summary->tldr),
        .html = arena_copy(arena, summary->page_html),
    };
}

/* Each version of a paper once, under the newest day that has it. */
static bool has(const struct gathering *gathering, const struct paper *paper)
{
    for (size_t i = 0; i < gathering->count; i++)
        if (gathering->papers[i].paper->version == paper->version &&
            view_equal(gathering->papers[i].paper->id, paper->id))
            return true;
    return false;
}

static int add_day(struct gathering *gathering, struct date date, struct error *error)
{
    struct serve_desk *desk = gathering->desk;
    struct composer *composer = &desk->composer;
    const struct shelf *shelf;
    struct ranking ranking;
    const struct digest_summary *const *summaries;
    int64_t announced = zone_local_to_utc(desk->site.arxiv_zone, date, 0, 0);

    if (library_get(&composer->reader, &date, 1, &shelf, error) < 0 ||
        compiling_rank(&composer->compiling, composer->reader.ranker, gathering->profile, NULL, 0,
                       NULL, desk->arena, &ranking, error) < 0)
        return -1;
    summaries = summaries_kept_get(shelf->summaries, &desk->site, gathering->profile,
                                   composer->editions.change);
    if (!date_is_set(gathering->newest)) {
        gathering->newest = date;
        gathering->updated_utc = announced;
    }
    for (size_t i = 0; i < ranking.count && gathering->count < PUBLICATION_FEED_PAPERS; i++) {
        const struct ranked_paper *ranked = &ranking.items[i];

        if (has(gathering, ranked->paper))
            continue;
        gathering->papers[gathering->count++] = (struct publication_paper){
            .paper = copy_paper(desk->arena, ranked->paper),
            .score = ranked->score,
            .reasons = copy_reasons(desk->arena, ranked),
            .reason_count = ranked->reason_count,
            .date = date,
            .announced_utc = announced,
            .summary = copy_summary(desk->arena,
                                    summaries ? summaries[ranked->paper - shelf->papers.items]
                                              : NULL),
        };
    }
    return 0;
}

/* The newest edition with papers before `before`; zero: there is none. */
static struct date next_date(const struct edition_list *list, struct date before)
{
    struct date found = {0};

    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].paper_count &&
            (!date_is_set(before) || date_compare(list->items[i].date, before) < 0) &&
            (!date_is_set(found) || date_compare(list->items[i].date, found) > 0))
            found = list->items[i].date;
    return found;
}

/* Dates first: the list is the cache's, and good until it is asked again. */
static int gather(struct gathering *gathering, const struct edition_list *list,
                  struct error *error)
{
    struct date dates[PUBLICATION_FEED_DAYS];
    struct date date = next_date(list, (struct date){0}), newest = date;
    size_t count = 0;

    while (date_is_set(date) && count < PUBLICATION_FEED_DAYS &&
           date_to_days(date) > date_to_days(newest) - PUBLICATION_FEED_DAYS) {
        dates[count++] = date;
        date = next_date(list, date);
    }
    for (size_t i = 0; i < count && gathering->count < PUBLICATION_FEED_PAPERS; i++)
        if (add_day(gathering, dates[i], error) < 0)
            return -1;
    return 0;
}

static int write_feed(struct serve_desk *desk, const struct gathering *gathering,
                      const char *address, struct buffer *out, struct error *error)
{
    const struct configuration *configuration = &desk->site.configuration;
    const char *self = inbox_token_url(&desk->people, address, TOKEN_FEED, (struct view){0},
                                       "feed");
    const struct word_value values[] = {
        {"list", view_of(configuration->list.name ? configuration->list.name
                                                  : configuration->sender.name)},
        {"name", view_of(gathering->profile->name)},
        {NULL, {NULL, 0}}};
    struct buffer title, about;
    struct publication publication = {
        .words = templates_words(desk->site.templates, gathering->profile->language),
        .link = desk->serving->base_url ? desk->serving->base_url : "https://arxiv.org/",
        .self = self,
        .id = self,
        .date = gathering->newest,
        .updated_utc = gathering->updated_utc,
        .papers = gathering->papers,
        .paper_count = gathering->count,
    };
    int result;

    buffer_init(&title, TEXT_BYTES);
    buffer_init(&about, TEXT_BYTES);
    words_add(publication.words, values[1].text.size ? "web_feed_for" : "web_feed_for_you", -1,
              values, &title);
    publication.title = buffer_view(&title);
    words_add(publication.words, "web_feed_title", -1, NULL, &about);
    publication.about = buffer_view(&about);
    result = publication_write_rss(&publication, out, error);
    buffer_free(&title);
    buffer_free(&about);
    return result;
}

static int make(struct serve_desk *desk, const char *address, const struct profile *profile,
                struct web_content **ret_content, struct error *error)
{
    struct gathering gathering = {
        .desk = desk, .profile = profile,
        .papers = arena_alloc(desk->arena, PUBLICATION_FEED_PAPERS, sizeof(*gathering.papers))};
    const struct edition_list *list;
    struct buffer bytes;
    int result;

    if (edition_cache_get(&desk->composer.editions, desk->site.store, &list, error) < 0 ||
        gather(&gathering, list, error) < 0)
        return -1;
    buffer_init(&bytes, PUBLICATION_BYTES);
    result = write_feed(desk, &gathering, address, &bytes, error);
    if (result == 0)
        /* Dated by the day it would not be newer for a profile that was changed since. */
        *ret_content = web_content_new(&bytes, "application/rss+xml; charset=utf-8",
                                       "private, no-cache", 0);
    buffer_free(&bytes);
    return result;
}

int serve_private_feed(struct serve_desk *desk, const struct web_request *request,
                       struct view rest, struct web_answer *answer, struct error *error)
{
    struct private_feeds *feeds = desk->serving->private_feeds;
    struct folder_version version;
    struct profile profile;
    const char *address;
    int64_t editions;
    bool has_profile;
    int result = 0;

    people_begin(desk, request, NULL, NULL);
    if (people_find(desk, rest, TOKEN_FEED, &address, answer, error) < 0)
        return -1;
    if (!address)
        return 0;
    if (profile_source_has(&desk->source, address, &has_profile, error) < 0)
        return -1;
    if (!has_profile)
        return people_say_unknown(desk, rest, TOKEN_FEED, answer, error);
    if (store_change_find(desk->site.store, CHANGE_EDITIONS, &editions, error) < 0 ||
        profile_source_load(&desk->source, address, &profile, &version, error) < 0)
        return -1;
    answer->content = private_feeds_find(feeds, address, &version, editions);
    if (!answer->content) {
        result = make(desk, address, &profile, &answer->content, error);
        if (result == 0)
            private_feeds_keep(feeds, address, &version, editions, answer->content);
    }
    profile_free(&profile);
    return result;
}
