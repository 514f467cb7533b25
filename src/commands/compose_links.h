/* The links of a digest's papers that act by themselves: "more like this", "less like
 * this", each a mail to the inbox with a token for this subscriber and paper. */
#ifndef COMMANDS_COMPOSE_LINKS_H
#define COMMANDS_COMPOSE_LINKS_H

#include "base/arena.h"
#include "digest/digest.h"
#include "mail/token.h"
#include "ranking/ranking.h"

/* One per ranked paper, in the arena. NULL, and nothing offered, when a token would not
 * fit into the inbox's address. */
const struct digest_links *compose_links(struct view inbox,
                                         const struct token_subscriber *subscriber,
                                         const struct ranking *ranking, int64_t now_utc,
                                         struct arena *arena);

#endif
