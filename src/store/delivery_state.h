/* The states of a delivery, the one table of changes that are allowed, and the
 * one function that decides. Pure. */
#ifndef STORE_DELIVERY_STATE_H
#define STORE_DELIVERY_STATE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"

enum delivery_state {
    DELIVERY_QUEUED,
    DELIVERY_CLAIMED,   /* a worker has it; nothing was sent */
    DELIVERY_SENDING,   /* the relay may have its bytes */
    DELIVERY_SENT,
    DELIVERY_DEFERRED,  /* again after not_before */
    DELIVERY_FAILED,
    DELIVERY_EXPIRED,
    DELIVERY_UNCERTAIN, /* the relay's answer to the last byte was never read */
    DELIVERY_SKIPPED,
    DELIVERY_STATES
};

enum delivery_kind {
    DELIVERY_DIGEST, DELIVERY_CONFIRMATION, DELIVERY_ANSWER, DELIVERY_NOTICE, DELIVERY_KINDS
};

const char *delivery_state_name(enum delivery_state state); /* "queued" */
bool delivery_state_parse(struct view name, enum delivery_state *ret_state);
const char *delivery_kind_name(enum delivery_kind kind); /* "digest" */
bool delivery_kind_parse(struct view name, enum delivery_kind *ret_kind);

bool delivery_state_is_final(enum delivery_state state);
/* Moves `*state`; a change that the table does not allow is kind bug and leaves
 * it alone. */
int delivery_state_change(enum delivery_state *state, enum delivery_state to, struct error *error);

#endif
