#include "commands/plan_unshown.h"

#include "store/person.h"

/* The newest edition with papers. One that a wrong date puts into the future
 * counts only when there is no other: it must not make all the others old. */
static struct date find_latest(const struct edition_list *list, struct date today)
{
    struct date latest = {0};

    for (size_t i = 0; i < list->count; i++) {
        if (!list->items[i].paper_count)
            continue;
        if (!date_is_set(latest) || date_to_days(latest) > date_to_days(today) + 1)
            latest = list->items[i].date;
    }
    return latest;
}

void plan_window(const struct edition_list *all, struct date today, struct arena *arena,
                 struct edition_list *ret_window, struct date *ret_latest)
{
    struct edition_list window = {.items = arena_alloc(arena, all->count, sizeof(all->items[0]))};
    struct date latest = find_latest(all, today);

    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].paper_count &&
            date_to_days(latest) - date_to_days(all->items[i].date) <= PLAN_CATCH_UP_DAYS)
            window.items[window.count++] = all->items[i];
    *ret_window = window;
    *ret_latest = latest;
}

static const struct edition_shown *find_shown(const struct edition_shown *shown, size_t count,
                                              struct date date)
{
    for (size_t i = 0; i < count; i++)
        if (date_compare(shown[i].date, date) == 0)
            return &shown[i];
    return NULL;
}

bool plan_is_late(struct date date, struct date latest_shown)
{
    return date_is_set(latest_shown) && date_compare(date, latest_shown) < 0;
}

int plan_find_unshown(struct store *store, const struct edition_list *window, const char *address,
                      struct date first, struct arena *arena, struct unshown *ret_unshown,
                      struct error *error)
{
    struct date oldest = window->count ? window->items[window->count - 1].date : (struct date){0};
    struct edition_shown *shown;
    struct unshown unshown = {0};
    size_t shown_count;

    if (outbox_editions_shown(store, address, 0, oldest, arena, &shown, &shown_count, error) < 0)
        return -1;
    if (shown_count)
        unshown.latest_shown = shown[shown_count - 1].date;
    unshown.editions = arena_alloc(arena, window->count, sizeof(unshown.editions[0]));
    for (size_t i = window->count; i-- > 0;) {
        const struct edition *edition = &window->items[i];
        const struct edition_shown *before = find_shown(shown, shown_count, edition->date);

        if (date_is_set(first) && date_compare(edition->date, first) < 0)
            continue;
        if (!before || before->papers < edition->paper_count)
            unshown.editions[unshown.count++] = (struct plan_edition){
                .date = edition->date,
                .from = before ? before->papers : 0,
                .is_new = !before,
                .is_late = plan_is_late(edition->date, unshown.latest_shown),
                .is_estimated = edition->estimated};
    }
    *ret_unshown = unshown;
    return 0;
}

size_t plan_count_up_to(const struct unshown *unshown, struct date slot)
{
    size_t kept = 0, fresh = 0;

    while (kept < unshown->count && date_compare(unshown->editions[kept].date, slot) <= 0)
        fresh += unshown->editions[kept++].is_new;
    return fresh ? kept : 0;
}

int plan_editions(struct site *site, struct edition_cache *cache, const char *address,
                  struct date slot, struct arena *arena, struct plan_edition **ret_editions,
                  size_t *ret_count, struct error *error)
{
    const struct edition_list *all;
    struct edition_list window;
    struct subscriber_seen seen;
    struct unshown unshown;
    struct date latest;
    bool found;

    if (edition_cache_get(cache, site->store, &all, error) < 0)
        return -1;
    plan_window(all, site_arxiv_date(site, site_now()), arena, &window, &latest);
    /* Planning saw them. Who is not there was erased since, and is not to be seen anew. */
    if (person_find_seen(site->store, address, &seen, &found, error) < 0 ||
        plan_find_unshown(site->store, &window, address, found ? seen.first_edition : latest,
                          arena, &unshown, error) < 0)
        return -1;
    *ret_editions = unshown.editions;
    *ret_count = plan_count_up_to(&unshown, slot);
    return 0;
}

int plan_editions_again(struct site *site, const struct delivery *delivery, struct arena *arena,
                        struct plan_edition **ret_editions, size_t *ret_count,
                        struct error *error)
{
    struct plan_edition *editions =
        arena_alloc(arena, delivery->edition_count, sizeof(editions[0]));
    struct edition_shown *shown;
    size_t shown_count;

    /* The editions of a delivery are ascending. */
    if (outbox_editions_shown(site->store, delivery->subscriber, delivery->id,
                              delivery->editions[0].date, arena, &shown, &shown_count, error) < 0)
        return -1;
    for (size_t i = 0; i < delivery->edition_count; i++) {
        struct date date = delivery->editions[i].date;
        const struct edition_shown *before = find_shown(shown, shown_count, date);

        editions[i] = (struct plan_edition){
            .date = date,
            .from = before ? before->papers : 0,
            .is_new = !before,
            .is_late = shown_count && plan_is_late(date, shown[shown_count - 1].date)};
    }
    *ret_editions = editions;
    *ret_count = delivery->edition_count;
    return 0;
}
