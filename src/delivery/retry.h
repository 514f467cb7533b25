/* When a deferred message is tried again. Pure. */
#ifndef DELIVERY_RETRY_H
#define DELIVERY_RETRY_H

#include <stdint.h>

/* After the `attempts`-th attempt (from 1): about 5, 15, 30, 60 minutes, then
 * hourly. `random` (any 32 bits) moves it by up to a tenth either way, so that
 * what failed together does not come back together. */
int64_t retry_after(int64_t now_utc, int attempts, uint32_t random);

#endif
