/* What the store had before: the difference between a fresh feed and a stale one. */
#include "store/editions.h"
#include "store/paper_row.h"
#include "store/query.h"

static int is_listed_before(struct store *store, const struct paper *paper, const char *date,
                            struct error *error)
{
    struct query query;
    int result;

    query_start(&query, store,
                "SELECT 1 FROM edition_papers WHERE paper = $1 AND edition < $2"
                " AND announce_type = $3 AND version = $4 LIMIT 1", error);
    query_view(&query, paper->id);
    query_text(&query, date);
    query_text(&query, announce_type_name(paper->announce_type));
    query_integer(&query, paper->version);
    result = query_next(&query);
    query_end(&query);
    return result;
}

static bool has_category(const struct paper *paper, struct view name)
{
    for (size_t i = 0; i < paper->category_count; i++)
        if (view_equal(paper->categories[i], name))
            return true;
    return false;
}

/* A second cross-list, to other categories, differs in them alone. */
static int knows_categories(struct store *store, const struct paper *paper, struct error *error)
{
    struct papers stored;
    int result;

    papers_init(&stored);
    result = paper_row_find(store, paper->id, &stored, error);
    for (size_t i = 0; i < paper->category_count && result > 0; i++)
        if (!has_category(&stored.items[0], paper->categories[i]))
            result = 0;
    papers_free(&stored);
    return result;
}

int store_find_seen(struct store *store, const struct papers *papers, struct date date,
                    unsigned char *ret_seen, struct error *error)
{
    char text[DATE_TEXT_BYTES];

    date_format(date, text);
    for (size_t i = 0; i < papers->count; i++) {
        int result = is_listed_before(store, &papers->items[i], text, error);

        if (result > 0)
            result = knows_categories(store, &papers->items[i], error);
        if (result < 0)
            return -1;
        ret_seen[i] = result > 0;
    }
    return 0;
}

int store_count_listings(struct store *store, const struct papers *papers, size_t *ret_counts,
                         struct error *error)
{
    for (size_t i = 0; i < papers->count; i++) {
        struct query query;
        int row;

        query_start(&query, store, "SELECT count(*) FROM edition_papers WHERE paper = $1", error);
        query_view(&query, papers->items[i].id);
        row = query_next(&query);
        if (row > 0)
            ret_counts[i] = (size_t)query_get_integer(&query, 0);
        query_end(&query);
        if (row < 0)
            return -1;
    }
    return 0;
}

int store_find_listing(struct store *store, struct view id, struct listing *ret_listing,
                       bool *ret_found, struct error *error)
{
    struct listing listing = {ANNOUNCE_REPLACE_CROSS, 0};
    struct query query;
    bool found = false;
    int row;

    query_start(&query, store, "SELECT announce_type, version FROM edition_papers WHERE paper = $1",
                error);
    query_view(&query, id);
    while ((row = query_next(&query)) > 0) {
        enum announce_type type = ANNOUNCE_NEW;
        int version = (int)query_get_integer(&query, 1);

        announce_type_parse(query_get_view(&query, 0), &type);
        if (type < listing.type)
            listing.type = type;
        if (version > listing.version)
            listing.version = version;
        found = true;
    }
    query_end(&query);
    if (row < 0)
        return -1;
    *ret_found = found;
    if (found)
        *ret_listing = listing;
    return 0;
}
