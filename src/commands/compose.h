/* From a profile and its editions to the message of one digest: ranking,
 * rendering, headers, tokens. What run and send give the worker, and what
 * preview shows. One composer belongs to one thread. */
#ifndef COMMANDS_COMPOSE_H
#define COMMANDS_COMPOSE_H

#include "commands/compiling.h"
#include "commands/library.h"
#include "commands/plan.h"
#include "commands/site.h"
#include "delivery/worker.h"
#include "digest/assemble.h"
#include "digest/digest.h"
#include "digest/message.h"
#include "mail/token.h"

/* Buffers and caches that last from one digest to the next. */
struct composer {
    struct site *site;
    struct library own; /* unless it shares one */
    struct library_reader reader;
    struct edition_cache editions;
    struct compiling compiling;
    struct zone_cache zones;
    struct arena *arena; /* reset for each digest */
    struct sheets *sheets;
    bool is_refusal_told; /* that the templates are evaluated the slow way */
    struct digest_output output; /* as digest_assemble leaves it */
    struct token_subscriber subscriber; /* with a key: the digest's */
    const char *unsubscribe; /* "mailto:…", in the arena */
    const char *unsubscribe_url; /* "https://…", likewise; NULL: there are no pages */
    struct message_memo *memo;
    struct buffer message;
    struct buffer envelope;
    struct buffer shown;
    char *recipient;
    bool is_preview;
};

/* The site's templates must be open; for messages also its key. */
void composer_init(struct composer *composer, struct site *site);
/* Instead: with the library of several composers, which must outlive it. */
void composer_init_sharing(struct composer *composer, struct site *site, struct library *library);
void composer_free(struct composer *composer);

/* One digest to be made. Borrowed. */
struct compose_request {
    const struct profile *profile;
    const struct folder_version *version; /* of the profile's file; NULL: nothing is kept */
    struct ranker *ranker;                /* of the index; NULL: made for this digest */
    const struct ranking_index *index;
    uint64_t papers_serial; /* of the index's papers (digest/digest.h); 0: used once */
    struct summaries_kept *summaries; /* likewise, which need a serial; NULL: none */
    const struct choice *choice; /* NULL: all papers */
    /* What the choice was made without: the lists of what was shown, which are read
     * once a paper that another edition lists has made it into the digest. */
    struct shown_pending *pending; /* NULL: nothing */
    bool is_note;                /* says that there is nothing; the rest of papers is not read */
    const struct date *editions; /* that are new to the subscriber */
    size_t edition_count;
    struct date date; /* the slot's */
    const char *slot;
    int64_t now_utc;
    size_t top; /* 0: the profile's max_papers */
};

/* Fills in what the request's profile takes of these editions: index, choice and
 * new editions. `except` and `keep` are those of a delivery that was composed
 * before, else 0 and empty. `ret_taken`, as many as editions, is what the delivery
 * keeps. In the composer's arena. */
int composer_take(struct composer *composer, const struct plan_edition *editions, size_t count,
                  int64_t except, struct view keep, struct compose_request *request,
                  const struct edition_shown **ret_taken, struct error *error);

/* Ranks and renders into composer->output. With no paper nothing is rendered, but
 * for a note. */
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
