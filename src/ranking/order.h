/* Few things put in order, the largest first, without branches that are hard to
 * foresee. Private to this folder; pure. */
#ifndef RANKING_ORDER_H
#define RANKING_ORDER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { ORDER_KEYS = 64 };

/* A number that is larger for a larger value and, where they are nearly the same, for
 * a smaller place, which is below ORDER_KEYS. */
static inline int32_t order_key(double value, size_t place)
{
    float rounded = (float)value;
    int32_t bits; /* in the order of the numbers, as none is negative */

    memcpy(&bits, &rounded, sizeof(bits));
    return (bits & ~(ORDER_KEYS - 1)) | (int32_t)(ORDER_KEYS - 1 - place);
}

struct order_item {
    double value; /* not negative */
    uint32_t number; /* of equal values the smaller one is first */
};

/* `numbers` ascend. */
void order_descending(const double *values, const uint32_t *numbers, size_t count,
                      struct order_item *ret_items);

#endif
