#include "papers/holidays.h"

#include <stdlib.h>

#include "base/memory.h"

enum { DATE_CHARACTERS = 10, QUOTED_CHARACTERS = 60 };

static int compare(const void *a, const void *b)
{
    return date_compare(*(const struct date *)a, *(const struct date *)b);
}

static void sort_unique(struct holiday_table *holidays)
{
    size_t kept = 0;

    if (holidays->count)
        qsort(holidays->items, holidays->count, sizeof(holidays->items[0]), compare);
    for (size_t i = 0; i < holidays->count; i++)
        if (!kept || date_compare(holidays->items[kept - 1], holidays->items[i]) != 0)
            holidays->items[kept++] = holidays->items[i];
    holidays->count = kept;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool parse_line(struct view line, struct date *ret_date)
{
    if (line.size > DATE_CHARACTERS && !is_blank(line.data[DATE_CHARACTERS]))
        return false;
    return date_parse(view_slice(line, 0, DATE_CHARACTERS), ret_date);
}

int holidays_parse(const char *name, struct view text, struct holiday_table *ret_holidays,
                   struct error *error)
{
    struct holiday_table holidays = {0};
    size_t capacity = 0, number = 0;
    struct view line;

    if (view_starts_with(text, VIEW("\xEF\xBB\xBF")))
        text = view_slice(text, 3, text.size);
    while (view_next_line(&text, &line)) {
        struct date date;

        number++;
        while (line.size && is_blank(line.data[0]))
            line = view_slice(line, 1, line.size);
        if (!line.size || line.data[0] == '#')
            continue;
        if (!parse_line(line, &date)) {
            holidays_free(&holidays);
            return error_set(error, ERROR_CONFIGURATION,
                             "%s:%zu: \"%.*s\" does not start with a date such as 2026-12-25", name,
                             number,
                             VIEW_ARGUMENTS(view_slice(line, 0, line.size < QUOTED_CHARACTERS
                                                                    ? line.size
                                                                    : QUOTED_CHARACTERS)));
        }
        holidays.items =
            memory_grow(holidays.items, &capacity, holidays.count + 1, sizeof(holidays.items[0]));
        holidays.items[holidays.count++] = date;
    }
    sort_unique(&holidays);
    *ret_holidays = holidays;
    return 0;
}

void holidays_free(struct holiday_table *holidays)
{
    free(holidays->items);
    *holidays = (struct holiday_table){0};
}

bool holidays_contain(const struct holiday_table *holidays, struct date date)
{
    return holidays->count && bsearch(&date, holidays->items, holidays->count,
                                      sizeof(holidays->items[0]), compare) != NULL;
}
