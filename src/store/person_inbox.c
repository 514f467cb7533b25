#include "store/person.h"

#include "store/query.h"

/* A letter of `kinds` for each column, as struct person_cell has them. */
static const struct list {
    const char *name;
    const char *sql;
    const char *names[PERSON_CELLS_MAX];
    const char *kinds;
} LISTS[] = {
    {"pending",
     "SELECT kind, address, other, commands, created_utc, expires_utc, confirmed_utc,"
     " other_confirmed_utc, done_utc FROM pending WHERE address = $1 OR other = $1"
     " ORDER BY created_utc, id",
     {"kind", "address", "other", "commands", "created", "expires", "confirmed", "other_confirmed",
      "done"},
     "ttttuuuuu"},
    {"history",
     "SELECT changed_utc, document FROM profile_history WHERE address = $1 ORDER BY number",
     {"changed", "before"}, "ut"},
    {"bounces",
     "SELECT sent_day * 86400, kind, evidence, noted_utc FROM bounces WHERE address = $1"
     " ORDER BY sent_day",
     {"sent", "kind", "evidence", "noted"}, "uttu"},
    {"moves",
     "SELECT address, other, since_utc FROM moved_addresses WHERE address = $1 OR other = $1"
     " ORDER BY since_utc, address",
     {"from", "to", "since"}, "ttu"},
    {"changing",
     "SELECT begun_utc, document FROM mail_intents WHERE address = $1 ORDER BY begun_utc, hash",
     {"begun", "before"}, "ut"},
};

static struct person_row read_row(const struct list *list, const struct query *query)
{
    struct person_row row = {0};

    for (int i = 0; list->kinds[i]; i++) {
        struct person_cell *cell = &row.cells[row.count++];

        *cell = (struct person_cell){.name = list->names[i]};
        if (query_is_null(query, i))
            continue;
        cell->kind = list->kinds[i];
        if (cell->kind == 't')
            cell->text = query_get_view(query, i);
        else
            cell->integer = query_get_integer(query, i);
    }
    return row;
}

static int each_of(struct store *store, const struct list *list, const char *address,
                   person_row_visit *visit, void *user, struct error *error)
{
    struct query query;
    int found;

    visit(user, list->name, &(struct person_row){0});
    query_start(&query, store, list->sql, error);
    query_text(&query, address);
    while ((found = query_next(&query)) > 0) {
        struct person_row row = read_row(list, &query);

        visit(user, list->name, &row);
    }
    query_end(&query);
    return found;
}

int person_each_row(struct store *store, const char *address, person_row_visit *visit, void *user,
                    struct error *error)
{
    for (size_t i = 0; i < sizeof(LISTS) / sizeof(LISTS[0]); i++)
        if (each_of(store, &LISTS[i], address, visit, user, error) < 0)
            return -1;
    return 0;
}
