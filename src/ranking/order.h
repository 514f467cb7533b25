/* Few things put in order, the largest first, without branches that are hard to
 * foresee. Private to this folder; pure. */
#ifndef RANKING_ORDER_H
#define RANKING_ORDER_H

#include <stddef.h>
#include <stdint.h>

enum { ORDER_KEY_MAX = INT16_MAX };

struct order_item {
    double value;
    uint32_t place;
};

/* What to multiply values with, of which this one is the largest, to tell most of
 * them apart as keys. */
double order_scale(double largest);
/* Of a value that is no larger: a larger key is only had by a larger value. */
static inline int16_t order_key(double value, double scale)
{
    return (int16_t)(int32_t)(value * scale);
}
/* The places of the values, none of them negative: the largest first, and of equal ones
 * the first one first. `scale` is order_scale of a value that none is larger than.
 * `scratch` and `ret_places` have room for `count`. */
void order_descending(const double *values, size_t count, double scale,
                      struct order_item *scratch, uint32_t *ret_places);

/* The same of few values, some of which are known to be equal or near. */
void order_near(const double *values, size_t count, uint32_t *ret_places);

#endif
