/* How the installation fares, for /health and /metrics: numbers and states, read from the
 * store in few queries and kept for some seconds. No address, no name of a domain or relay
 * and no server's reply is in it: anybody may read those pages. */
#ifndef COMMANDS_SERVE_STATE_H
#define COMMANDS_SERVE_STATE_H

#include <pthread.h>

#include "commands/serve_parts.h"
#include "papers/completeness.h"
#include "store/delivery_state.h"

enum { STATE_SERVICES = 2, STATE_PROBLEMS = 16, STATE_KEEP_MS = 5 * 1000 };

struct state_service {
    const char *name; /* "rss", "oai" */
    int failures;     /* in a row */
    int64_t failed_utc;
};

/* Strings are literals. */
struct state {
    int64_t taken_utc;
    bool has_edition; /* the newest: */
    struct date date;
    enum edition_state edition;
    size_t papers;
    int64_t fetched_utc;
    int64_t days_old;       /* since that date in New York */
    bool is_today_missing;  /* a weekday's papers should be here, and are not */
    int minutes;            /* of today in New York */
    struct state_service services[STATE_SERVICES];
    int64_t deliveries[DELIVERY_STATES];
    int64_t waiting, held, next_utc;
    int64_t suppressed;
    size_t subscribers, held_domains;
    int64_t sending_failed_utc; /* 0: nothing keeps mail back */
    bool has_summaries; /* they are enabled; of SUMMARIES_REPORT_DAYS: */
    int64_t summaries_good, summaries_refused, summaries_failed, summaries_asking;
    int64_t prompt_tokens, completion_tokens;
    /* What follows from it. */
    const char *late[STATE_PROBLEMS], *failing[STATE_PROBLEMS];
    size_t late_count, failing_count;
};

struct state_keeper {
    pthread_mutex_t lock;
    struct state state;
    int64_t taken_ms, counted_ms; /* 0: never */
};

void state_keeper_init(struct state_keeper *keeper);
void state_keeper_free(struct state_keeper *keeper);
/* As it was at most STATE_KEEP_MS ago; one desk reads while others wait. */
int state_get(struct serve_desk *desk, struct state *ret_state, struct error *error);

/* Fills in late and failing. Pure. */
void state_judge(struct state *state);

#endif
