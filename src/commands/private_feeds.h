/* Private feeds that were made before, in memory: each for as long as neither its
 * subscriber's profile nor the editions change. Bounded: the one that was asked for longest
 * ago goes. Safe among threads. */
#ifndef COMMANDS_PRIVATE_FEEDS_H
#define COMMANDS_PRIVATE_FEEDS_H

#include <stdint.h>

#include "subscribers/folder.h"
#include "web/content.h"

enum { PRIVATE_FEEDS = 200 };

struct private_feeds;

struct private_feeds *private_feeds_new(void);
void private_feeds_free(struct private_feeds **feeds); /* NULL is fine; leaves NULL */

/* A reference of the caller's; NULL: there is none of this profile and these editions. */
struct web_content *private_feeds_find(struct private_feeds *feeds, const char *address,
                                       const struct folder_version *version, int64_t editions);
/* Takes a reference of its own, and lets go of the address's last one. */
void private_feeds_keep(struct private_feeds *feeds, const char *address,
                        const struct folder_version *version, int64_t editions,
                        struct web_content *content);

#endif
