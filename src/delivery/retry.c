#include "delivery/retry.h"

int64_t retry_after(int64_t now_utc, int attempts, uint32_t random)
{
    static const int64_t seconds[] = {5 * 60, 15 * 60, 30 * 60, 60 * 60};
    const int last = (int)(sizeof(seconds) / sizeof(seconds[0])) - 1;
    int at = attempts < 1 ? 0 : attempts - 1;
    int64_t wait = seconds[at > last ? last : at];

    return now_utc + wait - wait / 10 + (int64_t)(random % (uint32_t)(wait / 5 + 1));
}
