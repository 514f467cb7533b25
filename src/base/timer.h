/* A clock that only goes forward and a way to wait, handed to whatever must
 * keep a pace: commands pass timer_system(), tests their own virtual time. */
#ifndef BASE_TIMER_H
#define BASE_TIMER_H

#include <stdint.h>

struct timer {
    int64_t (*now_ms)(void *context); /* monotonic, from any start */
    void (*sleep_ms)(void *context, int64_t milliseconds);
    void *context;
};

/* CLOCK_MONOTONIC and nanosleep, which goes on after a signal. */
struct timer timer_system(void);
int64_t timer_steady_ms(void); /* its clock alone, where nothing else keeps the time */
/* CLOCK_REALTIME, since 1970 in UTC, for a pace that several processes keep: it
 * may jump. */
struct timer timer_wall(void);

#endif
