#include "commands/edition_source.h"

#include "store/editions.h"

enum { EDITIONS_LOOKED_AT = 31 };

static int find_latest(struct site *site, struct date *ret_date, struct error *error)
{
    struct edition_list list = {0};

    if (store_list_editions(site->store, (struct date){0}, EDITIONS_LOOKED_AT, &list, error) < 0)
        return -1;
    for (size_t i = 0; i < list.count; i++)
        if (list.items[i].paper_count) {
            *ret_date = list.items[i].date;
            edition_list_free(&list);
            return 0;
        }
    edition_list_free(&list);
    return error_set(error, ERROR_MISSING,
                     "no edition is stored yet; paperboy fetch brings one, --papers FILE reads one");
}

static int read_stored(struct site *site, struct date date, struct input *input,
                       struct error *error)
{
    if (site_open_store(site, error) < 0)
        return -1;
    if (!date_is_set(date) && find_latest(site, &date, error) < 0)
        return -1;
    input->date = date;
    return store_load_edition(site->store, date, &input->papers, error);
}

int edition_source_read(struct site *site, const struct strings *sources, struct date date,
                        struct input *ret_input, struct error *error)
{
    struct input input = {.complete = true};

    if (sources->count)
        return input_read(site, sources, ret_input, error);
    papers_init(&input.papers);
    if (read_stored(site, date, &input, error) < 0) {
        input_free(&input);
        return -1;
    }
    *ret_input = input;
    return 0;
}
