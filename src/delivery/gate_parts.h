/* What is inside a gate. For the sources of the gate only. */
#ifndef DELIVERY_GATE_PARTS_H
#define DELIVERY_GATE_PARTS_H

#include "base/arena.h"
#include "delivery/gate.h"
#include "delivery/portion.h"
#include "store/holds.h"
#include "store/patience.h"

/* Out of memory ends the process inside memory_new, never in a hash table. */
#define uthash_malloc(size) memory_new(1, size)
#include <uthash.h>

/* A recipient domain, over all relays. */
struct gate_domain {
    struct portion portion; /* of per_domain */
    int64_t held_until_ms;  /* 0: not held */
    const char *evidence;
    bool is_listed; /* in what was just read, and so with targets */
    UT_hash_handle hh;
    char name[];
};

/* A domain by a relay; an empty domain is the relay itself. */
struct gate_target {
    const char *relay;
    const char *domain;
    int64_t under_way;
    int64_t slots;         /* what the store has given us of a limited number */
    int64_t asked_ms;      /* when it gave none */
    int64_t used_ms;
    int64_t taken;         /* sent since `patience` changed */
    struct patience patience; /* connections 0: it asks for none */
    bool is_listed;
    UT_hash_handle hh;
    char key[]; /* "RELAY DOMAIN" */
};

struct gate_suspect {
    UT_hash_handle hh;
    char address[];
};

struct gate {
    struct store *store;
    struct gate_options options;
    struct arena *arena; /* texts that came from the store */
    struct gate_domain *domains;
    struct gate_target *targets;
    struct gate_suspect *suspects;
    struct portion portion; /* of per_hour */
    struct pacer pacer;
    int64_t renewed_ms;
    int64_t refreshed_ms;
    bool has_slots;
};

struct gate_domain *gate_find_domain(struct gate *gate, struct view name);
struct gate_domain *gate_domain_of(struct gate *gate, const struct delivery *delivery);
struct gate_target *gate_find_target(struct gate *gate, const char *relay, const char *domain);
void gate_add_suspect(struct gate *gate, const char *address);

int gate_read_suspects(struct gate *gate, struct error *error);
/* What the store says of patience and holds by now. */
int gate_refresh(struct gate *gate, int64_t now_ms, struct error *error);

/* Both targets of a delivery have one less under way. */
void gate_leave(struct gate *gate, const struct delivery *delivery, const char *relay);

/* When the target may be sent to again; 0: now. A time that no clock like ours wrote is none. */
int64_t gate_rest_until_ms(const struct gate_target *target, int64_t now_ms);

/* What the store says of it; copied. `patience` NULL: nothing. */
void gate_set_patience(struct gate *gate, struct gate_target *target,
                       const struct patience *patience);
void gate_set_hold(struct gate *gate, struct gate_domain *domain, int64_t until_utc,
                   const char *evidence);

#endif
