/* All that answering requests needs, but for the sockets: what all desks share, the desks,
 * and the threads that send what somebody waits for. Made by `serve`. */
#ifndef COMMANDS_SERVE_STAND_H
#define COMMANDS_SERVE_STAND_H

#include "commands/serve_feeds.h"
#include "commands/serve_parts.h"
#include "commands/serve_state.h"

enum { STAND_DESKS = 4 };

struct stand {
    struct serving serving;
    struct state_keeper state;
    struct feeds_keeper feeds;
    struct serve_desk desks[STAND_DESKS + 1]; /* the last is the asker's */
    void *handlers[STAND_DESKS + 1]; /* the desks, for web/server.h: the first STAND_DESKS */
    size_t desk_count;
};

/* `stand` zeroed; `site` with templates, store and key open, which must outlive it. Also on
 * failure stand_close is due. */
int stand_open(struct stand *stand, struct site *site, struct error *error);
void stand_close(struct stand *stand);

#endif
