#include "delivery/portion.h"

#include "store/rates.h"

enum {
    PORTION_MAX = 50,
    PORTIONS_PER_LIMIT = 100,
    /* Others may give something back before the limit itself opens. */
    ASK_AGAIN_MS = 3000,
    /* How late an instant may be used. Instants are further apart by as much as late ones
     * could come closer: 50 ms in a second. */
    LATE_US = 50 * 1000,
    SECOND_US = 1000 * 1000,
    PACER_PORTIONS_PER_SECOND = 4,
    PACER_PORTION_MAX = 1000
};

/* Whether the last answer, that there is nothing, still holds. After a jump of the clock it
 * does not. */
static bool is_answered(int64_t asked_ms, int64_t opens_ms, int64_t now_ms)
{
    return opens_ms > now_ms && now_ms >= asked_ms && now_ms < asked_ms + ASK_AGAIN_MS;
}

static bool is_fresh(const struct portion *portion, int64_t now_ms)
{
    return now_ms >= portion->taken_ms && now_ms < portion->taken_ms + RATE_PORTION_MS;
}

int portion_give_back(struct portion *portion, struct store *store, const char *scope,
                      struct error *error)
{
    int64_t count = portion->count;

    portion->count = 0;
    return count > 0 ? rate_give_back(store, scope, portion->minute, count, error) : 0;
}

static int64_t portion_size(int64_t per_hour)
{
    int64_t size = per_hour / PORTIONS_PER_LIMIT;

    if (size > PORTION_MAX)
        return PORTION_MAX;
    return size < 1 ? 1 : size;
}

int portion_fill(struct portion *portion, struct store *store, const char *scope,
                 int64_t per_hour, int64_t now_ms, int64_t *ret_opens_ms, struct error *error)
{
    struct rate_grant grant;

    *ret_opens_ms = 0;
    if (portion->count > 0 && is_fresh(portion, now_ms))
        return 0;
    if (portion_give_back(portion, store, scope, error) < 0)
        return -1;
    if (is_answered(portion->asked_ms, portion->opens_ms, now_ms)) {
        *ret_opens_ms = portion->opens_ms;
        return 0;
    }
    if (rate_take(store, scope, per_hour, portion_size(per_hour), now_ms, &grant, error) < 0)
        return -1;
    *portion = (struct portion){
        .count = grant.count, .minute = grant.minute, .taken_ms = now_ms, .asked_ms = now_ms};
    if (grant.count == 0)
        *ret_opens_ms = portion->opens_ms = now_ms + grant.wait_ms;
    return 0;
}

void portion_use(struct portion *portion)
{
    portion->count--;
}

void portion_unuse(struct portion *portion)
{
    portion->count++;
}

/* The first instant that is not too late by now. */
static void skip_late(struct pacer *pacer, int64_t now_us)
{
    int64_t late_us = now_us - LATE_US - pacer->start_us;
    int64_t first = late_us > 0 ? (late_us + pacer->interval_us - 1) / pacer->interval_us : 0;

    if (pacer->next < first)
        pacer->next = first;
}

static int reserve(struct pacer *pacer, struct store *store, const char *scope, double per_second,
                   int64_t now_ms, struct error *error)
{
    int64_t interval_us = (int64_t)((SECOND_US + LATE_US) / per_second);
    int64_t count = (int64_t)(per_second / PACER_PORTIONS_PER_SECOND);
    struct rate_grant grant;

    if (interval_us < 1)
        interval_us = 1;
    if (count > PACER_PORTION_MAX)
        count = PACER_PORTION_MAX;
    if (count < 1)
        count = 1;
    if (rate_reserve(store, scope, interval_us, count, now_ms, &grant, error) < 0)
        return -1;
    *pacer = (struct pacer){.start_us = grant.start_us,
                            .interval_us = interval_us,
                            .count = grant.count,
                            .asked_ms = now_ms,
                            .opens_ms = grant.count ? 0 : now_ms + grant.wait_ms};
    return 0;
}

int pacer_take(struct pacer *pacer, struct store *store, const char *scope, double per_second,
               int64_t now_ms, int64_t *ret_opens_ms, struct error *error)
{
    int64_t now_us = now_ms * 1000, instant_us;

    *ret_opens_ms = 0;
    if (pacer->count && now_us < pacer->start_us)
        *pacer = (struct pacer){0}; /* the clock went back */
    if (pacer->count)
        skip_late(pacer, now_us);
    if (pacer->next >= pacer->count) {
        if (is_answered(pacer->asked_ms, pacer->opens_ms, now_ms)) {
            *ret_opens_ms = pacer->opens_ms;
            return 0;
        }
        if (reserve(pacer, store, scope, per_second, now_ms, error) < 0)
            return -1;
        if (!pacer->count) {
            *ret_opens_ms = pacer->opens_ms;
            return 0;
        }
    }
    instant_us = pacer->start_us + pacer->next * pacer->interval_us;
    if (instant_us > now_us) {
        *ret_opens_ms = (instant_us + 999) / 1000;
        return 0;
    }
    pacer->next++;
    return 0;
}
