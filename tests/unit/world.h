/* A store, a relay and a worker's callbacks: all that a run needs, and what it told. */
#ifndef TESTS_UNIT_WORLD_H
#define TESTS_UNIT_WORLD_H

#include <signal.h>
#include <stdint.h>

#include "delivery/worker.h"
#include "unit/smtp_server.h"
#include "unit/store_suite.h"

enum { NOW = 1000000, DAY = 86400 };

struct world {
    char *folder;
    char store_url[600];
    struct store *store;
    struct smtp_server *server;
    struct engine *engine;
    int connections;      /* 0: one */
    enum smtp_pipelining pipelining; /* of the relay */
    int64_t now_utc;
    volatile sig_atomic_t stop;
    int stop_after;       /* deliveries; 0: never */
    int compose_seconds;  /* that pass while composing */
    int look_ms;          /* that pass with each look at the finer clock; 0: there is none */
    int64_t looked_ms;    /* that have passed so */
    double per_second;    /* the worker's limit; 0: none */
    const char *only;     /* this subscriber's deliveries; NULL: all */
    void (*while_composing)(struct world *world); /* these may be NULL */
    void (*after_answer)(struct world *world);    /* when the clock is asked and the relay has one more */
    size_t answers;
    void (*after_delivery)(struct world *world);
    void (*while_waiting)(struct world *world);   /* when it is told what is waited for */
    int pauses;           /* the worker waited for its store, a second each */
    int unlock_after;     /* pauses; 0: never */
    struct store *rival;  /* holds the store's lock while it is not NULL */
    void (*writing)(void *user, bool begins);     /* the worker's callback; NULL: none */
    int composed;
    int retries;          /* composed again with a list */
    int64_t taken_over;   /* by a rival that recovers after each delivery; -1: there is none */
    const char *defer;    /* subscribers whose composing ends otherwise */
    const char *fail;
    const char *skip;
    const char *broken;
    struct buffer told;
    struct buffer news;
    struct buffer waits;
    struct buffer bytes;
    struct worker_summary summary;
    struct error error;
};

/* For cmocka: a world with an empty store and no relay. */
int world_set_up(void **state);
/* The same in an empty schema of this server. */
struct postgres_server;
int world_set_up_on(void **state, struct postgres_server *server);
int world_tear_down(void **state);

/* Sends to this URL; to a new scripted relay. */
void world_connect(struct world *world, const char *url);
void world_start_relay(struct world *world, const struct smtp_rule *rules, size_t count);
/* A new engine for the same relay. */
void world_reconnect(struct world *world);
/* The store opened anew, once nobody else uses it. */
void world_reopen(struct world *world);
/* An empty store, and NOW again. */
void world_forget(struct world *world);

/* "reader0@example.test" and so on, each with a digest that is due NOW. */
void world_add_many(struct world *world, int count);
void world_add_as(struct world *world, enum delivery_kind kind, const char *subscriber,
                  struct view message);

int world_run(struct world *world);
int world_run_with(struct world *world, enum uncertain_policy policy, size_t batch);
/* "sent 2 left 1": the counts of the last run that are not 0. */
void world_check_summary(const struct world *world, const char *want);
/* Another process holds the store's lock from here on; this worker's connection
 * waits for it but 20 ms. */
void world_lock(struct world *world);
void world_unlock(struct world *world);
int64_t world_count(struct world *world, enum delivery_state state);
/* How often the relay has taken a message to this address. */
int world_times_taken(struct world *world, const char *recipient);

/* The worker's callbacks; `user` is the world. */
int64_t world_now(void *user);
uint32_t world_random(void *user);
int world_compose(void *user, const struct delivery *delivery, struct composed *ret_composed,
                  struct error *error);

#endif
