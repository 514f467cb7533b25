#include "store/paper_row.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/memory.h"

char *paper_row_list(const struct view *items, size_t count)
{
    json_t *list = json_array();
    char *text;

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_stringn(items[i].data ? items[i].data : "",
                                                 items[i].size));
    text = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    return text ? text : memory_copy_string("[]");
}

/* The views borrow from `list`. */
static struct view *views_of(const json_t *list, size_t *ret_count)
{
    size_t count = json_array_size(list);
    struct view *views = memory_new(count, sizeof(*views));

    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);

        views[i] = (struct view){json_string_value(item), json_string_length(item)};
    }
    *ret_count = count;
    return views;
}

static json_t *read_list(const struct query *query, int column)
{
    struct view text = query_get_view(query, column);

    return json_loadb(text.data ? text.data : "", text.size, 0, NULL);
}

int paper_row_add(const struct query *query, int version, enum announce_type type,
                  struct date date, struct papers *papers, struct error *error)
{
    struct paper paper = {
        .id = query_get_view(query, 0),
        .version = version,
        .source_title = query_get_view(query, 1),
        .source_abstract = query_get_view(query, 2),
        .announce_type = type,
        .date = date,
    };
    json_t *authors = read_list(query, 3), *categories = read_list(query, 4);
    int result = 0;

    if (!json_is_array(authors) || !json_is_array(categories)) {
        result = error_set(error, ERROR_CONFIGURATION,
                           "store: paper %.*s: its authors or categories are damaged",
                           VIEW_ARGUMENTS(paper.id));
    } else {
        paper.authors = views_of(authors, &paper.author_count);
        paper.categories = views_of(categories, &paper.category_count);
        papers_add(papers, &paper, NULL);
        free(paper.authors);
        free(paper.categories);
    }
    json_decref(authors);
    json_decref(categories);
    return result;
}

int paper_row_find(struct store *store, struct view id, struct papers *ret_papers,
                   struct error *error)
{
    struct query query;
    int result;

    query_start(&query, store,
                "SELECT " PAPER_COLUMNS ", p.version, p.announce_type, p.date FROM papers p"
                " WHERE p.id = $1", error);
    query_view(&query, id);
    result = query_next(&query);
    if (result > 0) {
        enum announce_type type = ANNOUNCE_NEW;

        announce_type_parse(query_get_view(&query, 6), &type);
        if (paper_row_add(&query, (int)query_get_integer(&query, 5), type,
                          query_get_date(&query, 7), ret_papers, error) < 0)
            result = -1;
    }
    query_end(&query);
    return result;
}

int paper_row_put(struct store *store, const struct paper *paper, int64_t now_utc,
                  struct error *error)
{
    char *authors = paper_row_list(paper->authors, paper->author_count);
    char *categories = paper_row_list(paper->categories, paper->category_count);
    char date[DATE_TEXT_BYTES];
    struct query query;
    int result;

    date_format(paper->date, date);
    query_start(&query, store,
                "INSERT INTO papers (id, version, source_title, source_abstract, authors,"
                " categories, announce_type, date, first_seen_utc)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
                " ON CONFLICT (id) DO UPDATE SET version = excluded.version,"
                " source_title = excluded.source_title, source_abstract = excluded.source_abstract,"
                " authors = excluded.authors, categories = excluded.categories,"
                " announce_type = excluded.announce_type", error);
    query_view(&query, paper->id);
    query_integer(&query, paper->version);
    query_view(&query, paper->source_title);
    query_view(&query, paper->source_abstract);
    query_text(&query, authors);
    query_text(&query, categories);
    query_text(&query, announce_type_name(paper->announce_type));
    query_text(&query, date_is_set(paper->date) ? date : NULL);
    query_integer(&query, now_utc);
    result = query_run(&query, NULL);
    free(authors);
    free(categories);
    return result;
}
