#include "commands/library.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/editions.h"

void library_init(struct library *library)
{
    *library = (struct library){0};
    pthread_mutex_init(&library->lock, NULL);
}

void library_add_unstored(struct library *library, const struct papers *papers, struct date date)
{
    library->archive.unstored = papers;
    library->archive.unstored_date = date;
}

static void free_shelf(struct library *library, struct shelf *shelf)
{
    for (size_t i = 0; i < shelf->ranker_count; i++)
        ranker_free(&shelf->rankers[i]);
    free(shelf->rankers);
    ranking_index_free(&shelf->index);
    summaries_kept_free(&shelf->summaries);
    archive_give_back(&library->archive, shelf->rarity);
    for (size_t i = 0; i < shelf->date_count; i++)
        free((void *)shelf->editions[i].members);
    free(shelf->editions);
    free(shelf->is_known);
    papers_free(&shelf->papers);
    free(shelf->dates);
    free(shelf);
}

void library_free(struct library *library)
{
    while (library->shelves) {
        struct shelf *shelf = library->shelves;

        library->shelves = shelf->next;
        free_shelf(library, shelf);
    }
    archive_free(&library->archive);
    pthread_mutex_destroy(&library->lock);
}

static bool holds(const struct shelf *shelf, const struct date *dates, size_t count)
{
    return shelf->date_count == count && memcmp(shelf->dates, dates, count * sizeof(dates[0])) == 0;
}

/* Keeps as many as may stay for later of those that nobody reads; the newest. */
static void trim(struct library *library)
{
    for (;;) {
        struct shelf **oldest = NULL;
        size_t unread = 0;

        for (struct shelf **link = &library->shelves; *link; link = &(*link)->next) {
            if ((*link)->readers)
                continue;
            unread++;
            if (!oldest || (*link)->used < (*oldest)->used)
                oldest = link;
        }
        if (unread <= LIBRARY_SHELVES)
            return;
        struct shelf *shelf = *oldest;

        *oldest = shelf->next;
        free_shelf(library, shelf);
    }
}

static int load_edition(struct library *library, struct date date, struct papers *papers,
                        struct error *error)
{
    struct error missing;

    if (!library->archive.unstored || date_compare(library->archive.unstored_date, date) != 0)
        return store_load_edition(library->archive.site->store, date, papers, error);
    /* What the store has of that day comes first, as it would once stored. */
    if (store_load_edition(library->archive.site->store, date, papers, &missing) < 0 &&
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
    int result = store_count_listings(library->archive.site->store, papers, listings, error);

    shelf->is_known = memory_new(papers->count, 1);
    for (size_t i = 0; i < papers->count && result == 0; i++) {
        bool is_unstored = unstored && papers_find(unstored, papers->items[i].id) < unstored->count;

        shelf->is_known[i] = listings[i] > (is_unstored ? 0 : 1);
    }
    free(listings);
    return result;
}

static int fill(struct library *library, struct shelf *shelf, const struct date *dates,
                size_t count, struct error *error)
{
    papers_init(&shelf->papers);
    shelf->dates = memory_new(count, sizeof(dates[0]));
    memcpy(shelf->dates, dates, count * sizeof(dates[0]));
    shelf->editions = memory_new(count, sizeof(shelf->editions[0]));
    shelf->date_count = count;
    for (size_t i = 0; i < count; i++)
        if (add_edition(library, dates[i], &shelf->papers, &shelf->editions[i], error) < 0)
            return -1;
    if (find_known(library, shelf, error) < 0 ||
        archive_take(&library->archive, dates[count - 1], site_now(), &shelf->rarity, error) < 0)
        return -1;
    shelf->index = ranking_index_new_among(&shelf->papers, shelf->rarity);
    shelf->summaries = summaries_kept_new(&shelf->papers);
    shelf->serial = ++library->fillings;
    return 0;
}

static struct shelf *find_shelf(const struct library *library, const struct date *dates, size_t count)
{
    struct shelf *shelf = library->shelves;

    while (shelf && !holds(shelf, dates, count))
        shelf = shelf->next;
    return shelf;
}

static int add_shelf(struct library *library, struct site *site, const struct date *dates,
                     size_t count, struct shelf **ret_shelf, struct error *error)
{
    struct shelf *shelf = memory_new(1, sizeof(*shelf));

    library->archive.site = site;
    if (fill(library, shelf, dates, count, error) < 0) {
        free_shelf(library, shelf);
        return -1;
    }
    shelf->next = library->shelves;
    library->shelves = shelf;
    *ret_shelf = shelf;
    return 0;
}

static void give_back(struct library_reader *reader)
{
    struct shelf *shelf = reader->shelf;

    if (!shelf)
        return;
    shelf->rankers = memory_grow(shelf->rankers, &shelf->ranker_capacity, shelf->ranker_count + 1,
                                 sizeof(shelf->rankers[0]));
    shelf->rankers[shelf->ranker_count++] = reader->ranker;
    shelf->readers--;
    reader->shelf = NULL;
    reader->ranker = NULL;
}

static void take(struct library_reader *reader, struct shelf *shelf)
{
    shelf->readers++;
    shelf->used = ++reader->library->clock;
    reader->shelf = shelf;
    reader->ranker =
        shelf->ranker_count ? shelf->rankers[--shelf->ranker_count] : ranker_new(shelf->index);
}

int library_get(struct library_reader *reader, const struct date *dates, size_t count,
                const struct shelf **ret_shelf, struct error *error)
{
    struct library *library = reader->library;
    struct shelf *shelf;
    int result = 0;

    if (!reader->shelf || !holds(reader->shelf, dates, count)) {
        pthread_mutex_lock(&library->lock);
        give_back(reader);
        shelf = find_shelf(library, dates, count);
        if (!shelf)
            result = add_shelf(library, reader->site, dates, count, &shelf, error);
        if (result == 0)
            take(reader, shelf);
        trim(library);
        pthread_mutex_unlock(&library->lock);
    }
    if (result == 0)
        *ret_shelf = reader->shelf;
    return result;
}

void library_leave(struct library_reader *reader)
{
    if (!reader->library)
        return;
    pthread_mutex_lock(&reader->library->lock);
    give_back(reader);
    trim(reader->library);
    pthread_mutex_unlock(&reader->library->lock);
}
