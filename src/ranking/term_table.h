/* From 64-bit terms to small numbers in order of arrival. Used by the index
 * and by rarity. */
#ifndef RANKING_TERM_TABLE_H
#define RANKING_TERM_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define TERM_NONE UINT32_MAX

struct term_table {
    uint64_t *terms; /* 0: free place */
    uint32_t *numbers;
    size_t capacity; /* a power of two */
    uint32_t count;
};

void term_table_init(struct term_table *table);
void term_table_free(struct term_table *table);
uint32_t term_table_add(struct term_table *table, uint64_t term); /* new or known */
uint32_t term_table_find(const struct term_table *table, uint64_t term); /* or TERM_NONE */

#endif
