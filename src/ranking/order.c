#include "ranking/order.h"

#include <stdbool.h>
#include <stdlib.h>

#include "ranking/dense.h"

static bool comes_before(const struct order_item *a, const struct order_item *b)
{
    if (a->value > b->value || a->value < b->value)
        return a->value > b->value;
    return a->number < b->number;
}

static int compare(const void *a, const void *b)
{
    return comes_before(a, b) ? -1 : comes_before(b, a);
}

/* Nearly all is done by ranks of rounded values. */
static void order_few(const double *values, const uint32_t *numbers, size_t count,
                      struct order_item *items)
{
    int32_t keys[ORDER_KEYS] = {0}, ranks[ORDER_KEYS];
    bool is_done = true;

    for (size_t i = 0; i < count; i++)
        keys[i] = order_key(values[i], i);
    dense_ranks(keys, count, ranks);
    for (size_t i = 0; i < count; i++)
        items[ranks[i]] = (struct order_item){values[i], numbers[i]};
    for (size_t i = 1; i < count; i++)
        is_done &= items[i - 1].value > items[i].value;
    for (size_t i = 1; i < count && !is_done; i++) {
        struct order_item moved = items[i];
        size_t at = i;

        for (; at > 0 && comes_before(&moved, &items[at - 1]); at--)
            items[at] = items[at - 1];
        items[at] = moved;
    }
}

void order_descending(const double *values, const uint32_t *numbers, size_t count,
                      struct order_item *ret_items)
{
    if (count <= ORDER_KEYS) {
        order_few(values, numbers, count, ret_items);
        return;
    }
    for (size_t i = 0; i < count; i++)
        ret_items[i] = (struct order_item){values[i], numbers[i]};
    qsort(ret_items, count, sizeof(*ret_items), compare);
}
