/* What the tests of fetching share: a server of feeds, a client that asks it,
 * and the time between. */
#ifndef TESTS_UNIT_ARXIV_WORLD_H
#define TESTS_UNIT_ARXIV_WORLD_H

#include "papers/arxiv.h"
#include "unit/loopback.h"

/* Time that passes only by sleeping, and a little with every look at it. */
struct virtual_time {
    int64_t now_ms, slept_ms;
    int sleeps;
};

struct arxiv_world {
    struct loopback *server;
    struct arxiv_settings settings; /* may be changed until the client is made anew */
    struct arxiv_client *client;
    struct virtual_time time;
    char url[256];
};

/* A feed of one paper, or of none (`id` NULL), and the header before it. */
void arxiv_make_feed(struct buffer *answer, const char *date, const char *id);
/* A feed of `count` papers, numbered from `first`; `fields` are header lines. */
void arxiv_make_long_feed(struct buffer *answer, const char *fields, int first, int count);

void arxiv_world_make(struct arxiv_world *world, const struct loopback_answer *answers,
                      size_t count);
void arxiv_world_free(struct arxiv_world *world);
/* The client again, with the settings as they are now. */
void arxiv_world_renew(struct arxiv_world *world);

#endif
