/* What a result means for what comes after it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/gate_parts.h"
#include "delivery/reason.h"
#include "delivery/retry.h"
#include "store/subscribers.h"

enum {
    /* With so many connections a domain that had asked for patience is one like any other. */
    ENOUGH_CONNECTIONS = 16,
    /* What a domain put off comes back over some time. */
    SPREAD_SECONDS = 120,
    REPLY_BYTES = sizeof(((struct delivery_result *)0)->reply) + 32,
    EVIDENCE_BYTES = REPLY_BYTES + 64
};

static struct reason_reply reply_of(const struct delivery_result *result)
{
    return (struct reason_reply){.stage = result->stage,
                                 .code = result->code,
                                 .enhanced = view_of(result->enhanced),
                                 .text = view_of(result->reply)};
}

/* The numbers, as far as the text does not begin with them, and the text. */
static void write_reply(const struct delivery_result *result, char reply[REPLY_BYTES])
{
    char numbers[40];
    size_t size;

    if (!result->code)
        snprintf(numbers, sizeof(numbers), "%s", "");
    else
        snprintf(numbers, sizeof(numbers), "%d %s%s", result->code, result->enhanced,
                 result->enhanced[0] ? " " : "");
    size = strlen(numbers);
    if (size > 4 && strncmp(result->reply, numbers, 4) == 0)
        size = 0;
    snprintf(reply, REPLY_BYTES, "%.*s%s", (int)size, numbers, result->reply);
}

/* Whom a temporary refusal concerns: before a recipient was named, the relay itself. */
static struct gate_target *find_concerned(struct gate *gate, const struct delivery *delivery,
                                          const char *relay, const struct delivery_result *result)
{
    bool is_named = strcmp(result->stage, "rcpt") == 0 || strcmp(result->stage, "data") == 0 ||
                    strcmp(result->stage, "body") == 0 ||
                    strcmp(result->stage, "end-of-data") == 0;

    return gate_find_target(gate, relay, is_named ? gate_domain_of(gate, delivery)->name : "");
}

static bool asks_for_rest(const struct delivery_result *result)
{
    const struct reason_reply reply = reply_of(result);

    return result->kind == RESULT_DEFERRED && reason_patience_of(&reply) == PATIENCE_RATE;
}

void gate_judge(struct gate *gate, const struct delivery *delivery, const char *relay,
                const struct delivery_result *result, int attempt, uint32_t random,
                int64_t now_ms, struct gate_advice *ret_advice)
{
    struct gate_advice advice = {.not_before_utc = retry_after(now_ms / 1000, attempt, random)};
    const struct reason_reply reply = reply_of(result);

    if (result->kind != RESULT_SENT)
        advice.reason = reason_name(reason_of_reply(&reply));
    if (asks_for_rest(result)) {
        const struct gate_target *target = find_concerned(gate, delivery, relay, result);
        int64_t until_ms = gate_rest_until_ms(target, now_ms), until_utc;

        if (!until_ms)
            until_ms = now_ms + patience_rest_ms(target->patience.times + 1);
        until_utc = (until_ms + 999) / 1000 + (int64_t)(random % SPREAD_SECONDS);
        if (until_utc > advice.not_before_utc)
            advice.not_before_utc = until_utc;
    }
    *ret_advice = advice;
}

/* ---- patience ---- */

static int note_rest(struct gate *gate, const struct delivery *delivery, const char *relay,
                     const struct delivery_result *result, int64_t now_ms, struct error *error)
{
    struct gate_target *target = find_concerned(gate, delivery, relay, result);
    struct arena *arena = arena_new();
    struct patience patience;
    char reply[REPLY_BYTES];
    int noted;

    write_reply(result, reply);
    noted = patience_note(gate->store, relay, target->domain, reply, now_ms, arena, &patience,
                          error);
    if (noted == 0)
        gate_set_patience(gate, target, &patience);
    arena_free(&arena);
    return noted;
}

/* One more connection when as many messages were taken as it has, and some time went by. */
static int grow(struct gate *gate, struct gate_target *target, int64_t now_ms,
                struct error *error)
{
    const struct patience *patience = &target->patience;
    struct patience grown = *patience;

    if (!patience->connections || gate_rest_until_ms(target, now_ms))
        return 0;
    target->taken++;
    if (target->taken < patience->connections ||
        (now_ms >= patience->changed_ms && now_ms < patience->changed_ms + PATIENCE_GROW_MS))
        return 0;
    if (patience_grow(gate->store, patience, ENOUGH_CONNECTIONS, now_ms, error) < 0)
        return -1;
    grown.connections++;
    grown.changed_ms = now_ms;
    gate_set_patience(gate, target, grown.connections >= ENOUGH_CONNECTIONS ? NULL : &grown);
    return 0;
}

/* ---- sent ---- */

static int note_sent(struct gate *gate, const struct delivery *delivery, const char *relay,
                     int64_t now_ms, struct error *error)
{
    struct gate_domain *domain = gate_domain_of(gate, delivery);
    struct gate_suspect *suspect = NULL;

    HASH_FIND_STR(gate->suspects, delivery->subscriber, suspect);
    if (suspect) {
        HASH_DEL(gate->suspects, suspect);
        free(suspect);
        if (dead_forget(gate->store, delivery->subscriber, error) < 0)
            return -1;
    }
    if (grow(gate, gate_find_target(gate, relay, ""), now_ms, error) < 0)
        return -1;
    return grow(gate, gate_find_target(gate, relay, domain->name), now_ms, error);
}

/* ---- refused ---- */

/* Our own relay, in the number that means nothing else, when the recipient was named. */
static bool is_told_at_once(const struct delivery_result *result)
{
    static const char *const dead[] = {"5.1.1", "5.1.2", "5.1.6"};

    if (strcmp(result->stage, "rcpt") != 0 || result->code < 500)
        return false;
    for (size_t i = 0; i < sizeof(dead) / sizeof(dead[0]); i++)
        if (strcmp(result->enhanced, dead[i]) == 0)
            return true;
    return false;
}

/* "userunknown at rcpt: 550 5.1.1 …" */
static void write_evidence(const struct delivery_result *result, const char *reason,
                           char evidence[EVIDENCE_BYTES])
{
    char reply[REPLY_BYTES];

    write_reply(result, reply);
    snprintf(evidence, EVIDENCE_BYTES, "%s at %s: %s", reason, result->stage, reply);
}

static int tell_held(struct gate *gate, const struct refusal *refusal,
                     const struct refusal_effect *effect, struct error *error)
{
    const struct gate_held held = {
        .store = gate->store,
        .domain = refusal->domain,
        .recipients = effect->recipients,
        .failed = effect->failed,
        .lifted = effect->lifted,
        .until_utc = effect->held_until_utc,
        .evidence = refusal->evidence,
    };

    return gate->options.held ? gate->options.held(gate->options.user, &held, error) : 0;
}

/* The hold and the notice of it stand together or not at all. */
static int write_refusal(struct gate *gate, const struct refusal *refusal,
                         struct refusal_effect *ret_effect, struct error *error)
{
    const struct hold_policy policy = {gate->options.hard, gate->options.hold_percent};
    struct refusal_effect effect = {0};

    if (store_begin(gate->store, error) < 0)
        return -1;
    if (hold_note_refusal(gate->store, refusal, &policy, &effect, error) < 0 ||
        (effect.is_held && tell_held(gate, refusal, &effect, error) < 0)) {
        store_rollback(gate->store);
        return -1;
    }
    if (store_commit(gate->store, error) < 0)
        return -1;
    *ret_effect = effect;
    return 0;
}

static int note_refused(struct gate *gate, const struct delivery *delivery,
                        const struct delivery_result *result, int64_t now_ms,
                        struct error *error)
{
    struct gate_domain *domain = gate_domain_of(gate, delivery);
    const struct reason_reply reply = reply_of(result);
    enum bounce_reason reason = reason_of_reply(&reply);
    char evidence[EVIDENCE_BYTES];
    struct refusal_effect effect;
    struct refusal refusal = {
        .delivery = delivery->id,
        .address = delivery->subscriber,
        .domain = domain->name,
        .is_dead = reason_means_dead(reason),
        .at_once = is_told_at_once(result),
        .evidence = evidence,
        .now_utc = now_ms / 1000,
    };

    write_evidence(result, reason_name(reason), evidence);
    if (write_refusal(gate, &refusal, &effect, error) < 0)
        return -1;
    if (effect.held_until_utc)
        gate_set_hold(gate, domain, effect.held_until_utc, evidence);
    else if (refusal.is_dead && !effect.is_suppressed)
        gate_add_suspect(gate, delivery->subscriber);
    return 0;
}

int gate_note(struct gate *gate, const struct delivery *delivery, const char *relay,
              const struct delivery_result *result, int64_t now_ms, struct error *error)
{
    gate_leave(gate, delivery, relay);
    switch (result->kind) {
    case RESULT_SENT:
        return note_sent(gate, delivery, relay, now_ms, error);
    case RESULT_DEFERRED:
        return asks_for_rest(result) ? note_rest(gate, delivery, relay, result, now_ms, error) : 0;
    case RESULT_FAILED:
        /* Answers and confirmations go to whatever address somebody gave. */
        return delivery->kind == DELIVERY_DIGEST
                   ? note_refused(gate, delivery, result, now_ms, error)
                   : 0;
    default:
        return 0;
    }
}
