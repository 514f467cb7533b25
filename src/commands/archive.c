#include "commands/archive.h"

#include <stdio.h>
#include <string.h>

#include "commands/archive_months.h"

#define KIND_SNAPSHOT "archive"
#define KIND_CHOICE "archive-of" /* an edition's date -> its snapshot's name */

enum { SNAPSHOT_BYTES = 64 * 1024 * 1024, EDITIONS_MAX = 10000, CHOICES = 90, LABEL_BYTES = 64 };

/* The editions that belong into a snapshot of `date`, newest first, and how many
 * papers they list together. */
static int list_editions(struct archive *archive, struct date date, struct edition_list *ret_list,
                         size_t *ret_listed, struct error *error)
{
    long days = archive->site->configuration.retention.papers_days;
    struct date first = date_from_days(date_to_days(date) - days);
    struct edition_list list;
    size_t kept = 0, listed = 0;

    if (store_list_editions(archive->site->store, first, EDITIONS_MAX, &list, error) < 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        if (date_compare(list.items[i].date, date) > 0)
            continue;
        listed += list.items[i].paper_count;
        list.items[kept++] = list.items[i];
    }
    list.count = kept;
    if (archive->unstored)
        listed += archive->unstored->count;
    *ret_list = list;
    *ret_listed = listed;
    return 0;
}

/* ---- in memory ---- */

static struct archive_snapshot *find_loaded(struct archive *archive, const char *name)
{
    for (size_t i = 0; i < ARCHIVE_LOADED; i++)
        if (strcmp(archive->snapshots[i].name, name) == 0)
            return &archive->snapshots[i];
    return NULL;
}

/* Takes the rarities. NULL when all are in use. */
static struct archive_snapshot *keep_loaded(struct archive *archive, const char *name,
                                            struct rarity *rarity)
{
    for (size_t i = 0; i < ARCHIVE_LOADED; i++) {
        struct archive_snapshot *snapshot = &archive->snapshots[i];

        if (snapshot->users)
            continue;
        rarity_free(&snapshot->rarity);
        snapshot->rarity = *rarity;
        snprintf(snapshot->name, sizeof(snapshot->name), "%s", name);
        return snapshot;
    }
    return NULL;
}

/* ---- in the store ---- */

/* A snapshot with how many papers were listed when it was made. */
struct stored {
    struct rarity rarity;
    long listed;
    bool found; /* and sound */
};

static int load(struct archive *archive, const char *name, struct stored *ret_stored,
                struct error *error)
{
    struct buffer bytes;
    struct view label;
    int result;

    *ret_stored = (struct stored){0};
    buffer_init(&bytes, SNAPSHOT_BYTES);
    result = derived_get(archive->site->store, KIND_SNAPSHOT, name, &bytes, &ret_stored->found,
                         error);
    if (result == 0 && ret_stored->found) {
        ret_stored->found =
            rarity_unpack(buffer_view(&bytes), &ret_stored->rarity, &label) == 0;
        if (ret_stored->found && !view_to_long(label, &ret_stored->listed))
            ret_stored->listed = 0;
    }
    buffer_free(&bytes);
    return result;
}

static int make(struct archive *archive, const struct edition_list *editions, size_t listed,
                int64_t now_utc, struct stored *ret_stored, struct error *error)
{
    *ret_stored = (struct stored){.listed = (long)listed, .found = true};
    if (archive_sum_months(archive, editions, now_utc, &ret_stored->rarity, error) < 0)
        return -1;
    rarity_trim(&ret_stored->rarity, 2, ARCHIVE_TERMS);
    return 0;
}

/* Of several who make one, the first is right: what is there then is taken. */
static int keep(struct archive *archive, const char *name, int64_t now_utc, struct stored *stored,
                struct error *error)
{
    struct store *store = archive->site->store;
    struct buffer bytes, label;
    struct stored first;
    int result;

    buffer_init(&bytes, SNAPSHOT_BYTES);
    buffer_init(&label, LABEL_BYTES);
    buffer_printf(&label, "%ld", stored->listed);
    rarity_pack(&stored->rarity, buffer_view(&label), &bytes);
    result = derived_put_first(store, KIND_SNAPSHOT, name, buffer_view(&bytes), now_utc, error);
    if (result == 0)
        result = load(archive, name, &first, error);
    if (result == 0 && first.found) {
        rarity_free(&stored->rarity);
        *stored = first;
    } else if (result == 0) { /* odd bytes were in the way */
        result = derived_put(store, KIND_SNAPSHOT, name, buffer_view(&bytes), now_utc, error);
    }
    if (result == 0)
        result = derived_keep_last(store, KIND_SNAPSHOT, ARCHIVE_SNAPSHOTS, error);
    buffer_free(&bytes);
    buffer_free(&label);
    return result;
}

static int make_and_keep(struct archive *archive, struct date date, int64_t now_utc,
                         const char *name, struct stored *ret_stored, struct error *error)
{
    struct edition_list editions = {0};
    size_t listed;
    int result;

    if (list_editions(archive, date, &editions, &listed, error) < 0)
        return -1;
    result = make(archive, &editions, listed, now_utc, ret_stored, error);
    edition_list_free(&editions);
    if (result == 0 && archive->writes)
        result = keep(archive, name, now_utc, ret_stored, error);
    if (result < 0)
        rarity_free(&ret_stored->rarity);
    return result;
}

/* ---- which one ---- */

static bool is_near(size_t now, long then)
{
    size_t before = (size_t)then;

    return now - now / (ARCHIVE_GROWTH + 1) <= before && before - before / (ARCHIVE_GROWTH + 1) <= now;
}

/* The latest up to this edition, if it still says what the archive is, or any if there
 * are only later ones; else one of this edition's own. */
static int choose(struct archive *archive, struct date date, char ret_name[DERIVED_NAME_BYTES + 1],
                  struct error *error)
{
    struct store *store = archive->site->store;
    char own[DATE_TEXT_BYTES], newest[DERIVED_NAME_BYTES + 1] = "";
    struct edition_list editions = {0};
    struct stored stored;
    size_t listed;
    bool any, found;

    date_format(date, own);
    if (derived_find_last(store, KIND_SNAPSHOT, "9999-12-31", newest, &any, error) < 0 ||
        derived_find_last(store, KIND_SNAPSHOT, own, ret_name, &found, error) < 0)
        return -1;
    if (!any) {
        memcpy(ret_name, own, sizeof(own));
        return 0;
    }
    if (!found || strcmp(ret_name, newest) != 0) {
        if (!found)
            memcpy(ret_name, newest, sizeof(newest));
        return 0;
    }
    if (list_editions(archive, date, &editions, &listed, error) < 0)
        return -1;
    edition_list_free(&editions);
    if (load(archive, ret_name, &stored, error) < 0)
        return -1;
    if (!stored.found || !is_near(listed, stored.listed))
        memcpy(ret_name, own, sizeof(own));
    rarity_free(&stored.rarity);
    return 0;
}

static int find_choice(struct archive *archive, const char *date,
                       char ret_name[DERIVED_NAME_BYTES + 1], bool *ret_found,
                       struct error *error)
{
    struct buffer name;

    buffer_init(&name, DERIVED_NAME_BYTES);
    if (derived_get(archive->site->store, KIND_CHOICE, date, &name, ret_found, error) < 0) {
        buffer_free(&name);
        return -1;
    }
    if (*ret_found)
        snprintf(ret_name, DERIVED_NAME_BYTES + 1, "%s", buffer_string(&name));
    buffer_free(&name);
    return 0;
}

/* The choice that was written down first, or is now. */
static int settle(struct archive *archive, struct date date, int64_t now_utc,
                  char ret_name[DERIVED_NAME_BYTES + 1], struct error *error)
{
    struct store *store = archive->site->store;
    char text[DATE_TEXT_BYTES];
    bool found;

    date_format(date, text);
    if (find_choice(archive, text, ret_name, &found, error) < 0)
        return -1;
    if (found)
        return 0;
    if (choose(archive, date, ret_name, error) < 0)
        return -1;
    if (!archive->writes)
        return 0;
    if (derived_put_first(store, KIND_CHOICE, text, view_of(ret_name), now_utc, error) < 0 ||
        derived_keep_last(store, KIND_CHOICE, CHOICES, error) < 0)
        return -1;
    return find_choice(archive, text, ret_name, &found, error);
}

/* A wrong date in the future would keep all later snapshots from being made. */
static bool is_plausible(struct archive *archive, struct date date, int64_t now_utc)
{
    return date_to_days(date) <= date_to_days(site_arxiv_date(archive->site, now_utc)) + 1;
}

int archive_take(struct archive *archive, struct date date, int64_t now_utc,
                 const struct rarity **ret_rarity, struct error *error)
{
    char name[DERIVED_NAME_BYTES + 1] = "";
    struct archive_snapshot *snapshot;
    struct stored stored;

    archive->writes = !archive->unstored && is_plausible(archive, date, now_utc);
    if (settle(archive, date, now_utc, name, error) < 0)
        return -1;
    snapshot = find_loaded(archive, name);
    if (!snapshot) {
        if (load(archive, name, &stored, error) < 0 ||
            (!stored.found &&
             make_and_keep(archive, date, now_utc, name, &stored, error) < 0))
            return -1;
        snapshot = keep_loaded(archive, name, &stored.rarity);
        if (!snapshot) {
            rarity_free(&stored.rarity);
            return error_set(error, ERROR_BUG, "archive: too many snapshots in use");
        }
    }
    snapshot->users++;
    *ret_rarity = &snapshot->rarity;
    return 0;
}

void archive_give_back(struct archive *archive, const struct rarity *rarity)
{
    for (size_t i = 0; i < ARCHIVE_LOADED; i++)
        if (&archive->snapshots[i].rarity == rarity)
            archive->snapshots[i].users--;
}

void archive_free(struct archive *archive)
{
    for (size_t i = 0; i < ARCHIVE_LOADED; i++)
        rarity_free(&archive->snapshots[i].rarity);
    memset(archive->snapshots, 0, sizeof(archive->snapshots));
}
