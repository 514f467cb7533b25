#include "commands/gap.h"

#include "base/arena.h"
#include "commands/calendar.h"
#include "commands/fetching.h"
#include "commands/wanted.h"
#include "papers/oai.h"
#include "papers/taxonomy.h"

int gap_open(struct gap *gap, struct site *site, const struct strings *categories,
             struct date since, int64_t now_utc, struct error *error)
{
    int64_t last;

    *gap = (struct gap){.site = site, .categories = categories, .since = since};
    gap->today = zone_date_at(site->arxiv_zone, now_utc, &gap->minutes);
    if (calendar_read(site, &gap->holidays, error) < 0)
        return -1;
    if (store_list_editions(site->store, since, SIZE_MAX, &gap->editions, error) < 0) {
        holidays_free(&gap->holidays);
        return -1;
    }
    gap->arena = arena_new();
    last = date_to_days(gap->today) - date_to_days(since);
    gap->days = last < 0 ? 0 : (size_t)last + 1;
    gap->open = arena_alloc(gap->arena, gap->days * categories->count, 1);
    gap->papers = arena_alloc(gap->arena, gap->days, sizeof(gap->papers[0]));
    for (size_t i = 0; i < gap->days; i++)
        papers_init(&gap->papers[i]);
    return 0;
}

void gap_close(struct gap *gap)
{
    for (size_t i = 0; i < gap->days; i++)
        papers_free(&gap->papers[i]);
    arena_free(&gap->arena);
    edition_list_free(&gap->editions);
    holidays_free(&gap->holidays);
}

/* ---- what is open ---- */

static struct date date_of(const struct gap *gap, size_t day)
{
    return date_from_days(date_to_days(gap->since) + (int64_t)day);
}

static unsigned char *open_days(const struct gap *gap, size_t category)
{
    return gap->open + category * gap->days;
}

static const struct edition *find_edition(const struct gap *gap, struct date date)
{
    for (size_t i = 0; i < gap->editions.count; i++)
        if (date_compare(gap->editions.items[i].date, date) == 0)
            return &gap->editions.items[i];
    return NULL;
}

/* What is known of a category on a day. */
enum standing { STANDING_NO_DAY, STANDING_NOT_ASKED, STANDING_MISSED, STANDING_DOUBTED,
                STANDING_SETTLED };

static enum standing find_standing(const struct gap *gap, size_t category, struct date date)
{
    const struct edition *edition = find_edition(gap, date);
    const struct edition_category *found;

    if (!edition)
        return STANDING_NO_DAY;
    found = edition_find_category(edition, gap->categories->items[category]);
    if (!found)
        return STANDING_NOT_ASKED;
    if (found->state == EDITION_COMPLETE)
        return STANDING_SETTLED;
    if (found->state == EDITION_EMPTY)
        return found->known < 0 ? STANDING_DOUBTED : STANDING_SETTLED;
    return STANDING_MISSED;
}

void gap_find_incomplete(struct gap *gap)
{
    for (size_t c = 0; c < gap->categories->count; c++)
        for (size_t day = 0; day + 1 < gap->days; day++)
            open_days(gap, c)[day] =
                announcement_is_day(date_of(gap, day), &gap->holidays) &&
                find_standing(gap, c, date_of(gap, day)) != STANDING_SETTLED;
}

static bool is_missed(const struct gap *gap, size_t category, struct date date, bool doubts)
{
    enum standing standing = find_standing(gap, category, date);

    if (!announcement_is_day(date, &gap->holidays))
        return false;
    if (standing == STANDING_DOUBTED)
        return doubts && (date_compare(date, gap->today) < 0 ||
                          gap->minutes >= COMPLETENESS_NOON_MINUTE);
    return (standing == STANDING_NO_DAY || standing == STANDING_MISSED) &&
           date_compare(date, gap->today) < 0;
}

/* A name that arXiv has never had would be missing for ever. */
static bool can_be_missed(const struct gap *gap, size_t category)
{
    const char *name = gap->categories->items[category];
    char set[OAI_SET_BYTES];

    if (oai_find_set(view_of(name), set, NULL) < 0)
        return false;
    if (taxonomy_has(view_of(name)))
        return true;
    for (size_t i = 0; i < gap->editions.count; i++) {
        const struct edition_category *found =
            edition_find_category(&gap->editions.items[i], name);

        if (found && found->received)
            return true;
    }
    return false;
}

void gap_find_missed(struct gap *gap, bool doubts)
{
    for (size_t c = 0; c < gap->categories->count; c++)
        for (size_t day = 0; day < gap->days && can_be_missed(gap, c); day++)
            open_days(gap, c)[day] = is_missed(gap, c, date_of(gap, day), doubts);
}

bool gap_is_open(const struct gap *gap, size_t category)
{
    for (size_t day = 0; day < gap->days; day++)
        if (open_days(gap, category)[day])
            return true;
    return false;
}

bool gap_is_any_open(const struct gap *gap)
{
    for (size_t c = 0; c < gap->categories->count; c++)
        if (gap_is_open(gap, c))
            return true;
    return false;
}

int gap_note_missed(struct gap *gap, int64_t now_utc, struct error *error)
{
    const struct wanted wanted = {.categories = *gap->categories};
    struct error missed;

    error_set(&missed, ERROR_TEMPORARY, "not asked for on its day");
    for (size_t day = 0; day + 1 < gap->days; day++)
        if (announcement_is_day(date_of(gap, day), &gap->holidays) &&
            !find_edition(gap, date_of(gap, day)) &&
            fetching_store_failure(gap->site, &wanted, date_of(gap, day), now_utc, &missed, error) < 0)
            return -1;
    return 0;
}

/* ---- papers ---- */

struct date gap_begin(struct gap *gap, size_t category)
{
    size_t first = gap->days;

    gap->category = category;
    for (size_t day = gap->days; day-- > 0;) {
        papers_free(&gap->papers[day]);
        papers_init(&gap->papers[day]);
        if (open_days(gap, category)[day])
            first = day;
    }
    return date_of(gap, first);
}

/* The open day that a date belongs to. What would have stood in a feed that was
 * read whole, and did not, was announced later: moderation holds some for days.
 * gap->days: none. */
static size_t find_day(const struct gap *gap, struct date date)
{
    const unsigned char *open = open_days(gap, gap->category);
    int64_t day = date_to_days(date) - date_to_days(gap->since);
    size_t first = 0;

    while (first < gap->days && !open[first])
        first++;
    if (day < (int64_t)first)
        return gap->days; /* older than what is missing */
    while (day < (int64_t)gap->days && !open[day])
        day++;
    return day < (int64_t)gap->days ? (size_t)day : gap->days;
}

/* In a feed of the category; others' papers are listed in it as cross-lists. */
static enum announce_type type_of(const struct gap *gap, const struct paper *paper, bool is_first)
{
    struct paper primary = *paper;
    struct view category = view_of(gap->categories->items[gap->category]);

    primary.category_count = paper->category_count ? 1 : 0;
    if (completeness_is_in_category(&primary, category))
        return is_first ? ANNOUNCE_NEW : ANNOUNCE_REPLACE;
    return is_first ? ANNOUNCE_CROSS : ANNOUNCE_REPLACE_CROSS;
}

/* The day and the type of what the store lacks of a paper; gap->days: nothing. A
 * paper that it has as a replacement only was never announced to anybody here. */
static size_t find_lack(const struct gap *gap, const struct paper *paper, bool is_listed,
                        const struct listing *listing, enum announce_type *ret_type)
{
    const struct zone *zone = gap->site->arxiv_zone;
    int64_t first_utc =
        paper->first_submitted_utc ? paper->first_submitted_utc : paper->submitted_utc;
    size_t day = find_day(gap, announcement_date(first_utc, zone, &gap->holidays));

    /* First announced within the gap, and perhaps revised at once: new all the same. */
    *ret_type = type_of(gap, paper, true);
    if (day < gap->days && (!is_listed || listing->type > *ret_type))
        return day;
    if (paper->version <= 1 || (is_listed && listing->version >= paper->version))
        return gap->days;
    *ret_type = type_of(gap, paper, false);
    return find_day(gap, announcement_date(paper->submitted_utc, zone, &gap->holidays));
}

int gap_take(struct gap *gap, const struct paper *paper, struct error *error)
{
    struct paper dated = *paper;
    struct listing listing = {ANNOUNCE_NEW, 0};
    bool is_listed;
    size_t day;

    if (!paper->submitted_utc)
        return 0;
    if (store_find_listing(gap->site->store, paper->id, &listing, &is_listed, error) < 0)
        return -1;
    day = find_lack(gap, paper, is_listed, &listing, &dated.announce_type);
    if (day == gap->days)
        return 0;
    dated.date = date_of(gap, day);
    papers_add(&gap->papers[day], &dated, NULL);
    return 0;
}

static int store_days(struct gap *gap, bool is_whole, int64_t now_utc, size_t *papers,
                      struct error *error)
{
    for (size_t day = 0; day < gap->days; day++) {
        struct edition_category category = {
            .name = gap->categories->items[gap->category],
            .received = (long)gap->papers[day].count,
            .known = is_whole ? (long)gap->papers[day].count : -1,
            .state = is_whole ? EDITION_COMPLETE : EDITION_LATE,
        };
        struct edition edition = {.date = date_of(gap, day), .estimated = true,
                                  .fetched_utc = now_utc, .state = category.state,
                                  .categories = &category, .category_count = 1};

        if (!open_days(gap, gap->category)[day])
            continue;
        if (fetching_merge(gap->site, &edition, &gap->papers[day], error) < 0)
            return -1;
        *papers += gap->papers[day].count;
    }
    return 0;
}

int gap_store(struct gap *gap, bool is_whole, int64_t now_utc, size_t *papers,
              struct error *error)
{
    if (store_begin(gap->site->store, error) < 0)
        return -1;
    if (store_lock(gap->site->store, STORE_LOCK_EDITIONS, error) < 0 ||
        store_days(gap, is_whole, now_utc, papers, error) < 0) {
        store_rollback(gap->site->store);
        return -1;
    }
    return store_commit(gap->site->store, error);
}
