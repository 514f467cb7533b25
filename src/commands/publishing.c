#include "commands/publishing.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/memory.h"
#include "commands/describing.h"
#include "commands/profiles.h"
#include "commands/publishing_kept.h"
#include "store/editions.h"
#include "subscribers/profile.h"

enum { NAME_BYTES = 40, EDITIONS_MAX = 1000 };

/* The owner's name and address are nobody's business. */
static int read_profile(struct publishing *publishing, struct error *error)
{
    const char *file = publishing->site->configuration.publish.profile;

    if (!file) {
        profile_init(&publishing->profile);
        publishing->profile.max_papers = PROFILE_PAPERS_MAX;
        return 0;
    }
    if (profiles_read_file(file, &publishing->profile, error) < 0) {
        if (error->kind == ERROR_MISSING || error->kind == ERROR_INPUT)
            error->kind = ERROR_CONFIGURATION;
        return error_add(error, "publish.profile");
    }
    free(publishing->profile.name);
    publishing->profile.name = NULL;
    return 0;
}

int publishing_open(struct site *site, struct publishing *ret_publishing, struct error *error)
{
    struct publishing publishing = {.site = site, .archive = {.site = site}};

    if (read_profile(&publishing, error) < 0)
        return -1;
    publishing.arena = arena_new();
    publishing.words = templates_words(site->templates, publishing.profile.language);
    compiling_init(&publishing.compiling, site);
    *ret_publishing = publishing;
    return 0;
}

void publishing_close(struct publishing *publishing)
{
    if (!publishing->site)
        return;
    compiling_free(&publishing->compiling);
    archive_free(&publishing->archive);
    profile_free(&publishing->profile);
    arena_free(&publishing->arena);
    free(publishing->days);
    *publishing = (struct publishing){0};
}

/* ---- categories ---- */

bool publishing_is_name(struct view category)
{
    static const char *const files[] = {".css", ".html", ".json", ".md", ".xml", NULL};

    if (!category.size || category.size > NAME_BYTES || !ascii_is_letter(category.data[0]))
        return false;
    for (size_t i = 0; i < category.size; i++)
        if (!ascii_is_alphanumeric(category.data[i]) && category.data[i] != '-' &&
            category.data[i] != '.')
            return false;
    for (size_t i = 0; files[i]; i++) /* as those are that stand beside its folder */
        if (view_ends_with(category, view_of(files[i])))
            return false;
    return true;
}

static void add_category(struct publishing *publishing, struct view name)
{
    if (!publishing_is_name(name) || publishing->category_count == PUBLISHING_CATEGORIES)
        return;
    for (size_t i = 0; i < publishing->category_count; i++)
        if (view_equal(publishing->categories[i].name, name))
            return;
    publishing->categories[publishing->category_count++].name =
        arena_copy(publishing->arena, name);
}

static int compare_categories(const void *a, const void *b)
{
    const struct published_category *left = a, *right = b;

    return view_compare(left->name, right->name);
}

/* Those that the profile asks for, in its order; else those that the newest edition was
 * fetched for; else its papers' first ones. */
static void find_categories(struct publishing *publishing, const struct edition *edition,
                            const struct papers *papers)
{
    const struct strings *asked = &publishing->profile.categories;

    for (size_t i = 0; i < asked->count; i++)
        add_category(publishing, view_of(asked->items[i]));
    if (asked->count)
        return;
    for (size_t i = 0; edition && i < edition->category_count; i++)
        add_category(publishing, view_of(edition->categories[i].name));
    for (size_t i = 0; !edition && i < papers->count; i++)
        if (papers->items[i].category_count)
            add_category(publishing, papers->items[i].categories[0]);
    qsort(publishing->categories, publishing->category_count, sizeof(publishing->categories[0]),
          compare_categories);
}

void publishing_find_categories(struct publishing *publishing, const struct edition *edition)
{
    find_categories(publishing, edition, NULL);
}

/* ---- what is kept of a day ---- */

static struct view *copy_views(struct arena *arena, const struct view *views, size_t count)
{
    struct view *copy = arena_alloc(arena, count, sizeof(*copy));

    for (size_t i = 0; i < count; i++)
        copy[i] = arena_copy(arena, views[i]);
    return copy;
}

static void copy_paper(struct arena *arena, const struct paper *paper, struct paper *copy)
{
    *copy = *paper;
    copy->id = arena_copy(arena, paper->id);
    copy->source_title = arena_copy(arena, paper->source_title);
    copy->source_abstract = arena_copy(arena, paper->source_abstract);
    copy->title = arena_copy(arena, paper->title);
    copy->abstract = arena_copy(arena, paper->abstract);
    copy->authors = copy_views(arena, paper->authors, paper->author_count);
    copy->categories = copy_views(arena, paper->categories, paper->category_count);
}

/* A category's feed may want it: that is not full yet, neither of this day nor at all. */
static bool is_for_category(struct publishing *publishing, const struct paper *paper)
{
    bool is_wanted = false;

    for (size_t i = 0; i < paper->category_count; i++)
        for (size_t j = 0; j < publishing->category_count; j++) {
            struct published_category *category = &publishing->categories[j];

            if (!view_equal(category->name, paper->categories[i]) ||
                category->kept == PUBLICATION_FEED_PAPERS ||
                category->kept_today == (size_t)publishing->profile.max_papers)
                continue;
            category->kept++;
            category->kept_today++;
            is_wanted = true;
        }
    return is_wanted;
}

static void keep_summary(struct publishing *publishing, struct published_day *day, size_t at,
                         size_t most, const struct stored_summary *summary)
{
    if (!summary)
        return;
    if (!day->summaries) {
        day->summaries = arena_alloc(publishing->arena, most, sizeof(day->summaries[0]));
        day->shown_summaries =
            arena_alloc(publishing->arena, most, sizeof(day->shown_summaries[0]));
    }
    day->summaries[at] = summary;
    day->shown_summaries[at] = &summary->shown;
}

/* The papers of all that is ranked would be a day's whole text, thirty times. `papers` are
 * those that were ranked. */
static void keep(struct publishing *publishing, const struct papers *papers,
                 const struct ranking *ranking, struct published_day *day)
{
    const struct stored_summary *const *summaries =
        summaries_find(publishing->site, &publishing->profile, papers, publishing->arena);
    struct ranked_paper *items = arena_alloc(publishing->arena, ranking->count, sizeof(*items));
    struct paper *copies = arena_alloc(publishing->arena, ranking->count, sizeof(*copies));
    size_t count = 0, max = (size_t)publishing->profile.max_papers;

    for (size_t i = 0; i < publishing->category_count; i++)
        publishing->categories[i].kept_today = 0;
    day->shown = ranking->count < max ? ranking->count : max;
    for (size_t i = 0; i < ranking->count; i++) {
        bool is_wanted = is_for_category(publishing, ranking->items[i].paper);

        if (i >= day->shown && !is_wanted)
            continue;
        items[count] = ranking->items[i];
        copy_paper(publishing->arena, ranking->items[i].paper, &copies[count]);
        items[count].paper = &copies[count];
        if (summaries)
            keep_summary(publishing, day, count, ranking->count,
                         summaries[ranking->items[i].paper - papers->items]);
        count++;
    }
    day->ranking = (struct ranking){items, count};
    day->papers = (struct papers){.items = copies, .count = count};
}

/* ---- days ---- */

/* All of them, best first. */
static int rank_papers(struct publishing *publishing, const struct papers *papers,
                       const struct rarity *rarity, struct ranking *ret_ranking,
                       struct error *error)
{
    struct ranking_index *index = ranking_index_new_among(papers, rarity);
    struct ranker *ranker = ranker_new(index);
    int result = compiling_rank(&publishing->compiling, ranker, &publishing->profile, NULL,
                                papers->count ? papers->count : 1, NULL, publishing->arena,
                                ret_ranking, error);

    ranker_free(&ranker);
    ranking_index_free(&index);
    return result;
}

static void add_day(struct publishing *publishing, const struct digest_edition *described,
                    const struct papers *papers, const struct ranking *ranking, int64_t late_utc)
{
    struct published_day day = {.edition = *described};

    if (date_is_set(described->date))
        day.announced_utc =
            zone_local_to_utc(publishing->site->arxiv_zone, described->date, 0, 0);
    day.changed_utc = late_utc > day.announced_utc ? late_utc : day.announced_utc;
    keep(publishing, papers, ranking, &day);
    publishing->days = memory_grow(publishing->days, &publishing->day_capacity,
                                   publishing->day_count + 1, sizeof(day));
    publishing->days[publishing->day_count++] = day;
}

static int rank_stored(struct publishing *publishing, struct date date,
                       const struct papers *papers, struct ranking *ret_ranking,
                       struct error *error)
{
    const struct rarity *rarity;
    int result = archive_take(&publishing->archive, date, site_now(), &rarity, error);

    if (result == 0) {
        result = rank_papers(publishing, papers, rarity, ret_ranking, error);
        archive_give_back(&publishing->archive, rarity);
    }
    return result;
}

/* As it was ranked before, when nothing has changed since. */
static int find_ranking(struct publishing *publishing, struct date date, bool keeps,
                        const struct papers *papers, struct ranking *ret_ranking,
                        struct error *error)
{
    struct published_key key;
    bool found = false;

    publishing_kept_key(publishing, papers, &key);
    if (publishing_kept_find(publishing, date, &key, papers, ret_ranking, &found, error) < 0)
        return -1;
    if (found)
        return 0;
    if (rank_stored(publishing, date, papers, ret_ranking, error) < 0)
        return -1;
    if (keeps)
        publishing_kept_put(publishing, date, &key, papers, ret_ranking);
    return 0;
}

static int add_stored_day(struct publishing *publishing, const struct edition *edition,
                          bool keeps, struct error *error)
{
    struct digest_edition described = {.date = edition->date};
    struct ranking ranking;
    struct papers papers;
    int64_t late_utc;
    int result;

    describing_fill(publishing->arena, &publishing->profile, edition, &described);
    papers_init(&papers);
    result = store_load_edition(publishing->site->store, edition->date, &papers, error);
    if (result == 0)
        result = store_find_last_late(publishing->site->store, edition->date, &late_utc, error);
    if (result == 0 && !publishing->day_count)
        find_categories(publishing, edition, &papers);
    if (result == 0)
        result = find_ranking(publishing, edition->date, keeps, &papers, &ranking, error);
    if (result == 0)
        add_day(publishing, &described, &papers, &ranking, late_utc);
    papers_free(&papers);
    return result;
}

int publishing_add_stored(struct publishing *publishing, struct date newest, long days,
                          struct error *error)
{
    struct edition_list list;
    int64_t first = 0;
    int result = 0;

    if (store_list_editions(publishing->site->store, (struct date){0}, EDITIONS_MAX, &list, error) < 0)
        return -1;
    for (size_t i = 0; i < list.count && result == 0; i++) {
        const struct edition *edition = &list.items[i];

        if (!edition->paper_count ||
            (date_is_set(newest) && date_compare(edition->date, newest) > 0))
            continue;
        if (!publishing->day_count)
            first = date_to_days(edition->date);
        if (date_is_set(newest) && !publishing->day_count &&
            date_compare(edition->date, newest) != 0)
            break; /* that one is not here */
        if (date_to_days(edition->date) <= first - days)
            break;
        result = add_stored_day(publishing, edition, days > 1, error);
    }
    edition_list_free(&list);
    if (result == 0 && !publishing->day_count)
        return error_set(error, ERROR_MISSING,
                         date_is_set(newest)
                             ? "no edition of that date is stored; paperboy status lists them"
                             : "no edition is stored yet; paperboy fetch brings one, --papers "
                               "FILE reads one");
    return result;
}

int publishing_add_input(struct publishing *publishing, const struct input *input,
                         struct error *error)
{
    const struct digest_edition described = {.date = input->date,
                                             .estimated = input->estimated,
                                             .paper_count = input->papers.count};

    struct ranking ranking;

    find_categories(publishing, NULL, &input->papers);
    if (rank_papers(publishing, &input->papers, NULL, &ranking, error) < 0)
        return -1;
    add_day(publishing, &described, &input->papers, &ranking, 0);
    return 0;
}
