/* The days that feeds are made from, ranked once for all feeds and desks, and again when
 * the editions have changed. */
#ifndef COMMANDS_SERVE_FEEDS_H
#define COMMANDS_SERVE_FEEDS_H

#include <pthread.h>

#include "commands/publishing.h"
#include "commands/serve_parts.h"

struct feeds_keeper {
    pthread_mutex_t lock;
    struct publishing publishing; /* by the site of the desk that filled it */
    int64_t version;              /* serve_version */
    bool is_filled;
};

void feeds_keeper_init(struct feeds_keeper *keeper);
void feeds_keeper_free(struct feeds_keeper *keeper); /* before the desks go */

#endif
