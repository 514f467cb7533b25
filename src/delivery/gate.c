#include "delivery/gate.h"

#include <stdlib.h>

#include "base/memory.h"
#include "delivery/retry.h"

struct gate {
    struct store *store;
    struct gate_options options;
};

int gate_open(struct store *store, const struct gate_options *options, int64_t now_ms,
              struct gate **ret_gate, struct error *error)
{
    struct gate *gate = memory_new(1, sizeof(*gate));

    (void)now_ms;
    (void)error;
    gate->store = store;
    gate->options = *options;
    *ret_gate = gate;
    return 0;
}

void gate_close(struct gate **gate, int64_t now_ms)
{
    (void)now_ms;
    free(*gate);
    *gate = NULL;
}

int gate_ask(struct gate *gate, const struct delivery *delivery, const char *relay,
             int64_t now_ms, struct gate_verdict *ret_verdict, struct error *error)
{
    (void)gate;
    (void)delivery;
    (void)relay;
    (void)now_ms;
    (void)error;
    *ret_verdict = (struct gate_verdict){.kind = GATE_ADMIT};
    return 0;
}

void gate_cancel(struct gate *gate, const struct delivery *delivery, const char *relay,
                 int64_t now_ms)
{
    (void)gate;
    (void)delivery;
    (void)relay;
    (void)now_ms;
}

void gate_judge(struct gate *gate, const struct delivery *delivery, const char *relay,
                const struct delivery_result *result, int attempt, uint32_t random,
                int64_t now_ms, struct gate_advice *ret_advice)
{
    (void)gate;
    (void)delivery;
    (void)relay;
    (void)result;
    *ret_advice =
        (struct gate_advice){.not_before_utc = retry_after(now_ms / 1000, attempt, random)};
}

int gate_note(struct gate *gate, const struct delivery *delivery, const char *relay,
              const struct delivery_result *result, int64_t now_ms, struct error *error)
{
    (void)gate;
    (void)delivery;
    (void)relay;
    (void)result;
    (void)now_ms;
    (void)error;
    return 0;
}

int gate_tick(struct gate *gate, int64_t now_ms, struct error *error)
{
    (void)gate;
    (void)now_ms;
    (void)error;
    return 0;
}
