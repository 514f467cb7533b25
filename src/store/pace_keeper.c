#include "store/pace_keeper.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/process.h"

void pace_keeper_init(struct pace_keeper *keeper, struct store *store, const char *endpoint,
                      int64_t interval_ms, struct timer clock, uint32_t (*random)(void *user),
                      void *user)
{
    char process[PROCESS_NAME_BYTES];

    *keeper = (struct pace_keeper){
        .store = store,
        .service = "arxiv",
        .endpoint = endpoint,
        .interval_ms = interval_ms,
        .lease_ms = PACE_KEEPER_LEASE_MS,
        .clock = clock,
        .random = random,
        .user = user,
    };
    process_name(process);
    /* A process may have several: its threads, and one per endpoint. */
    snprintf(keeper->holder, sizeof keeper->holder, "%s/%08lx", process,
             (unsigned long)random(user));
}

static int64_t now_ms(const struct pace_keeper *keeper)
{
    return keeper->clock.now_ms(keeper->clock.context);
}

static struct pace_request request_at(const struct pace_keeper *keeper, int64_t now)
{
    return (struct pace_request){
        .service = keeper->service,
        .endpoint = keeper->endpoint,
        .holder = keeper->holder,
        .now_ms = now,
        .interval_ms = keeper->interval_ms,
        .lease_ms = keeper->lease_ms,
    };
}

static int leave_alone(const struct pace_keeper *keeper, const struct pace_turn *turn, int64_t now,
                       struct error *error)
{
    char until[TIME_TEXT_BYTES];

    time_format_rfc3339((now + turn->wait_ms + 999) / 1000, until);
    return error_set(error, ERROR_TEMPORARY,
                     "%s's %s is left alone until %s, after %d failure%s in a row%s%s",
                     keeper->service, keeper->endpoint, until, turn->failures,
                     turn->failures == 1 ? "" : "s", turn->reason[0] ? "; the last one: " : "",
                     turn->reason);
}

/* How long to wait before the next look; 0: at once. */
static int find_pause(const struct pace_keeper *keeper, const struct pace_turn *turn,
                      int64_t *ret_pause_ms, struct error *error)
{
    *ret_pause_ms = turn->wait_ms;
    if (turn->state != PACE_HELD)
        return 0;
    if (process_is_gone(turn->holder)) {
        *ret_pause_ms = 0;
        return pace_free_holder(keeper->store, keeper->service, turn->holder, error);
    }
    if (turn->wait_ms > PACE_KEEPER_LOOK_MS)
        *ret_pause_ms = PACE_KEEPER_LOOK_MS;
    return 0;
}

static bool is_over(const struct pace_keeper *keeper)
{
    return keeper->is_over && keeper->is_over(keeper->over_user);
}

static int wait_turn(void *user, struct error *error)
{
    const struct pace_keeper *keeper = user;
    int64_t waited_ms = 0, backoff_ms = 0;

    for (;;) {
        int64_t now = now_ms(keeper), pause_ms;
        struct pace_request request = request_at(keeper, now);
        struct pace_turn turn;

        if (is_over(keeper))
            return error_set(error, ERROR_TEMPORARY, "%s's %s: there is no time left to wait for it",
                             keeper->service, keeper->endpoint);
        if (pace_claim(keeper->store, &request, &turn, error) < 0)
            return -1;
        if (turn.state == PACE_CLAIMED)
            return 0;
        if (turn.state == PACE_BACKOFF && turn.wait_ms > PACE_KEEPER_PATIENCE_MS - backoff_ms)
            return leave_alone(keeper, &turn, now, error);
        if (waited_ms > PACE_KEEPER_QUEUE_MS)
            return error_set(error, ERROR_TEMPORARY,
                             "%s: others have been asking it for %d minutes (%s)", keeper->service,
                             PACE_KEEPER_QUEUE_MS / 60000, turn.holder);
        if (find_pause(keeper, &turn, &pause_ms, error) < 0)
            return -1;
        if (keeper->is_over && pause_ms > PACE_KEEPER_LOOK_MS)
            pause_ms = PACE_KEEPER_LOOK_MS;
        if (pause_ms)
            keeper->clock.sleep_ms(keeper->clock.context, pause_ms);
        waited_ms += pause_ms;
        if (turn.state == PACE_BACKOFF)
            backoff_ms += pause_ms;
    }
}

static void done(void *user, const struct polite_outcome *outcome)
{
    static const enum pace_result results[] = {[POLITE_GOOD] = PACE_GOOD,
                                               [POLITE_FAILED] = PACE_FAILED,
                                               [POLITE_NOT_ASKED] = PACE_NOT_ASKED};
    const struct pace_keeper *keeper = user;
    int64_t now = now_ms(keeper);
    const struct pace_request request = request_at(keeper, now);
    const struct pace_outcome kept = {
        .result = results[outcome->result],
        .now_ms = now,
        .retry_after_seconds = outcome->retry_after_seconds,
        .random = keeper->random(keeper->user),
        .why = outcome->why,
    };

    /* What cannot be kept now is lost; the lease then runs out by itself. */
    (void)pace_release(keeper->store, &request, &kept, NULL);
}

struct polite_pace pace_keeper_pace(struct pace_keeper *keeper)
{
    return (struct polite_pace){.wait_turn = wait_turn, .done = done, .user = keeper};
}
