#include "commands/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "commands/fetching.h"
#include "store/outbox.h"
#include "store/subscribers.h"
#include "subscribers/address.h"
#include "subscribers/folder.h"
#include "subscribers/schedule.h"

enum { EDITIONS_MAX = 64, HOUR_SECONDS = 3600, DAY_SECONDS = 86400 };

struct plan {
    struct site *site;
    const struct plan_options *options;
    struct plan_summary summary;
    struct edition_list editions; /* newest first */
    struct date latest;           /* with papers; zero: none */
    struct awaited awaited;
    struct zone_cache zones;
    struct arena *arena;
    struct error error;
    bool failed;
};

void planned_list_free(struct planned_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].address);
        free(list->items[i].editions);
    }
    free(list->items);
    *list = (struct planned_list){0};
}

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

/* The editions with papers that matter, the newest first. */
static int list_editions(struct site *site, int64_t now_utc, struct edition_list *ret_list,
                         struct date *ret_latest, struct error *error)
{
    struct edition_list list = {0};
    struct date latest;
    size_t kept = 0;

    if (store_list_editions(site->store, (struct date){0}, EDITIONS_MAX, &list, error) < 0)
        return -1;
    latest = find_latest(&list, site_arxiv_date(site, now_utc));
    for (size_t i = 0; i < list.count; i++)
        if (list.items[i].paper_count &&
            date_to_days(latest) - date_to_days(list.items[i].date) <= PLAN_CATCH_UP_DAYS)
            list.items[kept++] = list.items[i];
    list.count = kept;
    *ret_list = list;
    *ret_latest = latest;
    return 0;
}

static const struct edition_shown *find_shown(const struct edition_shown *shown, size_t count,
                                              struct date date)
{
    for (size_t i = 0; i < count; i++)
        if (date_compare(shown[i].date, date) == 0)
            return &shown[i];
    return NULL;
}

static bool is_before(struct date date, struct date latest_shown)
{
    return date_is_set(latest_shown) && date_compare(date, latest_shown) < 0;
}

/* What this address can still be shown. */
struct unshown {
    struct plan_edition *editions; /* ascending, in the arena */
    size_t count;
    struct date latest_shown; /* zero: none */
};

/* Those of `editions` from `first` on that no digest to this address has dealt
 * with, or not with all of them. */
static int find_unshown(struct store *store, const struct edition_list *editions,
                        const char *address, struct date first, struct arena *arena,
                        struct unshown *ret_unshown, struct error *error)
{
    struct edition_shown *shown;
    struct unshown unshown = {0};
    size_t shown_count;

    if (outbox_editions_shown(store, address, 0, arena, &shown, &shown_count, error) < 0)
        return -1;
    if (shown_count)
        unshown.latest_shown = shown[shown_count - 1].date;
    unshown.editions = arena_alloc(arena, editions->count, sizeof(unshown.editions[0]));
    for (size_t i = editions->count; i-- > 0;) {
        const struct edition *edition = &editions->items[i];
        const struct edition_shown *before = find_shown(shown, shown_count, edition->date);

        if (date_is_set(first) && date_compare(edition->date, first) < 0)
            continue;
        if (!before || before->papers < edition->paper_count)
            unshown.editions[unshown.count++] = (struct plan_edition){
                .date = edition->date,
                .from = before ? before->papers : 0,
                .is_new = !before,
                .is_late = is_before(edition->date, unshown.latest_shown),
                .is_estimated = edition->estimated};
    }
    *ret_unshown = unshown;
    return 0;
}

/* Those up to the slot's day, which is where they are cut; 0 without a new one. */
static size_t count_up_to(const struct unshown *unshown, struct date slot)
{
    size_t kept = 0, fresh = 0;

    while (kept < unshown->count && date_compare(unshown->editions[kept].date, slot) <= 0)
        fresh += unshown->editions[kept++].is_new;
    return fresh ? kept : 0;
}

static void note_planned(struct planned_list *list, const char *address, struct date slot,
                         bool is_note, const struct plan_edition *editions, size_t count)
{
    struct planned *item;

    list->items =
        memory_grow(list->items, &list->capacity, list->count + 1, sizeof(list->items[0]));
    item = &list->items[list->count++];
    *item = (struct planned){memory_copy_string(address), slot, is_note, NULL, count};
    item->editions = memory_new(count, sizeof(editions[0]));
    if (count)
        memcpy(item->editions, editions, count * sizeof(editions[0]));
}

static int add_delivery(struct plan *plan, enum delivery_kind kind, const char *address,
                        struct date slot, const struct unshown *unshown)
{
    int64_t now_utc = plan->options->now_utc;
    int64_t lifetime = plan->site->configuration.delivery.expire_hours * HOUR_SECONDS;
    bool is_note = kind == DELIVERY_NOTICE;
    char text[DATE_TEXT_BYTES];
    bool is_new;

    date_format(slot, text);
    if (outbox_add(plan->site->store,
                   &(struct delivery_request){.kind = kind,
                                              .subscriber = address,
                                              .slot = text,
                                              .created_utc = now_utc,
                                              .not_before_utc = now_utc,
                                              .expires_utc = now_utc + lifetime},
                   &is_new, &plan->error) < 0)
        return -1;
    if (!is_new)
        return 0;
    if (is_note)
        plan->summary.notes++;
    else
        plan->summary.added++;
    if (plan->options->planned)
        note_planned(plan->options->planned, address, slot, is_note, unshown->editions,
                     is_note ? 0 : count_up_to(unshown, slot));
    return 0;
}

static void note_next_due(struct plan *plan, int64_t due_utc)
{
    if (!plan->summary.next_due_utc || due_utc < plan->summary.next_due_utc)
        plan->summary.next_due_utc = due_utc;
}

/* What makes no mail of its own and waits for the next one: papers that came late,
 * days caught up with after a later one was shown, and others of them while today's
 * papers may come soon, which then are in the same digest. */
static bool waits_for_another(const struct plan *plan, const struct plan_edition *edition)
{
    return !edition->is_new ||
           (edition->is_estimated && (edition->is_late || plan->awaited.is_soon));
}

/* Without `at` a slot of today that takes earlier editions is due once today's is
 * there too, as on any other day. */
static bool waits_for_today(const struct plan *plan, const struct profile *profile,
                            struct date edition, struct date slot)
{
    return profile->schedule.at_minutes < 0 && plan->awaited.is_open &&
           date_compare(edition, slot) < 0 && date_compare(slot, plan->awaited.today) == 0;
}

/* The latest slot of the unshown editions whose time has come; it takes the
 * earlier ones with it. Days caught up with alone wait for a slot that comes
 * within a day. */
static struct date choose_slot(struct plan *plan, const struct profile *profile,
                               const struct zone *zone, const struct subscriber_seen *seen,
                               const struct unshown *unshown)
{
    struct date chosen = {0};
    bool is_caught_up_alone = true, comes_soon = false;

    for (size_t i = 0; i < unshown->count; i++) {
        const struct plan_edition *edition = &unshown->editions[i];
        struct date slot;
        int64_t due_utc, left;

        if (waits_for_another(plan, edition))
            continue;
        schedule_slot(profile, zone, edition->date, &slot, &due_utc);
        /* Somebody new gets what was the latest edition then, at once. */
        if (date_is_set(seen->first_edition) &&
            date_compare(edition->date, seen->first_edition) == 0) {
            slot = edition->date;
            due_utc = plan->options->now_utc;
        }
        if (waits_for_today(plan, profile, edition->date, slot))
            continue;
        left = due_utc - plan->options->now_utc;
        if (left > 0) {
            note_next_due(plan, due_utc);
            comes_soon |= left <= DAY_SECONDS;
            continue;
        }
        is_caught_up_alone &= edition->is_estimated;
        if (!date_is_set(chosen) || date_compare(slot, chosen) > 0)
            chosen = slot;
    }
    return is_caught_up_alone && comes_soon ? (struct date){0} : chosen;
}

/* One line instead of silence, at the hour of the digest that there is not. */
static int plan_note(struct plan *plan, const struct profile *profile, const struct zone *zone,
                     const struct unshown *unshown)
{
    struct date day = plan->options->silent_day, slot;
    int64_t due_utc;

    if (!profile->holiday_note || !date_is_set(day))
        return 0;
    schedule_slot(profile, zone, day, &slot, &due_utc);
    if (date_compare(slot, day) != 0 || due_utc > plan->options->now_utc)
        return 0;
    return add_delivery(plan, DELIVERY_NOTICE, profile->email, day, unshown);
}

static int plan_profile(struct plan *plan, const char *name, const struct profile *profile)
{
    struct suppression_found suppression;
    struct subscriber_seen seen;
    const struct zone *zone;
    struct unshown unshown;
    struct date slot;
    struct error problem;

    if (suppression_find(plan->site->store, profile->email, &suppression, &plan->error) < 0)
        return -1;
    if (suppression.found) {
        plan->summary.suppressed++;
        return 0;
    }
    if (zone_cache_get(&plan->zones, schedule_zone_name(profile), &zone, &problem) < 0) {
        log_line(plan->site->log, LOG_LEVEL_ERROR, "%s: schedule.zone: %s", name, problem.text);
        plan->summary.bad++;
        return 0;
    }
    if (schedule_is_paused(profile, zone, plan->options->now_utc)) {
        plan->summary.paused++;
        return 0;
    }
    if (subscriber_see(plan->site->store, profile->email, plan->options->now_utc, plan->latest, &seen,
                       &plan->error) < 0 ||
        find_unshown(plan->site->store, &plan->editions, profile->email, seen.first_edition,
                     plan->arena, &unshown, &plan->error) < 0)
        return -1;
    slot = choose_slot(plan, profile, zone, &seen, &unshown);
    if (!date_is_set(slot))
        return plan_note(plan, profile, zone, &unshown);
    return add_delivery(plan, DELIVERY_DIGEST, profile->email, slot, &unshown);
}

static int visit_profile(void *user, const char *name, const struct profile *profile,
                         const struct error *problem)
{
    struct plan *plan = user;

    if (plan->options->only && (!profile || strcmp(profile->email, plan->options->only) != 0)) {
        struct buffer file;
        bool is_meant;

        buffer_init(&file, 4096);
        address_file_name(view_of(plan->options->only), &file);
        is_meant = strcmp(name, buffer_string(&file)) == 0;
        buffer_free(&file);
        if (!is_meant)
            return 0;
    }
    plan->summary.profiles++;
    if (problem) {
        log_line(plan->site->log, LOG_LEVEL_ERROR, "%s; its owner gets no digest until it is mended",
                 problem->text);
        plan->summary.bad++;
        return 0;
    }
    arena_reset(plan->arena);
    if (plan_profile(plan, name, profile) < 0) {
        plan->failed = true;
        return 1;
    }
    return 0;
}

static int walk(struct plan *plan, struct error *error)
{
    const struct plan_options *options = plan->options;
    int result;

    if (options->unstored && store_put_edition(plan->site->store, options->unstored,
                                               options->unstored_papers, NULL, error) < 0)
        return -1;
    if (list_editions(plan->site, options->now_utc, &plan->editions, &plan->latest, error) < 0 ||
        fetching_find_awaited(plan->site, options->now_utc, &plan->awaited, error) < 0)
        return -1;
    result = folder_each(plan->site->configuration.subscribers, visit_profile, plan, error);
    if (!plan->failed)
        return result < 0 ? -1 : 0;
    *error = plan->error;
    return -1;
}

/* All additions are one transaction: quick, and undone as a whole in a dry run. */
static int walk_in_transaction(struct plan *plan, struct error *error)
{
    if (store_begin(plan->site->store, error) < 0)
        return -1;
    if (store_lock(plan->site->store, STORE_LOCK_PLAN, error) < 0 || walk(plan, error) < 0) {
        store_rollback(plan->site->store);
        return -1;
    }
    if (!plan->options->planned)
        return store_commit(plan->site->store, error);
    store_rollback(plan->site->store);
    return 0;
}

int plan_digests(struct site *site, const struct plan_options *options,
                 struct plan_summary *ret_summary, struct error *error)
{
    struct plan plan = {.site = site, .options = options};
    int result;

    if (site_need_folder(site, error) < 0)
        return -1;
    plan.arena = arena_new();
    result = walk_in_transaction(&plan, error);
    if (result == 0 && options->only && !plan.summary.profiles)
        result = error_set(error, ERROR_MISSING, "%s: there is no profile of this subscriber in %s",
                           options->only, site->configuration.subscribers);
    if (result == 0)
        *ret_summary = plan.summary;
    edition_list_free(&plan.editions);
    zone_cache_free(&plan.zones);
    arena_free(&plan.arena);
    return result;
}

int plan_editions(struct site *site, const char *address, struct date slot, struct arena *arena,
                  struct plan_edition **ret_editions, size_t *ret_count, struct error *error)
{
    struct edition_list editions = {0};
    struct subscriber_seen seen;
    struct unshown unshown;
    struct date latest;
    int result = -1;

    if (list_editions(site, site_now(), &editions, &latest, error) < 0)
        return -1;
    if (subscriber_see(site->store, address, site_now(), latest, &seen, error) < 0 ||
        find_unshown(site->store, &editions, address, seen.first_edition, arena, &unshown,
                     error) < 0)
        goto out;
    *ret_editions = unshown.editions;
    *ret_count = count_up_to(&unshown, slot);
    result = 0;
out:
    edition_list_free(&editions);
    return result;
}

int plan_editions_again(struct site *site, const struct delivery *delivery, struct arena *arena,
                        struct plan_edition **ret_editions, size_t *ret_count,
                        struct error *error)
{
    struct plan_edition *editions =
        arena_alloc(arena, delivery->edition_count, sizeof(editions[0]));
    struct edition_shown *shown;
    size_t shown_count;

    if (outbox_editions_shown(site->store, delivery->subscriber, delivery->id, arena, &shown,
                              &shown_count, error) < 0)
        return -1;
    for (size_t i = 0; i < delivery->edition_count; i++) {
        struct date date = delivery->editions[i].date;
        const struct edition_shown *before = find_shown(shown, shown_count, date);

        editions[i] = (struct plan_edition){
            .date = date,
            .from = before ? before->papers : 0,
            .is_new = !before,
            .is_late = shown_count && is_before(date, shown[shown_count - 1].date)};
    }
    *ret_editions = editions;
    *ret_count = delivery->edition_count;
    return 0;
}
