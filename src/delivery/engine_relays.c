#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "delivery/engine_type.h"

enum {
    /* So many messages in a row that could be a relay's fault are taken for it. */
    SUSPECT_STREAK = 5,
    FIRST_PAUSE_MS = 1000,
    LONGEST_PAUSE_MS = 60 * 1000
};

static int open_relay(const struct engine_relay_options *options, struct engine_relay *relay,
                      struct error *error)
{
    relay->name = memory_copy_string(options->name ? options->name : options->transport.url);
    relay->weight = options->weight > 0 ? (double)options->weight : 1;
    if (view_starts_with(view_of(options->transport.url), VIEW("smtp")))
        return smtp_relay_new(&options->transport, &relay->smtp, error);
    return transport_open(&options->transport, &relay->transport, error);
}

int engine_relays_open(struct engine *engine, const struct engine_options *options,
                       struct error *error)
{
    engine->relays = memory_new(options->relay_count, sizeof(engine->relays[0]));
    for (size_t i = 0; i < options->relay_count; i++) {
        engine->relay_count++;
        if (open_relay(&options->relays[i], &engine->relays[i], error) < 0)
            return -1;
    }
    return 0;
}

void engine_relays_free(struct engine *engine)
{
    for (size_t i = 0; i < engine->relay_count; i++) {
        free(engine->relays[i].name);
        smtp_relay_free(&engine->relays[i].smtp);
        transport_close(&engine->relays[i].transport);
    }
    free(engine->relays);
}

size_t engine_relays_working(const struct engine *engine)
{
    size_t count = 0;

    for (size_t i = 0; i < engine->relay_count; i++)
        count += engine->relays[i].state != RELAY_STOPPED;
    return count;
}

bool engine_find_stopped(const struct engine *engine, struct error *ret_why)
{
    for (size_t i = 0; i < engine->relay_count; i++)
        if (engine->relays[i].state == RELAY_STOPPED) {
            *ret_why = engine->relays[i].failure;
            return true;
        }
    return false;
}

bool engine_is_stopped(const struct engine *engine, struct error *ret_why)
{
    return !engine_relays_working(engine) && engine_find_stopped(engine, ret_why);
}

bool engine_has_other(const struct engine *engine, const char *relay)
{
    for (size_t i = 0; i < engine->relay_count; i++)
        if (engine->relays[i].state != RELAY_STOPPED && strcmp(engine->relays[i].name, relay) != 0)
            return true;
    return false;
}

void engine_relay_stop(struct engine *engine, struct engine_relay *relay,
                       const struct error *failure)
{
    if (relay->state == RELAY_STOPPED)
        return;
    relay->state = RELAY_STOPPED;
    relay->failure = *failure;
    relay->has_news = false;
    /* The last one's failure is the work's, and said there. */
    if (!engine_relays_working(engine))
        return;
    relay->has_news = true;
    relay->news = *failure;
    error_add(&relay->news, "stopped, the other relays go on");
}

static int64_t pause_ms(int failures)
{
    int64_t pause = FIRST_PAUSE_MS;

    for (int i = 1; i < failures && pause < LONGEST_PAUSE_MS; i++)
        pause *= 2;
    return pause < LONGEST_PAUSE_MS ? pause : LONGEST_PAUSE_MS;
}

/* While other connections to it work, a relay only wants no more of them. */
void engine_relay_failed(struct engine *engine, struct engine_relay *relay,
                         const struct error *failure)
{
    int64_t now_ms = engine_now_ms(engine), pause;

    if (relay->state == RELAY_STOPPED)
        return;
    if (failure->kind != ERROR_TEMPORARY) {
        engine_relay_stop(engine, relay, failure);
        return;
    }
    pause = pause_ms(++relay->failures);
    relay->open_after_ms = now_ms + pause;
    if (relay->working)
        return;
    relay->has_news = relay->state == RELAY_WORKS;
    if (relay->has_news)
        relay->away_since_ms = now_ms;
    relay->state = RELAY_AWAY;
    relay->failure = *failure;
    if (relay->open_after_ms - relay->away_since_ms > engine->patience_ms) {
        engine_relay_stop(engine, relay, failure);
        return;
    }
    error_set(&relay->news, ERROR_TEMPORARY, "%s; it is tried again", failure->text);
}

bool engine_waits_for_relay(const struct engine *engine, struct error *ret_what)
{
    const struct engine_relay *next = NULL;

    if (engine->open)
        return false;
    for (size_t i = 0; i < engine->relay_count; i++)
        if (engine->relays[i].state == RELAY_AWAY &&
            (!next || engine->relays[i].open_after_ms < next->open_after_ms))
            next = &engine->relays[i];
    if (!next)
        return false;
    error_set(ret_what, ERROR_TEMPORARY, "relay %s: reconnect in %lld s", next->name,
              (long long)(next->open_after_ms - engine_now_ms(engine) + 999) / 1000);
    return true;
}

void engine_relay_opened(struct engine *engine, struct engine_relay *relay)
{
    (void)engine;
    if (relay->state == RELAY_AWAY) {
        relay->has_news = true;
        error_set(&relay->news, ERROR_NONE, "relay %s: is back", relay->name);
        relay->state = RELAY_WORKS;
    }
    relay->failures = 0;
    relay->open_after_ms = 0;
}

/* A relay that refuses one after another is stopped, or everybody's mail would be
 * put off for a fault that is ours. */
void engine_relay_answered(struct engine *engine, struct engine_relay *relay,
                           const struct delivery_result *result)
{
    struct error failure;

    relay->suspects = result->suspect_relay ? relay->suspects + 1 : 0;
    if (relay->suspects < SUSPECT_STREAK)
        return;
    error_set(&failure, result->code >= 500 ? ERROR_CONFIGURATION : ERROR_TEMPORARY,
              "%s%sthe relay refused %d messages in a row, at %s: %s",
              engine->relay_count > 1 ? relay->name : "", engine->relay_count > 1 ? ": " : "",
              relay->suspects, result->stage, result->reply);
    engine_relay_stop(engine, relay, &failure);
}

struct engine_relay *engine_relay_to_open(struct engine *engine)
{
    int64_t now_ms = engine_now_ms(engine);
    struct engine_relay *best = NULL;

    for (size_t i = 0; i < engine->relay_count; i++) {
        struct engine_relay *relay = &engine->relays[i];

        if (relay->state == RELAY_STOPPED || relay->open_after_ms > now_ms ||
            (relay->transport && relay->lanes))
            continue;
        /* A relay that was away is asked by one connection. */
        if (relay->failures && relay->lanes > relay->working)
            continue;
        if (!best || (double)(relay->lanes + 1) / relay->weight <
                         (double)(best->lanes + 1) / best->weight)
            best = relay;
    }
    return best;
}

struct engine_relay *engine_relay_to_use(struct engine *engine)
{
    struct engine_relay *best = NULL;

    for (size_t i = 0; i < engine->relay_count; i++) {
        struct engine_relay *relay = &engine->relays[i];

        if (relay->state == RELAY_WORKS && relay->free && (!best || relay->given < best->given))
            best = relay;
    }
    return best;
}
