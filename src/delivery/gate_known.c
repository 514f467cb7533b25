/* Domains, relays and addresses as a gate knows them, and what others have learnt of them
 * meanwhile. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/ascii.h"
#include "delivery/gate_parts.h"

enum { KEY_BYTES = 1024, DOMAIN_BYTES = 256 };

/* ---- domains and targets ---- */

/* Case does not matter in a domain (RFC 5321 2.4), and an address has no longer one. */
static struct view lower(struct view name, char room[DOMAIN_BYTES])
{
    struct view lowered = {room, name.size < DOMAIN_BYTES - 1 ? name.size : DOMAIN_BYTES - 1};

    for (size_t i = 0; i < lowered.size; i++)
        room[i] = ascii_lower(name.data[i]);
    room[lowered.size] = '\0';
    return lowered;
}

struct gate_domain *gate_find_domain(struct gate *gate, struct view name)
{
    struct gate_domain *domain = NULL;
    char room[DOMAIN_BYTES];
    struct view lowered = lower(name, room);

    HASH_FIND_STR(gate->domains, room, domain);
    if (!domain) {
        domain = memory_new(1, sizeof(*domain) + lowered.size + 1);
        memcpy(domain->name, lowered.data, lowered.size);
        HASH_ADD_STR(gate->domains, name, domain);
    }
    return domain;
}

/* "RELAY DOMAIN", cut when it is longer than any of both are. */
static size_t write_key(const char *relay, const char *domain, char key[KEY_BYTES])
{
    size_t relay_size = strnlen(relay, KEY_BYTES - DOMAIN_BYTES - 2);
    size_t domain_size = strnlen(domain, DOMAIN_BYTES);

    memcpy(key, relay, relay_size);
    key[relay_size] = ' ';
    memcpy(key + relay_size + 1, domain, domain_size);
    key[relay_size + 1 + domain_size] = '\0';
    return relay_size + 1 + domain_size;
}

struct gate_target *gate_find_target(struct gate *gate, const char *relay, const char *domain)
{
    struct gate_target *target = NULL;
    char key[KEY_BYTES];
    size_t size = write_key(relay, domain, key);

    HASH_FIND(hh, gate->targets, key, size, target);
    if (target)
        return target;
    target = memory_new(1, sizeof(*target) + size + 1);
    memcpy(target->key, key, size);
    target->relay = arena_string(gate->arena, view_of(relay));
    target->domain = arena_string(gate->arena, view_of(domain));
    HASH_ADD_KEYPTR(hh, gate->targets, target->key, size, target);
    return target;
}

struct gate_domain *gate_domain_of(struct gate *gate, const struct delivery *delivery)
{
    const char *at = strrchr(delivery->subscriber, '@');

    return gate_find_domain(gate, view_of(at ? at + 1 : ""));
}

void gate_add_suspect(struct gate *gate, const char *address)
{
    struct gate_suspect *suspect = NULL;
    size_t size = strlen(address) + 1;

    HASH_FIND_STR(gate->suspects, address, suspect);
    if (suspect)
        return;
    suspect = memory_new(1, sizeof(*suspect) + size);
    memcpy(suspect->address, address, size);
    HASH_ADD_STR(gate->suspects, address, suspect);
}

void gate_set_patience(struct gate *gate, struct gate_target *target,
                       const struct patience *patience)
{
    if (!patience) {
        target->patience = (struct patience){0};
        return;
    }
    /* Read again and again: its text is copied when it is another. */
    if (patience->changed_ms == target->patience.changed_ms &&
        patience->connections == target->patience.connections)
        return;
    target->taken = 0;
    target->patience = *patience;
    target->patience.relay = target->relay;
    target->patience.domain = target->domain;
    target->patience.reply = arena_string(gate->arena, view_of(patience->reply));
}

void gate_set_hold(struct gate *gate, struct gate_domain *domain, int64_t until_utc,
                   const char *evidence)
{
    if (domain->held_until_ms == until_utc * 1000)
        return;
    domain->held_until_ms = until_utc * 1000;
    domain->evidence = arena_string(gate->arena, view_of(evidence ? evidence : ""));
}

/* ---- what others have learnt ---- */

static int read_patience(struct gate *gate, struct error *error)
{
    struct gate_target *target, *next;
    struct patience_list list = {0};

    if (patience_list(gate->store, &list, error) < 0)
        return -1;
    HASH_ITER(hh, gate->targets, target, next)
        target->is_listed = false;
    for (size_t i = 0; i < list.count; i++) {
        target = gate_find_target(gate, list.items[i].relay, list.items[i].domain);
        gate_set_patience(gate, target, &list.items[i]);
        target->is_listed = true;
    }
    HASH_ITER(hh, gate->targets, target, next)
        if (!target->is_listed)
            gate_set_patience(gate, target, NULL);
    patience_list_free(&list);
    return 0;
}

static int read_holds(struct gate *gate, int64_t now_ms, struct error *error)
{
    struct gate_domain *domain, *next;
    struct hold_list list = {0};

    if (hold_list(gate->store, now_ms / 1000, &list, error) < 0)
        return -1;
    HASH_ITER(hh, gate->domains, domain, next)
        domain->is_listed = false;
    for (size_t i = 0; i < list.count; i++) {
        domain = gate_find_domain(gate, view_of(list.items[i].domain));
        gate_set_hold(gate, domain, list.items[i].until_utc, list.items[i].evidence);
        domain->is_listed = true;
    }
    HASH_ITER(hh, gate->domains, domain, next)
        if (!domain->is_listed)
            domain->held_until_ms = 0;
    hold_list_free(&list);
    return 0;
}

int gate_read_suspects(struct gate *gate, struct error *error)
{
    struct arena *arena = arena_new();
    const char **addresses = NULL;
    size_t count = 0;
    int result = dead_list_suspects(gate->store, arena, &addresses, &count, error);

    for (size_t i = 0; i < count; i++)
        gate_add_suspect(gate, addresses[i]);
    free(addresses);
    arena_free(&arena);
    return result;
}

int gate_refresh(struct gate *gate, int64_t now_ms, struct error *error)
{
    gate->refreshed_ms = now_ms;
    if (read_patience(gate, error) < 0)
        return -1;
    return read_holds(gate, now_ms, error);
}
