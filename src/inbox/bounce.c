#include "inbox/bounce.h"

static const char *const ACTIONS[] = {"failed", "delayed", "delivered", "relayed", "expanded"};

const char *bounce_action_name(enum bounce_action action)
{
    return ACTIONS[action];
}

bool bounce_read(const struct mail *mail, struct arena *arena, struct bounce *ret_bounce)
{
    (void)mail;
    (void)arena;
    (void)ret_bounce;
    return false;
}
