/* From a profile and its editions to the message of one digest: ranking,
 * rendering, headers, tokens. What run and send give the worker, and what
 * preview shows. One composer belongs to one thread. */
#ifndef COMMANDS_COMPOSE_H
#define COMMANDS_COMPOSE_H

#include "commands/library.h"
#include "commands/site.h"
#include "delivery/worker.h"
#include "digest/digest.h"

/* Buffers and caches that last from one digest to the next. */
struct composer {
    struct site *site;
    struct library library;
    struct zone_cache zones;
    struct arena *arena; /* reset for each digest */
    struct digest_output output;
    struct buffer message;
    struct buffer envelope;
    struct buffer shown;
    char *recipient;
    bool is_preview;
};

/* The site's templates must be open; for messages also its key. */
void composer_init(struct composer *composer, struct site *site);
void composer_free(struct composer *composer);

/* One digest to be made. Borrowed. */
struct compose_request {
    const struct profile *profile;
    const struct ranking_index *index;
    const unsigned char *skip;  /* papers shown before; may be NULL */
    const struct date *editions;
    size_t edition_count;
    struct date date; /* the slot's */
    const char *slot;
    int64_t now_utc;
    size_t top; /* 0: the profile's max_papers */
};

/* Ranks and renders into composer->output. `ret_papers` is how many papers it
 * shows; with none nothing is rendered. */
int composer_render(struct composer *composer, const struct compose_request *request,
                    struct ranking *ret_ranking, struct error *error);
/* Then writes composer->message, and the envelope sender into composer->envelope. */
int composer_write(struct composer *composer, const struct compose_request *request,
                   struct error *error);

/* For struct worker_options: `user` is the composer. Loads the profile anew, so
 * that a change made a moment ago counts. */
int composer_compose(void *user, const struct delivery *delivery, struct composed *ret_composed,
                     struct error *error);

#endif
