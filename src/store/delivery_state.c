#include "store/delivery_state.h"

static const char *const state_names[DELIVERY_STATES] = {
    [DELIVERY_QUEUED] = "queued",       [DELIVERY_CLAIMED] = "claimed",
    [DELIVERY_SENDING] = "sending",     [DELIVERY_SENT] = "sent",
    [DELIVERY_DEFERRED] = "deferred",   [DELIVERY_FAILED] = "failed",
    [DELIVERY_EXPIRED] = "expired",     [DELIVERY_UNCERTAIN] = "uncertain",
    [DELIVERY_SKIPPED] = "skipped",
};

static const char *const kind_names[DELIVERY_KINDS] = {
    [DELIVERY_DIGEST] = "digest",
    [DELIVERY_CONFIRMATION] = "confirmation",
    [DELIVERY_ANSWER] = "answer",
    [DELIVERY_NOTICE] = "notice",
};

#define TO(state) (1u << DELIVERY_##state)

/* The table. What has no row entry is final. Sent follows on sending alone: that
 * the bytes were about to go out has been written down before. */
static const unsigned allowed[DELIVERY_STATES] = {
    [DELIVERY_QUEUED] = TO(CLAIMED) | TO(EXPIRED) | TO(SKIPPED),
    [DELIVERY_CLAIMED] = TO(SENDING) | TO(QUEUED) | TO(DEFERRED) | TO(FAILED) | TO(SKIPPED),
    [DELIVERY_SENDING] = TO(SENT) | TO(DEFERRED) | TO(FAILED) | TO(UNCERTAIN),
    [DELIVERY_DEFERRED] = TO(CLAIMED) | TO(EXPIRED) | TO(SKIPPED),
    /* Sent or failed when the relay's log or a bounce tells later. */
    [DELIVERY_UNCERTAIN] = TO(QUEUED) | TO(SENT) | TO(FAILED) | TO(EXPIRED),
    /* What kept it from being composed may be over before its time is. */
    [DELIVERY_SKIPPED] = TO(QUEUED),
};

const char *delivery_state_name(enum delivery_state state)
{
    return state_names[state];
}

const char *delivery_kind_name(enum delivery_kind kind)
{
    return kind_names[kind];
}

static bool find_name(const char *const names[], int count, struct view name, int *ret_index)
{
    for (int i = 0; i < count; i++) {
        if (!view_equal_string(name, names[i]))
            continue;
        *ret_index = i;
        return true;
    }
    return false;
}

bool delivery_state_parse(struct view name, enum delivery_state *ret_state)
{
    int index;

    if (!find_name(state_names, DELIVERY_STATES, name, &index))
        return false;
    *ret_state = (enum delivery_state)index;
    return true;
}

bool delivery_kind_parse(struct view name, enum delivery_kind *ret_kind)
{
    int index;

    if (!find_name(kind_names, DELIVERY_KINDS, name, &index))
        return false;
    *ret_kind = (enum delivery_kind)index;
    return true;
}

bool delivery_state_is_final(enum delivery_state state)
{
    return allowed[state] == 0;
}

int delivery_state_change(enum delivery_state *state, enum delivery_state to, struct error *error)
{
    if (!(allowed[*state] & 1u << to))
        return error_set(error, ERROR_BUG, "delivery: %s cannot become %s", state_names[*state],
                         state_names[to]);
    *state = to;
    return 0;
}
