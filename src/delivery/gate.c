/* Whether a delivery may begin, and the upkeep of what that is judged by. What results
 * mean is in gate_results.c. */
#include "delivery/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "delivery/gate_parts.h"
#include "store/rates.h"

enum {
    RENEW_MS = RATE_SLOTS_LEASE_MS / 3,
    REFRESH_MS = 5 * 1000,
    /* A slot that another worker has may be free by then. */
    SLOT_WAIT_MS = 1000,
    /* So long a slot is kept for the domain's next message. */
    SLOT_IDLE_MS = 5 * 1000,
    QUOTED_BYTES = 160 /* of a reply, in a reason */
};

/* The scope of the limits over everything (store/rates.h). */
#define EVERYTHING ""

int gate_open(struct store *store, const struct gate_options *options, int64_t now_ms,
              struct gate **ret_gate, struct error *error)
{
    struct gate *gate = memory_new(1, sizeof(*gate));

    gate->store = store;
    gate->options = *options;
    gate->arena = arena_new();
    gate->options.holder = arena_string(gate->arena, view_of(options->holder));
    if (gate->options.hard < 1)
        gate->options.hard = 2;
    gate->renewed_ms = now_ms;
    if (gate_refresh(gate, now_ms, error) < 0 || gate_read_suspects(gate, error) < 0) {
        gate_close(&gate, now_ms);
        return -1;
    }
    *ret_gate = gate;
    return 0;
}

/* ---- may it begin ---- */

static bool is_ahead(int64_t until_ms, int64_t now_ms, int64_t longest_ms)
{
    return until_ms > now_ms && until_ms <= now_ms + longest_ms;
}

int64_t gate_rest_until_ms(const struct gate_target *target, int64_t now_ms)
{
    int64_t until_ms = target->patience.not_before_ms;

    return is_ahead(until_ms, now_ms, PATIENCE_MAX_MS) ? until_ms : 0;
}

static struct view quoted(const char *reply)
{
    return utf8_prefix(view_of(reply), QUOTED_BYTES);
}

static const char *clock_text(int64_t ms, char text[TIME_TEXT_BYTES])
{
    time_format_rfc3339((ms + 999) / 1000, text);
    return text;
}

static bool check_hold(const struct gate_domain *domain, const struct delivery *delivery,
                       int64_t now_ms, struct gate_verdict *verdict)
{
    char until[TIME_TEXT_BYTES];

    if (delivery->kind != DELIVERY_DIGEST ||
        !is_ahead(domain->held_until_ms, now_ms, (int64_t)HOLD_SECONDS * 1000))
        return true;
    verdict->kind = GATE_DEFER;
    verdict->until_ms = domain->held_until_ms;
    snprintf(verdict->reason, sizeof(verdict->reason),
             HOLD_REPLY_PREFIX "too many recipients at %s were refused; until %s; the last: "
             "%.*s",
             domain->name, clock_text(domain->held_until_ms, until),
             VIEW_ARGUMENTS(quoted(domain->evidence)));
    return false;
}

static bool check_rest(const struct gate_target *target, int64_t now_ms,
                       struct gate_verdict *verdict)
{
    int64_t until_ms = gate_rest_until_ms(target, now_ms);
    char until[TIME_TEXT_BYTES];

    if (!until_ms)
        return true;
    verdict->kind = until_ms - now_ms > GATE_PATIENCE_MS ? GATE_DEFER : GATE_WAIT;
    verdict->until_ms = until_ms;
    snprintf(verdict->reason, sizeof(verdict->reason), "%s is left alone until %s, as it asked: "
             "%.*s",
             target->domain[0] ? target->domain : target->relay, clock_text(until_ms, until),
             VIEW_ARGUMENTS(quoted(target->patience.reply)));
    return false;
}

/* How many may be under way; 0: as many as there are. */
static int64_t find_limit(const struct gate *gate, const struct gate_target *target)
{
    int64_t limit = target->domain[0] ? gate->options.domain_connections : 0;

    if (target->patience.connections && (!limit || target->patience.connections < limit))
        limit = target->patience.connections;
    return limit;
}

/* The store is asked when we have too few, and not again right after it said no. */
static int check_slots(struct gate *gate, struct gate_target *target, int64_t now_ms,
                       struct gate_verdict *verdict, bool *ret_is_free, struct error *error)
{
    int64_t limit = find_limit(gate, target);
    bool is_asked = now_ms >= target->asked_ms && now_ms < target->asked_ms + SLOT_WAIT_MS;

    *ret_is_free = !limit || (target->under_way < limit && target->under_way < target->slots);
    if (!*ret_is_free && target->under_way < limit && !is_asked) {
        gate->has_slots = true;
        if (rate_take_slots(gate->store, target->key, gate->options.holder, limit,
                            target->under_way + 1, now_ms, &target->slots, error) < 0)
            return -1;
        *ret_is_free = target->under_way < target->slots;
        target->asked_ms = *ret_is_free ? 0 : now_ms;
    }
    if (*ret_is_free)
        return 0;
    verdict->kind = GATE_WAIT;
    verdict->until_ms = now_ms + SLOT_WAIT_MS;
    snprintf(verdict->reason, sizeof(verdict->reason), "%s takes %lld at a time",
             target->domain[0] ? target->domain : target->relay, (long long)limit);
    return 0;
}

static void wait_for_rate(struct gate_verdict *verdict, int64_t opens_ms, const char *what,
                          int64_t limit)
{
    char until[TIME_TEXT_BYTES];

    verdict->kind = GATE_WAIT;
    verdict->until_ms = opens_ms;
    snprintf(verdict->reason, sizeof(verdict->reason),
             "the limit of %lld per hour%s is reached, until %s", (long long)limit, what,
             clock_text(opens_ms, until));
}

static int check_domain_rate(struct gate *gate, struct gate_domain *domain, int64_t now_ms,
                             struct gate_verdict *verdict, struct error *error)
{
    char what[300];
    int64_t opens_ms = 0;

    if (gate->options.per_domain <= 0)
        return 0;
    if (portion_fill(&domain->portion, gate->store, domain->name, gate->options.per_domain, now_ms,
                     &opens_ms, error) < 0)
        return -1;
    if (!opens_ms)
        return 0;
    snprintf(what, sizeof(what), " to %s", domain->name);
    wait_for_rate(verdict, opens_ms, what, gate->options.per_domain);
    if (opens_ms - now_ms > GATE_PATIENCE_MS)
        verdict->kind = GATE_DEFER;
    return 0;
}

static int check_rates(struct gate *gate, int64_t now_ms, struct gate_verdict *verdict,
                       struct error *error)
{
    int64_t opens_ms = 0;

    verdict->everything = true;
    if (gate->options.per_hour > 0) {
        if (portion_fill(&gate->portion, gate->store, EVERYTHING, gate->options.per_hour, now_ms,
                         &opens_ms, error) < 0)
            return -1;
        if (opens_ms) {
            wait_for_rate(verdict, opens_ms, "", gate->options.per_hour);
            return 0;
        }
    }
    if (gate->options.per_second > 0) {
        if (pacer_take(&gate->pacer, gate->store, EVERYTHING, gate->options.per_second, now_ms,
                       &opens_ms, error) < 0)
            return -1;
        if (opens_ms) {
            verdict->kind = GATE_WAIT;
            verdict->until_ms = opens_ms;
            snprintf(verdict->reason, sizeof(verdict->reason), "%g per second",
                     gate->options.per_second);
            return 0;
        }
    }
    verdict->everything = false;
    return 0;
}

struct asked {
    struct gate_domain *domain;
    struct gate_target *relay;
    struct gate_target *target;
};

/* Everything that says no comes before what uses something up. */
static int judge(struct gate *gate, const struct asked *asked, const struct delivery *delivery,
                 int64_t now_ms, struct gate_verdict *verdict, struct error *error)
{
    bool is_free = true;

    if (!check_hold(asked->domain, delivery, now_ms, verdict) ||
        !check_rest(asked->relay, now_ms, verdict) || !check_rest(asked->target, now_ms, verdict))
        return 0;
    if (check_slots(gate, asked->relay, now_ms, verdict, &is_free, error) < 0)
        return -1;
    if (is_free && check_slots(gate, asked->target, now_ms, verdict, &is_free, error) < 0)
        return -1;
    if (!is_free)
        return 0;
    if (check_domain_rate(gate, asked->domain, now_ms, verdict, error) < 0)
        return -1;
    if (verdict->kind != GATE_ADMIT)
        return 0;
    return check_rates(gate, now_ms, verdict, error);
}

static void enter(struct gate *gate, const struct asked *asked, int64_t now_ms)
{
    if (gate->options.per_domain > 0)
        portion_use(&asked->domain->portion);
    if (gate->options.per_hour > 0)
        portion_use(&gate->portion);
    asked->relay->under_way++;
    asked->target->under_way++;
    asked->relay->used_ms = asked->target->used_ms = now_ms;
}

int gate_ask(struct gate *gate, const struct delivery *delivery, const char *relay,
             int64_t now_ms, struct gate_verdict *ret_verdict, struct error *error)
{
    struct gate_verdict verdict = {.kind = GATE_ADMIT};
    struct asked asked = {.domain = gate_domain_of(gate, delivery)};

    asked.relay = gate_find_target(gate, relay, "");
    asked.target = gate_find_target(gate, relay, asked.domain->name);
    if (judge(gate, &asked, delivery, now_ms, &verdict, error) < 0)
        return -1;
    if (verdict.kind == GATE_ADMIT)
        enter(gate, &asked, now_ms);
    *ret_verdict = verdict;
    return 0;
}

void gate_leave(struct gate *gate, const struct delivery *delivery, const char *relay)
{
    struct gate_domain *domain = gate_domain_of(gate, delivery);
    struct gate_target *targets[] = {gate_find_target(gate, relay, ""),
                                     gate_find_target(gate, relay, domain->name)};

    for (size_t i = 0; i < 2; i++)
        if (targets[i]->under_way > 0)
            targets[i]->under_way--;
}

void gate_cancel(struct gate *gate, const struct delivery *delivery, const char *relay,
                 int64_t now_ms)
{
    (void)now_ms;
    gate_leave(gate, delivery, relay);
    if (gate->options.per_domain > 0)
        portion_unuse(&gate_domain_of(gate, delivery)->portion);
    if (gate->options.per_hour > 0)
        portion_unuse(&gate->portion);
}

/* ---- upkeep ---- */

/* Rows are changed in one order by all workers, or two could wait for each other for ever. */
static int compare_targets(const void *a, const void *b)
{
    return strcmp((*(struct gate_target *const *)a)->key, (*(struct gate_target *const *)b)->key);
}

static int release_slots(struct gate *gate, struct gate_target *const *targets, size_t count,
                         int64_t now_ms, struct error *error)
{
    if (store_begin(gate->store, error) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (rate_take_slots(gate->store, targets[i]->key, gate->options.holder, INT64_MAX,
                            targets[i]->under_way, now_ms, &targets[i]->slots, error) < 0) {
            store_rollback(gate->store);
            return -1;
        }
    }
    return store_commit(gate->store, error);
}

static bool has_idle_slots(const struct gate_target *target, int64_t now_ms)
{
    return target->slots > target->under_way &&
           (now_ms < target->used_ms || now_ms >= target->used_ms + SLOT_IDLE_MS);
}

/* What lies idle others may have. */
static int give_back_slots(struct gate *gate, int64_t now_ms, struct error *error)
{
    struct gate_target **targets = NULL, *target, *next;
    size_t count = 0, capacity = 0;
    int result = 0;

    HASH_ITER(hh, gate->targets, target, next) {
        if (!has_idle_slots(target, now_ms))
            continue;
        targets = memory_grow(targets, &capacity, count + 1, sizeof(struct gate_target *));
        targets[count++] = target;
    }
    if (count) {
        qsort(targets, count, sizeof(struct gate_target *), compare_targets);
        result = release_slots(gate, targets, count, now_ms, error);
    }
    free(targets);
    return result;
}

static bool is_due(int64_t last_ms, int64_t interval_ms, int64_t now_ms)
{
    return now_ms < last_ms || now_ms >= last_ms + interval_ms;
}

int gate_tick(struct gate *gate, int64_t now_ms, struct error *error)
{
    if (gate->has_slots && give_back_slots(gate, now_ms, error) < 0)
        return -1;
    if (gate->has_slots && is_due(gate->renewed_ms, RENEW_MS, now_ms)) {
        if (rate_renew_slots(gate->store, gate->options.holder, now_ms, error) < 0)
            return -1;
        gate->renewed_ms = now_ms;
    }
    return is_due(gate->refreshed_ms, REFRESH_MS, now_ms) ? gate_refresh(gate, now_ms, error) : 0;
}

/* What cannot be given back runs out. */
static void give_back_all(struct gate *gate)
{
    struct gate_domain *domain, *next;

    portion_give_back(&gate->portion, gate->store, EVERYTHING, NULL);
    HASH_ITER(hh, gate->domains, domain, next)
        portion_give_back(&domain->portion, gate->store, domain->name, NULL);
    if (gate->has_slots)
        rate_drop_slots(gate->store, gate->options.holder, NULL);
}

void gate_close(struct gate **gate, int64_t now_ms)
{
    struct gate_domain *domain, *next_domain;
    struct gate_target *target, *next_target;
    struct gate_suspect *suspect, *next_suspect;

    (void)now_ms; /* what is given back is free whenever that is */
    if (!*gate)
        return;
    give_back_all(*gate);
    HASH_ITER(hh, (*gate)->domains, domain, next_domain) {
        HASH_DEL((*gate)->domains, domain);
        free(domain);
    }
    HASH_ITER(hh, (*gate)->targets, target, next_target) {
        HASH_DEL((*gate)->targets, target);
        free(target);
    }
    HASH_ITER(hh, (*gate)->suspects, suspect, next_suspect) {
        HASH_DEL((*gate)->suspects, suspect);
        free(suspect);
    }
    arena_free(&(*gate)->arena);
    free(*gate);
    *gate = NULL;
}
