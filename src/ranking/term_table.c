#include "ranking/term_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void term_table_init(struct term_table *table)
{
    memset(table, 0, sizeof(*table));
}

void term_table_free(struct term_table *table)
{
    free(table->terms);
    free(table->numbers);
    term_table_init(table);
}

/* Terms are hashes already: their low bits are as good as any. */
static size_t place_of(const struct term_table *table, uint64_t term)
{
    size_t place = term & (table->capacity - 1);

    while (table->terms[place] && table->terms[place] != term)
        place = (place + 1) & (table->capacity - 1);
    return place;
}

static void grow(struct term_table *table)
{
    struct term_table larger = {.capacity = table->capacity ? table->capacity * 2 : 1024,
                                .count = table->count};

    larger.terms = memory_new(larger.capacity, sizeof(*larger.terms));
    larger.numbers = memory_new(larger.capacity, sizeof(*larger.numbers));
    for (size_t i = 0; i < table->capacity; i++) {
        size_t place;

        if (!table->terms[i])
            continue;
        place = place_of(&larger, table->terms[i]);
        larger.terms[place] = table->terms[i];
        larger.numbers[place] = table->numbers[i];
    }
    term_table_free(table);
    *table = larger;
}

uint32_t term_table_add(struct term_table *table, uint64_t term)
{
    size_t place;

    if ((size_t)table->count * 2 >= table->capacity)
        grow(table);
    place = place_of(table, term);
    if (!table->terms[place]) {
        table->terms[place] = term;
        table->numbers[place] = table->count++;
    }
    return table->numbers[place];
}

uint32_t term_table_find(const struct term_table *table, uint64_t term)
{
    size_t place;

    if (!table->capacity)
        return TERM_NONE;
    place = place_of(table, term);
    return table->terms[place] ? table->numbers[place] : TERM_NONE;
}
