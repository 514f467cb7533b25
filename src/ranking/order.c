#include "ranking/order.h"

#include <float.h>
#include <stdbool.h>
#include <stdlib.h>

#include "ranking/dense.h"

enum { FEW = 64 };

_Static_assert(FEW % DENSE_KEYS == 0, "keys come in whole vectors");

double order_scale(double largest)
{
    return largest > DBL_MIN && largest < DBL_MAX ? ORDER_KEY_MAX / largest : 0;
}

/* By keys, which are in the order of the values; false when some are the same. */
static bool order_keys(const double *values, size_t count, double scale, uint32_t *ret_places)
{
    int16_t keys[FEW] = {0}, ranks[FEW];
    uint64_t taken = 0;

    for (size_t i = 0; i < count; i++)
        keys[i] = order_key(values[i], scale);
    dense_ranks(keys, count, ranks);
    for (size_t i = 0; i < count; i++) {
        ret_places[ranks[i]] = (uint32_t)i;
        taken |= (uint64_t)1 << ranks[i];
    }
    return !count || taken == UINT64_MAX >> (FEW - count);
}

void order_near(const double *values, size_t count, uint32_t *ret_places)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = i;

        for (; at > 0 && values[i] > values[ret_places[at - 1]]; at--)
            ret_places[at] = ret_places[at - 1];
        ret_places[at] = (uint32_t)i;
    }
}

static int compare(const void *a, const void *b)
{
    const struct order_item *left = a, *right = b;

    if (left->value > right->value || left->value < right->value)
        return left->value > right->value ? -1 : 1;
    return (left->place > right->place) - (left->place < right->place);
}

void order_descending(const double *values, size_t count, double scale,
                      struct order_item *scratch, uint32_t *ret_places)
{
    if (count <= FEW) {
        if (!order_keys(values, count, scale, ret_places))
            order_near(values, count, ret_places);
        return;
    }
    for (size_t i = 0; i < count; i++)
        scratch[i] = (struct order_item){values[i], (uint32_t)i};
    qsort(scratch, count, sizeof(*scratch), compare);
    for (size_t i = 0; i < count; i++)
        ret_places[i] = scratch[i].place;
}
