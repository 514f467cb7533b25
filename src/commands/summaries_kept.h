/* What models wrote of papers, from the store and ready to be shown. Without
 * summaries.enabled nothing is looked up. Summaries are an extra: where they cannot be read,
 * that is logged and there are none.
 *
 * struct summaries_kept is a list's, shared by all threads that make digests of it: what it
 * gives is read and rendered once for each prompt, and again only for what is new. */
#ifndef COMMANDS_SUMMARIES_KEPT_H
#define COMMANDS_SUMMARIES_KEPT_H

#include "base/arena.h"
#include "commands/site.h"
#include "digest/digest.h"
#include "papers/paper.h"
#include "subscribers/profile.h"

struct summaries_kept;

/* `papers` must not change and must outlive it; nothing is read yet. */
struct summaries_kept *summaries_kept_new(const struct papers *papers);
void summaries_kept_free(struct summaries_kept **kept); /* NULL is fine; leaves NULL */

/* For struct digest: by paper; NULL when the profile wants none or there are none. Good
 * until summaries_kept_free. `change` is the number of CHANGE_EDITIONS as the caller has
 * read it: with a greater one than before, the store is asked again. */
const struct digest_summary *const *summaries_kept_get(struct summaries_kept *kept,
                                                       const struct site *site,
                                                       const struct profile *profile,
                                                       int64_t change);

/* One as the store has it, for what is published. */
struct stored_summary {
    struct digest_summary shown; /* its html and text are empty */
    struct view markdown;
};

/* By paper, NULL where there is none; NULL when there is none at all. In the arena. */
const struct stored_summary *const *summaries_find(const struct site *site,
                                                   const struct profile *profile,
                                                   const struct papers *papers,
                                                   struct arena *arena);

#endif
