#include "commands/library.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/editions.h"

void library_init(struct library *library, struct site *site)
{
    *library = (struct library){.site = site, .archive = {.site = site}};
}

void library_add_unstored(struct library *library, const struct papers *papers, struct date date)
{
    library->archive.unstored = papers;
    library->archive.unstored_date = date;
}

static void shelf_clear(struct library *library, struct shelf *shelf)
{
    ranker_free(&shelf->ranker);
    ranking_index_free(&shelf->index);
    archive_give_back(&library->archive, shelf->rarity);
    for (size_t i = 0; i < shelf->date_count; i++)
        free((void *)shelf->editions[i].members);
    free(shelf->editions);
    free(shelf->is_known);
    papers_free(&shelf->papers);
    free(shelf->dates);
    *shelf = (struct shelf){0};
}

void library_free(struct library *library)
{
    for (size_t i = 0; i < LIBRARY_SHELVES; i++)
        shelf_clear(library, &library->shelves[i]);
    archive_free(&library->archive);
    *library = (struct library){0};
}

static bool holds(const struct shelf *shelf, const struct date *dates, size_t count)
{
    return shelf->index && shelf->date_count == count &&
           memcmp(shelf->dates, dates, count * sizeof(dates[0])) == 0;
}

static int load_edition(struct library *library, struct date date, struct papers *papers,
                        struct error *error)
{
    struct error missing;

    if (!library->archive.unstored || date_compare(library->archive.unstored_date, date) != 0)
        return store_load_edition(library->site->store, date, papers, error);
    /* What the store has of that day comes first, as it would once stored. */
    if (store_load_edition(library->site->store, date, papers, &missing) < 0 &&
        missing.kind != ERROR_MISSING) {
        *error = missing;
        return -1;
    }
    for (size_t i = 0; i < library->archive.unstored->count; i++)
        papers_add(papers, &library->archive.unstored->items[i], NULL);
    return 0;
}

/* Puts an edition's papers among those of the others, where some may be already. */
static int add_edition(struct library *library, struct date date, struct papers *all,
                       struct choosing_edition *edition, struct error *error)
{
    struct papers papers;
    size_t *members;

    papers_init(&papers);
    if (load_edition(library, date, &papers, error) < 0) {
        papers_free(&papers);
        return -1;
    }
    members = memory_new(papers.count, sizeof(members[0]));
    for (size_t i = 0; i < papers.count; i++)
        members[i] = papers_add(all, &papers.items[i], NULL);
    *edition = (struct choosing_edition){.members = members, .count = papers.count};
    papers_free(&papers);
    return 0;
}

/* A paper that stands in one edition alone was never shown before that. */
static int find_known(struct library *library, struct shelf *shelf, struct error *error)
{
    const struct papers *papers = &shelf->papers;
    size_t *listings = memory_new(papers->count, sizeof(listings[0]));
    const struct papers *unstored = library->archive.unstored;
    int result = store_count_listings(library->site->store, papers, listings, error);

    shelf->is_known = memory_new(papers->count, 1);
    for (size_t i = 0; i < papers->count && result == 0; i++) {
        bool is_unstored = unstored && papers_find(unstored, papers->items[i].id) < unstored->count;

        shelf->is_known[i] = listings[i] > (is_unstored ? 0 : 1);
    }
    free(listings);
    return result;
}

static int shelf_fill(struct library *library, struct shelf *shelf, const struct date *dates,
                      size_t count, struct error *error)
{
    papers_init(&shelf->papers);
    shelf->dates = memory_new(count, sizeof(dates[0]));
    memcpy(shelf->dates, dates, count * sizeof(dates[0]));
    shelf->editions = memory_new(count, sizeof(shelf->editions[0]));
    shelf->date_count = count;
    for (size_t i = 0; i < count; i++)
        if (add_edition(library, dates[i], &shelf->papers, &shelf->editions[i], error) < 0) {
            shelf_clear(library, shelf);
            return -1;
        }
    if (find_known(library, shelf, error) < 0 ||
        archive_take(&library->archive, dates[count - 1], site_now(), &shelf->rarity, error) < 0) {
        shelf_clear(library, shelf);
        return -1;
    }
    shelf->index = ranking_index_new_among(&shelf->papers, shelf->rarity);
    shelf->ranker = ranker_new(shelf->index);
    shelf->serial = ++library->fillings;
    return 0;
}

int library_get(struct library *library, const struct date *dates, size_t count,
                const struct shelf **ret_shelf, struct error *error)
{
    struct shelf *oldest = &library->shelves[0];

    for (size_t i = 0; i < LIBRARY_SHELVES; i++) {
        struct shelf *shelf = &library->shelves[i];

        if (holds(shelf, dates, count)) {
            shelf->used = ++library->clock;
            *ret_shelf = shelf;
            return 0;
        }
        if (shelf->used < oldest->used)
            oldest = shelf;
    }
    shelf_clear(library, oldest);
    if (shelf_fill(library, oldest, dates, count, error) < 0)
        return -1;
    oldest->used = ++library->clock;
    *ret_shelf = oldest;
    return 0;
}
