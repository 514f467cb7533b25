#include "base/timer.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_now_ms(void *context)
{
    (void)context;
    return read_clock(CLOCK_MONOTONIC);
}

static int64_t wall_now_ms(void *context)
{
    (void)context;
    return read_clock(CLOCK_REALTIME);
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

int64_t timer_steady_ms(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

struct timer timer_system(void)
{
    return (struct timer){system_now_ms, system_sleep_ms, NULL};
}

struct timer timer_wall(void)
{
    return (struct timer){wall_now_ms, system_sleep_ms, NULL};
}
