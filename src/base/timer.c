#include "base/timer.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>

static int64_t system_now_ms(void *context)
{
    struct timespec now;

    (void)context;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void system_sleep_ms(void *context, int64_t milliseconds)
{
    struct timespec left;

    (void)context;
    if (milliseconds <= 0)
        return;
    left.tv_sec = (time_t)(milliseconds / 1000);
    left.tv_nsec = (long)(milliseconds % 1000) * 1000000;
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}

struct timer timer_system(void)
{
    return (struct timer){system_now_ms, system_sleep_ms, NULL};
}
