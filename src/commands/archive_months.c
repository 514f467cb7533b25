#include "commands/archive_months.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define KIND_MONTH "archive-month"

enum { MONTH_TEXT_BYTES = 8, MONTH_BYTES = 64 * 1024 * 1024, LABEL_BYTES = 64 * 1024 };

/* One month: its counts, and a line "2026-06-30 1605" for each edition that is in
 * them with so many of its papers. */
struct month {
    char name[MONTH_TEXT_BYTES]; /* "2026-06" */
    struct rarity rarity;
    struct buffer label;
    bool changed;
};

static void month_name(struct date date, char ret_name[MONTH_TEXT_BYTES])
{
    char text[DATE_TEXT_BYTES];

    date_format(date, text);
    memcpy(ret_name, text, MONTH_TEXT_BYTES - 1);
    ret_name[MONTH_TEXT_BYTES - 1] = '\0';
}

static size_t counted_papers(struct view label, const char *date)
{
    struct view line, name;
    long papers;

    while (view_next_line(&label, &line)) {
        view_next_part(&line, ' ', &name);
        if (view_equal_string(name, date) && view_to_long(line, &papers) && papers > 0)
            return (size_t)papers;
    }
    return 0;
}

/* The label with the edition's line replaced, or added. */
static void note_counted(struct buffer *label, const char *date, size_t papers)
{
    struct buffer old = *label;
    struct view rest = buffer_view(&old), line;

    buffer_init(label, LABEL_BYTES);
    while (view_next_line(&rest, &line))
        if (!view_starts_with(line, view_of(date)))
            buffer_printf(label, "%.*s\n", VIEW_ARGUMENTS(line));
    buffer_printf(label, "%s %zu\n", date, papers);
    buffer_free(&old);
}

/* Odd bytes are no bytes: the month is counted from its beginning. */
static int month_load(struct store *store, struct month *month, struct error *error)
{
    struct buffer bytes;
    struct view label;
    bool found = false;
    int result;

    buffer_init(&bytes, MONTH_BYTES);
    result = derived_get(store, KIND_MONTH, month->name, &bytes, &found, error);
    if (result == 0 && found && rarity_unpack(buffer_view(&bytes), &month->rarity, &label) == 0)
        buffer_add_view(&month->label, label);
    buffer_free(&bytes);
    return result;
}

static int month_keep(struct store *store, const struct month *month, int64_t now_utc,
                      struct error *error)
{
    struct buffer bytes;
    int result;

    buffer_init(&bytes, MONTH_BYTES);
    rarity_pack(&month->rarity, buffer_view(&month->label), &bytes);
    result = derived_put(store, KIND_MONTH, month->name, buffer_view(&bytes), now_utc, error);
    buffer_free(&bytes);
    return result;
}

static void count(struct month *month, struct word_splitter *splitter, const struct papers *papers)
{
    rarity_add_papers(&month->rarity, splitter, papers);
    rarity_trim(&month->rarity, 1, ARCHIVE_MONTH_TERMS);
}

static int count_edition(struct store *store, struct month *month, struct word_splitter *splitter,
                         const struct edition *edition, struct error *error)
{
    char date[DATE_TEXT_BYTES];
    struct papers papers;
    size_t from;
    int result;

    date_format(edition->date, date);
    from = counted_papers(buffer_view(&month->label), date);
    if (from >= edition->paper_count)
        return 0;
    papers_init(&papers);
    result = store_load_first_listed(store, edition->date, from, &papers, error);
    if (result == 0) {
        count(month, splitter, &papers);
        note_counted(&month->label, date, edition->paper_count);
        month->changed = true;
    }
    papers_free(&papers);
    return result;
}

static int add_month(struct archive *archive, struct word_splitter *splitter,
                     const struct edition *editions, size_t edition_count, int64_t now_utc,
                     struct rarity *sum, struct error *error)
{
    struct store *store = archive->site->store;
    struct month month = {0};
    int result;

    buffer_init(&month.label, LABEL_BYTES);
    month_name(editions[0].date, month.name);
    result = month_load(store, &month, error);
    /* Oldest first, as they came. */
    for (size_t i = edition_count; i-- > 0 && result == 0;)
        result = count_edition(store, &month, splitter, &editions[i], error);
    if (result == 0 && month.changed && archive->writes)
        result = month_keep(store, &month, now_utc, error);
    if (result == 0)
        rarity_add(sum, &month.rarity);
    rarity_free(&month.rarity);
    buffer_free(&month.label);
    return result;
}

/* Those that the store does not know yet. */
static int add_unstored(struct archive *archive, struct word_splitter *splitter,
                        struct rarity *sum, struct error *error)
{
    struct papers fresh;
    int result = 0;

    papers_init(&fresh);
    for (size_t i = 0; i < archive->unstored->count && result == 0; i++) {
        struct papers known;
        bool found = false;

        papers_init(&known);
        result = store_find_paper(archive->site->store, archive->unstored->items[i].id, &known,
                                  &found, error);
        papers_free(&known);
        if (!found)
            papers_add(&fresh, &archive->unstored->items[i], NULL);
    }
    if (result == 0)
        rarity_add_papers(sum, splitter, &fresh);
    papers_free(&fresh);
    return result;
}

static bool same_month(struct date a, struct date b)
{
    return a.year == b.year && a.month == b.month;
}

int archive_sum_months(struct archive *archive, const struct edition_list *editions,
                       int64_t now_utc, struct rarity *ret_sum, struct error *error)
{
    struct word_splitter *splitter = word_splitter_new();
    struct rarity sum = {0};
    int result = 0;

    for (size_t i = 0, end; i < editions->count && result == 0; i = end) {
        for (end = i + 1; end < editions->count; end++)
            if (!same_month(editions->items[i].date, editions->items[end].date))
                break;
        result = add_month(archive, splitter, &editions->items[i], end - i, now_utc, &sum, error);
    }
    if (result == 0 && archive->unstored)
        result = add_unstored(archive, splitter, &sum, error);
    if (result == 0 && editions->count && archive->writes) {
        char oldest[MONTH_TEXT_BYTES];

        month_name(editions->items[editions->count - 1].date, oldest);
        result = derived_drop_below(archive->site->store, KIND_MONTH, oldest, error);
    }
    word_splitter_free(&splitter);
    if (result < 0) {
        rarity_free(&sum);
        return -1;
    }
    *ret_sum = sum;
    return 0;
}
