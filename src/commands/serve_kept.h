/* What `serve` answers from memory: the bytes of public pages and feeds under their path,
 * made by a desk when somebody first asks and again when what they were made from has
 * changed. While one desk makes them anew everybody else gets the old ones; while one makes
 * them for the first time others who ask wait for it. Bounded in number and bytes: what was
 * asked for longest ago goes first. Safe among threads; knows nothing of what it keeps. */
#ifndef COMMANDS_SERVE_KEPT_H
#define COMMANDS_SERVE_KEPT_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "web/content.h"

enum { KEPT_LOOK_MS = 3000 }; /* at most so often somebody looks whether it has changed */

struct serve_kept;

struct serve_kept *serve_kept_new(size_t most_items, size_t most_bytes);
void serve_kept_free(struct serve_kept **kept); /* NULL is fine; leaves NULL */

/* For as long as it is kept in memory at all, whatever the store says. Takes the content. */
void serve_kept_put(struct serve_kept *kept, const char *path, struct web_content *content);

/* A reference, the caller's. NULL: a desk has to look, since there is nothing, or it is this
 * caller's turn to find out whether it has changed. */
struct web_content *serve_kept_find(struct serve_kept *kept, struct view path, int64_t now_ms);

/* A reference to what there is, however old; NULL: nothing. */
struct web_content *serve_kept_find_old(struct serve_kept *kept, struct view path, int64_t now_ms);

/* At a desk. `version` says what it would be made from now. True: there is one, made from
 * that or being made anew by another, and `*ret_content` a reference to it. False: the
 * caller makes it, and then calls serve_kept_leave whatever came of it. May wait. */
bool serve_kept_enter(struct serve_kept *kept, struct view path, int64_t version, int64_t now_ms,
                      struct web_content **ret_content);
/* Keeps a reference of its own. NULL: it could not be made; what there was stays. */
void serve_kept_leave(struct serve_kept *kept, struct view path, int64_t version, int64_t now_ms,
                      struct web_content *content);

struct serve_kept_counts {
    size_t items, bytes;
    uint64_t found, made;
};
struct serve_kept_counts serve_kept_count(struct serve_kept *kept);

#endif
