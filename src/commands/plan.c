#include "commands/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "commands/fetching.h"
#include "commands/forgetting.h"
#include "commands/plan_known.h"
#include "commands/plan_unshown.h"
#include "commands/quiet.h"
#include "store/changes.h"
#include "store/subscribers.h"
#include "subscribers/address.h"
#include "subscribers/schedule.h"

enum { HOUR_SECONDS = 3600, DAY_SECONDS = 86400, PENDING_MAX = 500 };

/* A delivery that is to be added, with what was decided for it. */
struct pending {
    const char *address; /* the roster's */
    enum delivery_kind kind; /* DELIVERY_KINDS: none, only the sighting */
    struct date slot;
    bool is_seen; /* the store has the subscriber already */
};

struct plan {
    struct site *site;
    struct roster *roster;
    const struct plan_options *options;
    struct plan_summary summary;
    struct edition_cache editions;
    struct edition_list window; /* of them, newest first */
    struct date latest;         /* with papers; zero: none */
    struct awaited awaited;
    struct plan_known known;
    struct forgetting forgetting;
    int64_t forgotten; /* the change that it was loaded at */
    struct zone_cache zones;
    struct arena *arena;  /* reset for each profile */
    struct arena *longer; /* until the plan is made */
    struct pending pending[PENDING_MAX];
    size_t pending_count;
    int64_t changes_utc; /* when time alone may change the plan; 0: never */
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

/* ---- adding ---- */

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

/* A dry run's: also the editions that it would take. */
static int note_addition(struct plan *plan, const struct pending *pending, struct error *error)
{
    bool is_note = pending->kind == DELIVERY_NOTICE;
    struct plan_edition *editions = NULL;
    size_t count = 0;

    arena_reset(plan->arena);
    if (!is_note && plan_editions(plan->site, &plan->editions, pending->address, pending->slot,
                                  plan->arena, &editions, &count, error) < 0)
        return -1;
    note_planned(plan->options->planned, pending->address, pending->slot, is_note, editions, count);
    return 0;
}

static int add_deliveries(struct plan *plan, const struct pending pending[], size_t count,
                          struct error *error)
{
    int64_t now_utc = plan->options->now_utc;
    int64_t lifetime = plan->site->configuration.delivery.expire_hours * HOUR_SECONDS;
    struct delivery_request requests[PENDING_MAX] = {{0}};
    char slots[PENDING_MAX][DATE_TEXT_BYTES];
    bool are_new[PENDING_MAX];

    for (size_t i = 0; i < count; i++) {
        date_format(pending[i].slot, slots[i]);
        requests[i] = (struct delivery_request){.kind = pending[i].kind,
                                                .subscriber = pending[i].address,
                                                .slot = slots[i],
                                                .created_utc = now_utc,
                                                .not_before_utc = now_utc,
                                                .expires_utc = now_utc + lifetime};
    }
    if (outbox_add_many(plan->site->store, requests, count, are_new, error) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (!are_new[i])
            continue;
        if (pending[i].kind == DELIVERY_NOTICE)
            plan->summary.notes++;
        else
            plan->summary.added++;
        if (plan->options->planned && note_addition(plan, &pending[i], error) < 0)
            return -1;
    }
    return 0;
}

static int load_forgotten(struct plan *plan, struct error *error)
{
    forgetting_free(&plan->forgetting);
    if (store_change_find(plan->site->store, CHANGE_FORGOTTEN, &plan->forgotten, error) < 0)
        return -1;
    return forgetting_load(plan->site, &plan->forgetting, error);
}

/* Somebody who was erased since the plan was begun must leave no trace again. */
static int renew_forgotten(struct plan *plan, struct error *error)
{
    int64_t change;

    if (store_change_find(plan->site->store, CHANGE_FORGOTTEN, &change, error) < 0)
        return -1;
    return change == plan->forgotten ? 0 : load_forgotten(plan, error);
}

static int add_pending(struct plan *plan, struct error *error)
{
    const char *unseen[PENDING_MAX];
    size_t unseen_count = 0, count = 0;

    if (renew_forgotten(plan, error) < 0)
        return -1;
    for (size_t i = 0; i < plan->pending_count; i++) {
        const struct pending pending = plan->pending[i];

        if (forgetting_has(&plan->forgetting, pending.address))
            continue;
        if (!pending.is_seen)
            unseen[unseen_count++] = pending.address;
        if (pending.kind != DELIVERY_KINDS)
            plan->pending[count++] = pending;
    }
    plan->pending_count = 0;
    if (subscriber_see_many(plan->site->store, unseen, unseen_count, plan->options->now_utc,
                            plan->latest, error) < 0)
        return -1;
    return add_deliveries(plan, plan->pending, count, error);
}

/* One transaction; a dry run's is around it. */
static int flush(struct plan *plan, struct error *error)
{
    struct store *store = plan->site->store;

    if (!plan->pending_count)
        return 0;
    if (plan->options->planned)
        return add_pending(plan, error);
    if (store_begin(store, error) < 0)
        return -1;
    if (store_lock(store, STORE_LOCK_PLAN, error) < 0 || add_pending(plan, error) < 0) {
        store_rollback(store);
        return -1;
    }
    return store_commit(store, error);
}

static int put_off(struct plan *plan, const struct pending *pending, struct error *error)
{
    if (pending->is_seen && pending->kind == DELIVERY_KINDS)
        return 0;
    plan->pending[plan->pending_count++] = *pending;
    return plan->pending_count < PENDING_MAX ? 0 : flush(plan, error);
}

/* ---- deciding ---- */

static void note_change(struct plan *plan, int64_t utc)
{
    if (!plan->changes_utc || utc < plan->changes_utc)
        plan->changes_utc = utc;
}

static void note_next_due(struct plan *plan, int64_t due_utc)
{
    if (!plan->summary.next_due_utc || due_utc < plan->summary.next_due_utc)
        plan->summary.next_due_utc = due_utc;
    note_change(plan, due_utc);
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
                               const struct zone *zone, struct date first_edition,
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
        if (date_is_set(first_edition) && date_compare(edition->date, first_edition) == 0) {
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
static bool wants_note(struct plan *plan, const struct roster_entry *entry,
                       const struct profile *profile, const struct zone *zone)
{
    struct date day = plan->options->silent_day, slot;
    int64_t due_utc;

    if (!entry->holiday_note || !date_is_set(day))
        return false;
    schedule_slot(profile, zone, day, &slot, &due_utc);
    if (date_compare(slot, day) != 0)
        return false;
    if (due_utc > plan->options->now_utc)
        note_change(plan, due_utc);
    return due_utc <= plan->options->now_utc;
}

/* What plan_find_unshown finds, as far as it decides when a digest is due: editions that a
 * digest has dealt with make none. */
static void find_new(struct plan *plan, const struct known *known, struct date first,
                     struct unshown *ret_unshown)
{
    const struct edition_list *window = &plan->window;
    struct unshown unshown = {0};

    if (known->latest_shown != INT32_MIN)
        unshown.latest_shown = date_from_days(known->latest_shown);
    unshown.editions = arena_alloc(plan->arena, window->count, sizeof(unshown.editions[0]));
    for (size_t i = window->count; i-- > 0;) {
        const struct edition *edition = &window->items[i];

        if ((known->dealt_with >> i & 1) ||
            (date_is_set(first) && date_compare(edition->date, first) < 0))
            continue;
        unshown.editions[unshown.count++] = (struct plan_edition){
            .date = edition->date,
            .is_new = true,
            .is_late = plan_is_late(edition->date, unshown.latest_shown),
            .is_estimated = edition->estimated};
    }
    *ret_unshown = unshown;
}

static struct date first_edition_of(const struct plan *plan, const struct known *known)
{
    if (!known->is_seen)
        return plan->latest;
    return known->first_edition == INT32_MIN ? (struct date){0}
                                             : date_from_days(known->first_edition);
}

static bool is_paused(struct plan *plan, const struct profile *profile, const struct zone *zone)
{
    if (!schedule_is_paused(profile, zone, plan->options->now_utc))
        return false;
    note_change(plan, zone_local_to_utc(zone, profile->paused_until, 0, 0));
    return true;
}

static int plan_schedule(struct plan *plan, const struct roster_entry *entry,
                         const struct profile *profile, const struct zone *zone,
                         const struct known *known, struct error *error)
{
    struct pending pending = {entry->address, DELIVERY_KINDS, {0}, known->is_seen};
    struct date first = first_edition_of(plan, known);
    struct unshown unshown;

    arena_reset(plan->arena);
    find_new(plan, known, first, &unshown);
    pending.slot = choose_slot(plan, profile, zone, first, &unshown);
    if (date_is_set(pending.slot)) {
        pending.kind = DELIVERY_DIGEST;
    } else if (wants_note(plan, entry, profile, zone)) {
        pending.kind = DELIVERY_NOTICE;
        pending.slot = plan->options->silent_day;
    }
    return put_off(plan, &pending, error);
}

static void log_bad(struct plan *plan, const char *problem)
{
    log_line(plan->site->log, LOG_LEVEL_ERROR, PLAN_PROBLEM("%s"), problem);
    plan->summary.bad++;
}

static int plan_entry(struct plan *plan, const struct roster_entry *entry, struct error *error)
{
    const struct known *known;
    const struct zone *zone;
    struct profile profile;
    struct error problem;

    plan->summary.profiles++;
    if (entry->problem) {
        log_bad(plan, entry->problem);
        return 0;
    }
    known = plan_known_find(&plan->known, entry->address);
    if (known->is_suppressed) {
        plan->summary.suppressed++;
        return 0;
    }
    if (forgetting_has(&plan->forgetting, entry->address)) {
        log_line(plan->site->log, LOG_LEVEL_WARNING, "%s: %s " FORGETTING_WHY, entry->name,
                 entry->address);
        plan->summary.suppressed++;
        plan->summary.forgotten++;
        return 0;
    }
    roster_entry_schedule(entry, &profile);
    if (zone_cache_get(&plan->zones, schedule_zone_name(&profile), &zone, &problem) < 0) {
        error_add(&problem, "%s: schedule.zone", entry->name);
        log_bad(plan, problem.text);
        plan->changes_utc = plan->options->now_utc;
        return 0;
    }
    if (is_paused(plan, &profile, zone)) {
        plan->summary.paused++;
        return 0;
    }
    return plan_schedule(plan, entry, &profile, zone, known, error);
}

/* ---- the whole ---- */

/* `only`, with no other profile read. */
static int plan_only(struct plan *plan, struct error *error)
{
    const char *only = plan->options->only;
    struct profile_source source;
    struct roster_entry entry;
    struct error problem = {0};
    struct profile profile;
    int result;

    if (profile_source_open(plan->site, &source, error) < 0)
        return -1;
    if (profile_source_load(&source, only, &profile, NULL, &problem) == 0) {
        roster_entry_of(&profile, only, &entry);
        result = plan_entry(plan, &entry, error);
        if (result == 0)
            result = flush(plan, error);
        profile_free(&profile);
        return result;
    }
    if (problem.kind == ERROR_MISSING)
        return error_set(error, ERROR_MISSING, "%s: there is no profile of this subscriber in %s",
                         only, profile_source_name(&source));
    entry = (struct roster_entry){.name = only, .problem = problem.text};
    return plan_entry(plan, &entry, error);
}

static int plan_all(struct plan *plan, struct error *error)
{
    if (roster_read(plan->roster, error) < 0)
        return -1;
    for (size_t i = 0; i < plan->roster->count; i++)
        if (plan_entry(plan, &plan->roster->entries[i], error) < 0)
            return -1;
    return flush(plan, error);
}

static int load_known(struct plan *plan, struct error *error)
{
    struct site *site = plan->site;
    const struct edition_list *all;

    if (edition_cache_get(&plan->editions, site->store, &all, error) < 0)
        return -1;
    plan_window(all, site_arxiv_date(site, plan->options->now_utc), plan->longer, &plan->window,
                &plan->latest);
    if (load_forgotten(plan, error) < 0)
        return -1;
    return plan_known_load(site->store, &plan->window, plan->options->only, &plan->known, error);
}

static int walk(struct plan *plan, struct error *error)
{
    bool is_whole = !plan->options->only && !plan->options->planned, is_quiet = false;
    struct quiet quiet;

    if (fetching_find_awaited(plan->site, plan->options->now_utc, &plan->awaited, error) < 0)
        return -1;
    if (is_whole &&
        (quiet_begin(plan->site, plan->roster, &plan->awaited, plan->options, &quiet, error) < 0 ||
         quiet_find(plan->site, &quiet, &plan->summary, &is_quiet, error) < 0))
        return -1;
    if (is_quiet)
        return 0;
    if (load_known(plan, error) < 0 ||
        (plan->options->only ? plan_only(plan, error) : plan_all(plan, error)) < 0)
        return -1;
    if (!is_whole || plan->summary.forgotten)
        return 0;
    return quiet_keep(plan->site, &quiet, plan->roster, &plan->summary, plan->changes_utc, error);
}

/* All within a transaction that is undone. */
static int walk_dry(struct plan *plan, struct error *error)
{
    const struct plan_options *options = plan->options;
    int result = 0;

    if (store_begin(plan->site->store, error) < 0)
        return -1;
    if (options->unstored)
        result = store_put_edition(plan->site->store, options->unstored, options->unstored_papers,
                                   NULL, error);
    if (result == 0)
        result = walk(plan, error);
    store_rollback(plan->site->store);
    return result;
}

int plan_digests(struct site *site, struct roster *roster, const struct plan_options *options,
                 struct plan_summary *ret_summary, struct error *error)
{
    struct plan *plan = memory_new(1, sizeof(*plan));
    int result;

    *plan = (struct plan){.site = site, .roster = roster, .options = options};
    plan->arena = arena_new();
    plan->longer = arena_new();
    result = options->planned ? walk_dry(plan, error) : walk(plan, error);
    if (result == 0)
        *ret_summary = plan->summary;
    edition_cache_free(&plan->editions);
    plan_known_free(&plan->known);
    forgetting_free(&plan->forgetting);
    zone_cache_free(&plan->zones);
    arena_free(&plan->arena);
    arena_free(&plan->longer);
    free(plan);
    return result;
}
